"""Taking the quiz of a lesson: started, answered, submitted, and counted for the lesson, by the launch's own token."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.content import queries as content_queries
from app.content.bank import service as bank
from app.content.bank.schemas import Asked
from app.content.launches import queries as launch_queries
from app.content.launches import sessions
from app.content.packages.model import Item
from app.content.packages.versions import Version, find_version
from app.content.quizzes import endings, grading, jobs, queries
from app.content.quizzes.schemas import AnswerIn, SubmitIn
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound, Unauthorized
from app.core.jobs import enqueue
from app.core.permissions import internal
from app.db.models import Launch, QuizAttempt
from app.enrollment import service as enrollment
from app.rules import quizzes
from app.rules.scorm12 import shown_percent
from app.school import service as school
from app.web import formats

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Sitting:
    """A launch of a lesson with a quiz."""

    launch: Launch
    version: Version
    item: Item
    quiz: Json
    now: datetime


@internal("the launch's own token says whose work it is")
def state(session: Session, token: str) -> Json:
    """Where the student stands in the quiz: the attempt that goes on with its questions, and what came of others.

    Raises NotFound, Unauthorized when the launch is over.
    """
    sitting = _open(session, token)
    return _preview_state(session, sitting) if sitting.launch.preview else _state(session, sitting)


@internal("the launch's own token says whose work it is")
def start(session: Session, token: str) -> Json:
    """Begin an attempt, or go on with the one that is open. Raises Conflict when none is left."""
    sitting = _open(session, token)
    if sitting.launch.preview:
        return _preview_state(session, sitting, started=True)
    _hold(session, sitting)
    enrollment_id = _enrollment_of(sitting.launch)
    known = queries.attempts(session, enrollment_id, sitting.launch.package_id)
    if known and known[-1].submitted_at is None:
        if not quizzes.is_over(known[-1].deadline_at, sitting.now):
            known[-1].launch_id = sitting.launch.id
            return _state(session, sitting)
        endings.end(session, known[-1], "time limit", sitting.now)
    if quizzes.is_closed(sitting.quiz["feedback"], _due(sitting.quiz), sitting.now):
        raise Conflict(
            f"This quiz was due {_due_words(session, sitting.quiz)}, and its right answers have been shown since "
            "then. Ask your instructor what you can do instead."
        )
    extra = _extra(session, sitting)
    allowed = quizzes.attempts_allowed(sitting.quiz["attempts"], extra.attempts)
    if allowed is not None and len(known) >= allowed:
        raise Conflict(
            "You have used all your attempts at this quiz. Ask your instructor if you need another one."
        )
    seed = secrets.token_hex(16)
    drawn = grading.drawn_for(sitting.quiz, endings.questions_of(session, sitting.quiz), seed)
    attempt = QuizAttempt(
        user_id=sitting.launch.user_id,
        enrollment_id=enrollment_id,
        lesson_id=sitting.launch.lesson_id,
        package_id=sitting.launch.package_id,
        launch_id=sitting.launch.id,
        number=len(known) + 1,
        seed=seed,
        drawn=[asdict(one) for one in drawn],
        started_at=sitting.now,
        deadline_at=quizzes.deadline(sitting.now, sitting.quiz["minutes"], extra.percent),
    )
    session.add(attempt)
    session.flush()
    history.record(
        session,
        None,
        Action.QUIZ_STARTED,
        attempt.id,
        student_id=attempt.user_id,
        enrollment_id=enrollment_id,
        lesson_id=attempt.lesson_id,
        number=attempt.number,
        deadline_at=attempt.deadline_at,
    )
    if attempt.deadline_at is not None:
        at = attempt.deadline_at + quizzes.GRACE + timedelta(seconds=1)
        enqueue(session, jobs.close_quiz, at=at, attempt_id=attempt.id)
    return _state(session, sitting)


@internal("the launch's own token says whose work it is")
def answer(session: Session, token: str, sent: AnswerIn) -> Json:
    """Keep an answer; acknowledged means kept. A late one changes nothing: `closed` says that the attempt is over.

    Raises NotFound for an attempt that is not this launch's, Invalid for a question that it does not have.
    """
    sitting = _open(session, token)
    if sitting.launch.preview:
        return {"kept": False, "closed": False}
    _hold(session, sitting)
    attempt = _own(session, sitting, sent.attempt)
    if attempt.submitted_at is None and quizzes.is_over(attempt.deadline_at, sitting.now):
        endings.end(session, attempt, "time limit", sitting.now)
    if attempt.submitted_at is not None:
        return {"kept": False, "closed": True}
    drawn = endings.drawn_of(attempt)
    if sent.position > len(drawn):
        raise Invalid("The quiz has no such question. Load the lesson again; what was saved is kept.")
    version = drawn[sent.position - 1].version
    check = sent.check and sitting.quiz["feedback"] == "question"
    kept = queries.keep_answer(
        session,
        attempt_id=attempt.id,
        position=sent.position,
        version_id=version,
        answer=sent.answer.given(),
        seq=sent.seq,
        checked=check,
        at=sitting.now,
    )
    found: Json = {"kept": kept, "closed": False, "seq": sent.seq}
    if check:
        stands = queries.answers(session, [attempt.id])[attempt.id][sent.position]
        found["answer"] = stands.answer
        if stands.checked:
            found["feedback"] = grading.feedback(bank.asked(session, [version])[version], stands.answer)
    return found


@internal("the launch's own token says whose work it is")
def submit(session: Session, token: str, sent: SubmitIn) -> Json:
    """End the attempt and grade it. Submitting again changes nothing and answers the same."""
    sitting = _open(session, token)
    if sitting.launch.preview:
        given = {position: one.given() for position, one in sent.answers.items()}
        return _preview_state(session, sitting, started=True, given=given)
    _hold(session, sitting, submits=True)
    attempt = _own(session, sitting, sent.attempt)
    if attempt.submitted_at is None:
        over = quizzes.is_over(attempt.deadline_at, sitting.now)
        endings.end(session, attempt, "time limit" if over else "student", sitting.now)
    return _state(session, sitting)


@internal("the launch's own token says whose work it is")
def picture_of(session: Session, token: str, version_id: int) -> tuple[str, str]:
    """Hash and type of the picture of a question that the launch's quiz may ask. Raises NotFound."""
    sitting = _open(session, token)
    asked = [one for pool in sitting.quiz["pools"] for one in pool["versions"]]
    found = bank.asked(session, [version_id]).get(version_id) if version_id in asked else None
    if found is None or found.image_sha256 is None:
        raise NotFound("There is no such picture in this quiz.")
    return found.image_sha256, found.image_type or "image/png"


