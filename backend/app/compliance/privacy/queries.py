"""Every SQL statement about disclosures, consents, opt-outs and requests of students."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Integer, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.actions import Action
from app.core.constraints import register_conflict
from app.core.directory import publishable
from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import (
    AccessRequest,
    AmendmentRequest,
    AuditEntry,
    Consent,
    DirectoryOptOut,
    DisclosedStudent,
    Disclosure,
    Enrollment,
    Program,
    User,
)
from app.db.ready import Ready
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict(
    "uq_access_requests_open",
    "A request to see these records is open already. Nothing was saved; open the page again.",
)
register_conflict("uq_directory_opt_outs_open", "Directory information has been opted out of already.")
register_conflict(
    "check_amendment_requests_two_people",
    "Who refused the amendment does not hold the hearing. Nothing was saved; ask a colleague.",
)
register_conflict("fk_disclosures_consent_id", "A disclosure rests on this consent, so it stays on record.")

_Decider, _Hearer = aliased(User), aliased(User)


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


# Disclosures


def disclosures_of(session: Session, student_id: int) -> Sequence[Row[Any]]:
    """Disclosure and who recorded it, of one student, the newest first."""
    return session.execute(
        select(Disclosure, _Decider.full_name.label("recorder"))
        .join(DisclosedStudent, DisclosedStudent.disclosure_id == Disclosure.id)
        .outerjoin(_Decider, _Decider.id == Disclosure.recorded_by)
        .where(DisclosedStudent.student_id == student_id)
        .order_by(Disclosure.made_on.desc(), Disclosure.id.desc())
    ).all()


def disclosures(session: Session, paging: Paging, visible: ColumnElement[bool]) -> Listing[Any]:
    """Every disclosure with each of its students, the newest first unless sorted otherwise."""
    statement = (
        select(
            Disclosure.id,
            Disclosure.made_on,
            Disclosure.recipient,
            Disclosure.interest,
            Disclosure.records,
            Disclosure.basis,
            Disclosure.refused,
            User.id.label("student_id"),
            User.full_name,
        )
        .join(DisclosedStudent, DisclosedStudent.disclosure_id == Disclosure.id)
        .join(User, User.id == DisclosedStudent.student_id)
        .where(visible, *matches(paging.q, User.search_text, Disclosure.recipient, Disclosure.interest))
    )
    sorts = {
        "made": Disclosure.made_on,
        "recipient": func.lower(Disclosure.recipient),
        "student": func.lower(User.full_name),
    }
    return Listing(
        session, statement.order_by(paging.order(sorts, "-made"), Disclosure.id.desc(), User.id), paging
    )


def disclose(session: Session, row: Disclosure, student_ids: Collection[int]) -> None:
    """Write a disclosure with its students."""
    add(session, row)
    session.add_all(
        DisclosedStudent(disclosure_id=row.id, student_id=number) for number in sorted(student_ids)
    )
    session.flush()


def students_given(session: Session, records: str, first: date, last: date) -> Sequence[int]:
    """The students of the disclosures of exactly these records within these days, in the order of their numbers."""
    return session.scalars(
        select(DisclosedStudent.student_id)
        .join(Disclosure, Disclosure.id == DisclosedStudent.disclosure_id)
        .where(Disclosure.made_on.between(first, last), Disclosure.records == records, ~Disclosure.refused)
        .distinct()
        .order_by(DisclosedStudent.student_id)
    ).all()


def students_by_email(
    session: Session, emails: Collection[str], visible: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    """id and email of the students among these addresses."""
    return session.execute(
        select(User.id, User.email).where(User.email.in_(emails), User.role == "student", visible)
    ).all()


STANDING = (
    Action.XAPI_FORWARDER_CREATED,
    Action.XAPI_FORWARDER_STARTED,
    Action.XAPI_FORWARDER_STOPPED,
    Action.XAPI_FORWARDER_DELETED,
    Action.XAPI_CREDENTIAL_CREATED,
    Action.XAPI_CREDENTIAL_REVOKED,
    Action.API_TOKEN_CREATED,
    Action.API_TOKEN_REVOKED,
)


def standing(session: Session) -> Sequence[Row[Any]]:
    """What the history says of forwarding targets and keys: id, at, action, target_id, details; the oldest first."""
    return session.execute(
        select(AuditEntry.id, AuditEntry.at, AuditEntry.action, AuditEntry.target_id, AuditEntry.details)
        .where(
            AuditEntry.action.in_([one.value for one in STANDING]),
            # A key of the student’s own gives them their own records.
            AuditEntry.student_id.is_(None),
        )
        .order_by(AuditEntry.id)
    ).all()


# Consents


def consents_of(session: Session, student_id: int) -> Sequence[Consent]:
    """A student's consents, the newest first."""
    return session.scalars(
        select(Consent).where(Consent.student_id == student_id).order_by(Consent.id.desc())
    ).all()


