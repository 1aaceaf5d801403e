"""Every SQL statement about credentials that were issued, and what became of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import (
    Credential,
    CredentialEnding,
    CredentialIssue,
    CredentialType,
    Enrollment,
    EnrollmentStatus,
    Program,
    User,
)
from app.rules.admission_documents import SOON
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict("pk_credential_endings", "This credential was revoked or replaced already.")
register_conflict("uq_credential_issues_replaces_id", "This credential was replaced already.")
register_conflict(
    "fk_credential_issues_enrollment_id", "This enrollment earned a credential, which is kept permanently."
)

_By = aliased(Credential)


def standing(today: date) -> ColumnElement[str]:
    """`revoked`, `superseded`, `expired`, `expiring` or `valid`, for statements with `_listed`'s tables."""
    return case(
        (CredentialEnding.kind.is_not(None), CredentialEnding.kind),
        (CredentialIssue.expires_on < today, "expired"),
        (CredentialIssue.expires_on <= today + SOON, "expiring"),
        else_="valid",
    )


def _listed(today: date) -> Select[Any]:
    return (
        select(
            Credential.id,
            Credential.user_id,
            Credential.program_id,
            Credential.cert_serial.label("serial"),
            Credential.credential_type.label("name"),
            Credential.issued_at,
            User.full_name.label("student"),
            Program.name.label("program"),
            CredentialType.level,
            CredentialType.prefix,
            CredentialIssue.type_id,
            CredentialIssue.enrollment_id,
            CredentialIssue.document_id,
            CredentialIssue.full_name,
            CredentialIssue.expires_on,
            CredentialIssue.replaces_id,
            CredentialEnding.kind.label("ended"),
            CredentialEnding.reason,
            CredentialEnding.ended_at,
            CredentialEnding.replaced_by,
            _By.cert_serial.label("replaced_by_serial"),
            standing(today).label("standing"),
        )
        .join(User, User.id == Credential.user_id)
        .join(Program, Program.id == Credential.program_id)
        .outerjoin(CredentialIssue, CredentialIssue.credential_id == Credential.id)
        .outerjoin(CredentialType, CredentialType.id == CredentialIssue.type_id)
        .outerjoin(CredentialEnding, CredentialEnding.credential_id == Credential.id)
        .outerjoin(_By, _By.id == CredentialEnding.replaced_by)
    )


def listing(
    session: Session,
    paging: Paging,
    today: date,
    visible: ColumnElement[bool],
    *,
    wanted: str | None = None,
    program_id: int | None = None,
) -> Listing[Any]:
    """Everybody's credentials, the newest first unless sorted otherwise."""
    statement = _listed(today).where(
        visible, *matches(paging.q, User.search_text, Credential.cert_serial, Credential.credential_type)
    )
    if wanted is not None:
        statement = statement.where(standing(today) == wanted)
    if program_id is not None:
        statement = statement.where(Credential.program_id == program_id)
    order = paging.order(
        {
            "serial": Credential.cert_serial,
            "student": func.lower(User.full_name),
            "name": func.lower(Credential.credential_type),
            "issued": Credential.issued_at,
            "expires": CredentialIssue.expires_on,
            "standing": standing(today),
        },
        "-issued",
    )
    return Listing(session, statement.order_by(order, Credential.id.desc()), paging)


def one(session: Session, credential_id: int, today: date) -> Row[Any] | None:
    """One credential as a list shows it."""
    return session.execute(_listed(today).where(Credential.id == credential_id)).one_or_none()


def of_student(session: Session, user_id: int, today: date) -> Sequence[Row[Any]]:
    """A student's credentials, the newest first."""
    return session.execute(
        _listed(today)
        .where(Credential.user_id == user_id)
        .order_by(Credential.issued_at.desc().nulls_last(), Credential.id.desc())
    ).all()


def by_code(session: Session, code_hash: str, today: date) -> Row[Any] | None:
    return session.execute(_listed(today).where(CredentialIssue.code_hash == code_hash)).one_or_none()


def by_serial(session: Session, serial: str, today: date) -> Row[Any] | None:
    """The credential with a serial number; of several that came from elsewhere, the newest."""
    return session.execute(
        _listed(today).where(Credential.cert_serial == serial).order_by(Credential.id.desc()).limit(1)
    ).first()


def by_document(session: Session, document_id: int) -> int | None:
    """The credential whose diploma this document is."""
    return session.scalar(
        select(CredentialIssue.credential_id).where(CredentialIssue.document_id == document_id)
    )


