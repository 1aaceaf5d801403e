"""Refused requests, for the history: not allowed, a record that is none of theirs, sent by another site.

A record that somebody may not know of is not found (404), as is one that does not exist. Which of the two it was is
found out here, after the answer is known: a room says which table a parameter of its addresses names, and whose its
rows are.

    refusals.register_record("enrollment_id", "enrollments", owner="user_id", kind=Records.ENROLLMENTS)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.requests import Request

from app.core import refusals, visibility
from app.core.actions import Action
from app.core.errors import Forbidden, NotFound, Problem
from app.core.files.scanner import Infected
from app.core.limits import network_of
from app.core.permissions import Subject
from app.core.refusals import Refusal
from app.core.visibility import Records

log = structlog.get_logger(__name__)
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Record:
    """What a parameter of an address names: a row of `table` by `key`, a number or with `by_uuid` a UUID.

    `owner` is the column that says whose it is. With a `kind` it is hidden from those who may not read that person's
    records of this kind, else from everybody but the owner; without an owner, from whoever did not find it.
    """

    table: str
    key: str = "id"
    owner: str | None = None
    kind: Records | None = None
    by_uuid: bool = False


_records: dict[str, Record] = {}


def register_record(
    parameter: str,
    table: str,
    *,
    key: str = "id",
    owner: str | None = None,
    kind: Records | None = None,
    by_uuid: bool = False,
) -> None:
    """Say what a parameter of the room's addresses names. One name is one kind of record in every room; ValueError."""
    record = Record(table, key, owner, kind, by_uuid)
    if _records.setdefault(parameter, record) != record:
        raise ValueError(f"{{{parameter}}} names a record of {_records[parameter].table} already")


def registered() -> Mapping[str, Record]:
    """Every parameter that names a record."""
    return _records


def note(request: Request, problem: Problem) -> None:
    """Put a refusal on record, after the request's own transaction is over. Other problems are none of its business."""
    database = getattr(request.app.state, "database", None)
    if database is None:
        return
    subject: Subject | None = getattr(request.state, "subject", None)
    if isinstance(problem, Forbidden) and problem.slug == Forbidden.slug:
        _write(database, request, subject, {"kind": "forbidden"}, same="forbidden")
    elif isinstance(problem, Infected):
        _write(
            database,
            request,
            subject,
            {"signature": problem.signature},
            same=problem.signature,
            action=Action.FILE_INFECTED,
            folded={"signature": "several"},
        )
    elif isinstance(problem, NotFound) and subject is not None:
        hidden = _hidden_record(database, subject, request.path_params)
        if hidden is not None:
            table, record = hidden
            _write(
                database,
                request,
                subject,
                {"kind": "hidden", "table": table, "record": record},
                same=f"hidden {table} {record}",
            )


def note_cross_site(database: refusals.Database, request: Request) -> None:
    """Put on record that another site had a browser send something. Nobody is known yet."""
    try:
        origin = urlsplit(request.headers.get("origin", "")).netloc
    except ValueError:
        origin = ""
    origin = "".join(sign for sign in origin[:100] if sign.isascii() and sign.isprintable())
    _write(database, request, None, {"kind": "cross_site", "origin": origin or None}, same=f"cross {origin}")


def _write(
    database: refusals.Database,
    request: Request,
    subject: Subject | None,
    details: Mapping[str, Any],
    *,
    same: str,
    action: Action = Action.ACCESS_REFUSED,
    folded: Mapping[str, Any] | None = None,
) -> None:
    route = getattr(request.scope.get("route"), "path", None)
    address = request.client.host if request.client else None
    given = {**details, "route": route, "method": request.method}
    refusals.note(
        database,
        Refusal(
            action,
            route,
            f"{same} {request.method} {route}",
            network_of(address),
            {name: value for name, value in given.items() if value},
            subject,
            folded or {"kind": "many"},
        ),
    )


def _hidden_record(
    database: refusals.Database, subject: Subject, parameters: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Table and key of a record that exists, and that this person may not know of; None where nothing was hidden."""
    named = [(_records.get(name), str(value)) for name, value in parameters.items()]
    if not named or named[-1][0] is None:
        return None
    try:
        with database.begin() as session:
            # A record of another one that does not exist was not hidden, but never there.
            found = [
                _is_hidden(session, subject, record, value) for record, value in named if record is not None
            ]
    except SQLAlchemyError as error:
        log.error("refusal.not_looked_up", reason=" ".join(str(error).split())[:300])
        return None
    if None in found or not any(found):
        return None
    record, value = named[-1]
    return (record.table, value) if record is not None else None


def _is_hidden(session: Session, subject: Subject, record: Record, value: str) -> bool | None:
    """Whether a record is hidden from this person; None for one that does not exist."""
    key = _uuid(value) if record.by_uuid else _number(value)
    if key is None:
        return None
    table = sa.table(record.table, sa.column(record.key), sa.column(record.owner or record.key))
    row = session.execute(
        sa.select(table.c[record.owner or record.key]).where(table.c[record.key] == key)
    ).first()
    if row is None:
        return None
    if record.owner is None:
        return True
    if record.kind is None or row[0] is None:
        return bool(row[0] != subject.user_id)
    return not visibility.may_see(session, subject, record.kind, row[0])


def _number(value: str) -> int | None:
    plain = value.isascii() and value.isdigit() and len(value) < 11
    return int(value) if plain and 0 < int(value) <= _LARGEST else None


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
