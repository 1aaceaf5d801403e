"""The names and the zone that pages work with: the school's row, which every process looks at again and again.

Settings say them for an empty database alone. A change reaches the process that made it with its next request, and
every other one within half a minute.
"""

import time
from typing import Any

from sqlalchemy.orm import Session

from app.school import service
from app.settings import Settings

LOOK_EVERY_SECONDS = 30.0


class EffectiveSettings:
    """Keeps `state.settings` at what the school's row says. `state` is the application's."""

    def __init__(self, state: Any) -> None:
        self._state = state
        self._looked = time.monotonic()

    def __call__(self, session: Session, *, now: bool = False) -> None:
        """Look at the row if it is time, within the request's transaction."""
        moment = time.monotonic()
        if not now and moment - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = moment
        known = service.facts(session)
        settings: Settings = self._state.settings
        self._state.settings = service.effective_settings(settings, known)
        self._state.school_logo = known.logo.sha256[:12] if known.logo else None
