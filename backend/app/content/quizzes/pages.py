"""Pages of a lesson's quiz: what it asks, what came of it, and who gets more time."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app.content import service as content
from app.content.authoring import service as authoring
from app.content.authoring.schemas import POOLS, Quiz, QuizForm
from app.content.bank import service as bank
from app.content.bank.schemas import LABELS
from app.content.quizzes import accommodations, policy, regrades, results  # noqa: F401 - regrades are registered
from app.content.quizzes.accommodations import AccommodationForm, EndingForm
from app.content.quizzes.reports import QUIZ_RESULTS
from app.core.permissions import Permission, Subject
from app.settings import Settings
from app.web import reports
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import Crumb
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
READS = [Requires(Permission.CONTENT_READ)]
MARKS = [Requires(Permission.ENROLLMENTS_MARK_LESSONS)]


@router.get("/lessons/{lesson_id}/write/quiz/edit", dependencies=CHANGES)
def quiz_settings(
    request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject, settings: SettingsDep
) -> Response:
    """Which questions the quiz asks, and by which rules."""
    return _settings(request, db, subject, settings, lesson_id)


@router.post("/lessons/{lesson_id}/write/quiz/edit", dependencies=CHANGES)
def save_quiz(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[QuizForm], Depends(posted(QuizForm))],
) -> Response:
    """Save the quiz with the next version of the lesson's text."""

    def take_in(values: QuizForm) -> Response:
        quiz = values.quiz(settings.zone)
        authoring.save(db, subject, lesson_id, made_from=values.version, quiz=quiz)
        return redirect(f"/lessons/{lesson_id}/write")

    return form.submit(db, take_in, again=lambda: _settings(request, db, subject, settings, lesson_id, form))


@router.get("/lessons/{lesson_id}/quiz", dependencies=READS)
def quiz_results(
    request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject, paging: PageParams
) -> Response:
    """Results by student and by question."""
    return _results(request, db, subject, lesson_id, paging)


@router.get("/lessons/{lesson_id}/quiz/students/{user_id}", dependencies=READS)
def student_attempts(
    request: Request, lesson_id: PathId, user_id: PathId, db: Db, subject: CurrentSubject
) -> Response:
    """The attempts of one student with each answer."""
    name, attempts = results.of_student(db, subject, lesson_id, user_id)
    return render(
        request,
        "quizzes/student.html",
        lesson=content.lesson(db, lesson_id),
        name=name,
        attempts=attempts,
        breadcrumbs=[*_crumbs(db, lesson_id), ("Quiz", f"/lessons/{lesson_id}/quiz"), (name, None)],
    )


@router.get("/lessons/{lesson_id}/quiz/accommodations", dependencies=READS)
def accommodation_page(request: Request, lesson_id: PathId, db: Db, subject: CurrentSubject) -> Response:
    """Who has more time or attempts."""
    return _accommodations(request, db, subject, lesson_id)


@router.post("/lessons/{lesson_id}/quiz/accommodations", dependencies=MARKS)
def grant_accommodation(
    request: Request,
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[AccommodationForm], Depends(posted(AccommodationForm))],
) -> Response:
    """Grant more time or attempts."""

    def grant(values: AccommodationForm) -> Response:
        accommodations.grant(db, subject, lesson_id, values)
        return redirect(f"/lessons/{lesson_id}/quiz/accommodations")

    return form.submit(db, grant, again=lambda: _accommodations(request, db, subject, lesson_id, form))


@router.post("/lessons/{lesson_id}/quiz/accommodations/end", dependencies=MARKS)
def end_accommodation(
    lesson_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[EndingForm], Depends(posted(EndingForm))],
) -> Response:
    """End what was granted."""
    accommodations.end(db, subject, lesson_id, form.checked().accommodation_id)
    return redirect(f"/lessons/{lesson_id}/quiz/accommodations")


def _settings(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    lesson_id: int,
    form: Form[QuizForm] | None = None,
) -> Response:
    lesson = content.lesson(db, lesson_id)
    text = authoring.read(db, subject, lesson_id)
    return render(
        request,
        "quizzes/settings.html",
        lesson=lesson,
        text=text,
        form=form or _filled(text.quiz, text.version, settings),
        pools=POOLS,
        questions=[
            (one.id, f"{one.prompt[:140]} ({LABELS[one.kind].lower()})")
            for one in bank.choices(db, subject, lesson.program_id)
        ],
        breadcrumbs=[*_crumbs(db, lesson_id), ("Write", f"/lessons/{lesson_id}/write"), ("Quiz", None)],
    )


def _filled(quiz: Quiz, version: int, settings: Settings) -> Form[QuizForm]:
    values: dict[str, object] = quiz.model_dump(exclude={"pools", "due_at"})
    for number, pool in zip(POOLS, quiz.pools, strict=False):
        values |= {f"pool_{number}": pool.questions, f"draw_{number}": pool.draw}
    form = Form.blank(QuizForm, version=version, **values)
    if quiz.due_at is not None:
        form.data["due_at"] = [quiz.due_at.astimezone(settings.zone).strftime("%Y-%m-%dT%H:%M")]
    return form


def _results(request: Request, db: Db, subject: Subject, lesson_id: int, paging: Paging) -> Response:
    listing = results.by_student(db, subject, paging, lesson_id)
    return reports.answer(
        request,
        db,
        subject,
        QUIZ_RESULTS,
        listing,
        "quizzes/results.html",
        lesson=content.lesson(db, lesson_id),
        # What is worked out of every last attempt stands on the first page alone, and in no file.
        questions=[]
        if paging.page > 1 or request.query_params.get("format")
        else results.by_question(db, subject, lesson_id),
        may_open_bank=results.may_open_bank(db, subject, lesson_id),
        breadcrumbs=[*_crumbs(db, lesson_id), ("Quiz", None)],
    )


def _accommodations(
    request: Request, db: Db, subject: Subject, lesson_id: int, form: Form[AccommodationForm] | None = None
) -> Response:
    return render(
        request,
        "quizzes/accommodations.html",
        lesson=content.lesson(db, lesson_id),
        rows=accommodations.of_lesson(db, subject, lesson_id),
        students=accommodations.students(db, subject, lesson_id),
        may_grant=policy.may_accommodate(subject),
        form=form or Form.blank(AccommodationForm),
        breadcrumbs=[
            *_crumbs(db, lesson_id),
            ("Quiz", f"/lessons/{lesson_id}/quiz"),
            ("More time", None),
        ],
    )


def _crumbs(db: Db, lesson_id: int) -> list[Crumb]:
    lesson = content.lesson(db, lesson_id)
    return [
        ("Programs", "/programs"),
        (lesson.program_name, f"/programs/{lesson.program_id}"),
        (lesson.title, f"/lessons/{lesson_id}"),
    ]
