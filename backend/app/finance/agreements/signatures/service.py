"""Signing: read and agreed to on screen, the name typed; the school's key witnesses each act in the file (PAdES).

Three steps, and no connection is held while a signature is made. What was checked before is checked again with the
row locked, so that of two who sign at once one wins and the other learns it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, history, mail, proof
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid
from app.core.files import FileStore, claims
from app.core.files.claims import Retention
from app.core.permissions import Subject, internal
from app.db.models import AgreementSignature, EnrollmentAgreement, IssuedDocument
from app.db.session import Database
from app.documents import service as documents
from app.enrollment import service as enrollment
from app.finance.agreements import paper, policy, queries, refund_terms, service
from app.finance.agreements.cosigners import queries as links
from app.finance.agreements.cosigners.link_mail import send_link
from app.finance.agreements.schemas import CountersignForm, SignForm
from app.finance.agreements.service import Agreement
from app.finance.agreements.terms import CONSENT
from app.rules import agreements as rules
from app.rules.agreements import FIELDS
from app.school import service as school
from app.settings import Settings
from app.web import formats

__all__ = ["Act", "Trace", "consent", "countersign", "sign", "sign_as"]

_MOVED_ON = {
    "awaiting_student": "The student has not signed yet. Nothing was signed.",
    "awaiting_cosigner": "This agreement waits for the cosigner’s signature. Nothing was signed.",
    "awaiting_school": "This agreement was signed already; it waits for the school. Nothing was changed.",
    "in_force": "This agreement is signed by everybody already. Nothing was changed.",
    "superseded": "A newer agreement has taken the place of this one. Nothing was signed.",
    "void": "The school made this agreement void. Nothing was signed. Ask the school’s office for a new one.",
    "expired": "The time to sign this agreement is over. Nothing was signed. Ask the school’s office for a new one.",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """Where an act came from."""

    ip: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class Act:
    """One signature to be made. `then` is the state after it; `link_id` the link that a cosigner used."""

    party: str
    user_id: int | None
    name: str
    title: str | None
    consented_at: datetime | None
    shown: str
    trace: Trace
    link_id: int | None = None


def consent(session: Session, subject: Subject, agreement_id: int) -> None:
    """Note that the student agrees to electronic records and signatures: before that nothing can be signed.

    Raises NotFound for other people's, Conflict for one that cannot be signed any more.
    """
    row = queries.locked(session, agreement_id)
    policy.require_own(subject, row.student_id if row else 0)
    found = service.read_any(session, agreement_id)
    _require(found.row, "awaiting_student")
    if found.row.consented_at is not None:
        return
    found.row.consented_at = clock.now()
    session.flush()
    history.record(
        session,
        subject,
        Action.AGREEMENT_CONSENTED,
        found.row.id,
        student_id=found.row.student_id,
        enrollment_id=found.row.enrollment_id,
        number=found.number,
        party="student",
    )


def sign(
    database: Database,
    subject: Subject,
    files: FileStore,
    settings: Settings,
    agreement_id: int,
    values: SignForm,
    trace: Trace,
) -> None:
    """The student signs: their first signature begins the time to cancel.

    Raises Invalid for another name, Conflict also for a program that they are leaving, NotFound.
    """
    with database.begin() as session:
        found = service.read_any(session, agreement_id)
        policy.require_own(subject, found.row.student_id)
        _require(found.row, "awaiting_student")
        if found.row.consented_at is None:
            raise Conflict("Agree to electronic records first; then you can sign. Nothing was signed.")
        _require_name(values.name, found.row.terms["student"])
        act = Act("student", subject.user_id, values.name, None, found.row.consented_at, values.shown, trace)
        session.expunge(found.row)
    sign_as(database, subject, files, settings, found, act)


def countersign(
    database: Database,
    subject: Subject,
    files: FileStore,
    settings: Settings,
    agreement_id: int,
    values: CountersignForm,
    trace: Trace,
) -> None:
    """The school signs: the agreement is in force, and the one that it supersedes is not.

    Raises ProofRequired, Forbidden (also for one's own), Invalid for another name, Conflict, NotFound.
    """
    with database.begin() as session:
        found = service.read_any(session, agreement_id)
        policy.require_sign_for_school(session, subject, found.row.student_id)
        if found.row.cosigner_email and found.row.cosigner_email.casefold() == subject.email.casefold():
            raise Forbidden(
                "You are this agreement’s cosigner, so somebody else signs for the school. Nothing was signed."
            )
        proof.require(subject, Action.AGREEMENT_COUNTERSIGNED, {})
        _require(found.row, "awaiting_school")
        _require_name(values.name, subject.full_name)
        act = Act("school", subject.user_id, values.name, values.title, None, values.shown, trace)
        session.expunge(found.row)
    sign_as(database, subject, files, settings, found, act)


@internal("the one way to a signature, for whoever was let so far")
def sign_as(
    database: Database,
    subject: Subject | None,
    files: FileStore,
    settings: Settings,
    found: Agreement,
    act: Act,
) -> None:
    """Put a signature into the file and write it down."""
    row = found.row
    if act.shown != row.file_sha256:
        raise Conflict(
            "The agreement on your screen is not the one that is to be signed. Nothing was signed. Reload the page and "
            "read it again."
        )
    now = clock.now()
    with database.begin() as session:
        known = school.facts(session)
        if act.party == "student":
            _require_same_refund_policy(session, row, now.astimezone(known.zone).date())
        _require_staying(session, row)
        key = documents.signing_key(session, settings)
    pdf = paper.fetch(database, files, subject, row, found.number)
    signed = documents.sign_party(
        settings,
        pdf,
        key,
        field=FIELDS[act.party],
        fields=found.fields,
        name=act.name,
        reason=_reason(found, act, now),
        place=act.trace.ip,
    )
    stored = files.put(signed.pdf)
    with database.begin() as session:
        # The enrollment first, as whoever processes a withdrawal does.
        _require_staying(session, row)
        locked = queries.locked(session, row.id)
        if locked is None or locked.status != row.status or locked.file_sha256 != row.file_sha256:
            raise Conflict(_MOVED_ON[locked.status] if locked else policy.NO_AGREEMENT)
        if act.link_id is not None:
            links.use(session, act.link_id, now)
        queries.add(
            session,
            AgreementSignature(
                agreement_id=locked.id,
                party=act.party,
                user_id=act.user_id,
                typed_name=act.name,
                title=act.title,
                consent=None if act.party == "school" else CONSENT,
                consented_at=act.consented_at,
                signed_at=now,
                ip=act.trace.ip,
                user_agent=(act.trace.user_agent or "")[:500] or None,
                shown_sha256=act.shown,
                file_sha256=stored.sha256,
            ),
        )
        claims.claim(
            session,
            stored,
            room=paper.ROOM,
            row=locked.id,
            retention=Retention.PERMANENT,
            media_type="application/pdf",
        )
        stamp = (
            None
            if signed.stamped is None
            else f"{signed.stamped.at.isoformat()} by {signed.stamped.authority}"
        )
        if act.party == "school":
            document = _bring_into_force(session, subject, locked, found, signed, stored, key, known.zone)
        else:
            document = None
            _next(session, locked, act, now, known.zone)
            locked.file_sha256 = stored.sha256
            session.flush()
        history.record(
            session,
            subject,
            Action.AGREEMENT_COUNTERSIGNED if act.party == "school" else Action.AGREEMENT_SIGNED,
            locked.id,
            student_id=locked.student_id,
            enrollment_id=locked.enrollment_id,
            number=found.number,
            party=act.party,
            name=act.name,
            ip=act.trace.ip,
            shown_sha256=act.shown,
            file_sha256=stored.sha256,
            cancellation_until=locked.cancellation_until if act.party == "student" else None,
            time_stamp=stamp,
        )
        _announce(session, settings, locked, found, document, act, known)


def _next(session: Session, row: EnrollmentAgreement, act: Act, now: datetime, zone: Any) -> None:
    """The state after the student's or the cosigner's signature."""
    if act.party == "student":
        first = queries.first_signature(session, row) or now
        row.status = "awaiting_cosigner" if row.cosigner_kind else "awaiting_school"
        row.signed_at = now
        agreed = refund_terms.of_terms(row.terms)
        row.cancellation_until = rules.cancellation_until(first, agreed.rule, zone, agreed.settings_in(zone))
    else:
        row.status = "awaiting_school"


def _bring_into_force(
    session: Session,
    subject: Subject | None,
    row: EnrollmentAgreement,
    found: Agreement,
    signed: Any,
    stored: Any,
    key: Any,
    zone: Any,
) -> IssuedDocument:
    """End the agreement in force, if there is one, and let this one take its place."""
    if subject is None:
        raise Conflict("Nobody is signed in to sign for the school.")
    now, today = clock.now(), clock.today(zone)
    old = queries.standing(session, row.enrollment_id)
    if old is not None:
        old = queries.locked(session, old.id)
    if old is not None:
        old.status, old.ended_at = "superseded", now
        session.flush()
        before = queries.one(session, old.id)
        history.record(
            session,
            subject,
            Action.AGREEMENT_SUPERSEDED,
            old.id,
            student_id=old.student_id,
            enrollment_id=old.enrollment_id,
            number=before.number if before else "",
            by=found.number,
        )
    row.status, row.countersigned_at, row.file_sha256 = "in_force", now, stored.sha256
    session.flush()
    return documents.finish_signing(
        session,
        subject,
        row.document_id,
        signed,
        stored,
        row.terms_sha256,
        key,
        today,
        replaces=old.document_id if old is not None else None,
    )


def _announce(
    session: Session,
    settings: Settings,
    row: EnrollmentAgreement,
    found: Agreement,
    document: IssuedDocument | None,
    act: Act,
    known: Any,
) -> None:
    """Mail to whoever comes next, and to the student."""
    if row.status == "awaiting_cosigner":
        send_link(session, settings, row, found.number)
    template = {"student": "agreement_signed", "school": "agreement_in_force"}.get(act.party)
    if template is None:
        return
    email = queries.email_of(session, row.student_id)
    mail.send(
        session,
        email,
        template,
        name=found.student,
        school=known.legal_name,
        program=found.program,
        number=found.number,
        page=f"{settings.app_origin}/agreements/{row.id}",
        until=_until(row, known.zone),
    )


def _until(row: EnrollmentAgreement, zone: Any) -> str | None:
    """The end of the time to cancel; None once it is over."""
    over = row.cancellation_until is None or row.cancellation_until < clock.now()
    return None if over else formats.local_time(row.cancellation_until, zone)


def _reason(found: Agreement, act: Act, now: datetime) -> str:
    """What readers of PDFs show of a signature."""
    capacity = {"student": "the student", "school": f"the school ({act.title})"}.get(
        act.party, f"the {found.row.cosigner_kind}"
    )
    agreed = (
        f"; agreed to electronic records at {act.consented_at:%Y-%m-%d %H:%M:%S} UTC"
        if act.consented_at
        else ""
    )
    return (
        f"{act.name} signed enrollment agreement {found.number} as {capacity} at {now:%Y-%m-%d %H:%M:%S} UTC{agreed}; "
        f"SHA-256 of the file as shown: {act.shown}"
    )


def _require_staying(session: Session, row: EnrollmentAgreement) -> None:
    """Nobody signs for a program that the student has left or is leaving: it would change what was agreed then. What
    they had signed when they completed it, the others still sign."""
    leaving = enrollment.why_leaving(session, row.enrollment_id, lock=True, signed=row.signed_at is not None)
    if leaving is not None:
        raise Conflict(f"{leaving} Nothing was signed.")


def _require(row: EnrollmentAgreement, status: str) -> None:
    if row.status != status:
        raise Conflict(_MOVED_ON[row.status])
    if status != "awaiting_school" and row.expires_at <= clock.now():
        raise Conflict(_MOVED_ON["expired"])


def _require_name(typed: str, name: str) -> None:
    if not rules.same_name(typed, name):
        sentence = f"Type the name as it stands in the agreement: {name}. Nothing was signed."
        raise Invalid(sentence, errors=[FieldError("name", sentence)])


def _require_same_refund_policy(session: Session, row: EnrollmentAgreement, day: Any) -> None:
    """What is signed today goes by the policy of today."""
    kept, found = refund_terms.of_terms(row.terms), refund_terms.on(session, day).agreed
    if (kept.policy, kept.readings) != (found.policy, found.readings):
        raise Conflict(
            "The refund policy has changed since this agreement was prepared, so it can no longer be signed. Nothing "
            "was signed. Ask the school’s office for a new one."
        )
