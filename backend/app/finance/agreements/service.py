"""Enrollment agreements: prepared and sent, read, made void, expired, superseded. Never edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, history, own_rows, views
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.files import FileStore
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.core.views import Part
from app.db.models import AgreementSignature, EnrollmentAgreement, EnrollmentStatus, IssuedDocument
from app.db.session import Database
from app.documents import service as documents
from app.documents.service import DocumentKind, Offer
from app.finance.agreements import notices, own_queries, paper, policy, queries, terms
from app.finance.agreements.agreed import AgreedItem, AgreedSegment, SignedAgreement
from app.finance.agreements.queries import in_force, refund_days, signed_under
from app.finance.agreements.refund_terms import AgreedRefund, InForce
from app.finance.agreements.refund_terms import on as refund_on
from app.rules import agreements as rules
from app.rules.agreements import FIELDS, WAITING
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "AgreedItem",
    "AgreedRefund",
    "AgreedSegment",
    "Agreement",
    "InForce",
    "SignedAgreement",
    "content",
    "expire",
    "give_up_unfinished",
    "in_force",
    "listed",
    "of_enrollment",
    "of_student",
    "own_to_sign",
    "read",
    "read_any",
    "refund_days",
    "refund_on",
    "signed_under",
    "void",
    "void_waiting",
]


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement as its page shows it. `fields` are the signature fields of its file."""

    row: EnrollmentAgreement
    number: str
    student: str
    program: str
    program_id: int
    preparer: str | None
    signatures: Sequence[AgreementSignature]
    enrolled: bool
    """Whether the enrollment is active."""

    @property
    def can_be_canceled(self) -> bool:
        """Whether the student has signed it, and their time to cancel runs."""
        until = self.row.cancellation_until
        return (
            self.enrolled
            and self.row.status in ("awaiting_cosigner", "awaiting_school", "in_force")
            and until is not None
            and clock.now() <= until
        )

    @property
    def fields(self) -> tuple[str, ...]:
        return fields_of(self.row)

    @property
    def waits(self) -> bool:
        """Whether somebody has to sign yet."""
        return self.row.status in WAITING


def fields_of(row: EnrollmentAgreement) -> tuple[str, ...]:
    """The signature fields of an agreement's file, in order."""
    return tuple(FIELDS[one] for one in rules.parties(cosigner=row.cosigner_kind is not None))


def is_over(row: EnrollmentAgreement) -> bool:
    """Whether the time to sign is over for the student and the cosigner."""
    return row.status == "expired" or row.expires_at <= clock.now()


# Reading


def listed(
    session: Session, subject: Subject, paging: Paging, *, status: str | None = None, waiting: bool = False
) -> Listing[Any]:
    """Agreements of the students whom the person sees. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, EnrollmentAgreement.student_id)
    return queries.listing(session, paging, visible, status=status, waiting=waiting)


@views.opens(
    Part.DOCUMENT, student=lambda found, _given: found.row.student_id, record=lambda found: found.number
)
def read(session: Session, subject: Subject, agreement_id: int) -> Agreement:
    """One agreement with its signatures. NotFound for other people's."""
    found = _read(session, subject, agreement_id)
    if found.row.opened_at is None and subject.user_id == found.row.student_id and found.waits:
        with own_rows.beyond(session, "the school keeps when the student first opened it"):
            queries.open_first(session, agreement_id, clock.now())
    return found


def _read(session: Session, subject: Actor, agreement_id: int) -> Agreement:
    row = queries.one(session, agreement_id)
    if row is None:
        raise NotFound(policy.NO_AGREEMENT)
    policy.require_read(session, subject, row.EnrollmentAgreement.student_id)
    return _shown(session, row)


@internal("a step of signing, which asks for itself who may")
def read_any(session: Session, agreement_id: int) -> Agreement:
    """One agreement, whoever’s it is. Raises NotFound."""
    row = queries.one(session, agreement_id)
    if row is None:
        raise NotFound(policy.NO_AGREEMENT)
    return _shown(session, row)


def _shown(session: Session, row: Row[Any]) -> Agreement:
    """A row of the lists with its signatures."""
    return Agreement(
        row.EnrollmentAgreement,
        row.number,
        row.student,
        row.program,
        row.program_id,
        row.preparer,
        queries.signatures(session, row.EnrollmentAgreement.id),
        row.enrollment_status is EnrollmentStatus.ACTIVE,
    )


def of_student(session: Session, subject: Subject, student_id: int) -> Sequence[Row[Any]]:
    """A student's agreements, the newest first; none for whoever may not see them."""
    return queries.of_student(session, student_id) if policy.may_read(session, subject, student_id) else ()


def of_enrollment(session: Session, subject: Subject, enrollment_id: int) -> Sequence[Row[Any]]:
    """An enrollment's agreements, the newest first. Raises NotFound."""
    row = queries.facts(session, enrollment_id)
    if row is None:
        raise NotFound(policy.NO_ENROLLMENT)
    policy.require_read(session, subject, row.user_id)
    return queries.of_enrollment(session, enrollment_id)


