"""Every SQL statement about enrollment agreements, and the agreement that a refund is computed by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    SQLColumnExpression,
    case,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from app.core import clock
from app.core.constraints import register_conflict
from app.core.permissions import internal
from app.core.search import matches
from app.db.models import (
    AgreementSignature,
    Enrollment,
    EnrollmentAgreement,
    IssuedDocument,
    Program,
    StudentProfile,
    User,
)
from app.finance.agreements.agreed import SignedAgreement, signed
from app.rules.agreements import WAITING
from app.rules.withdrawals import REFUND_DAYS
from app.web import queue
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict(
    "uq_enrollment_agreements_open",
    "An agreement for this enrollment is being signed already. Nothing was sent. Finish that one, or make it void.",
)
register_conflict(
    "uq_agreement_signatures_party",
    "This agreement was signed already. Your second signature was not needed.",
)
register_conflict(
    "guard_enrollment_agreements_status", "This agreement has moved on meanwhile. Nothing was changed."
)
register_conflict(
    "fk_enrollment_agreements_enrollment_id",
    "This enrollment has an agreement, which is permanent, so it cannot be deleted.",
)
register_conflict(
    "fk_enrollment_agreements_student_id",
    "This person has an enrollment agreement, which is permanent, so the account cannot be deleted.",
)


# What a refund is computed by


@internal("what a refund is computed by, for whoever may compute it")
def in_force(session: Session, enrollment_id: int, at: datetime | None = None) -> SignedAgreement | None:
    """The agreement that bound an enrollment at a moment (now unless given): that in force, else one that the student
    had signed; None without.

    What was signed later does not count, and what was superseded, made void or expired later does.
    """
    ended: ColumnElement[bool] = EnrollmentAgreement.ended_at.is_(None)
    if at is not None:
        ended = or_(ended, EnrollmentAgreement.ended_at >= at)
    at = at or clock.now()
    row = session.scalars(
        select(EnrollmentAgreement)
        .where(
            EnrollmentAgreement.enrollment_id == enrollment_id,
            EnrollmentAgreement.signed_at <= at,
            ended,
        )
        .order_by(
            case((EnrollmentAgreement.countersigned_at <= at, 0), else_=1), EnrollmentAgreement.id.desc()
        )
        .limit(1)
    ).first()
    return None if row is None else signed(row, first_signature(session, row))


@internal("a part of a statement; who runs it asks")
def refund_days(enrollment_id: SQLColumnExpression[int]) -> ColumnElement[Any]:
    """The days that the refund has by the agreement that binds an enrollment now; NULL without one."""
    days = EnrollmentAgreement.terms["refund_policy"]["case"]["due_days"].astext
    return (
        select(func.coalesce(cast(days, Integer), REFUND_DAYS))
        .where(
            EnrollmentAgreement.enrollment_id == enrollment_id,
            EnrollmentAgreement.signed_at.is_not(None),
            EnrollmentAgreement.ended_at.is_(None),
        )
        .order_by(
            case((EnrollmentAgreement.countersigned_at.is_not(None), 0), else_=1),
            EnrollmentAgreement.id.desc(),
        )
        .limit(1)
        .scalar_subquery()
    )


def first_signature(session: Session, row: EnrollmentAgreement) -> datetime | None:
    """When the student first signed: this agreement, or the first of those that it supersedes one after another."""
    first, before = row.signed_at, row.supersedes_id
    while before is not None:
        signed_at, before = session.execute(
            select(EnrollmentAgreement.signed_at, EnrollmentAgreement.supersedes_id).where(
                EnrollmentAgreement.id == before
            )
        ).one()
        first = signed_at or first
    return first


@internal("counts alone, which name nobody")
def signed_under(session: Session, what: str) -> dict[int, int]:
    """How many agreements students have signed under each version of the refund policy (`what` is `version`) or of its
    settings (`settings_version`)."""
    version = EnrollmentAgreement.terms["refund_policy"][what].astext
    rows = session.execute(
        select(version, func.count())
        .where(EnrollmentAgreement.signed_at.is_not(None), version.is_not(None))
        .group_by(version)
    )
    return {int(number): count for number, count in rows}


# One agreement

_Preparer = aliased(User)


def _rows() -> Select[Any]:
    return (
        select(
            EnrollmentAgreement,
            IssuedDocument.number,
            User.full_name.label("student"),
            User.email,
            User.deleted_at.label("left_at"),
            Enrollment.status.label("enrollment_status"),
            Program.id.label("program_id"),
            Program.name.label("program"),
            _Preparer.full_name.label("preparer"),
        )
        .join(IssuedDocument, IssuedDocument.id == EnrollmentAgreement.document_id)
        .join(User, User.id == EnrollmentAgreement.student_id)
        .join(Enrollment, Enrollment.id == EnrollmentAgreement.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(_Preparer, _Preparer.id == EnrollmentAgreement.prepared_by)
        .execution_options(populate_existing=True)
    )


def one(session: Session, agreement_id: int) -> Row[Any] | None:
    """An agreement with its number and the names that belong to it."""
    return session.execute(_rows().where(EnrollmentAgreement.id == agreement_id)).one_or_none()


def locked(session: Session, agreement_id: int) -> EnrollmentAgreement | None:
    """The row, locked: who signs at the same moment comes one after the other."""
    return session.scalars(
        select(EnrollmentAgreement)
        .where(EnrollmentAgreement.id == agreement_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def signatures(session: Session, agreement_id: int) -> Sequence[AgreementSignature]:
    """Who has signed, in order."""
    return session.scalars(
        select(AgreementSignature)
        .where(AgreementSignature.agreement_id == agreement_id)
        .order_by(AgreementSignature.id)
    ).all()


def open_first(session: Session, agreement_id: int, now: datetime) -> None:
    """Note when the student first opened it; of two windows at once, one does."""
    session.execute(
        update(EnrollmentAgreement)
        .where(EnrollmentAgreement.id == agreement_id, EnrollmentAgreement.opened_at.is_(None))
        .values(opened_at=now)
    )


def email_of(session: Session, user_id: int) -> str:
    """A person's address."""
    return session.scalars(select(User.email).where(User.id == user_id)).one()


