"""Writing statements: one operation, set-based, for any number of requests at once.

Writers of all processes take turns behind one lock held from here to the commit. That is what makes keys grow
in the order of commits, so a reader who follows `more` or `since` misses nothing; and with one writer at a
time there is no deadlock over shared activities. The turn is short: a few COPY commands.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.core.files.claims import CLAIM, Retention
from app.lrs.engine import jsonio, values
from app.lrs.engine.agents.service import Directory, Found
from app.lrs.engine.operations import BulkInsert, Execute, Operation, Query, Row, Table
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import equality, queries
from app.lrs.engine.statements.authority import Author
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.filters import moment_of
from app.lrs.engine.statements.packing import pack, unpack
from app.lrs.engine.statements.preparation import DIRECT_ACTIVITY, DIRECT_ACTOR, ActorUsage, Prepared, merged
from app.lrs.engine.statements.references import References, Subject, Waiting
from app.lrs.engine.statements.validation import VOIDED
from app.lrs.engine.statements.voiding import VoidingRules

_AUTHORITY = int(ActorUsage.AUTHORITY)


@dataclass(slots=True)
class Attached:
    """Bytes that came with statements and are in the file store already."""

    sha2: str
    sha256: str
    size_bytes: int
    content_type: str


@dataclass(slots=True)
class Submission:
    """The statements of one request; they are stored all or not at all."""

    statements: list[Prepared]
    author: Author
    attachments: Sequence[Attached] = ()
    tried: bool = False
    """Whether an earlier attempt ended in doubt: then our own ids may be there already."""


@dataclass(slots=True)
class Stored:
    """What an operation has written, in the order of its submissions."""

    refusals: list[Refusal | None]
    found: Found
    last_key: int
    rows: int = 0


@dataclass(slots=True)
class _Known:
    last: int = 0
    there: dict[str, bytes] = field(default_factory=dict)
    waiting: dict[str, dict[int, Waiting]] = field(default_factory=dict)


def store_statements(submissions: Sequence[Submission], directory: Directory) -> Operation[Stored]:
    """Write submissions within the caller's transaction; refuse the ones that conflict (409), alone."""
    yield Execute(queries.TAKE_TURN, (queries.WRITER_LOCK,))
    known = yield from _look(submissions)
    voiding = VoidingRules(directory.host.is_own_authority)
    for submission in submissions:
        yield from voiding.look_up(submission.author, submission.statements)
    refusals, accepted = _decide(submissions, known, voiding)
    found = yield from _resolve(accepted, directory)
    result = Stored(refusals, found, known.last, len(accepted))
    if accepted:
        yield from _write(accepted, known, voiding, directory, result)
    attached = {
        item.sha2: item
        for submission, refusal in zip(submissions, refusals, strict=True)
        if refusal is None
        for item in submission.attachments
    }
    if attached:
        yield from _keep(list(attached.values()))
    return result


def _keep(attached: list[Attached]) -> Operation[None]:
    sha256, sizes = [one.sha256 for one in attached], [one.size_bytes for one in attached]
    types, sha2 = [one.content_type for one in attached], [one.sha2 for one in attached]
    yield Execute(queries.ADD_ATTACHMENTS, (sha2, sha256, sizes, types))
    yield Execute(
        CLAIM,
        {
            "sha256": sha256,
            "size_bytes": sizes,
            "media_type": types,
            "owner_row": sha2,
            "owner_room": "lrs.attachments",
            "retention": Retention.NORMAL.value,
        },
    )


def _look(submissions: Sequence[Submission]) -> Operation[_Known]:
    asked = [
        prepared.statement_id
        for submission in submissions
        for prepared in submission.statements
        if prepared.given or submission.tried
    ]
    known = _Known()
    for what, key, statement_id, kept, voids, steps in (yield Query(queries.KNOWN, (asked, asked))):
        if what == "last":
            known.last = key
        elif what == "there":
            known.there[str(statement_id)] = kept
        else:
            known.waiting.setdefault(str(statement_id), {})[key] = Waiting(steps, voids)
    return known


Accepted = list[tuple[Prepared, Author]]


