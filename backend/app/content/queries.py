"""SQL of lessons’ packages and of attempts at them, which several parts of the room share."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, insert, select, update
from sqlalchemy.orm import Session

from app.content.packages.manifest_links import folded, kept_form
from app.content.scores import exact_percent
from app.db.models import (
    ContentFile,
    ContentPackage,
    Launch,
    Lesson,
    LessonMove,
    Module,
    Program,
    QuizAttempt,
    ScormCourse,
    ScormData,
    User,
)
from app.db.pauses import allow_pauses
from app.db.ready import Page, Ready


def lock_lesson(session: Session, lesson_id: int) -> bool:
    """Hold the lesson so that versions of its package are counted one at a time."""
    # A key share lock lets students open the lesson meanwhile: their records refer to it.
    found = session.scalar(select(Lesson.id).where(Lesson.id == lesson_id).with_for_update(key_share=True))
    return found is not None


def allow_long_pauses(session: Session) -> None:
    """Let this transaction wait for files, up to two gigabytes on their way to a bucket."""
    allow_pauses(session, 30)


def user_name(session: Session, user_id: int) -> str:
    return session.scalars(select(User.full_name).where(User.id == user_id)).one()


def find_user_name(session: Session, user_id: int) -> str | None:
    return session.scalars(select(User.full_name).where(User.id == user_id)).one_or_none()


def current_package(session: Session, lesson_id: int) -> ContentPackage | None:
    return session.scalar(
        select(ContentPackage).where(
            ContentPackage.lesson_id == lesson_id, ContentPackage.replaced_at.is_(None)
        )
    )


def version_begun(session: Session, *, enrollment_id: int, lesson_id: int) -> ContentPackage | None:
    """The newest version that the student has worked in or was moved to."""
    begun = select(ScormData.package_id).where(
        ScormData.enrollment_id == enrollment_id, ScormData.lesson_id == lesson_id
    )
    moved = select(LessonMove.package_id).where(
        LessonMove.enrollment_id == enrollment_id, LessonMove.lesson_id == lesson_id
    )
    return session.scalar(
        select(ContentPackage)
        .where(
            ContentPackage.lesson_id == lesson_id,
            ContentPackage.id.in_(begun.union(moved)),
        )
        .order_by(ContentPackage.version.desc())
        .limit(1)
    )


_HEAD = Ready(
    select(ContentPackage.lesson_id, ContentPackage.standard, ContentPackage.sha256).where(
        ContentPackage.id == bindparam("package_id")
    ),
    page=Page.COMMIT,
)


def package_head(session: Session, package_id: int) -> tuple[int, str, str] | None:
    """Lesson, standard and hash of a version, without its manifest."""
    row = _HEAD.first(session, package_id=package_id)
    return None if row is None else (row[0], row[1], row[2])


def manifest(session: Session, package_id: int) -> dict[str, Any]:
    """What was read from a version's manifest."""
    value: dict[str, Any] = session.scalars(
        select(ContentPackage.manifest).where(ContentPackage.id == package_id)
    ).one()
    return value


def packages_of(session: Session, lesson_id: int) -> list[tuple[ContentPackage, str | None]]:
    """All versions, newest first, each with the name of who uploaded it."""
    rows = session.execute(
        select(ContentPackage, User.full_name)
        .outerjoin(User, ContentPackage.uploaded_by == User.id)
        .where(ContentPackage.lesson_id == lesson_id)
        .order_by(ContentPackage.version.desc())
    )
    return [(package, name) for package, name in rows]


def replace_current(session: Session, lesson_id: int, at: datetime) -> None:
    session.execute(
        update(ContentPackage)
        .where(ContentPackage.lesson_id == lesson_id, ContentPackage.replaced_at.is_(None))
        .values(replaced_at=at)
    )


def last_version(session: Session, lesson_id: int) -> int:
    return (
        session.scalar(select(func.max(ContentPackage.version)).where(ContentPackage.lesson_id == lesson_id))
        or 0
    )


def add_files(session: Session, rows: list[dict[str, object]]) -> None:
    if rows:
        session.execute(insert(ContentFile), rows)


def files_of(session: Session, package_id: int) -> list[ContentFile]:
    """Every file of a version, by path."""
    return list(
        session.scalars(
            select(ContentFile).where(ContentFile.package_id == package_id).order_by(ContentFile.path)
        )
    )


