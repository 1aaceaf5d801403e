"""Pages of final grades: those of a class, the list, one with its changes, the requests that wait."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades import policy
from app.compliance.grades.finals import service
from app.compliance.grades.finals.reports import FINALS
from app.compliance.grades.finals.schemas import (
    NOT_YET,
    ChangeForm,
    DecideForm,
    DecisionForm,
    FinalsForm,
)
from app.compliance.grades.reviews import service as reviews
from app.compliance.grades.skills.progress import service as skills
from app.compliance.grades.standing import service as standing
from app.core import clock
from app.core.errors import Invalid
from app.core.permissions import Subject
from app.enrollment import service as enrollment
from app.settings import Settings
from app.web import navigation, refusals, reports
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("final_grade_id", "final_grades")
refusals.register_record("grade_change_id", "grade_changes")
navigation.register(NavItem("Grades", "/grades", "certificate", policy.may_open, order=35))
GRADES = ("Grades", "/grades")
Status = Annotated[Literal["submitted", "returned", "approved"] | None, BeforeValidator(blank_is_none)]


@router.get("/grades")
def grades(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    class_id: Annotated[OptionalId, Query()] = None,
    program_id: Annotated[OptionalId, Query()] = None,
    status: Annotated[Status, Query()] = None,
) -> Response:
    """A student's own grades; the staff's list of final grades."""
    if subject.is_student:
        return _standing_page(request, db, subject, settings, subject.user_id)
    listing = service.list_finals(
        db, subject, paging, class_id=class_id, program_id=program_id, status=status
    )
    programs = [(str(row.id), row.name) for row in enrollment.program_names(db, subject)]
    return reports.answer(
        request,
        db,
        subject,
        FINALS,
        listing,
        "grades/finals.html",
        choices={"program_id": programs},
        waiting=len(service.waiting_changes(db, subject)) if policy.may_list_all(subject) else None,
    )


@router.get("/grades/students/{user_id}")
def student_grades(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    """What a student sees of their grades, for the staff."""
    return _standing_page(request, db, subject, settings, user_id)


def _standing_page(
    request: Request, db: Session, subject: Subject, settings: Settings, user_id: int
) -> Response:
    found = standing.standing_of(db, subject, user_id, settings.zone)
    numbers = [one.enrollment.id for one in found]
    own = subject.user_id == user_id
    name = found[0].enrollment.full_name if found else subject.full_name
    return render(
        request,
        "grades/standing.html",
        standings=found,
        reviews=reviews.reviews_of(db, subject, user_id, numbers, settings.zone),
        skills={
            one.enrollment.id: one for one in skills.of_enrollments(db, [one.enrollment for one in found])
        },
        user_id=user_id,
        own=own,
        name=name,
        breadcrumbs=[] if own else [GRADES, (name, None)],
    )


# The final grades of a class


@router.get("/classes/{class_id}/grades/final")
def finals(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, class_id: PathId
) -> Response:
    return _finals_page(request, db, subject, settings, class_id)


def _finals_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    form: Form[Any] | None = None,
) -> Response:
    view = service.read_finals(db, subject, class_id, settings.zone)
    code = view.book.record.code
    return render(
        request,
        "grades/class_finals.html",
        view=view,
        record=view.book.record,
        over=view.book.record.ends_on <= clock.today(settings.zone),
        form=form or Form.blank(FinalsForm),
        not_yet=NOT_YET,
        breadcrumbs=[
            ("Classes", "/classes"),
            (code, f"/classes/{class_id}"),
            ("Grades", f"/classes/{class_id}/grades"),
            ("Final grades", None),
        ],
    )


@router.post("/classes/{class_id}/grades/final")
def submit_finals(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[FinalsForm], Depends(posted(FinalsForm))],
) -> Response:
    """Submit the letters that were chosen, all or none."""
    policy.require_enter(subject, teaches=classes.teaches(db, subject, class_id, settings.zone))

    def submit(values: FinalsForm) -> Response:
        if len(values.enrollment_ids) != len(values.letters):
            raise Invalid("Each student needs one letter. Nothing was saved; open the page again.")
        pairs = zip(values.enrollment_ids, values.letters, strict=True)
        letters = {number: letter for number, letter in pairs if letter != NOT_YET}
        if not letters:
            raise Invalid("Choose the final grade of at least one student.")
        service.submit(db, subject, class_id, letters, settings.zone)
        return redirect(f"/classes/{class_id}/grades/final")

    return form.submit(db, submit, lambda: _finals_page(request, db, subject, settings, class_id, form))


@router.post("/classes/{class_id}/grades/final/decision")
def decide_finals(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[DecisionForm], Depends(posted(DecisionForm))],
) -> Response:
    """Approve the chosen grades, or return them with a reason."""
    policy.require_approve(subject)

    def decide(values: DecisionForm) -> Response:
        if values.decision == "approve":
            service.approve(db, subject, class_id, values.final_grade_ids, settings.zone)
        else:
            if not values.note:
                raise Invalid(
                    "Enter a note for the instructor: why the grades are returned. Nothing was saved."
                )
            service.send_back(db, subject, class_id, values.final_grade_ids, values.note, settings.zone)
        return redirect(f"/classes/{class_id}/grades/final")

    return form.submit(db, decide, lambda: _finals_page(request, db, subject, settings, class_id, form))


# Changes


@router.get("/grades/changes")
def changes(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """Requests that wait for a decision."""
    return _changes_page(request, db, subject, None)


def _changes_page(request: Request, db: Session, subject: Subject, form: Form[DecideForm] | None) -> Response:
    return render(
        request,
        "grades/changes.html",
        waiting=service.waiting_changes(db, subject),
        may_decide=policy.may_approve(subject),
        form=form or Form.blank(DecideForm),
        breadcrumbs=[GRADES, ("Grade changes", None)],
    )


@router.post("/grades/changes/{grade_change_id}")
def decide_change(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    grade_change_id: PathId,
    form: Annotated[Form[DecideForm], Depends(posted(DecideForm))],
) -> Response:
    def decide(values: DecideForm) -> Response:
        service.decide_change(
            db, subject, grade_change_id, approved=values.decision == "approve", note=values.note
        )
        return redirect("/grades/changes")

    return form.submit(db, decide, lambda: _changes_page(request, db, subject, form))


@router.get("/grades/{final_grade_id}")
def one(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, final_grade_id: PathId
) -> Response:
    """A final grade, how it came about, and its changes."""
    return _one_page(request, db, subject, settings, final_grade_id, Form.blank(ChangeForm))


def _one_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    final_grade_id: int,
    form: Form[ChangeForm],
) -> Response:
    found = service.read_final(db, subject, final_grade_id, settings.zone)
    return render(
        request,
        "grades/final.html",
        final=found,
        row=found.row,
        form=form,
        breadcrumbs=[GRADES, (f"{found.row.full_name}, {found.row.code}", None)],
    )


@router.post("/grades/{final_grade_id}/changes")
def ask_change(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    final_grade_id: PathId,
    form: Annotated[Form[ChangeForm], Depends(posted(ChangeForm))],
) -> Response:
    def ask(values: ChangeForm) -> Response:
        service.ask_change(db, subject, final_grade_id, values, settings.zone)
        return redirect(f"/grades/{final_grade_id}")

    return form.submit(db, ask, lambda: _one_page(request, db, subject, settings, final_grade_id, form))
