"""Preparing an agreement: from the program, its fees, the policies of today, to the document that is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, history, mail
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound, Problem
from app.core.files import FileStore, claims
from app.core.files.claims import Retention
from app.core.permissions import Subject
from app.db.models import EnrollmentAgreement
from app.db.session import Database
from app.documents import service as documents
from app.documents.service import Draft
from app.enrollment import service as enrollment
from app.finance.agreements import paper, policy, queries, refund_terms, terms
from app.finance.agreements.fees import queries as fees
from app.finance.agreements.proposals.queries import is_of_staff
from app.finance.agreements.refund_terms import InForce
from app.finance.agreements.schemas import PrepareForm
from app.rules import agreements as rules
from app.rules.agreements import FIELDS
from app.rules.days import long_date
from app.school import service as school
from app.school.service import PolicyKind
from app.school.service import policies as dated
from app.settings import Settings

__all__ = ["Proposal", "may_begin", "prepare", "preview", "proposal"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the form to prepare an agreement begins with."""

    row: Row[Any]
    fees: Sequence[Any]
    needs_parent: bool
    supersedes: EnrollmentAgreement | None
    waiting: bool
    refund: InForce


def proposal(session: Session, subject: Subject, enrollment_id: int) -> Proposal:
    """What would be agreed for an enrollment. Raises NotFound, Forbidden, Conflict for one that has ended or is about
    to."""
    row = queries.facts(session, enrollment_id)
    if row is None:
        raise NotFound(policy.NO_ENROLLMENT)
    policy.require_prepare(session, subject, row.user_id)
    _require_staying(session, enrollment_id)
    today = clock.today(school.facts(session).zone)
    return Proposal(
        row,
        fees.of_program(session, row.program_id),
        rules.needs_parent(row.birth_date, today),
        queries.standing(session, enrollment_id),
        queries.is_waiting(session, enrollment_id),
        refund_terms.on(session, today),
    )


def may_begin(session: Session, subject: Subject, enrollment_id: int) -> bool:
    """Whether the person could prepare an agreement for an enrollment now. Raises NotFound."""
    row = queries.facts(session, enrollment_id)
    if row is None:
        raise NotFound(policy.NO_ENROLLMENT)
    policy.require_read(session, subject, row.user_id)
    return (
        policy.may_prepare(subject)
        and subject.user_id != row.user_id
        and enrollment.why_leaving(session, enrollment_id) is None
        and not queries.is_waiting(session, enrollment_id)
    )


def _require_staying(session: Session, enrollment_id: int, *, lock: bool = False) -> None:
    leaving = enrollment.why_leaving(session, enrollment_id, lock=lock)
    if leaving is not None:
        raise Conflict(f"{leaving} Nothing was sent.")


def _terms(
    session: Session, subject: Subject, enrollment_id: int, values: PrepareForm
) -> tuple[Proposal, Any, Any]:
    found = proposal(session, subject, enrollment_id)
    if values.ends_on <= values.starts_on:
        raise _wrong("ends_on", "The last day must be after the first day.")
    if found.needs_parent and values.cosigner_kind != "parent":
        raise _wrong(
            "cosigner_kind",
            "The student is under 18, so a parent or guardian must also sign. Choose Parent or guardian.",
        )
    given = (values.cosigner_kind, values.cosigner_name, values.cosigner_email)
    if any(given) and not all(given):
        field = next(
            name
            for name, value in zip(("cosigner_kind", "cosigner_name", "cosigner_email"), given, strict=True)
            if not value
        )
        raise _wrong(field, "Give the cosigner’s kind, name and email, or leave all three empty.")
    if values.cosigner_email and values.cosigner_email.casefold() == found.row.email.casefold():
        raise _wrong("cosigner_email", "This is the student’s own address. A cosigner signs from their own.")
    if values.cosigner_email and is_of_staff(session, values.cosigner_email):
        raise _wrong(
            "cosigner_email",
            "This is the address of somebody who works for the school, which signs for itself. Give another one.",
        )
    _require_kept_fees(found.fees)
    wording = dated.at(session, PolicyKind.AGREEMENT, clock.today(school.facts(session).zone))
    said = terms.build(found.row, terms.fees_of(found.fees), wording.values, found.refund.agreed, values)
    return found, wording, said


