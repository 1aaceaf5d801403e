"""What a check is given, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import psycopg

from app.settings import Settings

Connection = psycopg.Connection[tuple[object, ...]]


class Level(StrEnum):
    """How bad it is: only a problem makes `aada doctor` end with 1."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: which, how it stands, and what to do about it."""

    check: str
    level: Level
    says: str
    """A sentence."""
    do: str = ""
    """A sentence for the operator; empty where there is nothing to do."""
    refuses: bool = False
    """Whether the system does not start in production with it, because records would be open to others."""

    @property
    def key(self) -> str:
        """What makes it the same problem tomorrow: figures in the sentence may change."""
        return "".join(sign for sign in f"{self.check}: {self.says}" if not sign.isdigit())


@dataclass(frozen=True, slots=True)
class Installation:
    """What there is to look at. `wrong` are settings that cannot be read, by field, with a sentence each."""

    settings: Settings
    wrong: dict[str, str] = field(default_factory=dict)
    database: Connection | None = None
    """Signed in as the system's own role; None when the database is away."""
    embedded: bool = False
    """Whether the database is the one that comes with the system, on this machine."""
    network: bool = True
    """Whether other machines may be asked, which takes seconds: not at the start."""
    recipient: str | None = None
    """Who gets a test message."""

    @property
    def production(self) -> bool:
        return self.settings.environment == "production"


Check = Callable[[Installation], Iterable[Finding]]


def ok(check: str, says: str) -> Finding:
    return Finding(check, Level.OK, says)


def warning(check: str, says: str, do: str) -> Finding:
    return Finding(check, Level.WARNING, says, do)


def problem(check: str, says: str, do: str, *, refuses: bool = False) -> Finding:
    return Finding(check, Level.PROBLEM, says, do, refuses)
