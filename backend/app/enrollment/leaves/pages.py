"""Pages of leaves of absence: the office's list, an enrollment's leaves with the form, and one leave with its acts."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator

from app.core import clock
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.enrollment import policy
from app.enrollment import service as enrollment
from app.enrollment.leaves import service
from app.enrollment.leaves.reports import LEAVES
from app.enrollment.leaves.schemas import DecideForm, ExtendForm, LeaveForm, ReturnForm
from app.enrollment.leaves.shown import state_of
from app.enrollment.schemas import EmptyForm
from app.settings import Settings
from app.web import refusals, reports
from app.web.field_types import PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
DECIDES = [Requires(Permission.ENROLLMENTS_END)]
LIST = ("Enrollments", "/enrollments")
State = Annotated[
    Literal["all", "requested", "approved", "overdue", "returned", "declined", "canceled", "withdrawn"]
    | None,
    BeforeValidator(blank_is_none),
    Query(),
]
refusals.register_record("leave_id", "leaves_of_absence", owner="user_id", kind=Records.ENROLLMENTS)


@router.get("/enrollments/leaves", dependencies=[Requires(Permission.WITHDRAWALS_READ)])
def leaves(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, state: State = None
) -> Response:
    """Leaves of absence that are asked for or under way, the first return first; others by their state."""
    return reports.answer(
        request,
        db,
        subject,
        LEAVES,
        service.list_leaves(db, subject, paging, state=state),
        "leaves/list.html",
        breadcrumbs=[LIST, ("Leaves of absence", None)],
        state_of=state_of,
    )


# An enrollment's


@router.get("/enrollments/{enrollment_id}/leaves")
def of_enrollment(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    """What there is, and the form: for the student a request, for the office a record."""
    return _enrollment_page(
        request, db, subject, settings, enrollment_id, Form.blank(LeaveForm, request=uuid4())
    )


@router.post("/enrollments/{enrollment_id}/leaves")
def enter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[LeaveForm], Depends(posted(LeaveForm))],
) -> Response:
    owner_id = enrollment.read_enrollment(db, subject, enrollment_id).user_id
    if owner_id != subject.user_id:
        policy.require_decide_leaves(subject, owner_id)

    def act(values: LeaveForm) -> Response:
        leave = service.enter(db, subject, enrollment_id, values, settings.zone)
        return redirect(f"/leaves/{leave.id}")

    return form.submit(db, act, lambda: _enrollment_page(request, db, subject, settings, enrollment_id, form))


def _enrollment_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[LeaveForm],
) -> Response:
    record = enrollment.read_enrollment(db, subject, enrollment_id)
    own = record.user_id == subject.user_id
    active = record.status.value == "active"
    return render(
        request,
        "leaves/enrollment.html",
        record=record,
        leaves=service.of_enrollment(db, subject, enrollment_id, settings.zone),
        limit=service.limit(db),
        own=own,
        may_enter=active and (own or policy.may_decide_leaves(subject, record.user_id)),
        form=form,
        breadcrumbs=[
            ("Learn", "/learn") if own else LIST,
            (record.program_name if own else record.full_name, f"/enrollments/{enrollment_id}"),
            ("Leaves of absence", None),
        ],
    )


# One leave


@router.get("/leaves/{leave_id}")
def leave(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, leave_id: PathId
) -> Response:
    """A leave, and what can be done with it."""
    return _page(request, db, subject, settings, leave_id)


@router.post("/leaves/{leave_id}/decide", dependencies=DECIDES)
def decide(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    leave_id: PathId,
    form: Annotated[Form[DecideForm], Depends(posted(DecideForm))],
) -> Response:
    def act(values: DecideForm) -> Response:
        approve = values.decision == "approve"
        service.decide(db, subject, leave_id, approve=approve, note=values.note, zone=settings.zone)
        return redirect(f"/leaves/{leave_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, leave_id, decision=form))


@router.post("/leaves/{leave_id}/extend", dependencies=DECIDES)
def extend(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    leave_id: PathId,
    form: Annotated[Form[ExtendForm], Depends(posted(ExtendForm))],
) -> Response:
    def act(values: ExtendForm) -> Response:
        service.extend(
            db, subject, leave_id, return_on=values.return_on, note=values.note, zone=settings.zone
        )
        return redirect(f"/leaves/{leave_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, leave_id, extension=form))


@router.post("/leaves/{leave_id}/return", dependencies=DECIDES)
def note_return(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    leave_id: PathId,
    form: Annotated[Form[ReturnForm], Depends(posted(ReturnForm))],
) -> Response:
    """The student is back."""

    def act(values: ReturnForm) -> Response:
        service.note_return(db, subject, leave_id, returned_on=values.returned_on, zone=settings.zone)
        return redirect(f"/leaves/{leave_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, leave_id, back=form))


@router.post("/leaves/{leave_id}/cancel")
def cancel(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    leave_id: PathId,
    form: Annotated[Form[EmptyForm], Depends(posted(EmptyForm))],
) -> Response:
    """Students cancel their own, the office any, until the leave begins."""

    def act(_values: EmptyForm) -> Response:
        service.cancel(db, subject, leave_id, zone=settings.zone)
        return redirect(f"/leaves/{leave_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, leave_id, cancellation=form))


def _page(
    request: Request, db: Db, subject: Subject, settings: Settings, leave_id: int, **forms: Form[Any]
) -> Response:
    one = service.read(db, subject, leave_id, settings.zone)
    record = enrollment.read_enrollment(db, subject, one.enrollment_id)
    own = record.user_id == subject.user_id
    decides = policy.may_decide_leaves(subject, record.user_id)
    blank: dict[str, Form[Any]] = {
        "decision": Form.blank(DecideForm, decision="approve"),
        "extension": Form.blank(ExtendForm),
        "back": Form.blank(ReturnForm, returned_on=clock.today(settings.zone)),
        "cancellation": Form.blank(EmptyForm),
    }
    return render(
        request,
        "leaves/leave.html",
        leave=one,
        record=record,
        own=own,
        decides=decides,
        may_cancel=(own or decides)
        and (one.state == "requested" or (one.state == "approved" and not one.began)),
        forms=blank | forms,
        limit=service.limit(db),
        breadcrumbs=[
            ("Learn", "/learn") if own else LIST,
            (record.program_name if own else record.full_name, f"/enrollments/{record.id}"),
            ("Leaves of absence", f"/enrollments/{record.id}/leaves"),
            ("Leave", None),
        ],
    )