# What the student sees


def _state(session: Session, sitting: _Sitting) -> Json:
    launch, quiz = sitting.launch, sitting.quiz
    enrollment_id = _enrollment_of(launch)
    known = queries.attempts(session, enrollment_id, launch.package_id)
    extra = _extra(session, sitting)
    allowed = quizzes.attempts_allowed(quiz["attempts"], extra.attempts)
    opened = next((one for one in known if one.submitted_at is None), None)
    given = queries.answers(session, [one.id for one in known])
    questions = endings.questions_of(session, quiz) if known else {}
    minutes = quiz["minutes"]
    work = content_queries.attempt_of_launch(session, launch)
    found: Json = {
        **_rules_of(session, quiz),
        "closed": quizzes.is_closed(quiz["feedback"], _due(quiz), sitting.now),
        "preview": False,
        "minutes": None if minutes is None else minutes * (100 + extra.percent) / 100,
        "attempts": allowed,
        "used": len(known),
        "past": [
            _past(sitting, one, given[one.id], questions, is_open=opened is not None)
            for one in known
            if one.submitted_at is not None
        ],
        "open": None,
        "lesson_status": None if work is None else work.cmi_core_lesson_status,
    }
    if opened is not None:
        drawn = endings.drawn_of(opened)
        found["open"] = {
            "attempt": opened.id,
            "number": opened.number,
            "seconds_left": _seconds_left(opened.deadline_at, sitting.now),
            "questions": grading.shown(drawn, questions, given[opened.id], reveals=False, graded=None),
        }
    return found


def _past(
    sitting: _Sitting,
    attempt: QuizAttempt,
    given: Mapping[int, Any],
    questions: Mapping[int, Asked],
    *,
    is_open: bool,
) -> Json:
    drawn = endings.drawn_of(attempt)
    percent = endings.percent_of(attempt)
    graded = grading.grade(drawn, questions, {position: one.answer for position, one in given.items()})
    is_shown = grading.reveals(sitting.quiz, submitted=True, now=sitting.now)
    if sitting.quiz["feedback"] == "due" and is_open:
        is_shown = False  # an attempt that was begun in time goes on
    return {
        "number": attempt.number,
        "percent": float(shown_percent(percent)),
        "passed": percent >= sitting.quiz["pass_percent"],
        "points": float(attempt.points or 0),
        "possible": float(attempt.points_possible or 0),
        "ended_by": attempt.ended_by,
        "questions": grading.shown(drawn, questions, given, reveals=True, graded=graded)
        if is_shown
        else None,
    }


