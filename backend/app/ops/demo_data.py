"""Whether a database is the demo school’s: only demo accounts are in it, and nobody else."""

# ruff: noqa: S608 -- the pieces are constants

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.settings import DEMO_DOMAIN

_COUNTED = (
    "SELECT count(*) FILTER (WHERE is_demo), count(*) FILTER (WHERE NOT is_demo) FROM"
    f" (SELECT right(email, {len(DEMO_DOMAIN) + 1}) = '@{DEMO_DOMAIN}' AS is_demo FROM users"
    " WHERE deleted_at IS NULL) account"
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """How many live accounts there are: those of the demo school, and all others."""

    demo: int
    others: int

    @property
    def is_demo_school(self) -> bool:
        """A demo account that was left over among a school’s own people makes no demo school of it."""
        return self.demo > 0 and self.others == 0


def accounts(session: Session) -> Accounts:
    row = session.execute(text(_COUNTED)).one()
    return Accounts(row[0], row[1])


def accounts_on(connection: psycopg.Connection[tuple[object, ...]]) -> Accounts:
    """The same on a plain connection."""
    row = connection.execute(_COUNTED.encode()).fetchone() or (0, 0)
    return Accounts(int(str(row[0])), int(str(row[1])))
