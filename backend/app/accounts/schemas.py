"""Shapes that accounts take in and give out."""

from datetime import datetime
from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.accounts.passwords import APPLICANT, NO_PASSWORD
from app.core.permissions import Duty, Permission, Role, internal
from app.core.purposes import Purpose
from app.db.models import User
from app.web.field_types import Line

LONGEST_TOKEN_DAYS = 365
LONGEST_PASSWORD_INPUT = 1000
"""Longer input is no password; the rule itself says what is."""


@internal("tidies a text")
def tidy_email(text: str) -> str:
    """An email address as accounts keep it: lower case, plain letters. Raises ValueError with a sentence."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        raise ValueError("Enter an email address such as name@example.org.") from None
    address = (found.ascii_email or found.normalized).lower()
    if len(address) > 255:
        raise ValueError("This email address is too long.")
    return address


Email = Annotated[str, AfterValidator(tidy_email), Field(max_length=320)]
PasswordInput = Annotated[str, Field(max_length=LONGEST_PASSWORD_INPUT)]
FullName = Annotated[Line, Field(max_length=255)]


class SignInForm(BaseModel):
    """Email address and password."""

    email: Annotated[Line, Field(title="Email address", max_length=320)]
    password: PasswordInput
    next: Annotated[str, Field(max_length=2000)] = ""


class ForgotForm(BaseModel):
    """Where to send a link to set a new password."""

    email: Annotated[Email, Field(title="Email address")]


class SetPasswordForm(BaseModel):
    """A first or a new password."""

    password: PasswordInput


class ChangePasswordForm(BaseModel):
    """Another password, with the present one."""

    current_password: Annotated[PasswordInput, Field(title="Current password")]
    new_password: PasswordInput


class PersonForm(BaseModel):
    """A person to add or change."""

    full_name: Annotated[FullName, Field(title="Full legal name")]
    email: Annotated[Email, Field(title="Email address")]
    role: Role


class NewPersonForm(PersonForm):
    """A person to add."""

    duty: Duty | None = None


class PurposeForm(BaseModel):
    """What the person looks at students' records for, and the page to go back to."""

    purpose: Purpose
    next: Annotated[str, Field(max_length=2000)] = "/"


class TokenForm(BaseModel):
    """A token to make, with the permissions it gets of its owner's."""

    name: Annotated[Line, Field(max_length=100)]
    lifetime_days: Annotated[int, Field(ge=1, le=LONGEST_TOKEN_DAYS, title="Works for")]
    access: Annotated[Literal["read", "change"], Field(title="Access")]
    scopes: frozenset[Permission] = frozenset()


class PersonOut(BaseModel):
    """An account."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    email: str
    full_name: str
    role: Role
    status: Annotated[
        str, Field(description="`active`, `invited` (no password yet), `applicant` or `deleted`.")
    ]
    created_at: datetime
    last_sign_in_at: datetime | None
    deleted_at: datetime | None

    @classmethod
    def of(cls, user: User) -> "PersonOut":
        return cls(
            id=user.id,
            email=user.email,
            full_name=user.full_name,
            role=user.role,
            status=status_of(user),
            created_at=user.created_at,
            last_sign_in_at=user.last_sign_in_at,
            deleted_at=user.deleted_at,
        )


@internal("reads a record that one has")
def status_of(user: User) -> str:
    """`deleted`, `applicant`, `invited` or `active`."""
    if user.deleted_at is not None:
        return "deleted"
    if user.hashed_password == APPLICANT:
        return "applicant"
    return "invited" if user.hashed_password == NO_PASSWORD else "active"
