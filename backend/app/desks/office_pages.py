"""The administrator's audit trail and outbox."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator, Field

from app.core.permissions import Permission
from app.core.seals import service as seals
from app.desks import audit, disclosures, outbox
from app.desks.queries import TrailFilter
from app.desks.reports import AUDIT, OUTBOX
from app.web import navigation, reports
from app.web.field_types import OptionalDay, OptionalId, Text, blank_is_none, days_in_order
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(
    NavItem("Audit", "/audit", "history", Permission.HISTORY_READ, order=90, section="Administration"),
    NavItem("Outbox", "/outbox", "mail", Permission.MAIL_READ, order=91, section="Administration"),
)

LARGEST = 2**63 - 1


Word = Annotated[Annotated[Text, Field(max_length=100)] | None, BeforeValidator(blank_is_none)]
OptionalViews = Annotated[Literal["with", "only"] | None, BeforeValidator(blank_is_none)]
MessageId = Annotated[int, Field(ge=1, le=LARGEST)]


def _wanted(
    who: Annotated[OptionalId, Query()] = None,
    action: Annotated[Word, Query()] = None,
    target: Annotated[Word, Query()] = None,
    target_id: Annotated[Word, Query()] = None,
    first: Annotated[OptionalDay, Query(alias="from")] = None,
    last: Annotated[OptionalDay, Query(alias="to")] = None,
    student: Annotated[OptionalId, Query()] = None,
    enrollment: Annotated[OptionalId, Query()] = None,
    views: Annotated[OptionalViews, Query()] = None,
) -> TrailFilter:
    days_in_order(first, last)
    return TrailFilter(who, action, target, target_id, first, last, student, enrollment, views)


@router.get("/audit", dependencies=[Requires(Permission.HISTORY_READ)])
def audit_page(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    wanted: Annotated[TrailFilter, Depends(_wanted)],
    paging: PageParams,
) -> Response:
    actions = audit.actions(db, subject)
    return reports.answer(
        request,
        db,
        subject,
        AUDIT,
        audit.listing(db, subject, wanted, paging, settings.zone),
        "desks/audit.html",
        choices={"action": actions},
        about={"Views of records": "" if wanted.views else "Left out"},
        title_of=audit.title,
        purpose_of=disclosures.purpose_text,
        record_name=audit.record_name,
        student_names=partial(audit.student_names, db),
        narrowed=wanted != TrailFilter(),
        seal=seals.latest(db),
        last_check=seals.last_check(db),
    )


@router.get("/outbox", dependencies=[Requires(Permission.MAIL_READ)])
def outbox_page(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        OUTBOX,
        outbox.list_messages(db, subject, settings, paging),
        "desks/outbox.html",
        has_mail_server=settings.smtp_url is not None,
    )


@router.get("/outbox/{message_id}", dependencies=[Requires(Permission.MAIL_READ)])
def message_page(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, message_id: MessageId
) -> Response:
    message = outbox.read(db, subject, settings, message_id)
    return render(
        request,
        "desks/message.html",
        message=message,
        has_mail_server=settings.smtp_url is not None,
        breadcrumbs=[("Outbox", "/outbox"), (message.subject, None)],
    )


@router.post("/outbox/{message_id}/retry", dependencies=[Requires(Permission.MAIL_MANAGE)])
def retry(db: Db, subject: CurrentSubject, settings: SettingsDep, message_id: MessageId) -> Response:
    outbox.retry(db, subject, settings, message_id)
    return redirect(f"/outbox/{message_id}")
