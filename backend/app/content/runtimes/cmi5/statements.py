"""What an AU says to the LRS, and what follows from it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from app.content.packages.model import Item
from app.content.packages.versions import Version
from app.content.runtimes.answered import keep_answers, questions_in
from app.content.runtimes.cmi5 import own_statements
from app.content.runtimes.cmi5.sessions import JsonObject, satisfied
from app.content.runtimes.cmi5.units import keep_unit, session_of, terms_of, unit_of
from app.content.runtimes.protocol import Heard
from app.content.scores import keep_statement_score
from app.db.models import Launch, ScormData
from app.lrs import service as record_store
from app.lrs.service import Call, Refusal
from app.rules import cmi5

_PREFERENCES = "cmi5LearnerPreferences"
_LARGEST_PREFERENCES = 64 * 1024
_LANGUAGES = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*(,[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)*")


class Cmi5Statements:
    """The LRS as an AU may use it (`protocol.Statements`)."""

    async def admit(self, call: Call, state: Mapping[str, Any]) -> Mapping[str, object]:
        preferences = call.path == "/agents/profile" and call.parameters.get("profileId") == _PREFERENCES
        if call.method in ("GET", "HEAD"):
            # Asked for before anything is said (11).
            return {"asked": True} if preferences else {}
        if call.path == "/activities/state" and call.parameters.get("stateId") in (None, "LMS.LaunchData"):
            raise Refusal("The launch data is the LMS’s; an AU only reads it (cmi5 10.2.1).", status=403)
        if preferences:
            await _require_preferences(call)
        return {}

    def has_ended(self, launch: Launch) -> bool:
        said = session_of(launch.session_state)
        return said.terminated or said.abandoned

    def take(
        self, launch: Launch, item: Item, attempt: ScormData | None, statements: Sequence[Mapping[str, Any]]
    ) -> Heard:
        terms = terms_of(launch, item)
        state = dict(launch.session_state)
        now, unit = session_of(state), unit_of(state if attempt is None else attempt.cmi)
        seconds = 0.0
        for statement in statements:
            try:
                now, unit = cmi5.accept(statement, terms, now, unit)
            except cmi5.Refused as refused:
                raise Refusal(str(refused), status=403) from None
            said = (statement.get("result") or {}).get("duration")
            if statement["verb"]["id"] == cmi5.TERMINATED and said is not None:
                seconds = record_store.seconds_of(said) or 0.0
            if attempt is not None and statement["verb"]["id"] in (cmi5.PASSED, cmi5.FAILED):
                keep_statement_score(attempt, statement)
        launch.session_state = {**state, **asdict(now), **({"unit": asdict(unit)} if attempt is None else {})}
        if attempt is not None:
            keep_unit(attempt, unit, item.details["moveOn"])
            keep_answers(attempt, questions_in(statements))
        return Heard(seconds, now.terminated)

    def follow_up(
        self, session: Session, version: Version, launch: Launch, item: Item, now: datetime
    ) -> list[JsonObject]:
        """Its blocks, then the course, where they are complete."""
        return list(satisfied(session, version, launch, item, now))

    def waive(
        self,
        session: Session,
        version: Version,
        launch: Launch,
        item: Item,
        attempt: ScormData,
        reason: str,
        *,
        first: bool,
        now: datetime,
    ) -> list[JsonObject]:
        # A waiver has a session id of its own.
        launch.session_state = {**launch.session_state, "session": str(uuid4())}
        from_the_start = list(satisfied(session, version, launch, None, now)) if first else []
        keep_unit(attempt, replace(unit_of(attempt.cmi), waived=True), item.details["moveOn"])
        session.flush()
        waived = own_statements.waived(launch.session_state, reason, now)
        return [*from_the_start, waived, *satisfied(session, version, launch, item, now)]


async def _require_preferences(call: Call) -> None:
    """What an AU writes into the learner's preferences (cmi5 11)."""
    if "agent" not in call.parameters or call.method == "DELETE":
        return
    call.given_body = await call.body(_LARGEST_PREFERENCES)
    try:
        value = json.loads(call.given_body) if call.content_type == "application/json" else None
    except ValueError:
        value = None
    fits = (
        isinstance(value, dict)
        and isinstance(value.get("languagePreference"), str)
        and _LANGUAGES.fullmatch(value["languagePreference"]) is not None
        and value.get("audioPreference") in ("on", "off")
    )
    if not fits:
        raise Refusal(
            "Learner preferences have a languagePreference such as en-US,es and an audioPreference, on or off.",
            status=403,
        )
