"""Every SQL statement about the kinds of credentials."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, exists, func, or_, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict, register_invalid
from app.db.models import Credential, CredentialIssue, CredentialType, Program

register_conflict("uq_credential_types_name", "There is a type of credential with this name already.", "name")
register_conflict("uq_credential_types_prefix", "Another type of credential has this prefix.", "prefix")
register_conflict("fk_credential_types_program_id", "This program awards credentials and cannot be deleted.")
register_invalid("check_credential_types_prefix", "Use 2 to 6 letters, such as DAC.", "prefix")
register_invalid("check_credential_types_validity", "Enter 1 to 240 months.", "validity_months")


def listed(session: Session) -> Sequence[Row[Any]]:
    """Every type by name, with its program and how many were issued; archived ones last."""
    # A credential of an older system has no row of issue and is known by its name.
    issued = (
        select(func.count())
        .select_from(Credential)
        .outerjoin(CredentialIssue, CredentialIssue.credential_id == Credential.id)
        .where(
            func.coalesce(
                CredentialIssue.type_id == CredentialType.id,
                Credential.credential_type == CredentialType.name,
            )
        )
        .correlate(CredentialType)
        .scalar_subquery()
    )
    return session.execute(
        select(CredentialType, Program.name.label("program"), issued.label("issued"))
        .outerjoin(Program, Program.id == CredentialType.program_id)
        .order_by(CredentialType.archived_at.is_not(None), func.lower(CredentialType.name))
    ).all()


def for_program(session: Session, program_id: int) -> Sequence[CredentialType]:
    """The types in use that a program awards, its own first."""
    return session.scalars(
        select(CredentialType)
        .where(
            CredentialType.archived_at.is_(None),
            or_(CredentialType.program_id == program_id, CredentialType.program_id.is_(None)),
        )
        .order_by(CredentialType.program_id.is_(None), func.lower(CredentialType.name))
    ).all()


def find(session: Session, type_id: int) -> CredentialType | None:
    return session.get(CredentialType, type_id)


def by_prefix(session: Session, prefix: str) -> CredentialType | None:
    return session.scalars(select(CredentialType).where(CredentialType.prefix == prefix)).one_or_none()


def has_issued(session: Session, type_id: int) -> bool:
    """Whether a credential of this type has been issued."""
    return bool(session.scalar(select(exists().where(CredentialIssue.type_id == type_id))))


def program_names(session: Session) -> list[tuple[int, str]]:
    """Programs by name, for a choice."""
    rows = session.execute(select(Program.id, Program.name).order_by(func.lower(Program.name), Program.id))
    return [(row.id, row.name) for row in rows]
