"""The school's own statements: what they look like, and the one door by which they are stored.

They are stored on the school's authority in the caller's transaction. Storing takes the writers' turn until that
transaction ends, so no request comes through here: the history's subscriber does, which nobody waits for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session

from app.core.installation import installation
from app.core.permissions import internal
from app.lrs.engine import jsonio, values
from app.lrs.engine.operations import run_sync
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import queries, validation
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.authority import Author
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.preparation import Prepared, keys_of, prepare
from app.lrs.engine.statements.storage import Submission, store_statements
from app.lrs.engine.versions import Version
from app.lrs.host.connection import driver
from app.lrs.host.service import SCHOOL, directory_of
from app.lrs.vocabulary import MODULE, VOIDED, Verb

_ALREADY_THERE = 409


@dataclass(frozen=True, slots=True)
class About:
    """An activity of ours: its path below the school's address, its name, its type's IRI."""

    path: str
    name: str
    type: str

    def activity(self, home_page: str) -> JsonObject:
        """The Activity object."""
        definition: JsonObject = {"name": {"en-US": self.name}, "type": self.type}
        return {"objectType": "Activity", "id": f"{home_page}{self.path}", "definition": definition}


Person = tuple[int, str]
"""The number and name of an account."""


@internal("a name in statements")
def agent_of(home_page: str, user_id: int, full_name: str) -> JsonObject:
    """The Agent that stands for an account of the school, in our statements and in launches alike."""
    return {
        "objectType": "Agent",
        "name": full_name,
        "account": {"homePage": home_page, "name": str(user_id)},
    }


@internal("a name in statements")
def registration_of(home_page: str, enrollment_id: int) -> UUID:
    """The registration that all statements of an enrollment carry."""
    return uuid5(NAMESPACE_URL, f"{home_page}/enrollments/{enrollment_id}")


@internal("makes a statement, and stores nothing")
def statement_of(
    home_page: str,
    statement_id: UUID,
    *,
    person: Person,
    verb: Verb,
    about: About,
    at: datetime,
    registration: UUID,
    parents: Sequence[About] = (),
    result: JsonObject | None = None,
    instructor: Person | None = None,
) -> JsonObject:
    """A statement about an account: `parents` are what the activity belongs to, the nearest first, `instructor` the
    member of staff who did it for the person, `result` an xAPI Result."""
    context: JsonObject = {"platform": "AADA LMS", "language": "en-US", "registration": str(registration)}
    if parents:
        activities = [parent.activity(home_page) for parent in parents]
        context["contextActivities"] = {"parent": activities[:1]}
        if activities[1:]:
            context["contextActivities"]["grouping"] = activities[1:]
    if instructor is not None:
        context["instructor"] = agent_of(home_page, *instructor)
    statement: dict[str, Any] = {
        "id": str(statement_id),
        "actor": agent_of(home_page, *person),
        "verb": {"id": verb.iri, "display": {"en-US": verb.words}},
        "object": about.activity(home_page),
        "context": context,
        "timestamp": values.text_of(at),
    }
    return {**statement, "result": result} if result else statement


@internal("makes a statement, and stores nothing")
def voiding_of(
    home_page: str, statement_id: UUID, voided: UUID, *, by: Person | None, at: datetime
) -> JsonObject:
    """A statement that takes another one of ours back, on the word of `by` or of the school itself."""
    return {
        "id": str(statement_id),
        "actor": agent_of(home_page, *by) if by is not None else _school(home_page),
        "verb": {"id": VOIDED.iri, "display": {"en-US": VOIDED.words}},
        "object": {"objectType": "StatementRef", "id": str(voided)},
        "context": {"language": "en-US"},
        "timestamp": values.text_of(at),
    }


@internal("derives from the history, whose entries were allowed when they were recorded")
def stored_of(session: Session, statement_ids: Collection[UUID]) -> set[UUID]:
    """Which of these statements are stored."""
    found = session.connection().exec_driver_sql(queries.STORED, ([str(one) for one in statement_ids],))
    return set(found.scalars())


@internal("derives from the history, whose entries were allowed when they were recorded")
def store_own(session: Session, statements: Sequence[JsonObject]) -> int:
    """Store statements with the school's authority in the session's transaction; how many were new.

    One that is there already, by its identifier, changes nothing, even when a name in it is another one by now: what
    was stated stays. Raises ValueError for what is no statement.
    """
    if not statements:
        return 0
    home_page = installation(session).home_page
    for statement in statements:
        _check(statement)
    author = _author(home_page)
    submissions = [Submission([_prepared(one)], author) for one in statements]
    stored = run_sync(driver(session), store_statements(submissions, directory_of(home_page)))
    for refusal in stored.refusals:
        if refusal is not None and refusal.status != _ALREADY_THERE:
            raise refusal
    return stored.rows


@internal("looks at a statement, and stores nothing")
def is_statement(statement: JsonObject) -> bool:
    """Whether the store takes it, for statements that are made of what others said."""
    try:
        _check(statement)
    except ValueError:
        return False
    return True


def _prepared(statement: JsonObject) -> Prepared:
    """The statement, naming by its id alone what it stands in.

    Programs and lessons say what they are where they are the object, and the store learns it here; in each statement
    once more it would be a third of it. Modules are nowhere an object.
    """
    definitions = keys_of(statement).definitions
    for around in statement.get("context", {}).get("contextActivities", {}).values():
        for activity in around:
            if activity.get("definition", {}).get("type") != MODULE:
                activity.pop("definition", None)
    prepared = prepare(statement, Version.TWO)
    prepared.keys.definitions = definitions
    return prepared


def _check(statement: JsonObject) -> None:
    try:
        validation.statement(statement, "$", Version.TWO)
    except Refusal as refusal:
        raise ValueError(f"not a statement: {refusal}") from refusal


def _school(home_page: str) -> JsonObject:
    """The Agent on whose word the school's own statements are stored."""
    return {
        "objectType": "Agent",
        "name": "AADA LMS",
        "account": {"homePage": home_page, "name": SCHOOL},
    }


def _author(home_page: str) -> Author:
    authority = _school(home_page)
    return Author(None, jsonio.dumps(authority), identity(authority) or "", authority, may_define=True)
