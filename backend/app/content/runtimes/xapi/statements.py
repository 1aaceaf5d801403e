"""What the content of an xAPI package says to the LRS, and what follows from it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from app.content.packages.model import Item
from app.content.packages.versions import Version
from app.content.runtimes.answered import keep_answers, questions_in
from app.content.runtimes.protocol import Heard
from app.content.scores import keep_statement_score
from app.core import clock
from app.db.models import Launch, ScormData
from app.lrs.service import Call
from app.rules import cmi5, scorm12, xapi_launch
from app.rules.xapi_launch import Outcome

JsonObject = dict[str, Any]
_WAIVED = {"id": "https://w3id.org/xapi/adl/verbs/waived", "display": {"en-US": "waived"}}


class XapiStatements:
    """The LRS as the content of a package may use it (`protocol.Statements`)."""

    async def admit(self, call: Call, state: Mapping[str, Any]) -> Mapping[str, object]:
        """Whoever the content takes the learner for, it is the one that the launch is for."""
        call.speaks_for = state["actor"]
        if "agent" in call.parameters:
            call.parameters["agent"] = json.dumps(state["actor"])
        return {}

    def has_ended(self, launch: Launch) -> bool:
        return False

    def take(
        self, launch: Launch, item: Item, attempt: ScormData | None, statements: Sequence[Mapping[str, Any]]
    ) -> Heard:
        if attempt is None:
            return Heard(0.0, ended=False, kept=False)
        activity, outcome = launch.session_state["activity"], _outcome_of(attempt)
        for statement in statements:
            outcome = xapi_launch.after(outcome, statement, activity)
            if xapi_launch.is_about(statement, activity):
                keep_statement_score(attempt, statement)
        _keep_outcome(attempt, outcome)
        keep_answers(attempt, questions_in(statements))
        # How long a session was, packages say of its parts or not at all: it lasted until the content last spoke.
        return Heard((clock.now() - launch.created_at).total_seconds(), ended=False)

    def follow_up(
        self, session: Session, version: Version, launch: Launch, item: Item, now: datetime
    ) -> list[JsonObject]:
        """Nothing: the history's own statements say that the lesson is completed."""
        return []

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
        attempt.cmi = {**attempt.cmi, "waived": True}
        _keep_outcome(attempt, replace(_outcome_of(attempt), completed=True, success=None))
        state = launch.session_state
        return [
            {
                "id": str(uuid4()),
                "actor": state["actor"],
                "verb": _WAIVED,
                "object": {"objectType": "Activity", "id": state["activity"]},
                "result": {"completion": True, "extensions": {cmi5.REASON: reason}},
                "context": {"registration": state["registration"]},
                "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
        ]


def _outcome_of(attempt: ScormData) -> Outcome:
    known = attempt.cmi.get("outcome") or {}
    return Outcome(bool(known.get("begun")), bool(known.get("completed")), known.get("success"))


def _keep_outcome(attempt: ScormData, outcome: Outcome) -> None:
    attempt.cmi = {**attempt.cmi, "outcome": asdict(outcome)}
    status = outcome.status
    # What an instructor has waived, the content does not take back; it may still be passed.
    is_waived = attempt.cmi.get("waived") and status not in scorm12.DONE
    attempt.cmi_core_lesson_status = scorm12.COMPLETED if is_waived else status