def own_to_sign(session: Session, subject: Subject) -> list[tuple[int, str]]:
    """The agreements that wait for the person: number of the row, and program."""
    return [(row.id, row.program) for row in own_queries.to_sign(session, subject.user_id, clock.now())]


def content(database: Database, subject: Subject, files: FileStore, agreement_id: int) -> tuple[str, bytes]:
    """Number and file, checked against its hash. Raises NotFound, Conflict for a changed file, Unavailable."""
    with database.begin() as session:
        found = _read(session, subject, agreement_id)
        session.expunge(found.row)
    pdf = paper.fetch(database, files, subject, found.row, found.number)
    with database.begin() as session:
        history.record(
            session,
            subject,
            Action.AGREEMENT_OPENED,
            agreement_id,
            student_id=found.row.student_id,
            enrollment_id=found.row.enrollment_id,
            number=found.number,
        )
    return found.number, pdf


# Ending


def void(session: Session, subject: Subject, agreement_id: int, reason: str) -> None:
    """Make an agreement void that is not in force yet. Raises Conflict for one that everybody has signed."""
    row = queries.locked(session, agreement_id)
    if row is None:
        raise NotFound(policy.NO_AGREEMENT)
    policy.require_read(session, subject, row.student_id)
    policy.require_prepare(session, subject, row.student_id)
    _void(session, subject, row, reason)
    documents.give_up(session, subject, row.document_id, reason)


def _void(session: Session, subject: Actor, row: EnrollmentAgreement, reason: str) -> None:
    if row.status not in WAITING:
        words = {
            "in_force": "This agreement is signed by everybody, so it cannot be made void. Prepare a new one, which "
            "supersedes it once it is signed. Nothing was changed."
        }
        raise Conflict(words.get(row.status, "This agreement has ended already. Nothing was changed."))
    row.status, row.void_reason, row.ended_at = "void", reason, clock.now()
    session.flush()
    _ended(session, subject, row, Action.AGREEMENT_VOIDED, reason)


def _voided(session: Session, subject: Actor, document: IssuedDocument, reason: str) -> None:
    """The register made the number void: the agreement is, too, unless it binds."""
    row = queries.by_document(session, document.id)
    if row is not None and row.status != "void":
        _void(session, subject, row, reason)


@internal("a job’s work")
def expire(session: Session) -> int:
    """End the agreements that were not signed in time; how many."""
    rows = queries.expired(session, clock.now())
    for row in rows:
        row.status, row.ended_at = "expired", clock.now()
        session.flush()
        _ended(session, SYSTEM, row, Action.AGREEMENT_EXPIRED, None)
        documents.give_up(session, SYSTEM, row.document_id, "It was not signed in time.")
    return len(rows)


@internal("follows from the end of an enrollment, in its transaction")
def void_waiting(
    session: Session, subject: Actor, enrollment_id: int, reason: str, *, keep_signed: bool = False
) -> None:
    """Make void what is being signed for an enrollment that ends. A refund still goes by what the student had signed
    at the withdrawal. `keep_signed` leaves what the student has signed, which binds them."""
    for row in queries.waiting(session, enrollment_id):
        if keep_signed and row.signed_at is not None:
            continue
        _void(session, subject, row, reason)
        documents.give_up(session, subject, row.document_id, reason)


@internal("a job’s work")
def give_up_unfinished(session: Session) -> int:
    """Make numbers void that a stopped server took for an agreement and left; how many."""
    numbers = queries.unfinished(session, terms.KIND, clock.now() - documents.ABANDONED_AFTER)
    for number in numbers:
        documents.give_up(session, SYSTEM, number, documents.UNFINISHED)
    return len(numbers)


def _ended(
    session: Session, subject: Actor, row: EnrollmentAgreement, action: Action, reason: str | None
) -> None:
    found = queries.one(session, row.id)
    if found is not None and found.left_at is None:
        notices.send_ended(session, found, reason)
    history.record(
        session,
        subject,
        action,
        row.id,
        student_id=row.student_id,
        enrollment_id=row.enrollment_id,
        reason=reason,
        number=found.number if found else "",
    )


def _offers(_session: Session, _subject: Subject, _student_id: int) -> Sequence[Offer]:
    """Agreements are prepared from the enrollment."""
    return ()


documents.register_kind(
    DocumentKind(
        name=terms.KIND,
        prefix="EA",
        title="Enrollment agreement",
        layout="agreement.typ",
        sample={
            "facts": [["Student", "Nguyễn Thị Bích"], ["Program", "Dental Assistant"]],
            "costs": [["Tuition", "Refundable by the refund policy", "$5,040.00"]],
            "total": "$5,040.00",
            "refund_title": "Pro rata",
            "refund_clause": "Tuition and fees are prorated.",
            "disclosures": [["Placement", "The school does not guarantee employment."]],
            "parties": [["Student", "Nguyễn Thị Bích"]],
        },
        offers=_offers,
        again=None,
        ended=_voided,
        keepers=policy.KEEPERS,
        waits=True,
    )
)