def packages_in_use(session: Session, standards: Collection[str], *, but: int) -> Sequence[Row[Any]]:
    """Packages of these standards that other lessons play, with where they stand."""
    return session.execute(
        select(
            ContentPackage.id,
            ContentPackage.title,
            ContentPackage.version,
            Lesson.title.label("lesson"),
            Program.name.label("program"),
        )
        .join(Lesson, Lesson.id == ContentPackage.lesson_id)
        .join(Module, Module.id == Lesson.module_id)
        .join(Program, Program.id == Module.program_id)
        .where(
            ContentPackage.replaced_at.is_(None),
            ContentPackage.standard.in_(standards),
            ContentPackage.lesson_id != but,
        )
        .order_by(Program.name, Lesson.title, ContentPackage.id)
        .limit(2_000)
    ).all()


def package_file(session: Session, package_id: int, path: str) -> ContentFile | None:
    """The file of this path, else the one whose name differs only in case; names never clash so."""
    path = kept_form(path)
    found = session.get(ContentFile, (package_id, path))
    if found is not None:
        return found
    candidates = session.scalars(
        select(ContentFile).where(
            ContentFile.package_id == package_id, func.lower(ContentFile.path) == func.lower(path)
        )
    ).all()
    return next((file for file in candidates if folded(file.path) == folded(path)), None)


def latest_attempt(
    session: Session, *, user_id: int, enrollment_id: int, lesson_id: int, package_id: int, sco_id: str
) -> ScormData | None:
    return session.scalar(
        select(ScormData)
        .where(
            ScormData.user_id == user_id,
            ScormData.enrollment_id == enrollment_id,
            ScormData.lesson_id == lesson_id,
            ScormData.package_id == package_id,
            ScormData.sco_id == sco_id,
        )
        .order_by(ScormData.attempt_no.desc())
        .limit(1)
        .with_for_update()
    )


def scorm_course(session: Session, enrollment_id: int, package_id: int) -> ScormCourse | None:
    """Where an enrollment stands in a version of a course as a whole; changed under the lock of the enrollment."""
    return session.scalar(
        select(ScormCourse).where(
            ScormCourse.enrollment_id == enrollment_id, ScormCourse.package_id == package_id
        )
    )


def scorm_courses(
    session: Session, enrollment_ids: Collection[int], package_ids: Collection[int]
) -> dict[tuple[int, int], ScormCourse]:
    """The same for many, by enrollment and version."""
    rows = session.scalars(
        select(ScormCourse).where(
            ScormCourse.enrollment_id.in_(enrollment_ids), ScormCourse.package_id.in_(package_ids)
        )
    )
    return {(row.enrollment_id, row.package_id): row for row in rows}


def latest_attempt_at(session: Session, enrollment_id: int, package_id: int, sco_id: str) -> ScormData | None:
    """The newest attempt of an enrollment at a part of a version."""
    return session.scalar(
        select(ScormData)
        .where(
            ScormData.enrollment_id == enrollment_id,
            ScormData.package_id == package_id,
            ScormData.sco_id == sco_id,
        )
        .order_by(ScormData.attempt_no.desc())
        .limit(1)
    )


_ATTEMPT = select(ScormData).where(
    ScormData.user_id == bindparam("user_id"),
    ScormData.enrollment_id == bindparam("enrollment_id"),
    ScormData.lesson_id == bindparam("lesson_id"),
    ScormData.package_id == bindparam("package_id"),
    ScormData.sco_id == bindparam("sco_id"),
    ScormData.attempt_no == bindparam("attempt_no"),
)
_ATTEMPT_HELD = _ATTEMPT.with_for_update()


def attempt_of_launch(session: Session, launch: Launch, *, lock: bool = False) -> ScormData | None:
    """The attempt that a launch works on; None for one that belongs to no enrollment."""
    values = {
        "user_id": launch.user_id,
        "enrollment_id": launch.enrollment_id,
        "lesson_id": launch.lesson_id,
        "package_id": launch.package_id,
        "sco_id": launch.sco_id,
        "attempt_no": launch.attempt_no,
    }
    return session.scalar(_ATTEMPT_HELD if lock else _ATTEMPT, values)


