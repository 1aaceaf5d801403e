"""A lesson session: how long it lasts, and the launch behind a token."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.content.launches import queries
from app.core import clock
from app.core.tokens import hash_token
from app.db.models import Launch

IDLE = timedelta(hours=2)
"""Without a word from the course the session is over."""
LONGEST = timedelta(hours=12)
"""It is over in any case."""
_NOTE_EVERY = timedelta(minutes=1)


def is_over(record: Launch, now: datetime) -> bool:
    """Whether the launch's token has ended: before its time, after two idle hours, after twelve in any case."""
    return record.ended_at is not None or now >= record.expires_at or now - record.last_seen_at >= IDLE


OVER = (
    "This lesson session has ended. Everything up to your last saved step is kept; open the lesson "
    "again to continue."
)
_WHY = {
    "signed_out": "You signed out, which ended this lesson session. Everything up to your last saved "
    "step is kept. Sign in and open the lesson again to continue.",
    "password_changed": "Your password was changed, which ended this lesson session. Everything up to "
    "your last saved step is kept. Sign in and open the lesson again to continue.",
    "account_deleted": "Your account was closed, which ended this lesson session. What was saved before is kept. "
    "Ask the school if this is a mistake.",
    "duty_ended": "Your duties at the school have changed, which ended this lesson session. Open the lesson again "
    "to continue.",
    "withdrawn": "You are no longer enrolled in this program, so nothing more is recorded. "
    "What was saved before is kept.",
    "completed": "Your program is completed, so nothing more is recorded. What was saved before is "
    "kept. Open the lesson again to review it.",
}


def over_sentence(record: Launch) -> str:
    """Why a launch that is over is over, and what to do."""
    return _WHY.get(record.end_reason or "", OVER)


def find_launch(session: Session, token: str) -> Launch | None:
    """The launch behind a token, over or not; None for a token that was never given out."""
    return queries.launch_by_token(session, hash_token(token))


def note_use(session: Session, record: Launch) -> None:
    """Keep an open launch from idling out, with at most one write a minute."""
    queries.touch_launch(session, record, clock.now(), at_most_every=_NOTE_EVERY)


def is_review(record: Launch) -> bool:
    """A student looks again at a lesson of a completed program; a preview by staff belongs to no enrollment."""
    return record.preview and record.enrollment_id is not None
