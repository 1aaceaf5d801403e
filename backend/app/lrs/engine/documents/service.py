"""Documents with optimistic concurrency: read, list, replace, merge, delete (1.0.3 Communication 2.2, 3.1)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.lrs.engine import jsonio
from app.lrs.engine.agents.service import Directory
from app.lrs.engine.documents import queries
from app.lrs.engine.operations import Execute, Offload, Operation, Query
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.checks import JsonObject

ASIDE = 64 * 1024
"""Documents beyond this many octets are parsed in a thread, so that others are not kept waiting."""


@dataclass(slots=True, frozen=True)
class Key:
    """Which document: its kind and the parts of its name that this kind has."""

    kind: str
    agent: str | None
    activity: str | None
    registration: str | None
    document_id: str | None
    person: JsonObject | None = None
    """The agent as the request wrote it."""

    def parameters(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "agent": self.agent,
            "activity": self.activity,
            "registration": self.registration,
            "document_id": self.document_id,
        }

    @property
    def lock(self) -> str:
        """What writers of this document wait in line for."""
        return "\n".join(
            part or "" for part in (self.kind, self.agent, self.activity, self.registration, self.document_id)
        )


@dataclass(slots=True, frozen=True)
class Document:
    content: bytes
    content_type: str
    etag: str
    updated_at: datetime


@dataclass(slots=True, frozen=True)
class Conditions:
    """The preconditions of a request: `If-Match` and `If-None-Match` as sent, and what is wanted without."""

    if_match: str | None = None
    if_none_match: str | None = None
    overwrite: bool = False
    """Whether an existing document may be replaced without a precondition."""
    create: bool = True
    """Whether a new document may be made without a precondition."""

    def check(self, document: Document | None, *, replacing: bool) -> None:
        """Raise `Refusal` 412, 409 or 400 unless the request may go on."""
        if self.if_match is not None and (
            document is None or not _names(self.if_match, document.etag, weak=False)
        ):
            raise Refusal(
                "The document is not the one of If-Match: somebody has changed it. Read it again.", status=412
            )
        if (
            self.if_none_match is not None
            and document is not None
            and _names(self.if_none_match, document.etag, weak=True)
        ):
            raise Refusal("The document exists already, against If-None-Match.", status=412)
        if self.if_match is not None or self.if_none_match is not None or not replacing:
            return
        if document is not None and not self.overwrite:
            raise Refusal(
                "The document exists already. Read it, then send its ETag in If-Match to replace that version.",
                status=409,
            )
        if document is None and not self.create:
            raise Refusal("Send If-None-Match: * to make a new document, or If-Match to replace one.")


def _names(header: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of tags names this one. A weak tag counts for If-None-Match alone (RFC 9110, 13.1.1)."""
    tags = [tag.strip() for tag in header.split(",")]
    if weak:
        tags = [tag.removeprefix("W/") for tag in tags]
    return any(tag.strip('"') in ("*", etag) for tag in tags)


def find(key: Key) -> Operation[Document | None]:
    """The document, or None."""
    rows = yield Query(queries.GET, key.parameters())
    return Document(bytes(rows[0][0]), *rows[0][1:]) if rows else None


def ids(key: Key, since: datetime | None) -> Operation[tuple[list[str], datetime | None]]:
    """The ids of the documents under a key without one, and when the newest was written."""
    rows = yield Query(queries.LIST, {**key.parameters(), "since": since})
    return [row[0] for row in rows], max((row[1] for row in rows), default=None)


def replace(
    key: Key, content: bytes, content_type: str, conditions: Conditions, directory: Directory
) -> Operation[None]:
    """PUT: the document becomes this content."""
    yield Execute(queries.LOCK, (key.lock,))
    conditions.check((yield from find(key)), replacing=True)
    yield from _put(key, content, content_type, directory)


def merge(
    key: Key,
    content: bytes,
    content_type: str,
    newer: JsonObject,
    conditions: Conditions,
    directory: Directory,
) -> Operation[None]:
    """POST: the properties of `newer`, which is what `content` says, replace or join those of the document."""
    yield Execute(queries.LOCK, (key.lock,))
    document = yield from find(key)
    conditions.check(document, replacing=False)
    if document is not None and len(content) + len(document.content) > ASIDE:
        ((content,),) = yield Offload(lambda: _joined(document, newer))
    elif document is not None:
        content = _joined(document, newer)
    yield from _put(key, content, content_type, directory)


def _joined(document: Document, newer: JsonObject) -> bytes:
    older = object_of(document.content, document.content_type, "The document that is there")
    return jsonio.dumps({**older, **newer})


def object_of(content: bytes, content_type: str, what: str) -> JsonObject:
    """A JSON object, or `Refusal` 400: only those can be merged."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal(
            f"{what} is not application/json; only JSON objects can be merged by POST.", path="Content-Type"
        )
    value = jsonio.loads(content)
    if not isinstance(value, dict):
        raise Refusal(f"{what} is JSON, but not an object; only objects can be merged by POST.", path="$")
    if jsonio.deeper_than(value, jsonio.MAX_DEPTH):
        raise Refusal(f"The JSON is nested deeper than {jsonio.MAX_DEPTH} levels.", path="$")
    return value


def _put(key: Key, content: bytes, content_type: str, directory: Directory) -> Operation[None]:
    people = {key.agent: key.person or {}} if key.agent is not None else {}
    names = [(key.agent, key.person["name"])] if key.agent and key.person and "name" in key.person else []
    found = yield from directory.resolve(
        people, names, [key.activity] if key.activity is not None else [], {}
    )
    yield Execute(
        queries.PUT,
        {
            **key.parameters(),
            "actor_id": found.actors[key.agent].id if key.agent is not None else None,
            "activity_id": found.activities[key.activity].id if key.activity is not None else None,
            "content": content,
            "content_type": content_type,
            "etag": hashlib.sha1(content).hexdigest(),  # noqa: S324 -- named by the standard, no secret in it
        },
    )


def remove(key: Key, conditions: Conditions) -> Operation[None]:
    """DELETE of one document; that there is none is no error."""
    yield Execute(queries.LOCK, (key.lock,))
    conditions.check((yield from find(key)), replacing=False)
    yield Execute(queries.DELETE, key.parameters())


def remove_all(key: Key) -> Operation[None]:
    """DELETE of every document under a key without a document id."""
    yield Execute(queries.DELETE_ALL, key.parameters())
