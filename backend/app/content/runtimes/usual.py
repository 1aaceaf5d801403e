"""What most standards have nothing of their own to do at: a run-time names what it does otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.content.packages.model import Item
from app.content.packages.versions import Version
from app.content.runtimes.protocol import Report, Sequencing
from app.core.permissions import Subject
from app.db.models import Launch, ScormData


class Usual:
    """The hooks of `Runtime` around a session, each leaving things as they are."""

    sequencing: Sequencing | None = None

    def hand_on(
        self,
        session: Session,
        launch: Launch,
        item: Item,
        report: Report,
        before: str,
        attempt: ScormData,
        now: datetime,
    ) -> None:
        """Nothing: what the course reports is in the history."""

    def needs_nothing(self, item: Item) -> bool:
        return False

    def prepare(self, session: Session, subject: Subject, launch: Launch, item: Item) -> None:
        """Nothing: the player page is what a session is known by."""

    def launched(
        self,
        session: Session,
        version: Version,
        launch: Launch,
        item: Item,
        base: str,
        *,
        left: Sequence[Launch],
        first: bool,
        now: datetime,
    ) -> None:
        """Nothing: the standard has nothing to say of a launch."""
