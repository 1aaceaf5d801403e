"""What the school's own rooms tell the record store: lessons, hours, enrollments.

Each function notes one or more well-formed statements, which are written in the caller's transaction when it
commits (`app.lrs.events`). Activities are named by addresses below the school's own; the actor is the account by its
number, so that a new email address does not make a new learner; all statements of one enrollment share its
registration.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.lrs import vocabulary
from app.lrs.engine.statements.shape import JsonObject
from app.lrs.events import About, record_event, record_voiding
from app.lrs.facts import queries
from app.lrs.vocabulary import Verb
from app.settings import get_settings

__internal__ = "the system records what happened"

_STATUSES = {"passed": vocabulary.PASSED, "failed": vocabulary.FAILED, "completed": vocabulary.COMPLETED}


def origin_of(session: Session) -> str:
    """The address below which the school's own activities and accounts are named."""
    settings = session.info.get("settings") or get_settings()
    origin: str = settings.app_origin
    return origin


def registration_of(app_origin: str, enrollment_id: int) -> UUID:
    """The registration that all statements of an enrollment carry."""
    return uuid5(NAMESPACE_URL, f"{app_origin}/enrollments/{enrollment_id}")


def program_iri(app_origin: str, program_id: int) -> str:
    """The activity that a program is."""
    return f"{app_origin}/programs/{program_id}"


def lesson_iri(app_origin: str, lesson_id: int) -> str:
    """The activity that a lesson is."""
    return f"{app_origin}/lessons/{lesson_id}"


def part_iri(app_origin: str, lesson_id: int, sco_id: str) -> str:
    """The activity that a part of a lesson is."""
    return f"{lesson_iri(app_origin, lesson_id)}/parts/{quote(sco_id, safe='')}"


def duration_text(seconds: int) -> str:
    """Whole seconds as ISO 8601: `PT1H30M5S`."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}"
    return f"PT{text}{f'{rest}S' if rest or not text else ''}"


# Lessons


@dataclass(frozen=True, slots=True)
class PartReport:
    """What a course has just said about one part of a lesson, beside what was known before.

    Statuses are SCORM 1.2's; `score_pct` is the best so far, 0 to 100; `session_seconds` what counts of this
    session, `ending` how the course ended it, if it did.
    """

    sco_id: str
    title: str
    status_before: str
    status: str
    score_pct_before: Decimal | None
    score_pct: Decimal | None
    session_seconds: int
    first: bool
    """Whether nothing had been reported in this session yet."""
    begun: bool
    """Whether an earlier session of the attempt had reported something."""
    ending: Literal["terminated", "suspended"] | None


def record_lesson_launched(
    session: Session, *, enrollment_id: int, lesson_id: int, sco_id: str, title: str
) -> None:
    """A student opened a part of a lesson."""
    teller = _Teller(session, enrollment_id)
    place = queries.place(session, lesson_id)
    teller.tell(vocabulary.LAUNCHED, _part(place, sco_id, title), _around(place, _lesson(place)))


def record_scorm_progress(
    session: Session, *, enrollment_id: int, lesson_id: int, report: PartReport
) -> None:
    """A course reported: the beginning, a better status or score, the end. What says nothing new is not told."""
    told = list(_told_by(report))
    if not told:
        return
    teller = _Teller(session, enrollment_id)
    place = queries.place(session, lesson_id)
    part = _part(place, report.sco_id, report.title)
    for verb, result in told:
        teller.tell(verb, part, _around(place, _lesson(place)), result=result)


def record_session_left(
    session: Session,
    *,
    enrollment_id: int,
    lesson_id: int,
    sco_id: str,
    title: str,
    session_seconds: int,
    at: datetime,
) -> None:
    """A session with a part of a lesson ended without the course having said so: a closed tab, an empty battery."""
    teller = _Teller(session, enrollment_id)
    place = queries.place(session, lesson_id)
    result: JsonObject = {"duration": duration_text(session_seconds)}
    part = _part(place, sco_id, title)
    teller.tell(vocabulary.SUSPENDED, part, _around(place, _lesson(place)), result=result, at=at)


def _told_by(report: PartReport) -> list[tuple[Verb, JsonObject | None]]:
    told: list[tuple[Verb, JsonObject | None]] = []
    score = _score(report.score_pct)
    if report.first:
        told.append((vocabulary.RESUMED if report.begun else vocabulary.INITIALIZED, None))
    verb = _STATUSES.get(report.status)
    if verb is not None and report.status != report.status_before:
        result: JsonObject = {"completion": True}
        if verb is not vocabulary.COMPLETED:
            result["success"] = verb is vocabulary.PASSED
        told.append((verb, {**score, **result}))
    elif report.score_pct != report.score_pct_before and score:
        told.append((vocabulary.PROGRESSED, score))
    if report.ending is not None:
        ended = vocabulary.TERMINATED if report.ending == "terminated" else vocabulary.SUSPENDED
        told.append((ended, {"duration": duration_text(report.session_seconds)}))
    return told


def record_lesson_completed(
    session: Session,
    *,
    enrollment_id: int,
    lesson_id: int,
    score_pct: Decimal | None,
    progress_pct: int,
    at: datetime,
    by: Subject | None = None,
) -> None:
    """A lesson counts as done; `progress_pct` is the enrollment's progress with it."""
    teller = _Teller(session, enrollment_id, by)
    place = queries.place(session, lesson_id)
    teller.tell(
        vocabulary.COMPLETED,
        _lesson(place),
        _around(place),
        result={**_score(score_pct), "completion": True},
        at=at,
    )
    teller.tell(
        vocabulary.PROGRESSED,
        teller.program,
        result={"completion": False, "extensions": {vocabulary.PROGRESS: progress_pct}},
        at=at,
    )


