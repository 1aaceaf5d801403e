"""Whose statements a reader may see."""

from dataclasses import dataclass, replace
from typing import LiteralString

from sqlalchemy.orm import Session

from app.core import visibility
from app.core.permissions import Actor
from app.core.visibility import Records
from app.lrs.desk.browser import queries
from app.lrs.engine.statements.filters import Filter


@dataclass(frozen=True, slots=True)
class Scope:
    """Accounts whose statements are seen (None: everybody's, also of those without an account), but for `hidden`."""

    accounts: tuple[int, ...] | None = None
    hidden: tuple[int, ...] = ()

    def narrow(self, query: Filter) -> Filter:
        """The same query within the scope."""
        return replace(query, accounts=self.accounts, without_accounts=self.hidden)

    def holds(self, user_id: int | None) -> bool:
        """Whether the statements of this account's owner are seen; None for somebody without an account."""
        if self.accounts is not None and user_id not in self.accounts:
            return False
        return user_id not in self.hidden

    @property
    def condition(self) -> LiteralString:
        """The same as SQL on `xapi_statements s`, with the names of `values`."""
        found: LiteralString = ""
        if self.accounts is not None:
            found += " AND s.user_id = ANY(:accounts)"
        if self.hidden:
            found += " AND (s.user_id IS NULL OR s.user_id <> ALL(:hidden))"
        return found

    @property
    def values(self) -> dict[str, object]:
        given = {"accounts": self.accounts, "hidden": self.hidden or None}
        return {name: list(value) for name, value in given.items() if value is not None}


EVERYTHING = Scope()


def scope_of(session: Session, subject: Actor) -> Scope:
    """What this person may see: all, all but deleted people's, or their own classes' students'."""
    visible = visibility.students(session, subject, Records.STATEMENTS)
    if visible is None:
        return EVERYTHING
    if visibility.sees_all(subject, Records.STATEMENTS):
        return Scope(hidden=tuple(queries.deleted_accounts(session)))
    return Scope(tuple(session.scalars(visible)))