def quiz_scores(session: Session, lesson_id: int, enrollment_ids: Collection[int]) -> dict[int, Decimal]:
    """What the submitted attempts at a lesson's quiz come to, in percent by enrollment, in the version last taken."""
    rows = session.execute(
        select(QuizAttempt.enrollment_id, ScormData.score_pct)
        .distinct(QuizAttempt.enrollment_id)
        .join(
            ScormData,
            (ScormData.enrollment_id == QuizAttempt.enrollment_id)
            & (ScormData.lesson_id == QuizAttempt.lesson_id)
            & (ScormData.package_id == QuizAttempt.package_id),
        )
        .where(
            QuizAttempt.lesson_id == lesson_id,
            QuizAttempt.enrollment_id.in_(enrollment_ids),
            QuizAttempt.submitted_at.is_not(None),
            ScormData.score_pct.is_not(None),
        )
        .order_by(QuizAttempt.enrollment_id, QuizAttempt.id.desc(), ScormData.attempt_no.desc())
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """What a lesson's result needs of an attempt."""

    sco_id: str
    status: str | None
    percent: Fraction | None
    total_seconds: int


_SUMMARY = (
    ScormData.enrollment_id,
    ScormData.package_id,
    ScormData.sco_id,
    ScormData.cmi_core_lesson_status,
    ScormData.score_raw,
    ScormData.score_min,
    ScormData.score_max,
    ScormData.score_pct,
    ScormData.score_scaled,
    ScormData.total_seconds,
)
_IN_PACKAGE = Ready(
    select(*_SUMMARY).where(
        ScormData.enrollment_id == bindparam("enrollment_id"), ScormData.package_id == bindparam("package_id")
    )
)


def attempts_in_package(session: Session, enrollment_id: int, package_id: int) -> list[AttemptSummary]:
    """The attempts of one enrollment in one version."""
    rows = _IN_PACKAGE.rows(session, enrollment_id=enrollment_id, package_id=package_id)
    return _summaries(rows).get((enrollment_id, package_id), [])


def attempts_in_packages(
    session: Session, enrollment_ids: Collection[int], package_ids: Collection[int]
) -> dict[tuple[int, int], list[AttemptSummary]]:
    """The attempts by enrollment and version."""
    rows = session.execute(
        select(*_SUMMARY).where(
            ScormData.enrollment_id.in_(enrollment_ids), ScormData.package_id.in_(package_ids)
        )
    )
    return _summaries(rows)


def _summaries(rows: Iterable[Any]) -> dict[tuple[int, int], list[AttemptSummary]]:
    found: dict[tuple[int, int], list[AttemptSummary]] = {}
    for enrollment_id, package_id, sco_id, status, raw, low, high, rounded, scaled, seconds in rows:
        percent = exact_percent(raw, low, high, rounded, scaled)
        found.setdefault((enrollment_id, package_id), []).append(
            AttemptSummary(sco_id, status, percent, seconds)
        )
    return found


def attempts_of(
    session: Session, user_id: int, *, lesson_id: int | None = None
) -> list[tuple[ScormData, str, ContentPackage | None]]:
    """A student's attempts with lesson title and package, latest first."""
    query = (
        select(ScormData, Lesson.title, ContentPackage)
        .join(Lesson, ScormData.lesson_id == Lesson.id)
        .outerjoin(ContentPackage, ScormData.package_id == ContentPackage.id)
        .where(ScormData.user_id == user_id)
        .order_by(ScormData.updated_at.desc(), ScormData.id.desc())
    )
    if lesson_id is not None:
        query = query.where(ScormData.lesson_id == lesson_id)
    return [(attempt, title, package) for attempt, title, package in session.execute(query)]


def has_work_in_older_version(
    session: Session, *, enrollment_id: int, lesson_id: int, package_id: int
) -> bool:
    """Whether the student began the lesson in a version that has been replaced since."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    ScormData.enrollment_id == enrollment_id,
                    ScormData.lesson_id == lesson_id,
                    ScormData.package_id != package_id,
                )
            )
        )
    )


_WORK_BY_LESSON = Ready(
    select(ScormData.lesson_id, func.sum(ScormData.total_seconds), func.max(ScormData.updated_at))
    .where(ScormData.user_id == bindparam("user_id"))
    .group_by(ScormData.lesson_id),
    page=Page.STUDENTS_FIRST,
)


def work_by_lesson(session: Session, user_id: int) -> list[tuple[int, int, datetime]]:
    """Lesson, seconds spent and when the content last reported, for each lesson a student has worked in."""
    rows = _WORK_BY_LESSON.rows(session, user_id=user_id)
    return [(lesson_id, int(seconds), last) for lesson_id, seconds, last in rows]
