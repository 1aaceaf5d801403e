"""Pages of the enrollments: lists for the staff, one enrollment with its derivation, and its few acts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator

from app.core import clock
from app.core.permissions import Subject
from app.db.models import EnrollmentStatus
from app.enrollment import policy, service
from app.enrollment.dates import first_moment, moment_on
from app.enrollment.lists import pages as lists
from app.enrollment.reports import ENROLLMENTS
from app.enrollment.schemas import EmptyForm, EnrollForm, MarkForm, WithdrawForm
from app.settings import Settings
from app.web import navigation, reports
from app.web.fields import PathId, RecordId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import AdminSubject, CurrentSubject, Db, SettingsDep, StaffSubject

router = APIRouter(include_in_schema=False)
router.include_router(lists.router)
navigation.register(NavItem("Enrollments", "/enrollments", "school", navigation.STAFF, order=50))


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


AskedStatus = Annotated[EnrollmentStatus | None, BeforeValidator(_blank_is_none), Query()]
AskedProgram = Annotated[RecordId | None, BeforeValidator(_blank_is_none), Query()]
LIST = ("Enrollments", "/enrollments")


# Lists


@router.get("/enrollments")
def enrollments(
    request: Request,
    db: Db,
    staff: StaffSubject,
    paging: PageParams,
    status: AskedStatus = None,
    program_id: AskedProgram = None,
) -> Response:
    """Every enrollment, searched, filtered, sorted and added up."""
    counts = service.status_counts(db, staff)
    programs = [(str(row.id), row.name) for row in service.program_names(db, staff)]
    return reports.answer(
        request,
        db,
        staff,
        ENROLLMENTS,
        service.list_enrollments(db, staff, paging, status=status, program_id=program_id),
        "enrollment/enrollments.html",
        choices={
            "program_id": programs,
            "status": [
                (one.value, f"{one.value.capitalize()} ({counts.get(one, 0):,})") for one in EnrollmentStatus
            ],
        },
        may_change=policy.may_change(staff),
    )


# Enrolling


@router.get("/enrollments/new")
def new_enrollment(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    program_id: AskedProgram = None,
    student_id: AskedProgram = None,
) -> Response:
    """The form; the program and the student may be chosen beforehand."""
    student = service.student_email(db, admin, student_id) if student_id else None
    form = Form.blank(
        EnrollForm, email=student, program_id=program_id, enrolled_at=clock.today(settings.zone)
    )
    return _enroll_page(request, db, admin, form)


@router.post("/enrollments/new")
def enroll(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    form: Annotated[Form[EnrollForm], Depends(posted(EnrollForm))],
) -> Response:
    def act(values: EnrollForm) -> Response:
        record = service.enroll_by_email(
            db,
            admin,
            email=values.email,
            program_id=values.program_id,
            enrolled_at=values.enrolled_at,
            today=clock.today(settings.zone),
        )
        return redirect(f"/enrollments/{record.id}")

    return form.submit(db, act, again=lambda: _enroll_page(request, db, admin, form))


def _enroll_page(request: Request, db: Db, admin: Subject, form: Form[EnrollForm]) -> Response:
    return render(
        request,
        "enrollment/enroll.html",
        form=form,
        programs=[(row.id, row.name) for row in service.program_names(db, admin)],
        students=service.student_suggestions(db, admin),
        breadcrumbs=[LIST, ("Enroll a student", None)],
    )


# One enrollment


@router.get("/enrollments/{enrollment_id}")
def enrollment(request: Request, db: Db, subject: CurrentSubject, enrollment_id: PathId) -> Response:
    """An enrollment with the derivation of its progress: for staff, and for the student herself."""
    return _enrollment_page(request, db, subject, enrollment_id, Form.blank(MarkForm))


@router.post("/enrollments/{enrollment_id}/lessons")
def mark_lesson(
    request: Request,
    db: Db,
    staff: StaffSubject,
    enrollment_id: PathId,
    form: Annotated[Form[MarkForm], Depends(posted(MarkForm))],
) -> Response:
    """A lesson that was done in class, marked by the staff."""

    def act(values: MarkForm) -> Response:
        service.mark_lesson(
            db, staff, enrollment_id=enrollment_id, lesson_id=values.lesson_id, at=clock.now()
        )
        return redirect(f"/enrollments/{enrollment_id}#lesson-{values.lesson_id}")

    return form.submit(db, act, again=lambda: _enrollment_page(request, db, staff, enrollment_id, form))


def _enrollment_page(
    request: Request, db: Db, subject: Subject, enrollment_id: int, form: Form[MarkForm]
) -> Response:
    record = service.read_enrollment(db, subject, enrollment_id)
    withdrawal = service.latest_withdrawal(db, subject, enrollment_id)
    result, lessons = service.read_progress(db, subject, enrollment_id)
    crumbs = LIST if subject.is_staff else ("Learn", "/learn")
    return render(
        request,
        "enrollment/enrollment.html",
        record=record,
        result=result,
        lessons=lessons,
        withdrawal=withdrawal,
        reason=service.withdrawal_reason(db, subject, withdrawal) if withdrawal else None,
        form=form,
        may_change=policy.may_change(subject),
        may_mark=policy.may_mark_for(subject, record.user_id) and record.status is EnrollmentStatus.ACTIVE,
        breadcrumbs=[crumbs, (record.full_name if subject.is_staff else record.program_name, None)],
    )


# The end


@router.get("/enrollments/{enrollment_id}/complete")
def ask_complete(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    reason = service.why_not_complete(db, enrollment_id)
    return _complete_page(request, db, admin, settings, enrollment_id, Form.blank(EmptyForm), reason)


@router.post("/enrollments/{enrollment_id}/complete")
def complete(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[EmptyForm], Depends(posted(EmptyForm))],
) -> Response:
    def act(_values: EmptyForm) -> Response:
        service.complete(db, admin, enrollment_id, today=clock.today(settings.zone), zone=settings.zone)
        return redirect(f"/enrollments/{enrollment_id}")

    return form.submit(
        db, act, lambda: _complete_page(request, db, admin, settings, enrollment_id, form, None)
    )


def _complete_page(
    request: Request,
    db: Db,
    admin: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[EmptyForm],
    reason: str | None,
) -> Response:
    record = service.read_enrollment(db, admin, enrollment_id)
    return render(
        request,
        "enrollment/complete.html",
        record=record,
        form=form,
        reason=reason,
        objections=service.objections_to_ending(db, admin, enrollment_id, settings.zone),
        breadcrumbs=[LIST, (record.full_name, f"/enrollments/{enrollment_id}"), ("Complete", None)],
    )


@router.get("/enrollments/{enrollment_id}/withdraw")
def ask_withdraw(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    form = Form.blank(WithdrawForm, requested_on=clock.today(settings.zone))
    return _withdraw_page(request, db, admin, settings, enrollment_id, form)


@router.post("/enrollments/{enrollment_id}/withdraw")
def withdraw(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[WithdrawForm], Depends(posted(WithdrawForm))],
) -> Response:
    def act(values: WithdrawForm) -> Response:
        _withdraw(db, admin, settings, enrollment_id, values)
        return redirect(f"/enrollments/{enrollment_id}")

    return form.submit(db, act, lambda: _withdraw_page(request, db, admin, settings, enrollment_id, form))


def _withdraw(db: Db, admin: Subject, settings: Settings, enrollment_id: int, values: WithdrawForm) -> None:
    now, zone = clock.now(), settings.zone
    record = service.read_enrollment(db, admin, enrollment_id)
    begins = first_moment(record.enrolled_at, zone)
    service.withdraw(
        db,
        admin,
        enrollment_id,
        requested_at=moment_on(values.requested_on, now, zone),
        now=now,
        enrolled_from=begins,
        reason=values.reason,
        zone=zone,
        field="requested_on",
    )


def _withdraw_page(
    request: Request,
    db: Db,
    admin: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[WithdrawForm],
) -> Response:
    record = service.read_enrollment(db, admin, enrollment_id)
    return render(
        request,
        "enrollment/withdraw.html",
        record=record,
        form=form,
        objections=service.objections_to_ending(db, admin, enrollment_id, settings.zone),
        breadcrumbs=[LIST, (record.full_name, f"/enrollments/{enrollment_id}"), ("Withdraw", None)],
    )