def record_program_progressed(session: Session, *, enrollment_id: int, progress_pct: int) -> None:
    """The enrollment's progress is another than was last told, without a lesson having been completed."""
    teller = _Teller(session, enrollment_id)
    extensions: JsonObject = {vocabulary.PROGRESS: progress_pct}
    teller.tell(vocabulary.PROGRESSED, teller.program, result={"completion": False, "extensions": extensions})


def record_lesson_scored(
    session: Session,
    *,
    enrollment_id: int,
    lesson_id: int,
    score_pct: Decimal,
    at: datetime,
    by: Subject | None = None,
) -> None:
    """A lesson that counts as done already has a better score than before."""
    teller = _Teller(session, enrollment_id, by)
    place = queries.place(session, lesson_id)
    teller.tell(vocabulary.SCORED, _lesson(place), _around(place), result=_score(score_pct), at=at)


# Enrollments


def record_enrolled(
    session: Session, *, enrollment_id: int, by: Subject | None, at: datetime | None = None
) -> None:
    """A student was enrolled in a program, now or at a moment of the past."""
    teller = _Teller(session, enrollment_id, by)
    teller.tell(vocabulary.REGISTERED, teller.program, at=at)


def record_program_completed(
    session: Session, *, enrollment_id: int, by: Subject | None, at: datetime | None = None
) -> None:
    """An enrollment ended with everything done."""
    teller = _Teller(session, enrollment_id, by)
    teller.tell(vocabulary.COMPLETED, teller.program, result={"completion": True}, at=at)


def record_withdrawn(
    session: Session, *, enrollment_id: int, by: Subject | None, at: datetime | None = None
) -> None:
    """An enrollment ended before everything was done."""
    teller = _Teller(session, enrollment_id, by)
    teller.tell(vocabulary.WITHDREW, teller.program, result={"completion": False}, at=at)


# Clock hours


def record_clock_in(session: Session, *, enrollment_id: int, at: datetime) -> None:
    """A student clocked in."""
    teller = _Teller(session, enrollment_id)
    teller.tell(vocabulary.INITIALIZED, teller.hours, [teller.program], at=at)


