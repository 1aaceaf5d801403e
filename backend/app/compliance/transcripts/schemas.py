"""Forms of the transcripts room."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from app.accounts.service import Email
from app.core.errors import FieldError, Invalid
from app.web.field_types import Line, OptionalId, Text

Delivery = Literal["link", "mail", "paper"]
DELIVERIES = (
    ("mail", "Email a secure link to the recipient"),
    ("link", "Give me a secure link to pass on"),
    ("paper", "Send it on paper by mail"),
)
DELIVERY_NAMES = {"mail": "Link by email", "link": "Link to pass on", "paper": "Paper by mail"}
Recipient = Annotated[Line, Field(min_length=2, max_length=200)]
"""One line: it stands in the subject of a mail and in the sentence of consent."""


class IssueForm(BaseModel):
    """`request` names this act, so that sent twice it is one transcript."""

    request: UUID
    replaces: OptionalId = None


class RequestForm(BaseModel):
    """What a student asks for, and their consent."""

    enrollment_id: Annotated[int, Field(ge=1, le=2**31 - 1, title="Program")]
    delivery: Annotated[Delivery, Field(title="Delivery")]
    recipient: Annotated[Recipient, Field(title="Recipient")]
    recipient_email: Annotated[Email | None, Field(title="Recipient’s email address")] = None
    recipient_address: Annotated[
        Annotated[Text, Field(max_length=400)] | None, Field(title="Recipient’s mailing address")
    ] = None
    purpose: Annotated[Line, Field(min_length=2, title="Purpose")]
    consent: Annotated[bool, Field(title="Consent")] = False

    def require_complete(self) -> None:
        """Raises Invalid where the delivery lacks its address, or the student did not agree."""
        errors = []
        if self.delivery == "mail" and not self.recipient_email:
            errors.append(FieldError("recipient_email", "Enter the email address that the link goes to."))
        if self.delivery == "paper" and not self.recipient_address:
            errors.append(FieldError("recipient_address", "Enter the address that the paper goes to."))
        if not self.consent:
            errors.append(
                FieldError("consent", "Without your consent the school may not release your transcript.")
            )
        if errors:
            raise Invalid(" ".join(one.message for one in errors), errors=errors)


class NoteForm(BaseModel):
    """Why a request is declined."""

    note: Annotated[Text, Field(min_length=3, max_length=500, title="Reason")]


class HoldForm(BaseModel):
    """Why transcripts are held back."""

    reason: Annotated[Line, Field(min_length=3, title="Reason")]


class LiftForm(BaseModel):
    """What is said when a hold is lifted."""

    note: Annotated[Text, Field(max_length=300)] | None = None


class ShareForm(BaseModel):
    """To whom a link is given, and for how long."""

    recipient: Annotated[Recipient, Field(title="Recipient")]
    days: Annotated[int, Field(ge=1, le=90, title="Days")] = 30


class BatchForm(BaseModel):
    """Whose transcripts: those of a class, or of everybody who graduated from a program."""

    program_id: OptionalId = None
    class_id: OptionalId = None

    @model_validator(mode="after")
    def _one(self) -> "BatchForm":
        if (self.program_id is None) == (self.class_id is None):
            raise ValueError("Choose a program or a class.")
        return self


class LookForm(BaseModel):
    """What the public page is asked: a number, with its code or the SHA-256 of a file."""

    number: Annotated[str, Field(max_length=40, title="Number")] = ""
    code: Annotated[str, Field(max_length=40, title="Code")] = ""
    sha256: Annotated[str, Field(max_length=64)] = ""


class TokenForm(BaseModel):
    """The secret of a link, which comes from the part of the address that is in no log."""

    token: Annotated[str, Field(max_length=100)] = ""
