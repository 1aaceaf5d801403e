"""The names and the zone that pages work with: the school's row, which every process looks at again and again.

Settings say them for an empty database alone. A change reaches every process with its next request of somebody who is
signed in, which brings the revision of the school's row along, and pages for nobody within half a minute.
"""

import time
from typing import Any

from sqlalchemy.orm import Session

from app.school import service
from app.settings import Settings

LOOK_EVERY_SECONDS = 30.0


class EffectiveSettings:
    """Keeps `state.settings`, and those that sessions find, at what the school's row says; `state` is the
    application's."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._looked = time.monotonic()
        self._revision: int | None = None

    @property
    def due(self) -> bool:
        """Whether it is time to look, whoever asks."""
        return time.monotonic() - self._looked >= LOOK_EVERY_SECONDS

    def __call__(self, session: Session, *, now: bool = False) -> None:
        """Look at the row if it is time, within the request's transaction."""
        revision = service.seen_by(session)
        if not now and not self.due and revision in (None, self._revision):
            return
        self._looked, self._revision = time.monotonic(), revision
        known = service.facts(session)
        settings: Settings = self._state.settings
        self._state.settings = session.info["settings"] = service.effective_settings(settings, known)
        self._state.database.use(self._state.settings)
        self._state.school_logo = known.logo.sha256[:12] if known.logo else None
