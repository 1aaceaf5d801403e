"""The StatementRef rule: a statement is also found by what it refers to (1.0.3 Communication 2.1.3).

The rule is recursive, and the target may arrive later. Instead of following references at each reading, the
keys of everything a statement reaches are written down beside its own, when it or its target arrives.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.lrs.engine import jsonio
from app.lrs.engine.agents.service import Directory, Found
from app.lrs.engine.operations import Execute, Operation, Query
from app.lrs.engine.statements import queries
from app.lrs.engine.statements.packing import unpack
from app.lrs.engine.statements.preparation import DIRECT_ACTIVITY, DIRECT_ACTOR, Keys, keys_of

_LONGEST_CHAIN = 32
"""References followed from one statement. A longer chain of comments on comments has not been seen."""


@dataclass(slots=True)
class Subject:
    """A statement as a target: its key, what it is found by, and what it refers to itself."""

    id: int
    keys: Keys
    verb: str
    registration: str | None
    target: str | None
    voids: bool


@dataclass(slots=True)
class Waiting:
    """That a statement reaches a target: in how many steps, and whether it voids it."""

    steps: int
    voids: bool


@dataclass(slots=True)
class _Reach(Waiting):
    subject: Subject | None


@dataclass(slots=True)
class References:
    """The references of one batch: those it brings and those that were waiting for it."""

    subjects: dict[str, Subject] = field(default_factory=dict)
    """Statements of the batch and targets that were read, by statement id."""
    waiting: dict[str, dict[int, Waiting]] = field(default_factory=dict)
    """Statement id -> keys of the statements that reach it, and how."""
    rows: dict[tuple[int, str], _Reach] = field(default_factory=dict)
    links: set[tuple[int, str]] = field(default_factory=set)
    """(key of the referring statement, id of the statement whose keys it gains)."""

    def arrive(self, statement_id: str, subject: Subject) -> Operation[None]:
        """Take in a new statement: follow its reference, and answer those that waited for it."""
        self.subjects[statement_id] = subject
        if subject.target is None and statement_id not in self.waiting:
            return
        reached = yield from self._follow(statement_id, subject.target)
        referrers = self.waiting.get(statement_id, {})
        for referrer, how in referrers.items():
            self.rows[referrer, statement_id] = _Reach(how.steps, how.voids, subject)
            self.links.add((referrer, statement_id))
        for further, target in enumerate(reached, start=1):
            self._note(subject.id, target, Waiting(further, subject.voids and further == 1))
            # However many statements form a chain, each gets those within reach alone.
            for referrer, how in referrers.items():
                if how.steps + further <= _LONGEST_CHAIN:
                    self._note(referrer, target, Waiting(how.steps + further, voids=False))

    def _note(self, referrer: int, target: str, how: Waiting) -> None:
        found = self.subjects.get(target)
        if found is not None and found.id == referrer:
            return
        self.rows.setdefault((referrer, target), _Reach(how.steps, how.voids, found))
        self.waiting.setdefault(target, {}).setdefault(referrer, how)
        if found is not None:
            self.links.add((referrer, target))

    def _follow(self, start: str, target: str | None) -> Operation[list[str]]:
        reached: list[str] = []
        while target is not None and target != start and target not in reached:
            reached.append(target)
            if len(reached) == _LONGEST_CHAIN:
                break
            if target not in self.subjects:
                yield from self._read(target)
            found = self.subjects.get(target)
            target = found.target if found else None
        return reached

    def _read(self, target: str) -> Operation[None]:
        for key, kept in (yield Query(queries.BY_ID, (target,))):
            statement = jsonio.loads(unpack(kept))
            inner = statement["object"]
            refers = inner.get("objectType") == "StatementRef"
            self.subjects[target] = Subject(
                key,
                keys_of(statement),
                statement["verb"]["id"],
                statement.get("context", {}).get("registration"),
                inner["id"].lower() if refers else None,
                False,
            )

    def write(self, directory: Directory, found: Found) -> Operation[None]:
        """Write the references and the keys they lend. Comes after the statements themselves."""
        if not self.rows:
            return
        rows = sorted(self.rows.items())
        yield Execute(
            queries.ADD_REFS,
            (
                [referrer for (referrer, _), _ in rows],
                [target for (_, target), _ in rows],
                [reach.steps for _, reach in rows],
                [reach.voids for _, reach in rows],
                [reach.subject.id if reach.subject else None for _, reach in rows],
                [reach.subject.verb if reach.subject else None for _, reach in rows],
                [reach.subject.registration if reach.subject else None for _, reach in rows],
            ),
        )
        lent = sorted(self.links)
        subjects = [self.subjects[target] for _, target in lent]
        people = {name: person for subject in subjects for name, person in subject.keys.people.items()}
        iris = {iri for subject in subjects for iri in subject.keys.activities}
        known = yield from directory.resolve(people, (), iris, {})
        found.actors.update(known.actors)
        found.activities.update(known.activities)
        # Those of the batch's own statements, their authorities among them, were found before.
        pairs = [(referrer, self.subjects[target]) for referrer, target in lent]
        actor_rows = {
            (found.actors[name].id, bool(usage & DIRECT_ACTOR), referrer, subject.id, usage)
            for referrer, subject in pairs
            for name, usage in subject.keys.actors.items()
        }
        yield Execute(queries.ADD_ACTOR_LINKS, _columns(actor_rows))
        activity_rows = {
            (found.activities[iri].id, bool(usage & DIRECT_ACTIVITY), referrer, subject.id, usage)
            for referrer, subject in pairs
            for iri, usage in subject.keys.activities.items()
        }
        yield Execute(queries.ADD_ACTIVITY_LINKS, _columns(activity_rows))


def _columns(rows: Iterable[tuple[int, bool, int, int, int]]) -> list[list[int | bool]]:
    ordered = sorted(rows)
    return [[row[index] for row in ordered] for index in range(5)]
