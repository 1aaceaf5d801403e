"""The Statement resource (1.0.3 Communication 2.1; 2.0 4.1.6.1)."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from email.utils import format_datetime
from typing import Any, TypeVar

import orjson

from app.lrs.engine import jsonio, multipart, values
from app.lrs.engine.agents import queries as agent_queries
from app.lrs.engine.http import Answer, Call, nothing
from app.lrs.engine.operations import Operation, Query
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements import formats, queries
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.filters import Filter, One, moment_of, parse, uuid_of
from app.lrs.engine.statements.intake import take_in
from app.lrs.engine.statements.packing import unpack
from app.lrs.engine.statements.selection import select, within_reach
from app.lrs.engine.versions import Version

CONSISTENT = "X-Experience-API-Consistent-Through"
_ASIDE = 64 * 1024
"""Characters of statements beyond which they are rewritten in a thread, so that others are not kept waiting."""
_UNPACKED_ASIDE = 1024 * 1024
"""The same for what is only unpacked."""
T = TypeVar("T")
_Shape = tuple[Version, str, bool, list[str]]


def now_text() -> str:
    """Now, as the header of consistency writes it."""
    return values.text_of(moment_of(time.time_ns() // 1000))


async def post(runtime: Runtime, call: Call) -> Answer:
    """Store one statement or a list; answers their ids in order."""
    call.access.require("write statements")
    if call.parameters:
        raise Refusal("POST of statements takes no parameters.", path=sorted(call.parameters)[0])
    return Answer(200, orjson.dumps(await take_in(runtime, call)))


async def put(runtime: Runtime, call: Call) -> Answer:
    """Store one statement under the id of the parameter."""
    call.access.require("write statements")
    if set(call.parameters) != {"statementId"}:
        wrong = sorted(set(call.parameters) - {"statementId"})
        if wrong:
            raise Refusal("PUT of a statement takes the parameter statementId alone.", path=wrong[0])
        raise Refusal("The parameter statementId is missing.", path="statementId")
    await take_in(runtime, call, uuid_of(call.parameters["statementId"], "statementId"))
    return nothing()


async def get(runtime: Runtime, call: Call) -> Answer:
    """One statement by id, or a page of those that match."""
    call.access.require("read statements")
    through = runtime.consistency.known
    if through is None:
        through = await runtime.read(runtime.consistency.look_up())
    consistent = values.text_of(moment_of(through))
    if "more" in call.parameters:
        if len(call.parameters) > 1:
            raise Refusal("A more link is used as it was given.", path="more")
        query: Filter | One = runtime.cursors.read(call.parameters["more"])
    else:
        query = parse(call.parameters, call.version)
    answer = await (_one(runtime, call, query) if isinstance(query, One) else _page(runtime, call, query))
    answer.headers[CONSISTENT] = consistent
    return answer


async def _one(runtime: Runtime, call: Call, query: One) -> Answer:
    row = await runtime.read(_find_one(query.statement_id))
    mine_only = not call.access.may("read every statement")
    if row is None or row[1] != query.voided or (mine_only and row[3] != call.access.key_id):
        what = "voided statement" if query.voided else "statement"
        hint = " It has been voided; ask for it with voidedStatementId." if row and row[1] else ""
        raise Refusal(f"There is no {what} with this id.{hint if not mine_only else ''}", status=404)
    shape = _shape(call, query.format, attachments=query.attachments)
    (payload,) = await _shaped(runtime, [(0, row[0], row[2], row[5])], shape)
    headers = {"Last-Modified": format_datetime(row[4], usegmt=True)}
    if query.attachments:
        return await _with_attachments(runtime, call, payload, [payload], headers)
    return Answer(200, payload, headers=headers)


def _find_one(statement_id: str) -> Operation[tuple[Any, ...] | None]:
    rows = yield Query(queries.ONE, (statement_id,))
    return rows[0] if rows else None


async def _page(runtime: Runtime, call: Call, query: Filter) -> Answer:
    if not call.access.may("read every statement"):
        query = replace(query, credential_id=call.access.key_id)
    sql, parameters = select(query, query.limit + 1)

    def operation() -> Operation[list[tuple[Any, ...]]]:
        return (yield Query(sql, parameters))

    found = await runtime.read(operation())
    rows = within_reach(found[: query.limit])
    more = ""
    if len(found) > len(rows):
        more = f"{call.root}/statements?more={runtime.cursors.token(query, rows[-1][0])}"
    payloads = await _shaped(runtime, rows, _shape(call, query.format, attachments=query.attachments))
    body = b'{"statements":[%s],"more":%s}' % (b",".join(payloads), orjson.dumps(more))
    if query.attachments:
        return await _with_attachments(runtime, call, body, payloads, {})
    return Answer(200, body)


def _shape(call: Call, form: str, *, attachments: bool) -> _Shape:
    return call.version, form, attachments, formats.accepted_languages(call.headers.get("accept-language"))


async def _shaped(runtime: Runtime, rows: Sequence[tuple[Any, ...]], shape: _Shape) -> list[bytes]:
    """The payloads as the reader wants them; untouched text wherever that will do."""
    version, form, _, languages = shape
    if form == "exact" and (version.second or not any(row[2].startswith("2.") for row in rows)):
        large = sum(row[3] for row in rows) > _UNPACKED_ASIDE
        return await _done(runtime, large, lambda: [unpack(row[1]) for row in rows])
    large = sum(row[3] for row in rows) > _ASIDE
    # Not orjson, which turns whole numbers of more than 64 bits into doubles.
    statements = await _done(runtime, large, lambda: [jsonio.loads(unpack(row[1])) for row in rows])
    definitions: Mapping[str, JsonObject] = {}
    if form == "canonical":
        definitions = await runtime.read(_definitions(sorted(set().union(*map(_activities, statements)))))

    def presented(statement: JsonObject) -> JsonObject:
        if not version.second:
            statement = formats.for_version_one(statement)
        if form == "ids":
            return formats.as_ids(statement)
        if form == "canonical":
            return formats.as_canonical(statement, definitions, languages)
        return statement

    return await _done(
        runtime, large, lambda: [jsonio.dumps(presented(statement)) for statement in statements]
    )


async def _done(runtime: Runtime, large: bool, work: Callable[[], T]) -> T:
    return await runtime.in_thread(work) if large else work()


def _activities(statement: JsonObject) -> set[str]:
    iris: set[str] = set()
    for part in (statement, statement["object"]):
        target = part.get("object")
        if isinstance(target, dict) and target.get("objectType", "Activity") == "Activity":
            iris.add(target["id"])
        context = part.get("context")
        for group in (context or {}).get("contextActivities", {}).values():
            iris.update(activity["id"] for activity in group)
    return iris


def _definitions(iris: list[str]) -> Operation[Mapping[str, JsonObject]]:
    rows = yield Query(agent_queries.DEFINITIONS, (iris,))
    return {iri: jsonio.loads(text.encode()) for iri, text in rows}


async def _with_attachments(
    runtime: Runtime, call: Call, body: bytes, payloads: Sequence[bytes], headers: dict[str, str]
) -> Answer:
    """A multipart answer: the JSON first, then the bytes of every attachment that is stored here."""
    # A key that may only read its own must not get another's bytes for their hash. Those of an attachment without a
    # fileUrl came with its statement; those of one with a fileUrl are found there.
    without_url_only = not call.access.may("read every statement")
    wanted: dict[str, str] = {}
    for payload in payloads:
        statement = orjson.loads(payload)
        for part in (statement, statement["object"]):
            for item in part.get("attachments", ()):
                if not (without_url_only and "fileUrl" in item):
                    wanted.setdefault(item["sha2"].lower(), item["contentType"])

    def operation() -> Operation[list[tuple[Any, ...]]]:
        return (yield Query(queries.KNOWN_ATTACHMENTS, (list(wanted),)))

    rows = await runtime.read(operation()) if wanted else []
    files = [multipart.File(sha2, sha256, size, wanted[sha2]) for sha2, sha256, size in rows]
    boundary = multipart.new_boundary()

    async def chunks() -> AsyncIterator[bytes]:
        for piece in multipart.written(boundary, body, files):
            if isinstance(piece, bytes):
                yield piece
                continue
            content = runtime.files.read(piece.sha256)
            while (chunk := await runtime.next_chunk(content)) is not None:
                yield chunk

    return Answer(200, chunks(), multipart.media_type(boundary), headers)
