"""On whose word statements are stored."""

from dataclasses import dataclass

from app.lrs.engine.statements.checks import JsonObject


@dataclass(slots=True, frozen=True)
class Author:
    """An authority, and what it may do beside storing statements."""

    credential_id: int | None
    authority: bytes
    """The authority's JSON."""
    identity: str
    person: JsonObject
    may_define: bool
    voids_own_only: bool = False
    """Whether it may void only what was stored on its own word (a learner's launch)."""
