"""The product's own events as statements, in the transaction of the fact they tell.

A statement is handed in when the fact is written, and goes into the store at the very end of the transaction,
just before its commit: the store's writers take turns, and nobody should hold a turn while a request still works.
What is rolled back is never told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app.core import clock
from app.lrs.engine import jsonio, values
from app.lrs.engine.operations import run_sync
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import validate
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.author import Author
from app.lrs.engine.statements.preparation import Prepared, prepare
from app.lrs.engine.statements.shape import JsonObject
from app.lrs.engine.statements.storage import Submission, store_statements
from app.lrs.engine.versions import Version
from app.lrs.host.service import SCHOOL, directory_of
from app.lrs.vocabulary import VOIDED, Verb

__internal__ = "the system records what happened"

_WAITING = "xapi_waiting"


@dataclass(frozen=True, slots=True)
class About:
    """An activity of ours: its path below the school's address, its name, its type's IRI."""

    path: str
    name: str
    type: str
    description: str = ""

    def activity(self, app_origin: str) -> JsonObject:
        """The Activity object."""
        definition: JsonObject = {"name": {"en-US": self.name}, "type": self.type}
        if self.description:
            definition["description"] = {"en-US": self.description}
        return {"objectType": "Activity", "id": f"{app_origin}{self.path}", "definition": definition}


@dataclass(slots=True)
class _Waiting:
    origin: str
    prepared: Prepared
    transaction: SessionTransaction | None


def agent_of(app_origin: str, user_id: int, full_name: str) -> JsonObject:
    """The Agent that stands for an account of the school, in our statements and in launches alike."""
    return {
        "objectType": "Agent",
        "name": full_name,
        "account": {"homePage": app_origin, "name": str(user_id)},
    }


def record_event(
    session: Session,
    app_origin: str,
    *,
    user_id: int,
    full_name: str,
    verb: Verb,
    about: About,
    parents: Sequence[About] = (),
    result: JsonObject | None = None,
    registration: UUID | None = None,
    extensions: JsonObject | None = None,
    instructor: tuple[int, str] | None = None,
    happened_at: datetime | None = None,
) -> UUID:
    """Tell in xAPI what has just been written; stored with the caller's commit, or not at all.

    `result` is an xAPI Result (`success`, `completion`, `score`, `duration`); `instructor` the number and name of
    the member of staff who did it for the student. Raises ValueError when the
    parts do not make a valid statement: that is a fault of the caller's and not of a person's.
    """
    statement_id = uuid4()
    context: JsonObject = {"platform": "AADA LMS", "language": "en-US"}
    if parents:
        activities = [parent.activity(app_origin) for parent in parents]
        context["contextActivities"] = {"parent": activities[:1]}
        if activities[1:]:
            context["contextActivities"]["grouping"] = activities[1:]
    if registration is not None:
        context["registration"] = str(registration)
    if instructor is not None:
        context["instructor"] = agent_of(app_origin, *instructor)
    if extensions:
        context["extensions"] = extensions
    statement: dict[str, Any] = {
        "id": str(statement_id),
        "actor": agent_of(app_origin, user_id, full_name),
        "verb": {"id": verb.iri, "display": {"en-US": verb.words}},
        "object": about.activity(app_origin),
        "context": context,
        "timestamp": values.text_of(happened_at or clock.now()),
    }
    if result:
        statement["result"] = result
    _wait(session, app_origin, statement)
    return statement_id


def record_voiding(session: Session, app_origin: str, statement_id: UUID, by: tuple[int, str] | None) -> UUID:
    """Take back a statement of ours, told earlier or in this transaction, on the word of `by` (number and name) or
    of the school itself; stored with the caller's commit, or not at all."""
    voiding_id = uuid4()
    statement: dict[str, Any] = {
        "id": str(voiding_id),
        "actor": agent_of(app_origin, *by) if by is not None else _school(app_origin),
        "verb": {"id": VOIDED.iri, "display": {"en-US": VOIDED.words}},
        "object": {"objectType": "StatementRef", "id": str(statement_id)},
        "context": {"language": "en-US"},
        "timestamp": values.text_of(clock.now()),
    }
    _wait(session, app_origin, statement)
    return voiding_id


def _wait(session: Session, app_origin: str, statement: dict[str, Any]) -> None:
    _checked(statement)
    waiting = session.info.setdefault(_WAITING, [])
    transaction = session.get_nested_transaction() or session.get_transaction() or session.begin()
    waiting.append(_Waiting(app_origin, prepare(statement, Version.TWO), transaction))


def _checked(statement: JsonObject) -> None:
    try:
        validate.statement(statement, "$", Version.TWO)
    except Refusal as refusal:
        raise ValueError(f"not a statement: {refusal}") from refusal


def _school(app_origin: str) -> JsonObject:
    """The Agent on whose word the product's own statements are stored."""
    return {
        "objectType": "Agent",
        "name": "AADA LMS",
        "account": {"homePage": app_origin, "name": SCHOOL},
    }


def _author(app_origin: str) -> Author:
    authority = _school(app_origin)
    return Author(None, jsonio.dumps(authority), identity(authority) or "", authority, may_define=True)


@event.listens_for(Session, "before_commit")
def _tell(session: Session) -> None:
    waiting: list[_Waiting] = session.info.get(_WAITING, [])
    if not waiting:
        return
    nested = session.get_nested_transaction()
    if nested is not None:
        for item in waiting:
            if item.transaction is nested:
                item.transaction = nested.parent
        return
    session.info.pop(_WAITING)
    current = session.get_transaction()
    # A session that was closed instead of rolled back has forgotten its work, but not what it was told.
    waiting = [item for item in waiting if current is not None and _inside(item.transaction, current)]
    if not waiting:
        return
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("statements are kept in PostgreSQL through psycopg 3")
    session.flush()
    origin = waiting[0].origin
    submission = Submission([item.prepared for item in waiting], _author(origin))
    run_sync(connection, store_statements([submission], directory_of(origin)))


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    waiting: list[_Waiting] = session.info.get(_WAITING, [])
    if waiting:
        session.info[_WAITING] = [item for item in waiting if not _inside(item.transaction, previous)]


def _inside(transaction: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while transaction is not None:
        if transaction is outer:
            return True
        transaction = transaction.parent
    return False
