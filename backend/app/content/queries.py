"""Every SQL statement of the content room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import case, exists, func, insert, select, update
from sqlalchemy.orm import Session

from app.content import policy
from app.content.packages.links import folded
from app.db.models import (
    ContentFile,
    ContentPackage,
    Enrollment,
    EnrollmentStatus,
    Launch,
    Lesson,
    Module,
    Program,
    ScormData,
    User,
)


@dataclass(frozen=True, slots=True)
class LessonPlace:
    """A lesson and where it stands."""

    id: int
    title: str
    content_type: str
    passing_score_pct: int | None
    module_id: int
    module_name: str
    program_id: int
    program_name: str


def lesson_place(session: Session, lesson_id: int) -> LessonPlace | None:
    row = session.execute(
        select(
            Lesson.id,
            Lesson.title,
            Lesson.content_type,
            Lesson.passing_score_pct,
            Module.id,
            Module.name,
            Program.id,
            Program.name,
        )
        .join(Module, Lesson.module_id == Module.id)
        .join(Program, Module.program_id == Program.id)
        .where(Lesson.id == lesson_id)
    ).one_or_none()
    return None if row is None else LessonPlace(*row)


def lock_lesson(session: Session, lesson_id: int) -> bool:
    """Hold the lesson so that versions of its package are counted one at a time."""
    # A key share lock lets students open the lesson meanwhile: their records refer to it.
    found = session.scalar(select(Lesson.id).where(Lesson.id == lesson_id).with_for_update(key_share=True))
    return found is not None


def allow_long_pauses(session: Session, seconds: int) -> None:
    """Let this transaction wait for files longer than the server would let it idle otherwise."""
    session.execute(select(func.set_config("idle_in_transaction_session_timeout", f"{seconds}s", True)))


def lock_enrollment(session: Session, enrollment_id: int) -> EnrollmentStatus | None:
    """Hold the enrollment so that two windows opened at once agree on the attempt; its state."""
    return session.scalar(
        select(Enrollment.status).where(Enrollment.id == enrollment_id).with_for_update(key_share=True)
    )


def enrollment_for(session: Session, user_id: int, lesson_id: int) -> tuple[int, EnrollmentStatus] | None:
    """The student's enrollment that opens this lesson, and its state: the active one before a completed one."""
    row = session.execute(
        select(Enrollment.id, Enrollment.status)
        .join(Module, Module.program_id == Enrollment.program_id)
        .join(Lesson, Lesson.module_id == Module.id)
        .where(Lesson.id == lesson_id, Enrollment.user_id == user_id, Enrollment.status.in_(policy.PLAYABLE))
        .order_by(
            case((Enrollment.status == EnrollmentStatus.ACTIVE, 0), else_=1),
            Enrollment.enrolled_at.desc(),
            Enrollment.id.desc(),
        )
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def user_name(session: Session, user_id: int) -> str:
    return session.scalars(select(User.full_name).where(User.id == user_id)).one()


def current_package(session: Session, lesson_id: int) -> ContentPackage | None:
    return session.scalar(
        select(ContentPackage).where(
            ContentPackage.lesson_id == lesson_id, ContentPackage.replaced_at.is_(None)
        )
    )


def package(session: Session, package_id: int) -> ContentPackage | None:
    return session.get(ContentPackage, package_id)


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
    session.execute(insert(ContentFile), rows)


def package_file(session: Session, package_id: int, path: str) -> ContentFile | None:
    """The file of exactly this path, else the one whose name differs only in case; names never clash so."""
    found = session.get(ContentFile, (package_id, path))
    if found is not None:
        return found
    candidates = session.scalars(
        select(ContentFile).where(
            ContentFile.package_id == package_id, func.lower(ContentFile.path) == func.lower(path)
        )
    ).all()
    return next((file for file in candidates if folded(file.path) == folded(path)), None)


def attempts_with_time(session: Session, enrollment_id: int) -> Sequence[ScormData]:
    """The attempts of an enrollment in which any time was spent, in the order in which they last reported."""
    return session.scalars(
        select(ScormData)
        .where(ScormData.enrollment_id == enrollment_id, ScormData.total_seconds > 0)
        .order_by(ScormData.updated_at, ScormData.id)
    ).all()


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


def attempt_of_launch(session: Session, launch: Launch, *, lock: bool = False) -> ScormData | None:
    query = select(ScormData).where(
        ScormData.user_id == launch.user_id,
        ScormData.enrollment_id == launch.enrollment_id,
        ScormData.lesson_id == launch.lesson_id,
        ScormData.package_id == launch.package_id,
        ScormData.sco_id == launch.sco_id,
        ScormData.attempt_no == launch.attempt_no,
    )
    return session.scalar(query.with_for_update() if lock else query)


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """What a lesson's result needs of an attempt."""

    sco_id: str
    status: str | None
    score_pct: Decimal | None
    total_seconds: int


def attempts_in_package(
    session: Session, *, enrollment_id: int, lesson_id: int, package_id: int
) -> list[AttemptSummary]:
    rows = session.execute(
        select(
            ScormData.sco_id,
            ScormData.cmi_core_lesson_status,
            ScormData.score_pct,
            ScormData.total_seconds,
        ).where(
            ScormData.enrollment_id == enrollment_id,
            ScormData.lesson_id == lesson_id,
            ScormData.package_id == package_id,
        )
    )
    return [AttemptSummary(*row) for row in rows]


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


def work_by_lesson(session: Session, user_id: int) -> list[tuple[int, int, datetime]]:
    """Lesson, seconds spent and when the content last reported, for each lesson a student has worked in."""
    rows = session.execute(
        select(ScormData.lesson_id, func.sum(ScormData.total_seconds), func.max(ScormData.updated_at))
        .where(ScormData.user_id == user_id)
        .group_by(ScormData.lesson_id)
    )
    return [(lesson_id, int(seconds), last) for lesson_id, seconds, last in rows]