def _require_kept_fees(fees: Sequence[Any]) -> None:
    """An agreement does not call a fee nonrefundable that a refund gives back."""
    for fee in fees:
        sentence = rules.why_not_fee(
            fee.kind, fee.amount_cents, refundable=fee.refundable, disclosed=fee.disclosed
        )
        if sentence is not None:
            raise Conflict(f"{fee.name}: {sentence} End this fee and add it again. Nothing was sent.")


def preview(
    session: Session, subject: Subject, files: FileStore, enrollment_id: int, values: PrepareForm
) -> Draft:
    """The agreement as it would be sent. Raises as `prepare` does."""
    found, _, said = _terms(session, subject, enrollment_id, values)
    return terms.draft(said, school.letterhead(session, files), found.row.user_id, enrollment_id)


def prepare(
    database: Database,
    subject: Subject,
    files: FileStore,
    settings: Settings,
    enrollment_id: int,
    values: PrepareForm,
) -> int:
    """Make the document that is to be signed and send it to the student; the number of the row.

    No connection is held while it is drawn. The same `request` twice is one agreement. Raises Invalid, Conflict while
    another one for this enrollment waits for signatures, NotFound, Forbidden.
    """
    with database.begin() as session:
        before = documents.asked_before(session, values.request)
        if before is not None:
            if before.student_id is None:
                raise Conflict("This form was sent before for something else. Nothing was prepared.")
            policy.require_prepare(session, subject, before.student_id)
            made = queries.by_document(session, before.id)
            if made is None:
                raise Conflict(
                    "This agreement is being made at this moment, or could not be made. Look at the list."
                )
            return made.id
        found, wording, said = _terms(session, subject, enrollment_id, values)
        if found.waiting:
            raise Conflict(
                "An agreement for this enrollment waits for signatures already. Nothing was sent. Make that one void "
                "first, or let it be signed."
            )
        draft = terms.draft(said, school.letterhead(session, files), found.row.user_id, enrollment_id)
        today = clock.today(draft.letterhead.zone)
        document_id, number = documents.begin_signing(session, subject, draft, today, values.request)
        supersedes = found.supersedes.id if found.supersedes else None
        dated.used(session, wording)
        found.refund.used(session)
    try:
        parties = rules.parties(cosigner=values.cosigner_kind is not None)
        pdf, facts_sha256 = documents.presented(
            settings, draft, number, today, [FIELDS[one] for one in parties]
        )
        stored = files.put(pdf)
        with database.begin() as session:
            _require_staying(session, enrollment_id, lock=True)
            row = EnrollmentAgreement(
                document_id=document_id,
                enrollment_id=enrollment_id,
                student_id=draft.student_id,
                terms=said,
                terms_sha256=facts_sha256,
                policy_id=wording.id,
                refund_policy=found.refund.agreed.name,
                shown_sha256=stored.sha256,
                file_sha256=stored.sha256,
                cosigner_kind=values.cosigner_kind,
                cosigner_name=values.cosigner_name,
                cosigner_email=values.cosigner_email,
                supersedes_id=supersedes,
                prepared_by=subject.user_id,
                prepared_at=clock.now(),
                expires_at=_end_of(today, wording.values.sign_within_days, draft.letterhead.zone),
            )
            queries.add(session, row)
            claims.claim(
                session,
                stored,
                room=paper.ROOM,
                row=row.id,
                retention=Retention.PERMANENT,
                media_type="application/pdf",
            )
            history.record(
                session,
                subject,
                Action.AGREEMENT_SENT,
                row.id,
                student_id=row.student_id,
                enrollment_id=enrollment_id,
                number=number,
                shown_sha256=stored.sha256,
                refund_policy=row.refund_policy,
                total_cents=said["total_cents"],
                cosigner=values.cosigner_name,
            )
            mail.send(
                session,
                found.row.email,
                "agreement_to_sign",
                name=found.row.student,
                school=draft.letterhead.legal_name,
                program=found.row.program,
                page=f"{settings.app_origin}/agreements/{row.id}",
                until=_said(row.expires_at, draft.letterhead.zone),
            )
            return row.id
    except Exception as error:
        reason = error.detail if isinstance(error, Problem) else f"The system failed: {type(error).__name__}."
        with database.begin() as session:
            documents.give_up(session, subject, document_id, reason)
        raise


def _end_of(today: date, days: int, zone: Any) -> datetime:
    """The end of the last day, so that nobody has to count hours."""
    return datetime.combine(today + timedelta(days=days + 1), time(), zone).astimezone(UTC)


def _said(moment: datetime, zone: Any) -> str:
    local = (moment - timedelta(seconds=1)).astimezone(zone)
    return long_date(local)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
