"""Shapes of what people send about enrollment agreements."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, EmailStr, Field

from app.web.field_types import Day, Line, RecordId, Text, blank_is_none

_OptionalLine = Annotated[Line | None, BeforeValidator(blank_is_none)]


class PrepareForm(BaseModel):
    """What an agreement needs beside what the school knows. `request` names the act: sent twice, it is one."""

    request: UUID
    starts_on: Annotated[Day, Field(title="First day")]
    ends_on: Annotated[Day, Field(title="Expected last day")]
    schedule: Annotated[Line, Field(title="Schedule", max_length=200)]
    payment: Annotated[Text, Field(title="How it is paid", min_length=3, max_length=600)]
    cosigner_kind: Annotated[
        Literal["parent", "sponsor"] | None, BeforeValidator(blank_is_none), Field(title="Who else signs")
    ] = None
    cosigner_name: Annotated[_OptionalLine, Field(title="Cosigner’s name")] = None
    cosigner_email: Annotated[
        Annotated[EmailStr, Field(max_length=255)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Cosigner’s email"),
    ] = None


class ConsentForm(BaseModel):
    """Agreeing to electronic records; the box has to be checked."""

    consent: Annotated[Literal["yes"], Field(title="Electronic records")]


class SignForm(BaseModel):
    """A signature: the name as typed, and which file was shown."""

    name: Annotated[Line, Field(title="Your full name")]
    shown: Annotated[str, Field(max_length=64)]
    agree: Annotated[Literal["yes"], Field(title="I agree")]


class CountersignForm(BaseModel):
    """The school's signature."""

    name: Annotated[Line, Field(title="Your full name")]
    title: Annotated[Line, Field(title="Your title", max_length=100)]
    shown: Annotated[str, Field(max_length=64)]


class VoidForm(BaseModel):
    """Why an agreement is made void."""

    reason: Annotated[Text, Field(title="Reason", min_length=3, max_length=500)]


class WordingForm(BaseModel):
    """A new version of what agreements disclose."""

    disclosures: Annotated[Text, Field(title="Disclosures", min_length=5)]
    sign_within_days: Annotated[int, Field(title="Days to sign", ge=1, le=90)]
    effective_from: Annotated[Day, Field(title="Effective from")]
    approved_by: Annotated[Line, Field(title="Approved by", max_length=120)]


class SignatureOut(BaseModel):
    """One signature with its evidence."""

    party: str
    name: str
    title: str | None
    signed_at: datetime
    consented_at: datetime | None
    ip: str | None
    user_agent: str | None
    shown_sha256: str
    file_sha256: str


class AgreementOut(BaseModel):
    """An agreement: its state, what was agreed, and who has signed."""

    id: RecordId
    number: str
    status: str
    enrollment_id: RecordId
    student_id: RecordId
    student: str
    program: str
    refund_policy: str
    shown_sha256: str
    file_sha256: str
    prepared_at: datetime
    expires_at: datetime
    signed_at: datetime | None
    cancellation_until: datetime | None
    countersigned_at: datetime | None
    ended_at: datetime | None
    void_reason: str | None
    supersedes_id: int | None
    terms: dict[str, Any]
    signatures: list[SignatureOut]
