"""Shapes of second factors."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.accounts.factors.passkeys import LONGEST_ANSWER
from app.accounts.schemas import PasswordInput
from app.web.field_types import Line, Text

Code = Annotated[str, Field(max_length=40)]
Answer = Annotated[str, Field(max_length=LONGEST_ANSWER)]
Name = Annotated[Line, Field(max_length=100)]
Address = Annotated[str, Field(max_length=2000)]


class PasskeyForm(BaseModel):
    """A passkey that the browser has made."""

    name: Name
    answer: Annotated[Answer, Field(title="Passkey")]


class AuthenticatorForm(BaseModel):
    """An authenticator app, with a code that shows it has the key."""

    name: Name
    sealed: Annotated[str, Field(max_length=1000)]
    code: Code


class PasskeySignInForm(BaseModel):
    """What a passkey answered."""

    answer: Answer
    next: Address = ""


class SecondStepForm(BaseModel):
    """The code of an app, or a recovery code."""

    code: Code
    next: Address = ""


class ProofForm(BaseModel):
    """Who is there: password and code, or a passkey. The names stand beside those of any other form."""

    proof_password: Annotated[PasswordInput, Field(title="Password")] = ""
    proof_code: Annotated[Code, Field(title="Code")] = ""
    proof_answer: Annotated[Answer, Field(title="Passkey")] = ""
    proof_target: Address = ""
    proof_method: Literal["get", "post"] = "get"


class AskedProofForm(ProofForm):
    """The same as it is shown: who fills in the fields fills in both."""

    proof_password: Annotated[PasswordInput, Field(title="Password")]
    proof_code: Annotated[Code, Field(title="Code")]


class ResetForm(BaseModel):
    """Why a person's factors should be removed."""

    reason: Annotated[Text, Field(min_length=1, max_length=500)]


class ProofIn(BaseModel):
    """The password and, for an account with a second factor, a code."""

    password: PasswordInput
    code: Code | None = None


class FactorOut(BaseModel):
    """A passkey or an authenticator app."""

    kind: Literal["passkey", "authenticator"]
    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


class FactorsOut(BaseModel):
    """One's own second factors, and how many recovery codes still work."""

    factors: list[FactorOut]
    recovery_codes_left: int
    required_from: Annotated[str | None, Field(description="The day from which one is required.")]
