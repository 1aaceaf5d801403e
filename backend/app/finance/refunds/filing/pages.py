"""Pages of the refund policy: what is in force, worked examples, every version, and forms for the next ones."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.core.permissions import Actor, Permission
from app.finance.refunds.filing import service
from app.finance.refunds.filing.schemas import HEAD, PolicyForm, SettingsForm
from app.finance.refunds.filing.service import Trial
from app.rules.refunds_open_points import DECIDED, POINTS
from app.school.service import REFUND_CHOICES, REFUND_LABELS
from app.web import navigation
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READ, CHANGE = [Requires(Permission.SCHOOL_READ)], [Requires(Permission.SCHOOL_CHANGE)]
POLICY = ("Refund policy", "/refund-policy")
SETTINGS = ("Open points", "/refund-policy/settings")


def _may_look(subject: Actor) -> bool:
    """Those who compute refunds or file their policy find it in the navigation."""
    return subject.may(Permission.SCHOOL_READ) and subject.may(Permission.WITHDRAWALS_READ)


navigation.register(NavItem("Refund policy", "/refund-policy", "file-text", _may_look, order=59))


@router.get("/refund-policy", dependencies=READ)
def policy(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return render(
        request,
        "refunds/policy.html",
        found=service.policy_page(db, subject),
        labels=REFUND_LABELS,
        choices=REFUND_CHOICES,
        may_file=service.may_file(subject),
        breadcrumbs=[(POLICY[0], None)],
    )


@router.get("/refund-policy/settings", dependencies=READ)
def settings(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """Each open point as the school reads it."""
    return render(
        request,
        "refunds/settings.html",
        found=service.settings_page(db, subject),
        points=POINTS,
        decided=DECIDED,
        may_file=service.may_file(subject),
        breadcrumbs=[POLICY, (SETTINGS[0], None)],
    )


# The next version


@router.get("/refund-policy/new", dependencies=CHANGE)
def new_policy(request: Request, db: Db, subject: CurrentSubject) -> Response:
    found = service.policy_page(db, subject)
    values = found.in_force.values if found.in_force else found.versions[0].values
    known = {name: "" if value is None else value for name, value in values} | {
        "tiers": "\n".join(map(str, values.tiers)),
        "last_day": None,
    }
    return _policy_form(request, Form.blank(PolicyForm, **known, effective_from="", approved_by=""), None)


@router.post("/refund-policy/new", dependencies=CHANGE)
def file_policy(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[PolicyForm], Depends(posted(PolicyForm))],
) -> Response:
    """Show the worked examples first, and file the version once they were seen."""

    def act(values: PolicyForm) -> Response:
        given = values.model_dump(exclude=set(HEAD))
        trial = service.try_policy(db, subject, values.effective_from, given)
        if values.seen != trial.seen:
            return _policy_form(request, form, trial)
        service.file(db, subject, given, **values.model_dump(include=set(HEAD)))
        return redirect(POLICY[1])

    return form.submit(db, act, again=lambda: _policy_form(request, form, None))


def _policy_form(request: Request, form: Form[PolicyForm], trial: Trial | None) -> Response:
    form.data["seen"] = [trial.seen if trial else ""]
    return render(
        request,
        "refunds/policy_form.html",
        form=form,
        trial=trial,
        choices=REFUND_CHOICES,
        breadcrumbs=[POLICY, ("New version", None)],
    )


@router.get("/refund-policy/settings/new", dependencies=CHANGE)
def new_settings(request: Request, db: Db, subject: CurrentSubject) -> Response:
    chosen = service.settings_page(db, subject).in_force.values.chosen()
    form = Form.blank(SettingsForm, **chosen, effective_from="", approved_by="")
    return _settings_form(request, form, None)


@router.post("/refund-policy/settings/new", dependencies=CHANGE)
def settle(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[Any], Depends(posted(SettingsForm))],
) -> Response:
    """Show what changes first, and keep it once it was seen."""

    def act(values: Any) -> Response:
        given = values.model_dump(exclude=set(HEAD))
        trial = service.try_settings(db, subject, values.effective_from, given)
        if not trial.seen or values.seen != trial.seen:
            return _settings_form(request, form, trial)
        service.settle(db, subject, given, **values.model_dump(include=set(HEAD)))
        return redirect(SETTINGS[1])

    return form.submit(db, act, again=lambda: _settings_form(request, form, None))


def _settings_form(request: Request, form: Form[Any], trial: Trial | None) -> Response:
    form.data["seen"] = [trial.seen if trial else ""]
    return render(
        request,
        "refunds/settings_form.html",
        form=form,
        trial=trial,
        points=POINTS,
        breadcrumbs=[POLICY, SETTINGS, ("New version", None)],
    )
