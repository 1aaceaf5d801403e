"""The page on which a student asks to leave: what it would refund stands first, with every step."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.core.permissions import Subject
from app.enrollment import service as enrollment
from app.finance.refunds import service
from app.settings import Settings
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
    agreed: bool = Field(default=False, title="I have read the estimated refund")


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
        service.ask_to_leave(db, subject, enrollment_id, **values.model_dump(), zone=settings.zone)
        return redirect(f"/enrollments/{enrollment_id}#withdrawal")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, enrollment_id, form))


def _page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[LeaveForm],
) -> Response:
    found = service.estimate(db, subject, enrollment_id, settings.zone)
    record = found.enrollment
    waiting = enrollment.read_withdrawal(db, subject, enrollment_id, settings.zone)
    return render(
        request,
        "refunds/leave.html",
        record=record,
        found=found.what_if,
        shown=found.shown,
        waiting=waiting is not None and waiting.withdrawal.admin_processed_at is None,
        form=form,
        breadcrumbs=[
            ("Learn", "/learn"),
            (record.program_name, f"/enrollments/{enrollment_id}"),
            ("Withdraw", None),
        ],
    )