def badge_of(session: Session, credential_id: int) -> str | None:
    """The signed badge."""
    return session.scalar(select(CredentialIssue.badge).where(CredentialIssue.credential_id == credential_id))


def type_of(session: Session, type_id: int | None) -> CredentialType | None:
    """The type of a credential; None for one that came from elsewhere."""
    return session.get(CredentialType, type_id) if type_id is not None else None


def by_badge_index(session: Session, number: int, index: int, today: date) -> Row[Any] | None:
    return session.execute(
        _listed(today).where(CredentialIssue.status_list == number, CredentialIssue.status_index == index)
    ).one_or_none()


# Issuing


def enrollment(session: Session, enrollment_id: int) -> Row[Any] | None:
    """An enrollment with its student and program, if the student has an account."""
    return session.execute(
        select(
            Enrollment.id,
            Enrollment.user_id,
            Enrollment.program_id,
            Enrollment.status,
            Enrollment.completed_at,
            User.full_name,
            User.email,
            Program.name.label("program"),
            Program.clock_hours,
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.id == enrollment_id, User.deleted_at.is_(None))
    ).one_or_none()


def latest_enrollment(session: Session, user_id: int, program_id: int) -> int | None:
    """The latest enrollment of a student in a program."""
    return session.scalar(
        select(Enrollment.id)
        .where(Enrollment.user_id == user_id, Enrollment.program_id == program_id)
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
        .limit(1)
    )


def enrollment_of(session: Session, email: str, program_id: int | None) -> int | None:
    """The latest enrollment of the student with an address, in a program or in any; completed ones first."""
    statement = (
        select(Enrollment.id)
        .join(User, User.id == Enrollment.user_id)
        .where(func.lower(User.email) == email.lower(), User.deleted_at.is_(None))
        .order_by(
            (Enrollment.status == EnrollmentStatus.COMPLETED).desc(),
            Enrollment.enrolled_at.desc(),
            Enrollment.id.desc(),
        )
        .limit(1)
    )
    if program_id is not None:
        statement = statement.where(Enrollment.program_id == program_id)
    return session.scalar(statement)


def lock_award(session: Session, type_id: int, enrollment_id: int) -> None:
    """Let nobody else issue the same to the same student until the transaction ends."""
    take_turn(session, f"credential {type_id} {enrollment_id}")


def held(session: Session, type_id: int, enrollment_id: int, today: date) -> str | None:
    """The serial number of a credential of this type that this enrollment has, and that is valid."""
    return session.scalar(
        select(Credential.cert_serial)
        .join(CredentialIssue, CredentialIssue.credential_id == Credential.id)
        .outerjoin(CredentialEnding, CredentialEnding.credential_id == Credential.id)
        .where(
            CredentialIssue.type_id == type_id,
            CredentialIssue.enrollment_id == enrollment_id,
            CredentialEnding.credential_id.is_(None),
            or_(CredentialIssue.expires_on.is_(None), CredentialIssue.expires_on >= today),
        )
        .limit(1)
    )


def last_serial(session: Session, prefix: str, year: int) -> int:
    """The highest serial number that credentials from elsewhere carry; 0 for none."""
    start = f"{prefix}-{year}-"
    number = func.substr(Credential.cert_serial, len(start) + 1)
    found = session.scalar(
        select(func.max(cast(number, Integer))).where(
            Credential.cert_serial.startswith(start, autoescape=True), number.regexp_match("^[0-9]{1,8}$")
        )
    )
    return found or 0


def has_serial(session: Session, serial: str) -> bool:
    return bool(session.scalar(select(exists().where(Credential.cert_serial == serial))))


def issued_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(CredentialIssue)) or 0


def is_taken(session: Session, number: int, index: int) -> bool:
    """Whether a bit of a status list belongs to a credential."""
    return bool(
        session.scalar(
            select(
                exists().where(CredentialIssue.status_list == number, CredentialIssue.status_index == index)
            )
        )
    )


def add(session: Session, *rows: Any) -> None:
    for row in rows:
        session.add(row)
        session.flush()


def revoked_bits(session: Session, number: int) -> Sequence[int]:
    """The bits of a list whose credentials were revoked or replaced."""
    return session.scalars(
        select(CredentialIssue.status_index)
        .join(CredentialEnding, CredentialEnding.credential_id == CredentialIssue.credential_id)
        .where(CredentialIssue.status_list == number)
        .order_by(CredentialIssue.status_index)
    ).all()


def has_list(session: Session, number: int) -> bool:
    return bool(session.scalar(select(exists().where(CredentialIssue.status_list == number))))
