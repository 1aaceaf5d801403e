"""What the player of H5P content reports: where the student is, and what the content has said since the last report."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.content.postgres_text import legible_json
from app.content.runtimes.protocol import Report
from app.core.errors import Invalid
from app.rules import h5p

MOST_STATEMENTS = 100
"""In one report; the player sends what is more with the next."""
LARGEST_STATE = 1024**2
"""Characters of where the student is."""
_LARGEST_STATEMENT = 64 * 1024
_LARGEST_SPAN = Decimal(86_400)


@dataclass(frozen=True, slots=True)
class Said:
    """A statement of the content, not yet put in the school's words."""

    id: UUID
    at: datetime
    statement: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class H5pReport(Report):
    """`state` is what H5P keeps for each part of the content, as JSON; None where the player says nothing of it."""

    state: str | None
    said: tuple[Said, ...]


def read(data: dict[str, Any]) -> H5pReport:
    """The report; a statement that is none is passed over, since the content would only send it again.

    Raises Invalid with a sentence for more than is taken in one report.
    """
    state = data.get("suspend_data")
    if not isinstance(state, str) or len(state) > LARGEST_STATE:
        # Too large to keep: what was saved before stays, and the statements with the result are not lost with it.
        state = None
    statements = data.get("statements")
    statements = statements if isinstance(statements, list) else []
    if len(statements) > MOST_STATEMENTS:
        raise Invalid(f"The lesson sent more than {MOST_STATEMENTS} statements at once. Reload the lesson.")
    seconds = data.get("seconds")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0
    return H5pReport(
        data=data,
        session_seconds=min(Decimal(str(seconds)), _LARGEST_SPAN) if is_number else Decimal(0),
        suspended=True,
        state=state,
        said=tuple(one for one in map(_said, statements) if one is not None),
    )


def _said(value: Any) -> Said | None:
    if not isinstance(value, dict) or not isinstance(value.get("statement"), dict):
        return None
    statement = legible_json(value["statement"])
    if len(json.dumps(statement)) > _LARGEST_STATEMENT or not h5p.is_statement(statement):
        return None
    try:
        at = datetime.fromtimestamp(float(value["at"]) / 1000, UTC)
        return Said(UUID(value["id"]), at, statement)
    except (KeyError, TypeError, ValueError, OverflowError, OSError, AttributeError):
        return None
