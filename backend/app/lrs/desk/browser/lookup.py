"""Whom and what the words of a filter mean: people by number, address or name, activities by name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.orm import Session

from app.core.errors import FieldError, Invalid
from app.lrs.desk.browser import queries
from app.lrs.desk.browser.filters import StatementFilters, filter_of
from app.lrs.desk.browser.presentation import in_english, who
from app.lrs.desk.browser.scope import Scope
from app.lrs.engine import values
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.actors import identity_of_parameter
from app.lrs.engine.statements.filters import Filter, json_of

MOST = 20
"""So many matches are walked through and offered. Each costs a walk along an index for every page."""


@dataclass(frozen=True, slots=True)
class Match:
    """One that the words fit. `value` is what the filter takes for this one alone, `keys` how statements name it."""

    name: str
    detail: str
    value: str
    keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Matches:
    """The first of `count` that the words fit."""

    words: str
    found: list[Match]
    count: int

    @property
    def only(self) -> Match | None:
        return self.found[0] if self.count == 1 else None


@dataclass(frozen=True, slots=True)
class Sought:
    """A filter that the store can walk. `people` and `activities` are None where none were asked for."""

    query: Filter
    people: Matches | None = None
    activities: Matches | None = None

    @property
    def is_settled(self) -> bool:
        """Whether there is one activity to walk, or all of them."""
        return self.activities is None or self.activities.only is not None

    @property
    def agents(self) -> list[str] | None:
        """The identities to walk, None for everybody; of several activities none is walked before one is chosen."""
        if not self.is_settled:
            return []
        if self.people is None:
            return None
        return [key for match in self.people.found for key in match.keys]


def seek(session: Session, scope: Scope, filters: StatementFilters, zone: ZoneInfo) -> Sought:
    """Find out whom and what a filter means, within the scope. Raises Invalid naming the fields that cannot be read."""
    query = scope.narrow(filter_of(filters, zone))
    activities = _activities(session, filters.activity)
    if activities is not None and activities.only is not None:
        query = replace(query, activity=activities.only.value)
    return Sought(query, people_called(session, scope, filters.person), activities)


def people_called(session: Session, scope: Scope, person: str) -> Matches | None:
    """The people that what was typed means; None when nothing was."""
    if not person:
        return None
    if person.startswith("{"):
        return Matches(person, [_agent(person)], 1)
    if person.isascii() and person.isdigit() and len(person) < 10:
        accounts = queries.users_by_id(session, int(person)) if scope.holds(int(person)) else []
        return Matches(person, _accounts(session, accounts), len(accounts))
    accounts, known = queries.users_called(session, person, MOST, scope.accounts, scope.hidden)
    found = _accounts(session, accounts)
    if accounts and accounts[0].email.lower() == person.lower():
        return Matches(person, found[:1], 1)
    # Whoever sees the students of their classes alone sees nobody who is none of them.
    strangers, unknown = (
        queries.strangers_called(session, person, MOST) if scope.accounts is None else ([], 0)
    )
    found += [
        Match(
            names[0] if names else who(agent),
            identity.partition("::")[2],
            orjson.dumps(agent).decode(),
            (identity,),
        )
        for identity, agent, names in strangers
    ]
    return Matches(person, found[:MOST], known + unknown)


def _agent(text: str) -> Match:
    try:
        agent = json_of(text, "person")
        identity = identity_of_parameter(agent, "person")
    except Refusal as refusal:
        sentence = f"This is not an Agent: {refusal.detail}"
        raise Invalid(sentence, errors=[FieldError("person", sentence)]) from None
    assert isinstance(agent, dict)  # noqa: S101 -- it has an identity
    return Match(who(agent), identity.partition("::")[2], text, (identity,))


def _accounts(session: Session, accounts: Sequence[queries.Account]) -> list[Match]:
    identities = queries.identities_of_users(session, [account.id for account in accounts])
    return [
        Match(account.full_name, account.email, str(account.id), identities.get(account.id, ()))
        for account in accounts
    ]


def _activities(session: Session, words: str) -> Matches | None:
    """The activities that words of a name mean; None for an IRI, which means itself."""
    if not words or values.is_iri(words):
        return None
    rows, count = queries.activities_called(session, words, MOST)
    exact = [row for row in rows if row.exact]
    if len(exact) == 1:
        rows, count = exact, 1
    return Matches(words, [Match(in_english(row.names) or row.iri, row.iri, row.iri) for row in rows], count)
