"""What a diploma says, from the records as they are, and why there may be none."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.credentials import policy
from app.compliance.credentials.awards import queries
from app.compliance.credentials.types import queries as types
from app.core import clock
from app.core.errors import Conflict, Invalid, NotFound
from app.core.files import FileStore
from app.core.permissions import Actor
from app.db.models import CredentialType, EnrollmentStatus
from app.documents import service as documents
from app.documents.service import Draft, Letterhead
from app.rules import validity
from app.rules.days import long_date
from app.school import service as school
from app.settings import Settings

KIND = "credential"
NOTHING = "No credential was issued."
VERIFY = "/credentials/verify"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a type for an enrollment, in the place of another credential or of none."""

    type_id: int
    enrollment_id: int
    request: UUID
    replaces: int | None = None
    reason: str = ""
    """Why another one takes its place."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is known before the number is taken."""

    row: Row[Any]
    """The enrollment with its student and program."""
    type: CredentialType
    full_name: str
    today: date
    expires_on: date | None
    code: str
    draft: Draft
    website: str
    replaced: Row[Any] | None


def prepare(
    session: Session,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    wanted: Wanted,
    code: str,
) -> Prepared:
    """Read what the diploma says, and refuse what the school does not award. Raises Forbidden, NotFound, Conflict."""
    policy.require_issue(subject)
    row = queries.enrollment(session, wanted.enrollment_id)
    if row is None:
        raise NotFound("There is no such enrollment, or you don’t have access to it.")
    policy.require_issue(subject, row.user_id)
    kind = types.find(session, wanted.type_id)
    if kind is None:
        raise NotFound(policy.NO_TYPE)
    _require_earned(row, kind)
    facts = school.facts(session)
    letterhead = school.letterhead(session, files)
    _require_printable(letterhead, facts.city, facts.state)
    today = clock.today(letterhead.zone)
    replaced = _replaced(session, row, kind, wanted, today)
    require_none_held(session, kind, row.id, today, replaced)
    expires_on = validity.last_day(today, kind.validity_months) if kind.validity_months else None
    full_name = accounts.name_on(session, row.user_id, today)
    documents.begin_after(
        session, series(kind.prefix), today.year, queries.last_serial(session, kind.prefix, today.year)
    )
    draft = Draft(
        kind=series(kind.prefix),
        student_id=row.user_id,
        enrollment_id=row.id,
        letterhead=letterhead,
        facts=_words(settings, row, kind, full_name, f"{facts.city}, {facts.state}", expires_on, code),
        machine={
            "student": full_name,
            "credential": kind.name,
            "level": kind.level,
            "program": row.program,
            "completed_on": row.completed_at.isoformat() if row.completed_at else None,
            "clock_hours": row.clock_hours,
            "place": f"{facts.city}, {facts.state}",
            "expires_on": expires_on.isoformat() if expires_on else None,
        },
    )
    return Prepared(row, kind, full_name, today, expires_on, code, draft, facts.website, replaced)


def series(prefix: str) -> str:
    """The kind of document whose numbers begin with a prefix."""
    return f"{KIND}/{prefix}"


def require_none_held(
    session: Session, kind: CredentialType, enrollment_id: int, today: date, replaced: Row[Any] | None
) -> None:
    """Raises Conflict while the student holds a valid one that this one would not replace."""
    held = queries.held(session, kind.id, enrollment_id, today)
    if held is not None and (replaced is None or held != replaced.serial):
        raise Conflict(
            f"The student already holds {held}, which is valid. {NOTHING} To renew or correct it, open it and choose "
            "Replace."
        )


def _require_earned(row: Row[Any], kind: CredentialType) -> None:
    if kind.archived_at is not None:
        raise Conflict(f"The school no longer awards {kind.name}. {NOTHING}")
    if kind.program_id is not None and kind.program_id != row.program_id:
        raise Conflict(f"{kind.name} is awarded by another program than {row.program}. {NOTHING}")
    if row.status is EnrollmentStatus.WITHDRAWN:
        raise Conflict(f"{row.full_name} withdrew from {row.program}. {NOTHING}")
    if kind.requires_completion and row.status is not EnrollmentStatus.COMPLETED:
        raise Conflict(
            f"{row.full_name} has not completed {row.program} yet. {NOTHING} Complete the enrollment first."
        )


def _require_printable(letterhead: Letterhead, city: str, state: str) -> None:
    """What GNPEC Standard 5 wants on a credential, beside what the draft has in any case."""
    if not letterhead.signatory_name:
        raise Conflict(
            f"A credential needs an authorized signature, and nobody signs for the school today. {NOTHING} Add a "
            "signatory under School."
        )
    if not (city and state):
        raise Conflict(
            f"A credential names the school’s city and state. {NOTHING} Enter the address under School."
        )


def _replaced(
    session: Session, row: Row[Any], kind: CredentialType, wanted: Wanted, today: date
) -> Row[Any] | None:
    if wanted.replaces is None:
        return None
    if not wanted.reason:
        raise Invalid(f"Enter why the credential is replaced. {NOTHING}")
    old = queries.one(session, wanted.replaces, today)
    # A type may have got another name since; what an older system issued has nothing but its name.
    same = old is not None and (old.type_id == kind.id if old.type_id is not None else old.name == kind.name)
    if old is None or not same or (old.user_id, old.program_id) != (row.user_id, row.program_id):
        raise Conflict(f"The credential to replace is another student’s or of another type. {NOTHING}")
    if old.ended is not None:
        raise Conflict(f"The credential to replace was {old.ended} already. {NOTHING}")
    return old


def _words(
    settings: Settings,
    row: Row[Any],
    kind: CredentialType,
    full_name: str,
    place: str,
    expires_on: date | None,
    code: str,
) -> dict[str, Any]:
    done = row.status is EnrollmentStatus.COMPLETED
    hours = f" of {row.clock_hours:,} clock hours" if row.clock_hours and done else ""
    ended = f" on {long_date(row.completed_at)}" if done and row.completed_at else ""
    return {
        "name": full_name,
        "level": kind.level,
        "award": kind.name,
        "program": f"Program: {row.program}",
        "place": place,
        "statement": f"completed the program{hours}{ended} and is awarded"
        if kind.requires_completion
        else "met the requirements and is awarded",
        "expires": long_date(expires_on) if expires_on else "",
        "qr": documents.qr_svg(f"{settings.app_origin}{VERIFY}#{code}"),
        "code": documents.as_printed(code),
        "verify_at": f"{settings.app_origin}{VERIFY}".removeprefix("https://"),
    }
