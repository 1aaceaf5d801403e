"""Issuing a credential to the students of a class: who qualifies, the request, the work, how far it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.credentials import policy
from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.awards.drafts import Wanted
from app.compliance.credentials.bulk import queries
from app.compliance.credentials.types import queries as types
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from app.core.files import FileStore
from app.core.permissions import Actor, internal
from app.db.models import CredentialType, EnrollmentStatus, SchoolClass
from app.db.session import Database
from app.settings import Settings

_TRIES = 3
"""How many numbers one student may use up in a request whose work fails."""
LEFT = (
    "The system failed too often while it issued these credentials, and has given up. This one was not issued; issue "
    "it again."
)
NO_CLASS = "There is no such class, or you don’t have access to it."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A student of the class; `problem` says why they would not get one."""

    row: Row[Any]
    problem: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would do."""

    record: SchoolClass
    types: Sequence[CredentialType]
    chosen: CredentialType | None
    candidates: list[Candidate]


@dataclass(frozen=True, slots=True)
class Progress:
    """A request and what became of each student."""

    class_id: int | None
    type: CredentialType
    rows: Sequence[Row[Any]]

    def count(self, state: str) -> int:
        return sum(row.CredentialOrder.state == state for row in self.rows)

    @property
    def waiting(self) -> int:
        return self.count("waiting")


def preview(session: Session, subject: Actor, class_id: int, type_id: int | None, zone: ZoneInfo) -> Preview:
    """Who of a class would get a credential, and why others would not. Raises Forbidden, NotFound."""
    policy.require_issue(subject)
    record = queries.class_record(session, class_id)
    if record is None:
        raise NotFound(NO_CLASS)
    offered = types.for_program(session, record.program_id)
    chosen = next((one for one in offered if one.id == type_id), offered[0] if len(offered) == 1 else None)
    if chosen is None:
        return Preview(record, offered, None, [])
    rows = queries.candidates(session, class_id, chosen.id, clock.today(zone))
    return Preview(record, offered, chosen, [Candidate(row, _problem(subject, row, chosen)) for row in rows])


def _problem(subject: Actor, row: Row[Any], kind: CredentialType) -> str | None:
    if row.holds is not None:
        return f"Holds {row.holds}"
    if row.status is EnrollmentStatus.WITHDRAWN:
        return "Withdrew"
    if kind.requires_completion and row.status is not EnrollmentStatus.COMPLETED:
        return "Has not completed the program"
    if not policy.may_issue(subject, row.user_id):
        return "A colleague must issue your own credential"
    return None


def request(
    session: Session,
    subject: Actor,
    class_id: int,
    type_id: int,
    enrollment_ids: Collection[int],
    batch: UUID,
    zone: ZoneInfo,
) -> int:
    """Have a worker issue credentials to these students; how many. The same `batch` twice is one request.

    Raises Invalid for students who do not qualify, Conflict for a batch of another class.
    """
    policy.require_issue(subject)
    found = preview(session, subject, class_id, type_id, zone)
    if found.chosen is None or found.chosen.id != type_id:
        raise Invalid("Choose a type of credential that the class’s program awards. Nothing was issued.")
    if not enrollment_ids:
        raise Invalid("Choose at least one student. Nothing was issued.")
    known = queries.orders(session, batch)
    if known and known[0].CredentialOrder.class_id != class_id:
        raise Conflict("This form was used for another class. Open the page again.")
    if known:
        return len(known)
    able = {one.row.enrollment_id for one in found.candidates if one.problem is None}
    if set(enrollment_ids) - able:
        raise Invalid(
            "One of the students no longer qualifies. Nothing was issued; open the page again and choose once more."
        )
    count = queries.order_many(session, batch, type_id, class_id, subject.user_id, set(enrollment_ids))
    history.record(
        session, subject, Action.CREDENTIAL_BULK_REQUESTED, type_id, name=found.chosen.name, count=count
    )
    return count


def progress(session: Session, subject: Actor, batch: UUID) -> Progress:
    """How far a request is. Raises Forbidden, NotFound."""
    policy.require_list(subject)
    rows = queries.orders(session, batch)
    if not rows:
        raise NotFound("There is no such bulk issue, or you don’t have access to it.")
    kind = types.find(session, rows[0].CredentialOrder.type_id)
    if kind is None:
        raise NotFound(policy.NO_TYPE)
    return Progress(rows[0].CredentialOrder.class_id, kind, rows)


@internal("the worker's part of a request that was allowed")
def work(database: Database, actor: Actor, files: FileStore, settings: Settings, batch: UUID) -> int:
    """Issue what a request still waits for, one student after another; how many were issued.

    Each is a request of its own with a name that follows from the batch, so that work begun again issues nobody a
    second one. A number that a failure or a stop left void is followed by another one, twice at most. Raises
    Unavailable when nothing can be issued now: it is tried again later.
    """
    done = 0
    while True:
        with database.begin() as session:
            found = queries.next_order(session, batch)
            if found is None:
                return done
            number, wanted = (
                found.id,
                Wanted(found.type_id, found.enrollment_id, _request(session, batch, found.enrollment_id)),
            )
        credential_id, problem = None, None
        try:
            credential_id = awards.issue(database, actor, files, settings, wanted)
            done += 1
        except Unavailable:
            raise
        except Problem as error:
            problem = error.detail
        with database.begin() as session:
            _settle(session, number, credential_id, problem)


def _request(session: Session, batch: UUID, enrollment_id: int) -> UUID:
    """The name of the next try: the first one that was not in vain, or the last one."""
    names = _names(batch, enrollment_id)
    failed = queries.failed(session, names)
    return next((name for name in names if name not in failed), names[-1])


def _names(batch: UUID, enrollment_id: int) -> list[UUID]:
    return [uuid5(batch, f"{enrollment_id} {place}") for place in range(_TRIES)]


@internal("the worker's part of a request that was allowed")
def refuse_rest(session: Session, batch: UUID, sentence: str) -> None:
    """Give up what a request still waits for, with the reason."""
    while (found := queries.next_order(session, batch)) is not None:
        # A worker may have been killed after it issued one and before it wrote so here.
        done = queries.issued(session, _names(batch, found.enrollment_id))
        _settle(session, found.id, done, None if done is not None else sentence)


@internal("the system says so of a request that its worker cannot go on with")
def end_left(session: Session) -> list[UUID]:
    """Give up the requests that no job works on any more, with the reason; which ones."""
    found = queries.left(session)
    for batch in found:
        refuse_rest(session, batch, LEFT)
    return found


def _settle(session: Session, order_id: int, credential_id: int | None, problem: str | None) -> None:
    row = queries.order(session, order_id)
    if row is None or row.state != "waiting":
        return
    row.credential_id, row.problem = credential_id, problem
    row.state = "refused" if credential_id is None else "issued"
    session.flush()