def _decide(
    submissions: Sequence[Submission], known: _Known, voiding: VoidingRules
) -> tuple[list[Refusal | None], Accepted]:
    refusals: list[Refusal | None] = []
    accepted: Accepted = []
    before: dict[str, JsonObject] = {}
    for submission in submissions:
        new: Accepted = []
        refusal = None
        for index, prepared in enumerate(submission.statements):
            name = prepared.statement_id
            refusal = voiding.refusal(submission.author, prepared, f"{_place(submission, index)}.object")
            if refusal is not None:
                break
            kept = before.get(name)
            if kept is None and name in known.there:
                kept = jsonio.loads(unpack(known.there[name]))
            if kept is None:
                new.append((prepared, submission.author))
            elif not equality.same(kept, prepared.statement):
                refusal = Refusal(
                    f"Another statement with the id {name} is stored already; a statement cannot be changed.",
                    path=f"{_place(submission, index)}.id",
                    status=409,
                )
                break
        refusals.append(refusal)
        if refusal is None:
            before.update((prepared.statement_id, prepared.statement) for prepared, _ in new)
            for prepared, author in new:
                voiding.accept(author, prepared)
            accepted += new
    return refusals, accepted


def _place(submission: Submission, index: int) -> str:
    return f"$[{index}]" if len(submission.statements) > 1 else "$"


def _resolve(accepted: Accepted, directory: Directory) -> Operation[Found]:
    """Everybody and everything that is new statements' subject. One that is there already changes nothing."""
    people: dict[str, JsonObject] = {}
    names: dict[tuple[str, str], None] = {}
    definitions: dict[str, JsonObject] = {}
    iris: dict[str, None] = {}
    for prepared, author in accepted:
        people[author.identity] = author.person
        people.update(prepared.keys.people)
        iris.update(dict.fromkeys(prepared.keys.activities))
        if not author.may_define:
            continue
        names.update(dict.fromkeys(prepared.keys.names))
        for iri, definition in prepared.keys.definitions.items():
            earlier = definitions.get(iri)
            definitions[iri] = merged(earlier, definition) if earlier else definition
    return (yield from directory.resolve(people, names, iris, definitions))


def _write(
    accepted: Accepted, known: _Known, voiding: VoidingRules, directory: Directory, result: Stored
) -> Operation[None]:
    found = result.found
    key = max(known.last + 1, time.time_ns() // 1000)
    statements: list[Row] = []
    actors: list[Row] = []
    activities: list[Row] = []
    references = References(waiting=known.waiting)
    to_void: list[str] = []
    for prepared, author in accepted:
        referrers = known.waiting.get(prepared.statement_id, {})
        voided = yield from voiding.arrive(key, author, prepared, referrers)
        statements.append(_statement_row(key, prepared, author, found, voided=voided))
        usages = prepared.keys.actors
        usages[author.identity] = usages.get(author.identity, 0) | _AUTHORITY
        for name, usage in usages.items():
            actors.append((found.actors[name].id, bool(usage & DIRECT_ACTOR), key, key, usage))
        for iri, usage in prepared.keys.activities.items():
            activities.append((found.activities[iri].id, bool(usage & DIRECT_ACTIVITY), key, key, usage))
        yield from references.arrive(
            prepared.statement_id,
            Subject(
                key, prepared.keys, prepared.verb, prepared.registration, prepared.target, prepared.voids
            ),
        )
        if prepared.voids and prepared.target and voiding.effective(author, prepared.target):
            to_void.append(prepared.target)
        key += 1
    yield BulkInsert(
        {
            "statements": Table(queries.LOAD_STATEMENTS, queries.STATEMENT_COLUMNS, statements),
            "actors": Table(queries.LOAD_ACTORS, queries.ACTOR_COLUMNS, actors, numbers=True),
            "activities": Table(queries.LOAD_ACTIVITIES, queries.ACTIVITY_COLUMNS, activities, numbers=True),
        },
        queries.INSERT_ALL,
    )
    yield from references.write(directory, found)
    if to_void:
        yield Execute(queries.VOID, (to_void, VOIDED))
    result.last_key = key - 1


def _statement_row(key: int, prepared: Prepared, author: Author, found: Found, *, voided: bool) -> Row:
    stored = values.text_of(moment_of(key))
    text = prepared.text(stored, author.authority)
    actor = found.actors[prepared.actor] if prepared.actor else None
    return (
        key,
        actor.user_id if actor else None,
        prepared.verb,
        prepared.object_id,
        prepared.result,
        prepared.context,
        values.text_of(prepared.timestamp) if prepared.timestamp else stored,
        prepared.statement_id,
        stored,
        rf"\x{pack(text).hex()}",
        len(text),
        actor.id if actor else None,
        prepared.version,
        prepared.registration,
        author.credential_id,
        voided,
    )