def record_clock_out(
    session: Session, *, enrollment_id: int, at: datetime, minutes: int, by: Subject | None = None
) -> UUID:
    """A stay of so many minutes ended; `by` is the member of staff who entered it, where the clock did not.

    Answers the statement's id, for the day on which the stay is corrected.
    """
    teller = _Teller(session, enrollment_id, by)
    result: JsonObject = {"duration": duration_text(minutes * 60)}
    return teller.tell(vocabulary.ATTENDED, teller.hours, [teller.program], result=result, at=at)


def record_clock_out_missing(session: Session, *, enrollment_id: int, at: datetime) -> UUID:
    """A stay was closed with no length, because nobody clocked out; answers the statement's id."""
    teller = _Teller(session, enrollment_id)
    return teller.tell(vocabulary.ABANDONED, teller.hours, [teller.program], at=at)


def record_hours_corrected(
    session: Session, *, enrollment_id: int, at: datetime, minutes: int, told: UUID | None, by: Subject
) -> UUID | None:
    """A stay was put right: what was told of it is voided and the true length told; nothing when there was none.

    `told` is the statement that told of the stay so far, where one is known. Answers the one that does now.
    """
    if told is not None:
        record_voiding(session, origin_of(session), told, (by.user_id, by.full_name))
    if minutes == 0:
        return None
    return record_clock_out(session, enrollment_id=enrollment_id, at=at, minutes=minutes, by=by)


# Making statements


class _Teller:
    """Tells of one enrollment."""

    def __init__(self, session: Session, enrollment_id: int, by: Subject | None = None) -> None:
        self.session = session
        self.origin = origin_of(session)
        self.learner = queries.learner(session, enrollment_id)
        # A person who does something about herself is no instructor of it.
        self.by = by if by is not None and by.user_id != self.learner.user_id else None

    @property
    def program(self) -> About:
        path = program_iri("", self.learner.program_id)
        return About(path, self.learner.program_name, vocabulary.PROGRAM)

    @property
    def hours(self) -> About:
        """The clock hours of a program, as an activity."""
        name = f"{self.learner.program_name}: clock hours"
        return About(f"{self.program.path}/hours", name, vocabulary.MEETING)

    def tell(
        self,
        verb: Verb,
        about: About,
        parents: Sequence[About] = (),
        *,
        result: JsonObject | None = None,
        at: datetime | None = None,
    ) -> UUID:
        return record_event(
            self.session,
            self.origin,
            user_id=self.learner.user_id,
            full_name=self.learner.full_name,
            verb=verb,
            about=about,
            parents=parents,
            result=result,
            registration=registration_of(self.origin, self.learner.enrollment_id),
            instructor=None if self.by is None else (self.by.user_id, self.by.full_name),
            happened_at=at,
        )


def _lesson(place: queries.Place) -> About:
    return About(lesson_iri("", place.lesson_id), place.title, vocabulary.LESSON)


def _part(place: queries.Place, sco_id: str, title: str) -> About:
    return About(part_iri("", place.lesson_id, sco_id), title or place.title, vocabulary.PART)


def _around(place: queries.Place, *nearer: About) -> list[About]:
    """What an activity of a lesson belongs to, the nearest first."""
    return [
        *nearer,
        About(f"/modules/{place.module_id}", place.module_name, vocabulary.MODULE),
        About(f"/programs/{place.program_id}", place.program_name, vocabulary.PROGRAM),
    ]


def _score(percent: Decimal | None) -> JsonObject:
    """`{"score": …}` of a percentage; empty without one. Kept within the bounds that xAPI allows."""
    if percent is None:
        return {}
    raw = float(min(max(percent, Decimal(0)), Decimal(100)))
    return {"score": {"scaled": round(raw / 100, 4), "raw": raw, "min": 0, "max": 100}}
