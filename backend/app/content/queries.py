"""Every SQL statement of the content room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import case, delete, exists, func, insert, select, update
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
    ScormCommit,
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


def launch_by_token(session: Session, token_hash: str) -> Launch | None:
    """The launch with this token, unless the account behind it has been deleted."""
    return session.scalar(
        select(Launch)
        .join(User, User.id == Launch.user_id)
        .where(Launch.token_hash == token_hash, User.deleted_at.is_(None))
    )


def lock_launch(session: Session, launch: Launch) -> None:
    """Hold the launch and read it anew, as the one who held it before left it."""
    session.refresh(launch, with_for_update=True)


def replace_open_launches(
    session: Session, *, user_id: int, enrollment_id: int | None, package_id: int, sco_id: str
) -> Sequence[Launch]:
    """An earlier window on the same part stops being the one that counts; answers the launches this befalls."""
    return session.scalars(
        update(Launch)
        .where(
            Launch.user_id == user_id,
            Launch.enrollment_id == enrollment_id,
            Launch.package_id == package_id,
            Launch.sco_id == sco_id,
            Launch.state == "open",
            Launch.preview.is_(False),
        )
        .values(state="replaced")
        .returning(Launch)
    ).all()


def ended_untold(session: Session, idle_since: datetime, now: datetime, limit: int) -> Sequence[Launch]:
    """Launches that are over with time nobody has been told of; locked, and those locked already are skipped."""
    return session.scalars(
        select(Launch)
        .where(
            Launch.end_told.is_(False),
            Launch.session_seconds > 0,
            Launch.preview.is_(False),
            (Launch.last_seen_at <= idle_since) | (Launch.expires_at <= now),
        )
        .order_by(Launch.last_seen_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def attempts_with_time(session: Session, enrollment_id: int) -> Sequence[ScormData]:
    """The attempts of an enrollment in which any time was spent, in the order in which they last reported."""
    return session.scalars(
        select(ScormData)
        .where(ScormData.enrollment_id == enrollment_id, ScormData.total_seconds > 0)
        .order_by(ScormData.updated_at, ScormData.id)
    ).all()


def newer_launch_has_saved(session: Session, launch: Launch) -> bool:
    """Whether a later launch of the same attempt has already committed something."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Launch.user_id == launch.user_id,
                    Launch.enrollment_id == launch.enrollment_id,
                    Launch.package_id == launch.package_id,
                    Launch.sco_id == launch.sco_id,
                    Launch.attempt_no == launch.attempt_no,
                    Launch.preview.is_(False),
                    Launch.created_at > launch.created_at,
                    Launch.last_seq > 0,
                )
            )
        )
    )


def touch_launch(session: Session, launch: Launch, at: datetime, *, at_most_every: timedelta) -> None:
    """Note that the launch is in use, without a write for each of a page's files."""
    if at - launch.last_seen_at >= at_most_every:
        launch.last_seen_at = at


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


def commit_is_known(session: Session, launch_id: str, seq: int) -> bool:
    return bool(
        session.scalar(select(exists().where(ScormCommit.launch_id == launch_id, ScormCommit.seq == seq)))
    )


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


def remove_previews(session: Session, lesson_ids: Sequence[int]) -> None:
    """Forget that staff have looked at these lessons: a preview is nobody's record."""
    session.execute(delete(Launch).where(Launch.lesson_id.in_(lesson_ids), Launch.preview))
