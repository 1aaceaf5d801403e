"""Actors and activities: found once, remembered, and matched to the host's accounts.

Ids never change once committed, so they are cached for the life of the process. What a statement adds (a new
name, a richer definition) is written only when it says something new: rewriting definitions with every
statement is what makes other stores deadlock.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from app.lrs.engine import jsonio
from app.lrs.engine.agents import queries
from app.lrs.engine.operations import Execute, Operation, Query
from app.lrs.engine.port import People
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.preparation import merged

_REMEMBERED = 50_000
_MOST_NAMES = 20
_LONGEST_NAME = 1_000
_LONGEST_DEFINITION = 20_000
"""Octets of a definition that is kept in memory; a longer one is read again when it is sent again."""
_ASK_AGAIN_SECONDS = 60.0


@dataclass(slots=True)
class KnownActor:
    id: int
    user_id: int | None
    names: set[str]
    checked_at: float
    """When its account was looked for, on the monotonic clock."""

    @property
    def stale(self) -> bool:
        """Whether an account may have been made for it since, or its address have passed to another account."""
        return monotonic() - self.checked_at > _ASK_AGAIN_SECONDS


@dataclass(slots=True)
class KnownActivity:
    id: int
    definition: JsonObject | None


@dataclass(slots=True)
class Found:
    """What an operation found or made. It is remembered only once its transaction has been committed."""

    actors: dict[str, KnownActor] = field(default_factory=dict)
    activities: dict[str, KnownActivity] = field(default_factory=dict)


class Directory:
    """The process's memory of actors and activities."""

    def __init__(self, host: People) -> None:
        self.host = host
        self._actors: OrderedDict[str, KnownActor] = OrderedDict()
        self._activities: OrderedDict[str, KnownActivity] = OrderedDict()

    def remember(self, found: Found) -> None:
        """Keep what a committed transaction found."""
        self._actors.update(found.actors)
        for iri, activity in found.activities.items():
            if self._activities.get(iri) is not activity:
                self._activities[iri] = _worth_keeping(activity)
        while len(self._actors) > _REMEMBERED:
            self._actors.popitem(last=False)
        while len(self._activities) > _REMEMBERED:
            self._activities.popitem(last=False)

    def forget(self) -> None:
        """Drop everything; for a database that has been replaced, and for accounts that were added."""
        self._actors.clear()
        self._activities.clear()

    def resolve(
        self,
        people: Mapping[str, JsonObject],
        names: Iterable[tuple[str, str]],
        iris: Iterable[str],
        definitions: Mapping[str, JsonObject],
    ) -> Operation[Found]:
        """Find or make every actor and activity, and write what is new about them."""
        found = Found()
        unknown = []
        for name in people:
            known = self._actors.get(name)
            if known is None or known.stale:
                unknown.append(name)
            else:
                found.actors[name] = known
        if unknown:
            yield from self._find_or_add(unknown, people, found)
        yield from _name(names, found)
        missing = []
        for iri in iris:
            activity = self._activities.get(iri)
            if activity is None:
                missing.append(iri)
            else:
                found.activities[iri] = activity
        if missing:
            yield from _discover(missing, found)
        yield from _define(definitions, found)
        return found

    def _find_or_add(
        self, names: list[str], people: Mapping[str, JsonObject], found: Found
    ) -> Operation[None]:
        rows = yield Query(queries.FIND_ACTORS, (names,))
        _take_actors(rows, found)
        new = sorted(set(names) - found.actors.keys())
        accounts = yield from self.host.accounts_of(names)
        # An address that nobody has now goes on meaning who had it last.
        for name in sorted(accounts.keys() & found.actors.keys()):
            if found.actors[name].user_id != accounts[name]:
                yield Execute(queries.KNOW_ACCOUNT, (accounts[name], name))
                found.actors[name].user_id = accounts[name]
        if not new:
            return
        yield Execute(
            queries.ADD_ACTORS,
            (
                new,
                [jsonio.dumps(_bare(people[name])).decode() for name in new],
                ["[]"] * len(new),
                [accounts.get(name) for name in new],
            ),
        )
        rows = yield Query(queries.FIND_ACTORS, (new,))
        _take_actors(rows, found)


def _worth_keeping(activity: KnownActivity) -> KnownActivity:
    if activity.definition and len(jsonio.dumps(activity.definition)) > _LONGEST_DEFINITION:
        return KnownActivity(activity.id, None)
    return activity


def _take_actors(rows: list[tuple[Any, ...]], found: Found) -> None:
    for name, actor_id, user_id, names in rows:
        found.actors[name] = KnownActor(actor_id, user_id, set(names), monotonic())


def _name(names: Iterable[tuple[str, str]], found: Found) -> Operation[None]:
    fresh: dict[str, list[str]] = {}
    for identity, name in names:
        known = found.actors[identity]
        if name and len(name) <= _LONGEST_NAME and name not in known.names and len(known.names) < _MOST_NAMES:
            known.names = known.names | {name}  # a set of its own: the old one may be remembered elsewhere
            fresh.setdefault(identity, []).append(name)
    for identity in sorted(fresh):
        for name in fresh[identity]:
            one = jsonio.dumps([name]).decode()
            yield Execute(queries.RENAME_ACTOR, (one, identity, one))


def _discover(missing: list[str], found: Found) -> Operation[None]:
    missing.sort()
    for _ in range(2):
        rows = yield Query(queries.FIND_ACTIVITIES, (missing,))
        for iri, activity_id, definition in rows:
            found.activities[iri] = KnownActivity(activity_id, definition)
        missing = [iri for iri in missing if iri not in found.activities]
        if not missing:
            return
        yield Execute(queries.ADD_ACTIVITIES, (missing,))
    rows = yield Query(queries.FIND_ACTIVITIES, (missing,))
    for iri, activity_id, definition in rows:
        found.activities[iri] = KnownActivity(activity_id, definition)


def _define(definitions: Mapping[str, JsonObject], found: Found) -> Operation[None]:
    changed = [
        iri
        for iri, definition in definitions.items()
        if merged(found.activities[iri].definition or {}, definition) != found.activities[iri].definition
    ]
    if not changed:
        return
    changed.sort()
    # Memory may be behind another process's; writers take turns, so what is read now is the last word.
    rows = yield Query(queries.FIND_ACTIVITIES, (changed,))
    for iri, activity_id, current in rows:
        whole = merged(current or {}, definitions[iri])
        if whole != current:
            yield Execute(queries.DEFINE_ACTIVITY, (jsonio.dumps(whole).decode(), iri))
        found.activities[iri] = KnownActivity(activity_id, whole)


def _bare(person: JsonObject) -> JsonObject:
    kept = ("mbox", "mbox_sha1sum", "openid", "account")
    bare: JsonObject = {"objectType": person.get("objectType", "Agent")}
    bare.update({key: person[key] for key in kept if key in person})
    return bare


def person_of(agent: JsonObject, names: Iterable[str]) -> JsonObject:
    """The Person object of the Agents resource: every property a list."""
    person: JsonObject = {"objectType": "Person"}
    all_names = list(names)
    if all_names:
        person["name"] = all_names
    for key in ("mbox", "mbox_sha1sum", "openid", "account"):
        if key in agent:
            person[key] = [agent[key]]
    return person
