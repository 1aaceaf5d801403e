"""What the player page starts from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.content import queries
from app.content.launches.sessions import IDLE, is_review
from app.content.packages.model import Item
from app.content.packages.versions import find_version
from app.content.runtimes import runtime_of
from app.content.runtimes.protocol import Learner
from app.core.errors import NotFound
from app.db.models import Launch


@dataclass(frozen=True, slots=True)
class PlayerState:
    """All that the player page needs: what to open, and the data model the course starts from."""

    launch_id: str
    lesson_id: int
    title: str
    item: Item
    address: str
    standard: str
    preview: bool
    review: bool
    last_seq: int
    cmi: dict[str, Any]
    outside: dict[str, tuple[str, ...]]
    expires_at: datetime
    idle_seconds: int
    given: dict[str, Any] | None
    """What the standard gives the content beside the data model."""
    allowed: dict[str, Any] | None
    """Where the content may ask to go; None in content without rules for that, and where nothing counts."""


def player_state(session: Session, record: Launch, base: str) -> PlayerState:
    """What the course receives when it starts: who the student is, where they were, what they may. `base` is the
    launch's own address."""
    version = find_version(session, record.package_id)
    item = version.manifest.item(record.sco_id)
    if item is None:
        raise NotFound("The lesson has no such part.")
    attempt = None if record.enrollment_id is None else queries.attempt_of_launch(session, record)
    learner = Learner(
        record.user_id,
        queries.user_name(session, record.user_id),
        counts=not record.preview,
        review=is_review(record),
    )
    runtime = runtime_of(version.standard)
    sequencing = runtime.sequencing
    cmi = runtime.start(learner, item, attempt)
    return PlayerState(
        launch_id=record.id,
        lesson_id=record.lesson_id,
        title=item.title,
        item=item,
        address=runtime.address(record, item, base),
        standard=version.standard,
        preview=record.preview,
        review=is_review(record),
        last_seq=record.last_seq,
        cmi=cmi,
        given=None if sequencing is None else sequencing.inform(session, version, record, item, cmi),
        outside=version.manifest.outside,
        expires_at=record.expires_at,
        idle_seconds=int(IDLE.total_seconds()),
        allowed=None
        if sequencing is None or record.enrollment_id is None or record.preview
        else sequencing.allowed(session, version, record.enrollment_id),
    )
