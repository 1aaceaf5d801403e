"""What is typed about disclosures, consents and requests."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.datastructures import UploadFile

from app.web.field_types import Day, Line, RecordId, Text, blank_is_none, chosen

Some = Annotated[Text, Field(min_length=3, max_length=4_000)]
MOST_STUDENTS = 2_000
"""Students of one disclosure: a whole school that an authority audits comes as several."""


class ButtonForm(BaseModel):
    """A form with nothing but its button."""


class DirectoryForm(BaseModel):
    """Whether directory information is held back from now on: a second tap of the same button changes nothing."""

    hidden: Literal["yes", "no"]


class DisclosureFields(BaseModel):
    """Who was given which records, when, and on which ground."""

    made_on: Day = Field(title="Day")
    recipient: Annotated[Line, Field(title="Who received or asked for them")]
    interest: Annotated[Some, Field(title="Their interest")]
    records: Annotated[Some, Field(title="Which records")]
    basis: Annotated[str, Field(title="Basis in FERPA")]
    consent_id: Annotated[RecordId | None, BeforeValidator(blank_is_none), Field(title="Consent")] = None
    refused: Annotated[bool, Field(title="The request was refused")] = False


class BatchFields(DisclosureFields):
    """The same for many students, by email address, one a line."""

    students: Annotated[Text, Field(min_length=3, max_length=200_000, title="Students")]


class ConsentFields(BaseModel):
    """Which records may be given to whom, and for what."""

    records: Annotated[Some, Field(title="Which records")]
    purpose: Annotated[Some, Field(title="Purpose")]
    recipient: Annotated[Line, Field(title="Recipient")]
    ends_on: Annotated[Day | None, BeforeValidator(blank_is_none), Field(title="Valid until")] = None
    signed_name: Annotated[Line, Field(title="Signature: your full legal name")]


class PaperConsentForm(ConsentFields):
    """A consent that came on paper, with its scan."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    signed_name: Annotated[Line, Field(title="Name as signed")]
    signed_on: Day = Field(title="Signed on")
    document: Annotated[UploadFile, chosen("Choose a scan of the signed consent.")]


class AccessForm(BaseModel):
    """What a student wants to see of their records."""

    records: Annotated[Some, Field(title="Which records")]


class AccessLetterForm(AccessForm):
    """The same from a letter or a visit, entered by the office."""

    received_on: Day = Field(title="Received on")


class AnswerForm(BaseModel):
    """The answer to a request for access."""

    how: Annotated[Literal["copy", "inspected"], Field(title="How")]
    answer: Annotated[Some, Field(title="Answer to the student")]


class AmendmentForm(BaseModel):
    """Which record is wrong, and what it should say. `request` names this act: sent twice it is one request."""

    request: UUID

    record: Annotated[Line, Field(title="Which record")]
    wanted: Annotated[Some, Field(title="What is wrong, and what it should say")]


class DecisionForm(BaseModel):
    """The decision about an amendment, with the reason for the student."""

    outcome: Annotated[Literal["amended", "refused"], Field(title="Decision")]
    decision: Annotated[Some, Field(title="What was decided, and why")]


class HearingForm(BaseModel):
    """The decision of a hearing: a summary of the evidence, and the reasons."""

    outcome: Annotated[Literal["amended", "upheld"], Field(title="Decision")]
    decision: Annotated[Some, Field(title="Summary of the evidence, and the reasons")]


class StatementForm(BaseModel):
    """The student's own words, which stay with the record."""

    statement: Annotated[Some, Field(title="Your statement")]