def by_document(session: Session, document_id: int) -> EnrollmentAgreement | None:
    """The agreement under a number of the register."""
    return session.scalars(
        select(EnrollmentAgreement).where(EnrollmentAgreement.document_id == document_id)
    ).one_or_none()


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def standing(session: Session, enrollment_id: int) -> EnrollmentAgreement | None:
    """The agreement in force of an enrollment, which a new one supersedes."""
    return session.scalars(
        select(EnrollmentAgreement).where(
            EnrollmentAgreement.enrollment_id == enrollment_id, EnrollmentAgreement.status == "in_force"
        )
    ).one_or_none()


def is_waiting(session: Session, enrollment_id: int) -> bool:
    """Whether an agreement for the enrollment is being signed."""
    return bool(
        session.scalar(
            select(func.count()).where(
                EnrollmentAgreement.enrollment_id == enrollment_id, EnrollmentAgreement.status.in_(WAITING)
            )
        )
    )


def waiting(session: Session, enrollment_id: int) -> Sequence[EnrollmentAgreement]:
    """The agreements of an enrollment that are being signed, locked."""
    return session.scalars(
        select(EnrollmentAgreement)
        .where(EnrollmentAgreement.enrollment_id == enrollment_id, EnrollmentAgreement.status.in_(WAITING))
        .order_by(EnrollmentAgreement.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def unfinished(session: Session, kind: str, before: datetime) -> Sequence[int]:
    """Numbers of the register that were taken for an agreement before this moment, which never came to be."""
    return session.scalars(
        select(IssuedDocument.id)
        .outerjoin(EnrollmentAgreement, EnrollmentAgreement.document_id == IssuedDocument.id)
        .where(
            IssuedDocument.kind == kind,
            IssuedDocument.status == "reserved",
            IssuedDocument.created_at < before,
            EnrollmentAgreement.id.is_(None),
        )
        .order_by(IssuedDocument.id)
        .with_for_update(of=IssuedDocument, skip_locked=True)
    ).all()


def of_student(session: Session, student_id: int) -> Sequence[Row[Any]]:
    """A student's agreements, the newest first."""
    return session.execute(
        _rows().where(EnrollmentAgreement.student_id == student_id).order_by(EnrollmentAgreement.id.desc())
    ).all()


def of_enrollment(session: Session, enrollment_id: int) -> Sequence[Row[Any]]:
    """An enrollment's agreements, the newest first."""
    return session.execute(
        _rows()
        .where(EnrollmentAgreement.enrollment_id == enrollment_id)
        .order_by(EnrollmentAgreement.id.desc())
    ).all()


def expired(session: Session, now: datetime) -> Sequence[EnrollmentAgreement]:
    """Agreements that nobody signed in time, locked; those that somebody signs now are skipped."""
    return session.scalars(
        select(EnrollmentAgreement)
        .where(
            EnrollmentAgreement.status.in_(("awaiting_student", "awaiting_cosigner")),
            EnrollmentAgreement.expires_at <= now,
        )
        .order_by(EnrollmentAgreement.id)
        .with_for_update(skip_locked=True)
    ).all()


# What an agreement is made of


def facts(session: Session, enrollment_id: int) -> Row[Any] | None:
    """The enrollment with the program and the student, for an agreement."""
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            Enrollment.status,
            Enrollment.enrolled_at,
            Program.id.label("program_id"),
            Program.name.label("program"),
            Program.clock_hours,
            Program.duration_weeks,
            Program.total_credits,
            Program.tuition_amount_cents,
            User.full_name.label("student"),
            User.email,
            StudentProfile.birth_date,
        )
        .join(Program, Program.id == Enrollment.program_id)
        .join(User, User.id == Enrollment.user_id)
        .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
        .where(Enrollment.id == enrollment_id, User.deleted_at.is_(None))
    ).one_or_none()


