"""Pages of the enrollments: lists for the subject, one enrollment with its derivation, and its few acts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator

from app.core import clock
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.db.models import EnrollmentStatus
from app.enrollment import policy, service
from app.enrollment.graduation import pages as graduation_pages
from app.enrollment.graduation import service as graduation
from app.enrollment.leaves import pages as leave_pages
from app.enrollment.leaves import service as leaves
from app.enrollment.lists import pages as lists
from app.enrollment.reports import ENROLLMENTS
from app.enrollment.schemas import CompleteForm, EnrollForm, MarkForm
from app.enrollment.withdrawals import pages as withdrawal_pages
from app.enrollment.withdrawals import service as withdrawals
from app.settings import Settings
from app.web import navigation, refusals, reports
from app.web.field_types import PathId, RecordId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
LISTS = [Requires(*Records.ENROLLMENTS.value)]
ENROLLS = [Requires(Permission.ENROLLMENTS_CHANGE)]
MARKS = [Requires(Permission.ENROLLMENTS_MARK_LESSONS)]
ENDS = [Requires(Permission.ENROLLMENTS_END)]
router.include_router(lists.router)
router.include_router(leave_pages.router)
router.include_router(graduation_pages.router)
router.include_router(withdrawal_pages.router)
navigation.register(NavItem("Enrollments", "/enrollments", "school", policy.may_list, order=50))
refusals.register_record("enrollment_id", "enrollments", owner="user_id", kind=Records.ENROLLMENTS)


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


AskedStatus = Annotated[EnrollmentStatus | None, BeforeValidator(_blank_is_none), Query()]
AskedProgram = Annotated[RecordId | None, BeforeValidator(_blank_is_none), Query()]
LIST = ("Enrollments", "/enrollments")


# Lists


@router.get("/enrollments", dependencies=LISTS)
def enrollments(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    status: AskedStatus = None,
    program_id: AskedProgram = None,
) -> Response:
    """Every enrollment, searched, filtered, sorted and added up."""
    counts = service.status_counts(db, subject)
    programs = [(str(row.id), row.name) for row in service.program_names(db, subject)]
    return reports.answer(
        request,
        db,
        subject,
        ENROLLMENTS,
        service.list_enrollments(db, subject, paging, status=status, program_id=program_id),
        "enrollment/enrollments.html",
        choices={
            "program_id": programs,
            "status": [
                (one.value, f"{one.value.capitalize()} ({counts.get(one, 0):,})") for one in EnrollmentStatus
            ],
        },
        may_change=policy.may_change(subject),
    )


# Enrolling


@router.get("/enrollments/new", dependencies=ENROLLS)
def new_enrollment(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    program_id: AskedProgram = None,
    student_id: AskedProgram = None,
) -> Response:
    """The form; the program and the student may be chosen beforehand."""
    student = service.student_email(db, subject, student_id) if student_id else None
    form = Form.blank(
        EnrollForm, email=student, program_id=program_id, enrolled_at=clock.today(settings.zone)
    )
    return _enroll_page(request, db, subject, form)


@router.post("/enrollments/new", dependencies=ENROLLS)
def enroll(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[EnrollForm], Depends(posted(EnrollForm))],
) -> Response:
    def act(values: EnrollForm) -> Response:
        record = service.enroll_by_email(
            db,
            subject,
            email=values.email,
            program_id=values.program_id,
            enrolled_at=values.enrolled_at,
            today=clock.today(settings.zone),
        )
        return redirect(f"/enrollments/{record.id}")

    return form.submit(db, act, again=lambda: _enroll_page(request, db, subject, form))


def _enroll_page(request: Request, db: Db, subject: Subject, form: Form[EnrollForm]) -> Response:
    return render(
        request,
        "enrollment/enroll.html",
        form=form,
        programs=[(row.id, row.name) for row in service.program_names(db, subject)],
        students=service.student_suggestions(db, subject),
        breadcrumbs=[LIST, ("Enroll a student", None)],
    )


# One enrollment


@router.get("/enrollments/{enrollment_id}")
def enrollment(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    """An enrollment with the derivation of its progress: for the staff, and for the student."""
    return _enrollment_page(request, db, subject, settings, enrollment_id, Form.blank(MarkForm))


@router.post("/enrollments/{enrollment_id}/lessons", dependencies=MARKS)
def mark_lesson(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[MarkForm], Depends(posted(MarkForm))],
) -> Response:
    """A lesson that was done in class, marked by the staff."""

    def act(values: MarkForm) -> Response:
        service.mark_lesson(
            db, subject, enrollment_id=enrollment_id, lesson_id=values.lesson_id, at=clock.now()
        )
        return redirect(f"/enrollments/{enrollment_id}#lesson-{values.lesson_id}")

    return form.submit(
        db, act, again=lambda: _enrollment_page(request, db, subject, settings, enrollment_id, form)
    )


def _enrollment_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[MarkForm],
) -> Response:
    record = service.read_enrollment(db, subject, enrollment_id)
    result, lessons = service.read_progress(db, subject, enrollment_id)
    staff = policy.may_list(subject)
    may_end = policy.may_end(subject, record.user_id)
    active = record.status is EnrollmentStatus.ACTIVE
    zone = settings.zone
    crumbs = LIST if staff else ("Learn", "/learn")
    return render(
        request,
        "enrollment/enrollment.html",
        record=record,
        result=result,
        lessons=lessons,
        account=withdrawals.read(db, subject, enrollment_id, zone),
        leaves=leaves.of_enrollment(db, subject, enrollment_id, zone),
        own=record.user_id == subject.user_id,
        form=form,
        may_end=may_end,
        sees_student=staff,
        reads_agreements=subject.may(Permission.AGREEMENTS_READ),
        may_complete=may_end and not service.why_not_complete(db, subject, enrollment_id),
        may_mark=policy.may_mark_for(subject, record.user_id) and active,
        checklist=graduation.checklist(db, subject, enrollment_id, clock.today(zone), zone) if active else [],
        decision=None if active else graduation.decision(db, subject, enrollment_id),
        breadcrumbs=[crumbs, (record.full_name if staff else record.program_name, None)],
    )


# The end


@router.get("/enrollments/{enrollment_id}/complete", dependencies=ENDS)
def ask_complete(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    reason = service.why_not_complete(db, subject, enrollment_id)
    return _complete_page(request, db, subject, settings, enrollment_id, Form.blank(CompleteForm), reason)


@router.post("/enrollments/{enrollment_id}/complete", dependencies=ENDS)
def complete(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[CompleteForm], Depends(posted(CompleteForm))],
) -> Response:
    def act(values: CompleteForm) -> Response:
        service.complete(
            db,
            subject,
            enrollment_id,
            today=clock.today(settings.zone),
            zone=settings.zone,
            exception=values.exception,
        )
        return redirect(f"/enrollments/{enrollment_id}")

    return form.submit(
        db, act, lambda: _complete_page(request, db, subject, settings, enrollment_id, form, None)
    )


def _complete_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[CompleteForm],
    reason: str | None,
) -> Response:
    record = service.read_enrollment(db, subject, enrollment_id)
    return render(
        request,
        "enrollment/complete.html",
        record=record,
        form=form,
        reason=reason,
        result=service.read_progress(db, subject, enrollment_id)[0],
        checklist=graduation.checklist(db, subject, enrollment_id, clock.today(settings.zone), settings.zone),
        objections=service.objections_to_ending(db, subject, enrollment_id, settings.zone),
        breadcrumbs=[LIST, (record.full_name, f"/enrollments/{enrollment_id}"), ("Complete", None)],
    )
