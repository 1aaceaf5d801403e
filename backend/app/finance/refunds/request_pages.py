"""The page on which a student asks to leave: what it would refund stands first, with every step."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.core import clock
from app.core.errors import Conflict
from app.core.money import format_cents
from app.core.permissions import Subject
from app.enrollment import service as enrollment
from app.finance.refunds import service
from app.finance.refunds.service import WhatIf
from app.settings import Settings
from app.web import formats
from app.web.field_types import PathId, Text
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)


class LeaveForm(BaseModel):
    """A student's request to leave. `shown` is the estimate on the page that it was sent from."""

    request: UUID
    shown: str = Field(default="", max_length=40)
    reason: Annotated[Text, Field(min_length=1, max_length=2_000, title="Reason")]
    agreed: bool = Field(default=False, title="I have read what leaving would refund")


@router.get("/account/withdraw/{enrollment_id}")
def ask_to_leave(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    """What leaving would refund, and the request."""
    return _page(request, db, subject, settings, enrollment_id, Form.blank(LeaveForm, request=uuid4()))


@router.post("/account/withdraw/{enrollment_id}")
def leave(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[LeaveForm], Depends(posted(LeaveForm))],
) -> Response:
    def act(values: LeaveForm) -> Response:
        record = enrollment.read_enrollment(db, subject, enrollment_id)
        enrollment.require_own(subject, record.user_id)
        found = _what_if(db, subject, settings, enrollment_id)
        if not values.agreed:
            raise Conflict("Confirm that you have read what leaving would refund. Nothing was sent.")
        if values.shown != _shown(found):
            raise Conflict(
                "The estimate has changed since you opened the page. Nothing was sent. Read it again, then send your "
                "request."
            )
        today = formats.day(clock.today(settings.zone), settings.zone)
        said = f"I ask to withdraw from {record.program_name}. "
        if found:
            said += f"On {today} leaving was estimated to refund {format_cents(found.now.amount_cents)}."
        else:
            said += f"On {today} no refund could be estimated."
        enrollment.request_withdrawal(
            db,
            subject,
            enrollment_id,
            request=values.request,
            reason=values.reason,
            acknowledged=said,
            zone=settings.zone,
        )
        return redirect(f"/enrollments/{enrollment_id}#withdrawal")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, enrollment_id, form))


def _what_if(db: Db, subject: Subject, settings: Settings, enrollment_id: int) -> WhatIf | None:
    with suppress(Conflict):
        return service.what_if(db, subject, enrollment_id, settings.zone)
    return None


def _shown(found: WhatIf | None) -> str:
    return str(found.now.amount_cents) if found else ""


def _page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[LeaveForm],
) -> Response:
    record = enrollment.read_enrollment(db, subject, enrollment_id)
    enrollment.require_own(subject, record.user_id)
    found = _what_if(db, subject, settings, enrollment_id)
    waiting = enrollment.read_withdrawal(db, subject, enrollment_id, settings.zone)
    return render(
        request,
        "refunds/leave.html",
        record=record,
        found=found,
        shown=_shown(found),
        waiting=waiting is not None and waiting.withdrawal.admin_processed_at is None,
        form=form,
        breadcrumbs=[
            ("Learn", "/learn"),
            (record.program_name, f"/enrollments/{enrollment_id}"),
            ("Leave", None),
        ],
    )
