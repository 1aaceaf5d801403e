"""Looking at statements: a page of those that match, what came since, one of them, a person's, all as a file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.orm import Session

from app.core import views, visibility
from app.core.errors import FieldError, Invalid, NotFound
from app.core.permissions import Actor, internal
from app.core.views import Part
from app.lrs import vocabulary
from app.lrs.desk import policy
from app.lrs.desk.browser import queries
from app.lrs.desk.browser.filters import StatementFilters
from app.lrs.desk.browser.lookup import MOST, Sought, seek
from app.lrs.desk.browser.presentation import Line, line_of
from app.lrs.desk.browser.scope import scope_of
from app.lrs.engine import values
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.filters import Filter
from app.lrs.vocabulary import in_words

PER_PAGE = 50
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Statements:
    """A page of statements, the newest first. `older` is the key to go on from, None at the end."""

    lines: list[Line] = field(default_factory=list)
    older: int | None = None
    newest: int = 0
    sought: Sought | None = None


def newest(
    session: Session, subject: Actor, filters: StatementFilters, zone: ZoneInfo, *, before: int | None = None
) -> Statements:
    """A page of the newest statements that match, or of those before a key."""
    policy.require_read_statements(subject)
    sought = seek(session, scope_of(session, subject), filters, zone)
    query = sought.query
    head = queries.last_key(session)
    if before is not None:
        query = replace(query, before=before if query.before is None else min(before, query.before))
    found = queries.page(session, query, sought.agents, PER_PAGE + 1)
    older = found[PER_PAGE - 1].key if len(found) > PER_PAGE else None
    return Statements([line_of(one) for one in found[:PER_PAGE]], older, head, sought)


def arrived(
    session: Session, subject: Actor, filters: StatementFilters, zone: ZoneInfo, *, after: int
) -> Statements:
    """What has come after a key and matches, the newest first; at most a page, the rest with the next call."""
    policy.require_read_statements(subject)
    sought = seek(session, scope_of(session, subject), filters, zone)
    query = sought.query
    head = queries.last_key(session)
    query = replace(query, ascending=True, after=after if query.after is None else max(after, query.after))
    found = queries.page(session, query, sought.agents, PER_PAGE)
    last = queries.read_to(found, PER_PAGE, head, after)
    return Statements([line_of(one) for one in reversed(found)], None, last, sought)


def exported(session: Session, subject: Actor, filters: StatementFilters, zone: ZoneInfo) -> Sought:
    """What a file is asked to hold. Raises Invalid where the words of a filter mean more than one walk can follow.

    A page says which part of it is shown; a file cannot.
    """
    policy.require_read_statements(subject)
    sought = seek(session, scope_of(session, subject), filters, zone)
    people, activities = sought.people, sought.activities
    if people is not None and people.count > MOST:
        sentence = (
            f"{people.count:,} people match “{people.words}”; a file can hold the statements of at most "
            f"{MOST}. Choose one person in the list, or enter more of the name."
        )
        raise Invalid(sentence, errors=[FieldError("person", sentence)])
    if activities is not None and activities.count > 1:
        sentence = (
            f"{activities.count:,} activities match “{activities.words}”. Choose one of them in the list."
        )
        raise Invalid(sentence, errors=[FieldError("activity", sentence)])
    return sought


@views.opens(
    Part.LEARNING,
    student=lambda line, given: visibility.student_or_none(given["session"], line.user_id),
    record=lambda line: line.id,
)
def read(session: Session, subject: Actor, statement_id: str) -> Line:
    """One statement, voided or not. Raises NotFound, also for one that this person may not see."""
    policy.require_read_statements(subject)
    found = queries.one(session, statement_id) if values.is_uuid(statement_id) else None
    if found is None or not scope_of(session, subject).holds(found.user_id):
        raise NotFound("There is no statement with this id, or you don’t have access to it.")
    return line_of(found)


def recent_for_user(session: Session, subject: Actor, user_id: int, limit: int = 20) -> list[Line]:
    """The newest statements of this person and about them, for their page.

    Those of others about them, such as a comment on a statement of theirs, have another `user_id` or none. Voided ones
    are left out, and so is who voided them: that is no learning.
    """
    policy.require_read_statements_of(subject, user_id)
    agents = queries.identities_of_users(session, [user_id]).get(user_id, [])
    lines = [line_of(one) for one in queries.page(session, Filter(), agents, 2 * limit)]
    # An actor may have got their account after the statement was stored.
    return [
        replace(line, user_id=user_id) if identity(line.payload.get("actor", {})) in agents else line
        for line in lines
        if line.verb != vocabulary.VOIDED.iri
    ][:limit]


def verb_choices(session: Session, subject: Actor) -> list[tuple[str, str]]:
    """The verbs in use, as IRI and words, in the order of the words."""
    policy.require_read_statements(subject)
    return sorted(((iri, in_words(iri)) for iri in queries.verbs_used(session)), key=lambda pair: pair[1])


@internal("says since when another system could have received a student’s statements")
def first_stored(session: Session, user_id: int) -> datetime | None:
    """When the first statement of an account was stored; None without any."""
    return queries.first_stored(session, user_id)


@internal("goes on with a file that `exported` allowed")
def chunk(session: Session, query: Filter, agents: Sequence[str] | None) -> list[queries.Found]:
    """The oldest that match, a thousand or as many as fit into memory."""
    return queries.page(session, replace(query, ascending=True), agents, _CHUNK, whole=False)


@internal("computes from a query that one has")
def following(query: Filter, key: int) -> Filter:
    """The same query for what comes after a key."""
    return replace(query, after=key)


@internal("writes out a statement that one has")
def pretty(line: Line) -> str:
    """The whole statement as indented JSON."""
    return orjson.dumps(line.payload, option=orjson.OPT_INDENT_2).decode()


@internal("makes up a name")
def export_name(now: datetime, ending: str) -> str:
    """What an exported file is called."""
    return f"statements-{now:%Y-%m-%d-%H%M}.{ending}"