# Lists


def to_sign(visible: ColumnElement[bool], zone: ZoneInfo, *states: str) -> Select[Any]:
    """Agreements that wait in these states, for the queue. Those that can expire are due on their last day."""
    due = None
    if "awaiting_student" in states:
        # The last day on which it can be signed ends at the moment noted.
        due = cast(func.timezone(zone.key, EnrollmentAgreement.expires_at), Date) - 1
    return (
        select(
            *queue.line(
                number=EnrollmentAgreement.id,
                student_id=EnrollmentAgreement.student_id,
                about=User.full_name,
                what=Program.name,
                since=func.coalesce(EnrollmentAgreement.signed_at, EnrollmentAgreement.prepared_at),
                due_on=due,
                href=func.concat("/agreements/", EnrollmentAgreement.id),
            )
        )
        .join(User, User.id == EnrollmentAgreement.student_id)
        .join(Enrollment, Enrollment.id == EnrollmentAgreement.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(EnrollmentAgreement.status.in_(states), visible)
    )


SORTS = {
    "prepared": EnrollmentAgreement.prepared_at,
    "number": IssuedDocument.number,
    "student": func.lower(User.full_name),
    "program": Program.name,
    "status": EnrollmentAgreement.status,
    "signed": EnrollmentAgreement.signed_at,
    "expires": EnrollmentAgreement.expires_at,
}


def listing(
    session: Session, paging: Paging, visible: ColumnElement[bool], *, status: str | None, waiting: bool
) -> Listing[Any]:
    """Agreements, the newest first unless sorted otherwise."""
    statement = _rows().where(visible)
    if status is not None:
        statement = statement.where(EnrollmentAgreement.status == status)
    if waiting:
        statement = statement.where(EnrollmentAgreement.status.in_(WAITING))
    statement = statement.where(*matches(paging.q, User.full_name, IssuedDocument.number, Program.name))
    return Listing(
        session, statement.order_by(paging.order(SORTS, "-prepared"), EnrollmentAgreement.id.desc()), paging
    )