def consent(session: Session, number: int, *, lock: bool = False) -> Consent | None:
    """One consent."""
    found: Consent | None = _one(session, Consent, number, lock=lock)
    return found


# Directory information


def open_opt_out(session: Session, student_id: int, *, lock: bool = False) -> DirectoryOptOut | None:
    """The student's opt-out in force."""
    statement = select(DirectoryOptOut).where(
        DirectoryOptOut.student_id == student_id, DirectoryOptOut.ended_at.is_(None)
    )
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def directory(session: Session, paging: Paging, visible: ColumnElement[bool]) -> Listing[Any]:
    """What the school may give out of each present student, without those who opted out."""
    statement = (
        select(
            Enrollment.id,
            User.full_name,
            Program.name.label("program"),
            Enrollment.enrolled_at,
            Enrollment.status,
            Enrollment.completed_at,
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(User.deleted_at.is_(None), publishable(User.id), visible)
        .where(*matches(paging.q, User.search_text, Program.name))
    )
    sorts = {
        "student": func.lower(User.full_name),
        "program": func.lower(Program.name),
        "enrolled": Enrollment.enrolled_at,
    }
    return Listing(session, statement.order_by(paging.order(sorts, "student"), Enrollment.id), paging)


# Access


def access_requests_of(session: Session, student_id: int) -> Sequence[AccessRequest]:
    """A student's requests to see their records, the newest first."""
    return session.scalars(
        select(AccessRequest).where(AccessRequest.student_id == student_id).order_by(AccessRequest.id.desc())
    ).all()


def access_request(session: Session, number: int, *, lock: bool = False) -> AccessRequest | None:
    """One request."""
    found: AccessRequest | None = _one(session, AccessRequest, number, lock=lock)
    return found


def open_access(session: Session, student_id: int) -> AccessRequest | None:
    """The student's request that is open."""
    return session.scalars(
        select(AccessRequest).where(AccessRequest.student_id == student_id, AccessRequest.closed_at.is_(None))
    ).one_or_none()


def held_students() -> Select[tuple[int]]:
    """Students whose records must not be destroyed now, because a request of theirs is open."""
    return select(AccessRequest.student_id).where(AccessRequest.closed_at.is_(None))


# Amendment


def amendments_of(session: Session, student_id: int) -> Sequence[AmendmentRequest]:
    """A student's requests for amendment, the newest first."""
    return session.scalars(
        select(AmendmentRequest)
        .where(AmendmentRequest.student_id == student_id)
        .order_by(AmendmentRequest.id.desc())
    ).all()


def amendment(session: Session, number: int, *, lock: bool = False) -> AmendmentRequest | None:
    """One request."""
    found: AmendmentRequest | None = _one(session, AmendmentRequest, number, lock=lock)
    return found


def amendment_by_request(session: Session, request: UUID, *, turn: bool) -> AmendmentRequest | None:
    """The request that came from a form. With `turn`, the same form sent at the same moment waits until the commit."""
    if turn:
        take_turn(session, f"amendment {request}")
    return session.scalars(select(AmendmentRequest).where(AmendmentRequest.request == request)).one_or_none()


_STATEMENTS_OF = Ready(
    select(AmendmentRequest.student_id, AmendmentRequest.record, AmendmentRequest.statement)
    .where(
        AmendmentRequest.student_id == func.any(bindparam("student_ids", type_=ARRAY(Integer))),
        AmendmentRequest.statement.is_not(None),
    )
    .order_by(AmendmentRequest.id)
)


def statements_of(session: Session, student_ids: Collection[int]) -> Sequence[Any]:
    """Student, record and words of the statements of these students, which go wherever the record goes."""
    return _STATEMENTS_OF.rows(session, student_ids=list(student_ids))


def requests(session: Session, paging: Paging, visible: ColumnElement[bool], *, closed: bool) -> Listing[Any]:
    """Requests of both kinds, those that wait or those that are over: kind, number, student, what, since, due."""
    access = select(
        *line(
            number=AccessRequest.id,
            student_id=AccessRequest.student_id,
            about=User.full_name,
            what=AccessRequest.records,
            since=AccessRequest.entered_at,
            due_on=AccessRequest.due_on,
            href=func.concat("/privacy/access/", AccessRequest.id),
        )
    ).select_from(AccessRequest)
    amend = select(
        *line(
            number=AmendmentRequest.id,
            student_id=AmendmentRequest.student_id,
            about=User.full_name,
            what=AmendmentRequest.record,
            since=AmendmentRequest.asked_at,
            href=func.concat("/privacy/amendments/", AmendmentRequest.id),
        )
    ).select_from(AmendmentRequest)
    over = AccessRequest.closed_at.is_not(None)
    parts = [
        access.join(User, User.id == AccessRequest.student_id).where(
            over if closed else ~over, visible, *([User.deleted_at.is_(None)] if closed else [])
        ),
        amend.join(User, User.id == AmendmentRequest.student_id).where(
            ~_waits() if closed else _waits(), visible, *([User.deleted_at.is_(None)] if closed else [])
        ),
    ]
    rows = parts[0].union_all(parts[1]).subquery()
    sorts = {"since": rows.c.since, "due": rows.c.due_on, "student": func.lower(rows.c.about)}
    statement = select(rows).where(*matches(paging.q, rows.c.about, rows.c.what))
    order = paging.order(sorts, "-since" if closed else "since")
    return Listing(session, statement.order_by(order, rows.c.href), paging)


def _waits() -> ColumnElement[bool]:
    return or_(
        AmendmentRequest.outcome.is_(None),
        and_(AmendmentRequest.hearing_asked_at.is_not(None), AmendmentRequest.hearing_outcome.is_(None)),
    )


# Waiting, for the queue


def access_to_answer(visible: ColumnElement[bool]) -> Select[Any]:
    """Requests for access that are open, with the last day; of deleted students too, whose records they hold."""
    return (
        select(
            *line(
                number=AccessRequest.id,
                student_id=AccessRequest.student_id,
                about=User.full_name,
                what="Wants to see their records",
                since=AccessRequest.entered_at,
                due_on=AccessRequest.due_on,
                href=func.concat("/privacy/access/", AccessRequest.id),
            )
        )
        .select_from(AccessRequest)
        .join(User, User.id == AccessRequest.student_id)
        .where(AccessRequest.closed_at.is_(None), visible)
    )


def amendments_to_decide(visible: ColumnElement[bool]) -> Select[Any]:
    """Requests for amendment that wait for a decision or a hearing."""
    return (
        select(
            *line(
                number=AmendmentRequest.id,
                student_id=AmendmentRequest.student_id,
                about=User.full_name,
                what=AmendmentRequest.record,
                since=func.coalesce(AmendmentRequest.hearing_asked_at, AmendmentRequest.asked_at),
                href=func.concat("/privacy/amendments/", AmendmentRequest.id),
            )
        )
        .select_from(AmendmentRequest)
        .join(User, User.id == AmendmentRequest.student_id)
        .where(_waits(), visible)
    )


def names(session: Session, *numbers: int | None) -> dict[int, str]:
    """Names of accounts, for what is shown beside a request."""
    rows = session.execute(select(User.id, User.full_name).where(User.id.in_([n for n in numbers if n])))
    return {row.id: row.full_name for row in rows}


def _one(session: Session, model: Any, number: int, *, lock: bool) -> Any:
    statement = select(model).where(model.id == number)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()
