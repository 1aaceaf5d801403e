"""The administrator's audit trail and outbox."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator, Field

from app.core.errors import FieldError, Invalid
from app.desks import outbox, trail
from app.desks.queries import TrailFilter
from app.desks.reports import AUDIT, OUTBOX
from app.web import navigation, reports
from app.web.fields import OptionalDay, OptionalId, Text, blank_is_none
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(
    NavItem("Audit", "/audit", "history", navigation.ADMINS, order=90, section="Administration"),
    NavItem("Outbox", "/outbox", "mail", navigation.ADMINS, order=91, section="Administration"),
)

LARGEST = 2**63 - 1


Word = Annotated[Annotated[Text, Field(max_length=100)] | None, BeforeValidator(blank_is_none)]
MessageId = Annotated[int, Field(ge=1, le=LARGEST)]


def _wanted(
    who: Annotated[OptionalId, Query()] = None,
    action: Annotated[Word, Query()] = None,
    target: Annotated[Word, Query()] = None,
    target_id: Annotated[Word, Query()] = None,
    first: Annotated[OptionalDay, Query(alias="from")] = None,
    last: Annotated[OptionalDay, Query(alias="to")] = None,
) -> TrailFilter:
    if first is not None and last is not None and last < first:
        sentence = "The last day is before the first day."
        raise Invalid(sentence, errors=[FieldError("to", sentence)])
    return TrailFilter(who, action, target, target_id, first, last)


@router.get("/audit")
def audit_page(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    wanted: Annotated[TrailFilter, Depends(_wanted)],
    paging: PageParams,
) -> Response:
    actions = trail.actions(db, admin)
    return reports.answer(
        request,
        db,
        admin,
        AUDIT,
        trail.listing(db, admin, wanted, paging, settings.zone),
        "desks/audit.html",
        choices={"action": actions},
        title_of=trail.title,
        narrowed=wanted != TrailFilter(),
    )


@router.get("/outbox")
def outbox_page(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    return reports.answer(
        request,
        db,
        admin,
        OUTBOX,
        outbox.list_messages(db, admin, settings, paging),
        "desks/outbox.html",
        has_mail_server=settings.smtp_url is not None,
    )


@router.get("/outbox/{message_id}")
def message_page(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, message_id: MessageId
) -> Response:
    message = outbox.read(db, admin, settings, message_id)
    return render(
        request,
        "desks/message.html",
        message=message,
        has_mail_server=settings.smtp_url is not None,
        breadcrumbs=[("Outbox", "/outbox"), (message.subject, None)],
    )


@router.post("/outbox/{message_id}/retry")
def retry(db: Db, admin: AdminSubject, settings: SettingsDep, message_id: MessageId) -> Response:
    outbox.retry(db, admin, settings, message_id)
    return redirect(f"/outbox/{message_id}")
