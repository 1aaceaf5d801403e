"""The supervisor's page behind a signed link: one week on a phone, without an account."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.compliance.externships.links import service
from app.compliance.externships.links.schemas import EvaluationForm, WeekForm
from app.compliance.externships.links.service import WeekView
from app.core.errors import NotFound
from app.rules.externships import RATINGS
from app.web.forms import GENERAL, Form, posted
from app.web.pace import LINKS, Paced
from app.web.render import redirect, render
from app.web.request import DatabaseDep, Db, OptionalSubject, SettingsDep, client_ip

router = APIRouter(include_in_schema=False)
PLACE = "/externship-week"
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}
"""The address holds the secret: no search engine keeps it, and no other site learns it."""


def _counted(database: DatabaseDep, secret: str) -> None:
    with database.begin() as session:
        service.count_use(session, secret)


ROUTE: dict[str, Any] = {"dependencies": [Paced(LINKS), Depends(_counted)]}


@router.get("/externship-week/{secret}", **ROUTE)
def week(request: Request, db: Db, subject: OptionalSubject, settings: SettingsDep, secret: str) -> Response:
    # Mail programs look at links before their readers do: looking uses nothing up.
    try:
        found = service.look(db, secret, subject, settings.zone)
    except NotFound:
        return _gone(request, "unknown")
    return _page(request, secret, found)


@router.post("/externship-week/{secret}", **ROUTE)
def confirm(
    request: Request,
    db: Db,
    subject: OptionalSubject,
    settings: SettingsDep,
    secret: str,
    form: Annotated[Form[WeekForm], Depends(posted(WeekForm))],
) -> Response:
    """Confirm the week; a link that was used shows what was confirmed, and nothing changes."""

    def act(values: WeekForm) -> Response:
        service.confirm(db, secret, subject, values, settings.zone, client_ip(request))
        return redirect(f"{PLACE}/{secret}")

    return _answer(request, db, secret, subject, settings, form, act)


@router.post("/externship-week/{secret}/evaluation", **ROUTE)
def evaluate(
    request: Request,
    db: Db,
    subject: OptionalSubject,
    settings: SettingsDep,
    secret: str,
    form: Annotated[Form[EvaluationForm], Depends(posted(EvaluationForm))],
) -> Response:
    """Evaluate the student's skills."""

    def act(values: EvaluationForm) -> Response:
        service.evaluate(db, secret, subject, values, settings.zone)
        return redirect(f"{PLACE}/{secret}")

    return _answer(request, db, secret, subject, settings, form, act)


def _answer(
    request: Request,
    db: Session,
    secret: str,
    subject: OptionalSubject,
    settings: SettingsDep,
    form: Form[Any],
    act: Any,
) -> Response:
    def again() -> Response:
        return _page(request, secret, service.look(db, secret, subject, settings.zone), form)

    try:
        response = form.submit(db, act, again)
    except NotFound:
        return _gone(request, "unknown")
    response.headers.update(_HEADERS)
    return response


def _page(request: Request, secret: str, found: WeekView, form: Form[Any] | None = None) -> Response:
    if found.state in ("expired", "revoked"):
        return _gone(request, found.state)
    shown = Form.blank(WeekForm, seen=found.seen)
    if form is not None:
        for name, message in form.messages:
            shown.add_error(name if name in WeekForm.model_fields else GENERAL, message)
        if form.model is WeekForm:
            shown.data |= {name: form.data[name] for name in ("disputed", "word") if name in form.data}
    return render(
        request,
        "externships/week.html",
        headers=_HEADERS,
        found=found,
        form=shown,
        place=f"{PLACE}/{secret}",
        ratings=RATINGS,
    )


def _gone(request: Request, state: str) -> Response:
    return render(request, "externships/week_gone.html", 410, headers=_HEADERS, state=state)
