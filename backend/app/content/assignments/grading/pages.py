"""The pages of who grades: what waits, a lesson's students, one hand-in."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content.assignments import kinds, policy
from app.content.assignments.grading import queries as lists
from app.content.assignments.grading import service
from app.content.assignments.grading.reports import HAND_INS
from app.content.assignments.schemas import ButtonForm, GradeForm, Grading, State, Upload
from app.core.files import quota
from app.core.permissions import Permission, Subject
from app.db.models import Enrollment
from app.settings import Settings
from app.web import navigation, queue, refusals, reports, uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.queue import QueueKind
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep, uploading

router = APIRouter(include_in_schema=False)
GRADES = [Requires(Permission.GRADES_ENTER)]
Grader = Annotated[Subject, Depends(uploading(Permission.GRADES_ENTER))]
uploads.register("/hand-ins/*", "max_hand_in_bytes")
refusals.register_record("hand_in_id", "hand_ins")
navigation.register(NavItem("Assignments", "/assignments", "clipboard-list", policy.may_list, order=37))
queue.register(
    QueueKind(
        "hand_ins",
        "Assignments to grade",
        Permission.GRADES_ENTER,
        lambda session, subject, _today: lists.waiting(
            policy.visible(session, subject, Enrollment.user_id), subject.user_id
        ),
        order=19,
    )
)
ASSIGNMENTS = ("Assignments", "/assignments")


@router.get("/assignments")
def assignments(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """Every assignment with what waits in it."""
    return render(request, "assignments/overview.html", lines=service.overview(db, subject))


@router.get("/lessons/{assigned_lesson_id}/hand-ins")
def board(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    assigned_lesson_id: PathId,
    paging: PageParams,
    state: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The lesson's students with what they handed in."""
    form = Form.blank(ButtonForm)
    return _board(request, db, subject, settings, assigned_lesson_id, form, paging, state)


@router.post("/lessons/{assigned_lesson_id}/hand-ins/release", dependencies=GRADES)
def release_all(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    assigned_lesson_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    """Let all students see their grades."""

    def act(_values: ButtonForm) -> Response:
        service.release_all(db, subject, assigned_lesson_id, settings.zone)
        return redirect(f"/lessons/{assigned_lesson_id}/hand-ins")

    return form.submit(db, act, lambda: _board(request, db, subject, settings, assigned_lesson_id, form))


def _board(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    lesson_id: int,
    form: Form[ButtonForm],
    paging: Paging | None = None,
    state: str = "",
) -> Response:
    listing = service.works(
        db,
        subject,
        lesson_id,
        settings.zone,
        paging or Paging(),
        state=next((one for one in State if one == state), None),
    )
    lesson = academics.lesson_place(db, lesson_id)
    return reports.answer(
        request,
        db,
        subject,
        HAND_INS,
        listing,
        "assignments/board.html",
        lesson=lesson,
        counts=service.counted(db, subject, lesson_id),
        may_grade=subject.may(Permission.GRADES_ENTER),
        form=form,
        breadcrumbs=[ASSIGNMENTS, (lesson.title, None)],
    )


@router.get("/hand-ins/{hand_in_id}")
def one(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, hand_in_id: PathId
) -> Response:
    """A hand-in: its files, the rubric to be tapped, earlier grades."""
    return _work_page(request, db, subject, settings, hand_in_id, Form.blank(GradeForm, request=uuid4()))


@router.post("/hand-ins/{hand_in_id}")
def grade(
    request: Request,
    hand_in_id: PathId,
    subject: Grader,
    settings: SettingsDep,
    store: FilesDep,
    form: Annotated[Form[GradeForm], Depends(posted(GradeForm))],
    db: Db,
) -> Response:
    """Save the grade, perhaps release it, and go on."""

    def act(values: GradeForm) -> Response:
        found = service.read_work(db, subject, hand_in_id, settings.zone)
        service.grade(
            db,
            subject,
            store,
            hand_in_id,
            Grading(
                values.request,
                values.seen,
                [_points(form, place) for place in range(1, len(found.asked.criteria) + 1)],
                values.comment,
                Upload(values.file.filename or "", values.file.file) if values.file else None,
            ),
        )
        if values.release:
            service.release(db, subject, hand_in_id)
        following = found.following if values.following else None
        return redirect(f"/hand-ins/{following[0] if following else hand_in_id}")

    return form.submit(db, act, lambda: _work_page(request, db, subject, settings, hand_in_id, form))


@router.post("/hand-ins/{hand_in_id}/release", dependencies=GRADES)
def release(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    hand_in_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    """Let the student see the grade."""

    def act(_values: ButtonForm) -> Response:
        service.release(db, subject, hand_in_id)
        return redirect(f"/hand-ins/{hand_in_id}")

    def again() -> Response:
        blank = Form.blank(GradeForm, request=uuid4())
        blank.errors = form.errors
        return _work_page(request, db, subject, settings, hand_in_id, blank)

    return form.submit(db, act, again)


def _points(form: Form[GradeForm], place: int) -> int | None:
    """What was tapped for a criterion; None for nothing, and for what is no number."""
    text = form.text(f"mark-{place}")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _work_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    hand_in_id: int,
    form: Form[GradeForm],
) -> Response:
    found = service.read_work(db, subject, hand_in_id, settings.zone)
    newest = found.newest
    if request.method == "GET" and newest is not None:
        # Grading again begins with what was given.
        form.data |= {f"mark-{place}": [str(points)] for place, points in enumerate(newest.marks, start=1)}
        form.data["comment"] = [newest.comment or ""]
    form.data["seen"] = [str(newest.id if newest else 0)]
    return render(
        request,
        "assignments/work.html",
        found=found,
        work=found.work,
        asked=found.asked,
        form=form,
        newest=newest,
        again=request.method == "POST",
        amount=quota.amount,
        accept=kinds.accept_of(found.asked.version.kinds),
        breadcrumbs=[
            ASSIGNMENTS,
            (found.title, f"/lessons/{found.lesson_id}/hand-ins"),
            (found.full_name, None),
        ],
    )
