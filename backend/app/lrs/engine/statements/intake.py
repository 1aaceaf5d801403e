"""From a request's body to a submission: JSON or multipart, checked whole before anything is stored."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from app.lrs.engine import jsonio, multipart, signatures
from app.lrs.engine.http import LARGEST_ATTACHMENTS, LARGEST_JSON, Call
from app.lrs.engine.multipart import Part
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements import actors, validation
from app.lrs.engine.statements.checks import JsonObject, fail
from app.lrs.engine.statements.preparation import Prepared, prepare
from app.lrs.engine.statements.storage import Attached, Submission

_ASIDE = 64 * 1024
"""Bodies beyond this many octets are checked in a thread, so that others are not kept waiting."""
_SLICE = 10
"""Statements that are checked without a pause, some half a millisecond."""
MOST_STATEMENTS = 10_000
LARGEST_STATEMENT = 1024 * 1024
"""Octets of one statement without its attachments: a page of them must fit into memory."""


@dataclass(slots=True)
class _Received:
    submission: Submission
    ids: list[str]


async def take_in(runtime: Runtime, call: Call, only_id: str | None = None) -> list[str]:
    """Read, check, complete and store the statements of a POST, or with `only_id` the one of a PUT; their ids."""
    kind = call.content_type
    if kind == "application/json":
        raw = await call.body(LARGEST_JSON)
        steps = _checked(call, raw, [], only_id)
        if len(raw) > _ASIDE:
            received = await runtime.in_thread(lambda: _at_once(steps))
        else:
            # One at a time: of several, each would have its slice before others have their turn.
            async with runtime.checking:
                received = await _in_slices(steps)
        return await _stored(runtime, call, received)
    if kind != "multipart/mixed":
        raise Refusal("Send statements as application/json or multipart/mixed.", path="Content-Type")
    boundary = multipart.boundary_of(call.headers.get("content-type", ""))
    reader = multipart.Reader(boundary, LARGEST_JSON, LARGEST_ATTACHMENTS)
    try:
        parts = await reader.read(call.chunks(LARGEST_ATTACHMENTS))
        received = await runtime.in_thread(lambda: _from_parts(call, parts, only_id))
        attachments = await runtime.in_thread(lambda: _kept(runtime, parts[1:], call.address))
        received.submission.attachments = attachments
        ids = await _stored(runtime, call, received)
        await runtime.in_thread(lambda: _kept_still(runtime, parts[1:], attachments))
        return ids
    finally:
        reader.close()


async def _stored(runtime: Runtime, call: Call, received: _Received) -> list[str]:
    gate = call.gate
    if received.ids and gate is not None:
        await runtime.in_thread(lambda: gate.keep(received.submission))
    elif received.ids:
        await runtime.writer.submit(received.submission)
    return received.ids


def _at_once(steps: Iterator[_Received | None]) -> _Received:
    return next(received for received in steps if received is not None)


async def _in_slices(steps: Iterator[_Received | None]) -> _Received:
    """Between two slices the event loop looks after others: above all after the writer, whose database waits."""
    while (received := next(steps)) is None:  # noqa: ASYNC110 -- work goes on, nothing is waited for
        await asyncio.sleep(0)
    return received


def _from_parts(call: Call, parts: list[Part], only_id: str | None) -> _Received:
    if not parts:
        raise Refusal("The first part must hold the statements.", path="body")
    first = parts[0].headers.get("content-type", "").partition(";")[0].strip().lower()
    if first != "application/json":
        raise Refusal("The first part must be application/json and hold the statements.", path="Content-Type")
    for index, part in enumerate(parts[1:], start=1):
        _check_part(part, f"part[{index}]")
    return _at_once(_checked(call, parts[0].content(), parts[1:], only_id))


def _check_part(part: Part, path: str) -> None:
    if part.headers.get("content-transfer-encoding", "").lower() != "binary":
        raise fail(path, 'Content-Transfer-Encoding must be "binary".')
    announced = part.headers.get("x-experience-api-hash")
    if announced is None:
        raise fail(path, "X-Experience-API-Hash is missing.")
    if announced.lower() != part.sha2:
        raise fail(path, "X-Experience-API-Hash is not the SHA-2 of this part.")


def _checked(call: Call, raw: bytes, parts: list[Part], only_id: str | None) -> Iterator[_Received | None]:
    """Check and complete the statements of a body: None after every few, and what was received at the end."""
    value = jsonio.loads(raw)
    if only_id is not None:
        statements = [_the_one(value, only_id)]
        paths = ["$"]
    elif isinstance(value, list):
        statements, paths = value, [f"$[{index}]" for index in range(len(value))]
    else:
        statements, paths = [value], ["$"]
    if len(statements) > MOST_STATEMENTS:
        raise Refusal(f"Send at most {MOST_STATEMENTS} statements at once.", status=413)
    by_hash = {part.sha2: part for part in parts}
    used: set[str] = set()
    for index, (path, statement) in enumerate(zip(paths, statements, strict=True), start=1):
        validation.statement(statement, path, call.version)
        if "attachments" in statement or statement["object"].get("objectType") == "SubStatement":
            used |= _attachments(statement, path, by_hash)
        if index % _SLICE == 0:
            yield None
    _distinct(statements)
    if len(used) != len(by_hash):
        raise Refusal("A part holds an attachment that no statement names.", path="body")
    _speaks_of_its_own(call, statements, paths)
    prepared: list[Prepared] = []
    for path, statement in zip(paths, statements, strict=True):
        item = prepare(statement, call.version)
        prepared.append(item)
        if len(prepared) % _SLICE == 0:
            yield None
        if len(item.body) > LARGEST_STATEMENT:
            raise Refusal(
                f"A statement may have {LARGEST_STATEMENT} octets; send what is larger as an attachment.",
                path=path,
                status=413,
            )
    yield _Received(Submission(prepared, call.access.author), [item.statement_id for item in prepared])


def _the_one(value: object, only_id: str) -> JsonObject:
    if not isinstance(value, dict):
        raise Refusal("PUT takes one statement, an object.", path="$")
    own = value.setdefault("id", only_id)
    if isinstance(own, str) and own.lower() != only_id:
        raise Refusal("The statement's id is not the one of the parameter statementId.", path="$.id")
    return value


def _distinct(statements: list[JsonObject]) -> None:
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        name = statement.get("id", "").lower()
        if name and name in seen:
            raise Refusal("Two statements of this request have the same id.", path=f"$[{index}].id")
        seen.add(name)


def _attachments(statement: JsonObject, path: str, by_hash: dict[str, Part]) -> set[str]:
    used: set[str] = set()
    for part_path, part in ((path, statement), (f"{path}.object", statement["object"])):
        for index, item in enumerate(part.get("attachments", ()) if isinstance(part, dict) else ()):
            place = f"{part_path}.attachments[{index}]"
            digest = item["sha2"].lower()
            found = by_hash.get(digest)
            if found is not None:
                used.add(digest)
            elif "fileUrl" not in item:
                raise fail(place, "The attachment has neither a fileUrl nor its bytes in this request.")
            if item["usageType"] == signatures.USAGE:
                if found is None:
                    raise fail(place, "A signature's bytes must come in the same request.")
                signatures.check(statement, found.content(), item["contentType"], place)
    return used


def _speaks_of_its_own(call: Call, statements: list[JsonObject], paths: list[str]) -> None:
    """A launch token may write about its learner and nobody else."""
    if call.speaks_for is not None:
        for statement in statements:
            statement["actor"] = dict(call.speaks_for)
    agent = call.access.agent
    if agent is None:
        return
    for path, statement in zip(paths, statements, strict=True):
        actor = statement["actor"]
        # A Group may name others as its members, and is found by them.
        if actors.identity(actor) != agent or "member" in actor:
            raise Refusal(
                "This launch may only write about the student it was created for.",
                path=f"{path}.actor",
                status=403,
            )


def _kept(runtime: Runtime, parts: list[Part], address: str | None) -> list[Attached]:
    """Put attachments into the file store, all or none. One that no statement comes to claim is swept."""
    kept = []
    if parts:
        runtime.admit([cast(BinaryIO, part.file) for part in parts], address)
    for part in parts:
        part.file.seek(0)
        stored = runtime.files.put(cast(BinaryIO, part.file))
        content_type = part.headers.get("content-type", "application/octet-stream")
        kept.append(Attached(part.sha2, stored.sha256, stored.size, content_type))
    return kept


def _kept_still(runtime: Runtime, parts: list[Part], attachments: list[Attached]) -> None:
    """Put again what was swept from the store in the moment before it was claimed."""
    for part, attached in zip(parts, attachments, strict=True):
        if not runtime.files.exists(attached.sha256):
            part.file.seek(0)
            runtime.files.put(cast(BinaryIO, part.file))
