"""A statement on its way to another store: what that store sets itself is left out, its attachments come along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

from app.core.files import FileMissing, FileStore
from app.lrs.desk.forwarding.client import Body
from app.lrs.engine import jsonio, multipart
from app.lrs.engine.statements import queries
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.formats import for_version_one


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One statement: its key here, its JSON in the target's version, and the attachments whose bytes are here."""

    key: int
    statement: bytes
    files: tuple[multipart.File, ...] = ()

    @property
    def size_bytes(self) -> int:
        return len(self.statement) + sum(file.size_bytes for file in self.files)


def prepare(
    connection: psycopg.Connection[tuple[object, ...]], rows: Sequence[tuple[int, str]], version: str
) -> list[Outgoing]:
    """Make statements (key, payload) ready for a target that speaks `version`."""
    statements = [(key, jsonio.loads(payload.encode())) for key, payload in rows]
    named = {sha2: media for _, statement in statements for sha2, media in _attachments(statement).items()}
    kept: dict[str, multipart.File] = {}
    if named:
        for sha2, sha256, size in connection.execute(queries.KNOWN_ATTACHMENTS, (list(named),)):
            kept[str(sha2)] = multipart.File(str(sha2), str(sha256), int(str(size)), named[str(sha2)])
    return [
        Outgoing(
            key,
            _written(statement, version),
            tuple(kept[sha2] for sha2 in _attachments(statement) if sha2 in kept),
        )
        for key, statement in statements
    ]


def _attachments(statement: JsonObject) -> dict[str, str]:
    """SHA-2 -> media type of everything that is attached."""
    return {
        item["sha2"].lower(): item["contentType"]
        for part in (statement, statement["object"])
        for item in part.get("attachments", ())
    }


def _written(statement: JsonObject, version: str) -> bytes:
    if version != "2.0.0":
        statement = for_version_one(statement)
    return jsonio.dumps(
        {name: value for name, value in statement.items() if name not in ("stored", "authority")}
    )


def parcels(items: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Split into requests, in order: each statement with attachments alone, those between together."""
    plain: list[Outgoing] = []
    for item in items:
        if not item.files:
            plain.append(item)
            continue
        if plain:
            yield plain
            plain = []
        yield [item]
    if plain:
        yield plain


def body_of(parcel: Sequence[Outgoing], files: FileStore) -> Body:
    """The request's body: JSON, or multipart with the attachments read from the file store as they are sent.

    Raises FileMissing, before the other store is asked to listen to half of it.
    """
    statements = b"[" + b",".join(item.statement for item in parcel) + b"]"
    attached = {file.sha2: file for item in parcel for file in item.files}
    if not attached:
        return Body("application/json", len(statements), (statements,))
    for file in attached.values():
        if not files.exists(file.sha256):
            raise FileMissing(file.sha256)
    boundary = multipart.new_boundary()
    pieces = list(multipart.written(boundary, statements, attached.values()))
    length = sum(len(piece) if isinstance(piece, bytes) else piece.size_bytes for piece in pieces)

    def chunks() -> Iterator[bytes]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                yield from files.read(piece.sha256)

    return Body(multipart.media_type(boundary), length, chunks())
