"""Forms of credentials."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.web.field_types import OptionalId, RecordId, Text

Reason = Annotated[Text, Field(min_length=3, max_length=500)]


class IssueForm(BaseModel):
    """A credential for an enrollment. `request` names this act, so that sent twice it is one credential."""

    request: UUID
    type_id: Annotated[RecordId, Field(title="Credential")]
    replaces: OptionalId = None
    reason: Annotated[Text | None, Field(max_length=500)] = None


class RevokeForm(BaseModel):
    """Why a credential is revoked."""

    reason: Reason


class BulkForm(BaseModel):
    """A credential for students of a class; `request` names this act."""

    request: UUID
    type_id: Annotated[RecordId, Field(title="Credential")]
    enrollment_ids: Annotated[list[RecordId], Field(max_length=500, title="Students")] = []


class VerifyForm(BaseModel):
    """What a stranger has in hand: the number, the code, or both."""

    serial: Annotated[str | None, Field(max_length=40, title="Number")] = None
    code: Annotated[str | None, Field(max_length=40)] = None


class ButtonForm(BaseModel):
    """A form with nothing but its button."""
