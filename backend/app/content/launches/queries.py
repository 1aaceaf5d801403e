"""SQL on launches and what came through them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Row, bindparam, case, delete, exists, func, select, update
from sqlalchemy.orm import Session

from app.db.models import Launch, ScormCommit, User
from app.db.ready import Page, Ready

_NOT_OVER = Launch.ended_at.is_(None) & (Launch.expires_at > func.now())
_OF_TOKEN = (Launch.token_hash == bindparam("token_hash"), User.deleted_at.is_(None))
_BY_TOKEN = select(Launch).join(User, User.id == Launch.user_id).where(*_OF_TOKEN)
_HEAD = Ready(
    select(Launch.id, Launch.enrollment_id, Launch.preview)
    .join(User, User.id == Launch.user_id)
    .where(*_OF_TOKEN)
)
_HELD = (
    select(Launch)
    .where(Launch.id == bindparam("launch_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def launch_by_token(session: Session, token_hash: str) -> Launch | None:
    """The launch with this token, unless the account behind it has been deleted."""
    return session.scalar(_BY_TOKEN, {"token_hash": token_hash})


def launch_head(session: Session, token_hash: str) -> Row[tuple[str, int | None, bool]] | None:
    """The same launch's `id`, `enrollment_id` and `preview`, which never change: for who holds it next."""
    return _HEAD.first(session, token_hash=token_hash)


def hold_launch(session: Session, launch_id: str) -> Launch | None:
    """The launch, held, as the one who held it before left it; None when it is gone."""
    return session.scalar(_HELD, {"launch_id": launch_id})


def lock_launch(session: Session, launch: Launch) -> None:
    """Hold a launch that is at hand and read it again."""
    session.scalars(_HELD, {"launch_id": launch.id}).one()


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


def ended_unrecorded(session: Session, idle_since: datetime, now: datetime, limit: int) -> Sequence[Launch]:
    """Launches that are over with time that the history does not have; locked, and those locked already are skipped."""
    return session.scalars(
        select(Launch)
        .where(
            Launch.end_recorded.is_(False),
            Launch.session_seconds > 0,
            Launch.preview.is_(False),
            (Launch.last_seen_at <= idle_since) | (Launch.expires_at <= now),
        )
        .order_by(Launch.last_seen_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def last_report(session: Session, user_id: int, launch_id: str) -> int | None:
    """Number of the last report of a person's launch; None for a launch that is not theirs."""
    return session.scalar(select(Launch.last_seq).where(Launch.id == launch_id, Launch.user_id == user_id))


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


def _seconds_of_attempt() -> Ready:
    own, now = Launch.id == bindparam("launch_id"), bindparam("now", type_=Launch.last_seen_at.type)
    until = case((own, now), else_=func.least(Launch.last_seen_at, now))
    opened = func.tstzrange(Launch.created_at, func.greatest(Launch.created_at, until))
    one = (
        select(
            func.coalesce(func.sum(case((own, 0), else_=Launch.session_seconds)), 0).label("credited"),
            func.range_agg(opened).label("open"),
        )
        .where(
            Launch.user_id == bindparam("user_id"),
            Launch.enrollment_id == bindparam("enrollment_id"),
            Launch.package_id == bindparam("package_id"),
            Launch.sco_id == bindparam("sco_id"),
            Launch.attempt_no == bindparam("attempt_no"),
            Launch.preview.is_(False),
        )
        .subquery()
    )
    piece = func.unnest(one.c.open).column_valued("piece")
    lasted = func.extract("epoch", func.upper(piece) - func.lower(piece))
    return Ready(select(one.c.credited, select(func.coalesce(func.sum(lasted), 0)).scalar_subquery()))


_SECONDS_OF_ATTEMPT = _seconds_of_attempt()


def seconds_of_attempt(session: Session, launch: Launch, now: datetime) -> tuple[int, Decimal]:
    """Seconds that the other launches of the same attempt were credited, and how long any of all was open up to now;
    a moment in which several were open is one."""
    # Nothing of this launch that is not written yet counts here, so it is written once, with all that follows.
    with session.no_autoflush:
        [row] = _SECONDS_OF_ATTEMPT.rows(
            session,
            launch_id=launch.id,
            now=now,
            user_id=launch.user_id,
            enrollment_id=launch.enrollment_id,
            package_id=launch.package_id,
            sco_id=launch.sco_id,
            attempt_no=launch.attempt_no,
        )
    return int(row[0]), row[1]


def touch_launch(session: Session, launch: Launch, at: datetime, *, at_most_every: timedelta) -> None:
    """Note that the launch is in use, without a write for each of a page's files."""
    if at - launch.last_seen_at >= at_most_every:
        launch.last_seen_at = at


_DIGEST = Ready(
    select(ScormCommit.digest).where(
        ScormCommit.launch_id == bindparam("launch_id"), ScormCommit.seq == bindparam("seq")
    ),
    page=Page.COMMIT,
)


def commit_digest(session: Session, launch_id: str, seq: int) -> tuple[bool, str | None]:
    """Whether this number was used, and the digest of what came with it (None before digests were kept)."""
    row = _DIGEST.first(session, launch_id=launch_id, seq=seq)
    return (False, None) if row is None else (True, row[0])


def open_of_sessions(
    session: Session, user_id: int, *, only: int | None, but: int | None
) -> Sequence[Launch]:
    """A person's launches that have not ended, locked: of `only` one sign-in session, or of all `but` one."""
    query = select(Launch).where(Launch.user_id == user_id, _NOT_OVER)
    if only is not None:
        query = query.where(Launch.user_session_id == only)
    if but is not None:
        query = query.where(Launch.user_session_id.is_distinct_from(but))
    return session.scalars(query.order_by(Launch.id).with_for_update()).all()


def open_of_enrollment(session: Session, enrollment_id: int) -> Sequence[Launch]:
    """Launches of an enrollment that have not ended, locked."""
    return session.scalars(
        select(Launch)
        .where(Launch.enrollment_id == enrollment_id, _NOT_OVER)
        .order_by(Launch.id)
        .with_for_update()
    ).all()


def remove_previews(session: Session, lesson_ids: Sequence[int]) -> None:
    """Forget that staff have looked at these lessons: a preview is nobody's record."""
    session.execute(delete(Launch).where(Launch.lesson_id.in_(lesson_ids), Launch.preview))