def _preview_state(
    session: Session, sitting: _Sitting, *, started: bool = False, given: Mapping[int, Json] | None = None
) -> Json:
    """The quiz as somebody sees it who leaves no trace: drawn for each launch, graded and forgotten."""
    quiz = sitting.quiz
    found: Json = {
        **_rules_of(session, quiz),
        "closed": False,
        "preview": True,
        "minutes": quiz["minutes"],
        "attempts": None,
        "used": 0,
        "past": [],
        "open": None,
    }
    # Students of completed programs look at what they did, and begin nothing.
    if sessions.is_review(sitting.launch):
        return {**_state(session, sitting), "preview": True, "attempts": 0, "open": None}
    if not started:
        return found
    questions = endings.questions_of(session, quiz)
    drawn = grading.drawn_for(quiz, questions, sitting.launch.id)
    if given is None:
        left = None if quiz["minutes"] is None else quiz["minutes"] * 60
        shown = grading.shown(drawn, questions, {}, reveals=False, graded=None)
        found["open"] = {"attempt": 0, "number": 1, "seconds_left": left, "questions": shown}
        return found
    graded = grading.grade(drawn, questions, given)
    percent = graded.points * 100 / graded.possible if graded.possible else Fraction(0)
    shown = grading.shown(drawn, questions, {}, reveals=False, graded=graded)
    for one in shown:
        one["answer"] = given.get(one["position"], {})
        if sitting.launch.session_state.get("shows_keys"):
            one["feedback"] = grading.feedback(questions[drawn[one["position"] - 1].version], one["answer"])
    past = {
        "number": 1,
        "percent": float(shown_percent(percent)),
        "passed": percent >= quiz["pass_percent"],
        "points": float(graded.points),
        "possible": float(graded.possible),
        "ended_by": "student",
        "questions": shown,
    }
    return {**found, "past": [past]}


def _rules_of(session: Session, quiz: Json) -> Json:
    return {
        "count": sum(min(pool["draw"], len(pool["versions"])) for pool in quiz["pools"]),
        "pass_percent": quiz["pass_percent"],
        "method": quiz["method"],
        "feedback": quiz["feedback"],
        "due": _due_words(session, quiz) if quiz["due_at"] else None,
    }


def _due(quiz: Json) -> datetime | None:
    return None if quiz["due_at"] is None else datetime.fromisoformat(quiz["due_at"])


def _due_words(session: Session, quiz: Json) -> str:
    """The due date in the school’s own time: a student may be in another."""
    return formats.deadline(_due(quiz), school.facts(session).zone)


def _seconds_left(deadline_at: datetime | None, now: datetime) -> int | None:
    return None if deadline_at is None else max(0, round((deadline_at - now).total_seconds()))


# What it stands on


def _open(session: Session, token: str) -> _Sitting:
    launch = sessions.find_launch(session, token)
    now = clock.now()
    if launch is None:
        raise NotFound("There is no such lesson session.")
    if sessions.is_over(launch, now):
        raise Unauthorized(sessions.over_sentence(launch))
    version = find_version(session, launch.package_id)
    item = version.manifest.item(launch.sco_id)
    quiz = None if item is None else item.details.get("quiz")
    if item is None or quiz is None:
        raise NotFound("This lesson has no quiz.")
    sessions.note_use(session, launch)
    return _Sitting(launch, version, item, quiz, now)


def _hold(session: Session, sitting: _Sitting, *, submits: bool = False) -> None:
    """Hold the enrollment, as every report of a lesson does first: two requests at once come one after the other.

    Where an attempt may end by it, the questions are held before: a correction of a key holds its question first too.
    """
    enrollment_id = _enrollment_of(sitting.launch)
    going_on = queries.open_attempt(session, enrollment_id, sitting.launch.package_id)
    if going_on is not None and (submits or quizzes.is_over(going_on.deadline_at, sitting.now)):
        bank.hold(session, [one["version"] for one in going_on.drawn])
    try:
        enrollment.hold_for_study(session, enrollment_id)
    except Conflict as ended:
        raise Unauthorized(ended.detail) from ended
    launch_queries.lock_launch(session, sitting.launch)


def _own(session: Session, sitting: _Sitting, attempt_id: int) -> QuizAttempt:
    attempt = queries.find(session, attempt_id, lock=True)
    launch = sitting.launch
    if (
        attempt is None
        or attempt.enrollment_id != launch.enrollment_id
        or attempt.package_id != launch.package_id
    ):
        raise NotFound("There is no such attempt at this quiz. Load the lesson again.")
    attempt.launch_id = launch.id
    return attempt


@dataclass(frozen=True, slots=True)
class _Extra:
    percent: int
    attempts: int


def _extra(session: Session, sitting: _Sitting) -> _Extra:
    held = queries.accommodations(session, _enrollment_of(sitting.launch), sitting.launch.lesson_id)
    return _Extra(
        max((one.extra_time_percent for one in held), default=0),
        max((one.extra_attempts for one in held), default=0),
    )


def _enrollment_of(launch: Launch) -> int:
    if launch.enrollment_id is None:
        raise NotFound("This launch is not part of an enrollment.")
    return launch.enrollment_id
