"""A parent or sponsor signs by a link: no account, one agreement, once, until it expires.

The secret is in the mail alone; the database has its hash. Whoever opens the link sees the agreement, which the student
knows that they see: it names them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.core import clock, history, limits
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.files import FileStore
from app.core.limits import Limit
from app.core.permissions import Subject, internal
from app.core.tokens import hash_token
from app.db.models import AgreementLink, EnrollmentAgreement
from app.db.session import Database
from app.enrollment import service as enrollment
from app.finance.agreements import paper, policy, service
from app.finance.agreements import queries as agreements
from app.finance.agreements.cosigners import queries
from app.finance.agreements.cosigners.link_mail import send_link
from app.finance.agreements.schemas import SignForm
from app.finance.agreements.service import Agreement
from app.finance.agreements.signatures.service import Act, Trace, sign_as
from app.rules import agreements as rules
from app.settings import Settings

__all__ = ["Seen", "consent", "content", "count_use", "look", "resend", "sign"]

NO_LINK = (
    "This link is not complete, or it was replaced by a newer one. Nothing was changed. Open the newest email from the "
    "school, or ask the school’s office for a new link."
)
OPENED = Limit(
    "a cosigner's link",
    40,
    timedelta(minutes=30),
    "This link was opened too often. Nothing was changed. Wait {wait} and try again.",
)
_OVER = {
    "expired": "This link has expired, so nothing was signed. Ask the school’s office for a new one.",
    "revoked": "This link was replaced, or the agreement was withdrawn, so nothing was signed. Open the newest email "
    "from the school, or ask its office.",
    "used": "You have signed this agreement already. Nothing was changed.",
    "signed": "You have signed this agreement, and the link has expired since. Nothing was changed. Ask the school’s "
    "office for a copy.",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a cosigner's page shows. `state` is open, used (until the link expires), signed (since then), expired or
    revoked; the first two show the agreement."""

    state: str
    link_id: int
    consented_at: datetime | None
    agreement: Agreement | None


@internal("counts, before anything is looked at")
def count_use(session: Session, secret: str) -> None:
    """Count one use of a link, in a transaction of its own. Raises TooManyRequests for one that is used too often."""
    wait = limits.take(session, [(OPENED, hash_token(secret))])
    if wait is not None:
        raise wait.problem()


@internal("whoever has the secret of a link may see what it is for")
def look(session: Session, secret: str, subject: Subject | None) -> Seen:
    """What a link is for. Raises NotFound for a secret that was never one, Forbidden for somebody who is signed in:
    the student does not sign for their parent."""
    link, found = _found(session, secret, subject)
    state = _state(link, found.row)
    if state not in ("open", "used"):
        history.record_once(
            session,
            None,
            Action.AGREEMENT_LINK_REFUSED,
            link.id,
            key=f"agreement link {link.id} {state}",
            within=timedelta(hours=1),
            student_id=found.row.student_id,
            number=found.number,
            why=state,
        )
        return Seen(state, link.id, None, None)
    return Seen(state, link.id, link.consented_at, found)


@internal("whoever has the secret of a link may agree to electronic records")
def consent(session: Session, secret: str, subject: Subject | None) -> None:
    """Note that the cosigner agrees to electronic records and signatures. Raises as `look`, Conflict."""
    link, found = _found(session, secret, subject)
    _require_open(link, found.row)
    if link.consented_at is None:
        link.consented_at = clock.now()
        session.flush()
        history.record(
            session,
            None,
            Action.AGREEMENT_CONSENTED,
            found.row.id,
            student_id=found.row.student_id,
            enrollment_id=found.row.enrollment_id,
            number=found.number,
            party="cosigner",
        )


@internal("whoever has the secret of a link may sign what it is for, once")
def sign(
    database: Database,
    secret: str,
    subject: Subject | None,
    files: FileStore,
    settings: Settings,
    values: SignForm,
    trace: Trace,
) -> None:
    """The cosigner signs. Raises Invalid for another name, Conflict for a link that is over, as `look` does."""
    with database.begin() as session:
        link, found = _found(session, secret, subject)
        _require_open(link, found.row)
        if link.consented_at is None:
            raise Conflict("Agree to electronic records first; then you can sign. Nothing was signed.")
        name = found.row.cosigner_name or ""
        if not rules.same_name(values.name, name):
            sentence = f"Type the name as it stands in the agreement: {name}. Nothing was signed."
            raise Invalid(sentence, errors=[FieldError("name", sentence)])
        act = Act(
            "cosigner",
            None,
            values.name,
            found.row.cosigner_kind,
            link.consented_at,
            values.shown,
            trace,
            link.id,
        )
        session.expunge(found.row)
    sign_as(database, None, files, settings, found, act)


@internal("whoever has the secret of a link may have the file")
def content(database: Database, secret: str, subject: Subject | None, files: FileStore) -> tuple[str, bytes]:
    """Number and file of the agreement behind a link. Raises as `look`, Conflict for a link that is over."""
    with database.begin() as session:
        link, found = _found(session, secret, subject)
        state = _state(link, found.row)
        if state not in ("open", "used"):
            raise Conflict(_OVER[state])
        session.expunge(found.row)
    return found.number, paper.fetch(database, files, None, found.row, found.number)


def resend(session: Session, subject: Subject, settings: Settings, agreement_id: int) -> None:
    """A new link for the cosigner; older ones stop working. Raises NotFound, Forbidden, Conflict."""
    row = agreements.locked(session, agreement_id)
    if row is None:
        raise NotFound(policy.NO_AGREEMENT)
    policy.require_read(session, subject, row.student_id)
    policy.require_prepare(session, subject, row.student_id)
    if row.status != "awaiting_cosigner" or row.expires_at <= clock.now():
        raise Conflict("This agreement does not wait for a cosigner. No link was sent.")
    leaving = enrollment.why_leaving(session, row.enrollment_id, signed=row.signed_at is not None)
    if leaving is not None:
        raise Conflict(f"{leaving} No link was sent.")
    send_link(session, settings, row, service.read_any(session, agreement_id).number)


def _found(session: Session, secret: str, subject: Subject | None) -> tuple[AgreementLink, Agreement]:
    if subject is not None:
        raise Forbidden(
            "This link is for the parent or sponsor, and you are signed in at the school. Nothing was changed. They "
            "open it in their own browser, without signing in."
        )
    link = queries.by_hash(session, hash_token(secret))
    if link is None:
        raise NotFound(NO_LINK)
    return link, service.read_any(session, link.agreement_id)


def _state(link: AgreementLink, row: EnrollmentAgreement) -> str:
    if link.used_at is not None:
        return "signed" if link.expires_at <= clock.now() else "used"
    if link.revoked_at is not None or row.status not in ("awaiting_cosigner", "expired"):
        return "revoked"
    if link.expires_at <= clock.now() or row.status == "expired":
        return "expired"
    return "open"


def _require_open(link: AgreementLink, row: EnrollmentAgreement) -> None:
    state = _state(link, row)
    if state != "open":
        raise Conflict(_OVER[state])
