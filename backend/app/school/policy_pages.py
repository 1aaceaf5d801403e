"""Pages of the dated policies: what is in force, every version, and a form for the next one of each kind."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Annotated, Any, Literal, get_args, get_origin

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, create_model
from pydantic.fields import FieldInfo
from sqlalchemy.orm import Session

from app.core import clock, retention
from app.core.permissions import Permission
from app.school import policies, policy, service
from app.school.kinds import OWN_PAGES, SCHEMAS, PolicyKind
from app.school.policy_words import CHOICES, HELP, labels
from app.web.field_types import Day, Line, PathId, Text
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READ, CHANGE = [Requires(Permission.SCHOOL_READ)], [Requires(Permission.SCHOOL_CHANGE)]
POLICIES = ("Policies", "/school/policies")


class _Head(BaseModel):
    """What every policy has beside its values."""

    effective_from: Annotated[Day, Field(title="Effective from")]
    approved_by: Annotated[Line, Field(title="Approved by", max_length=120)]
    note: Annotated[Text, Field(max_length=2000)] = ""


def _form_of(kind: PolicyKind) -> type[_Head]:
    """A version of a policy as typed: every value has to be given, and is named as on the page."""
    titles = labels()
    if kind is PolicyKind.RETENTION:
        # How few they may be, and why, is said by the service.
        fields = {one.name: FieldInfo(annotation=int) for one in retention.kinds()}
    else:
        fields = SCHEMAS[kind].model_fields
    values: dict[str, Any] = {
        name: (Annotated[field.annotation, Field(title=titles[name][0]), *field.metadata], ...)
        if get_origin(field.annotation) is not list
        # A list is typed as lines of a text, which the policy itself reads.
        else (Annotated[str, Field(title=titles[name][0], max_length=20_000)], ... if field.default else "")
        for name, field in fields.items()
    }
    return create_model(f"{kind.label}PolicyForm", __base__=_Head, **values)


@router.get("/school/policies", dependencies=READ)
def policies_page(request: Request, db: Db, subject: CurrentSubject) -> Response:
    today = _today(db)
    kinds = [
        (kind, policies.at(db, kind, today), policies.versions(db, subject, kind)) for kind in PolicyKind
    ]
    return render(
        request,
        "school/policies.html",
        kinds=kinds,
        labels=labels(),
        choices=CHOICES,
        own_pages=OWN_PAGES,
        today=today,
        may_change=policy.may_change(subject),
        breadcrumbs=[("School", "/school"), ("Policies", None)],
    )


@router.post("/school/policies/{kind}/{policy_version}/withdraw", dependencies=CHANGE)
def withdraw_policy(db: Db, subject: CurrentSubject, kind: PolicyKind, policy_version: PathId) -> Response:
    policies.withdraw(db, subject, kind, policy_version)
    return redirect("/school/policies")


def _today(db: Session) -> date:
    return clock.today(service.facts(db).zone)


def _form_page(request: Request, form: Form[Any], kind: PolicyKind) -> Response:
    return render(
        request,
        "school/policy_form.html",
        form=form,
        kind=kind,
        names=[name for name in form.model.model_fields if name not in _Head.model_fields],
        labels=labels(),
        looks={name: _looks(field) for name, field in SCHEMAS[kind].model_fields.items()},
        helps=HELP
        | {
            one.name: f"{one.sentence} At least {one.minimum_days}: {one.because}"
            for one in retention.kinds()
        },
        options={
            name: [(one, CHOICES[one]) for one in get_args(field.annotation)]
            for name, field in form.model.model_fields.items()
            if get_origin(field.annotation) is Literal
        },
        breadcrumbs=[("School", "/school"), POLICIES, (f"New {kind.label.lower()} policy", None)],
    )


def _looks(field: FieldInfo) -> str:
    """How a value is typed: lines, text, or a number."""
    if get_origin(field.annotation) is list:
        return "textarea"
    return "text" if field.annotation is str else "number"


def _as_typed(values: BaseModel) -> dict[str, Any]:
    """A policy's values as its form shows them: a list as lines."""
    return {name: "\n".join(map(str, value)) if isinstance(value, list) else value for name, value in values}


def _routes_of(kind: PolicyKind) -> tuple[Callable[..., Response], Callable[..., Response]]:
    """The form of a kind and what it is posted to: each kind has a shape of its own.

    The shape is asked for with each request: of the data that goes after a while, rooms register more as they start.
    """

    async def sent(request: Request) -> AsyncIterator[Form[Any]]:
        async for form in posted(_form_of(kind))(request):
            yield form

    def new_policy(request: Request, db: Db, subject: CurrentSubject) -> Response:
        in_force = policies.at(db, kind, _today(db))
        return _form_page(request, Form.blank(_form_of(kind), **_as_typed(in_force.values)), kind)

    def add_policy(
        request: Request, db: Db, subject: CurrentSubject, form: Annotated[Form[Any], Depends(sent)]
    ) -> Response:
        def add(values: Any) -> Response:
            policies.add(
                db,
                subject,
                kind,
                effective_from=values.effective_from,
                values=values.model_dump(exclude=set(_Head.model_fields)),
                approved_by=values.approved_by,
                note=values.note,
                today=_today(db),
            )
            return redirect("/school/policies")

        return form.submit(db, add, again=lambda: _form_page(request, form, kind))

    return new_policy, add_policy


for _kind in [one for one in PolicyKind if one not in OWN_PAGES]:
    _new, _add = _routes_of(_kind)
    _path = f"/school/policies/{_kind.value}/new"
    router.get(_path, dependencies=CHANGE, name=f"new_{_kind.value}_policy")(_new)
    router.post(_path, dependencies=CHANGE, name=f"add_{_kind.value}_policy")(_add)
