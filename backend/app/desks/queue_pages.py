"""The queue: everything that waits for the office, with its deadline, in one list."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from app.core import clock
from app.core.errors import Forbidden
from app.desks.reports import QUEUE
from app.web import navigation, queue, reports
from app.web.field_types import Line, blank_is_none
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Queue", "/queue", "list-check", queue.is_for, order=15))


@router.get("/queue")
def queue_page(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    kind: Annotated[Line | None, BeforeValidator(blank_is_none), Query()] = None,
) -> Response:
    """What waits for this person, the oldest first."""
    if not queue.is_for(subject):
        raise Forbidden("Nothing in the queue is among your duties. Ask an administrator if that is wrong.")
    today = clock.today(settings.zone)
    counts = queue.counts(db, subject, today)
    return reports.answer(
        request,
        db,
        subject,
        QUEUE,
        queue.listing(db, subject, paging, today, kind=kind),
        "desks/queue.html",
        choices={"kind": [(one.kind.name, f"{one.kind.title} ({one.waiting:,})") for one in counts]},
        rules=[(one.kind.title, one.kind.because) for one in counts if one.kind.because],
        overdue=sum(one.overdue for one in counts),
    )
