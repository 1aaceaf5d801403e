"""Shapes of complaints, in and out."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.accounts.service import Email
from app.db.models import Complaint
from app.documents.service import IssueForm
from app.rules.complaints import KINDS, STATES
from app.web.field_types import Day, Line, OptionalFile, OptionalId, Text, blank_is_none

Some = Annotated[Text, Field(min_length=1, max_length=5000)]
Kind = Literal["instruction", "conduct", "discrimination", "safety", "money", "records", "other"]


class ComplaintIn(BaseModel):
    """A complaint of one's own. `request` names it, so that sent twice it is one."""

    request: UUID
    kind: Annotated[Kind, Field(title="What it is about")]
    about_user_id: Annotated[OptionalId, Field(title="Member of staff")] = None
    what: Annotated[Some, Field(title="What happened")]
    wanted: Annotated[Some, Field(title="What you want the school to do")]


class OwnForm(ComplaintIn):
    """The same from a page, with a paper."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[OptionalFile, Field(title="Photo or document")] = None


class OfficeForm(OwnForm):
    """A complaint that came by letter, in person, by email or by phone, entered by the office."""

    relation: Annotated[
        Literal["student", "former_student", "parent", "other"], Field(title="Who complains")
    ] = "student"
    complainant: Annotated[Line | None, BeforeValidator(blank_is_none), Field(title="Name")] = None
    email: Annotated[Email | None, BeforeValidator(blank_is_none), Field(title="Email address")] = None
    received_how: Annotated[Literal["in_person", "letter", "email", "phone"], Field(title="How it came")] = (
        "in_person"
    )
    received_on: Annotated[Day, Field(title="Received on")]


class FileForm(BaseModel):
    """A paper that belongs to a complaint."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[OptionalFile, Field(title="Photo or document")] = None


class AssignForm(BaseModel):
    """Who looks into it, and whom it is about."""

    assigned_to: Annotated[OptionalId, Field(title="Assigned to")] = None
    about_user_id: Annotated[OptionalId, Field(title="About a member of staff")] = None


class NoteForm(BaseModel):
    """A few words among the staff."""

    note: Annotated[Some, Field(title="Note")]


class StepForm(BaseModel):
    """The next step, with what is said to who complains."""

    words: Annotated[Annotated[Text, Field(max_length=2000)], Field(title="Message")] = ""


class DecisionForm(IssueForm):
    """The decision, which the signed letter says."""

    outcome: Annotated[Literal["upheld", "partly", "not_upheld"], Field(title="Decision")]
    decision: Annotated[Some, Field(title="What was found, and what the school does")]


class AppealForm(BaseModel):
    """Why the decision is appealed."""

    appeal: Annotated[Some, Field(title="Why you appeal")]


class AppealDecisionForm(IssueForm):
    """The decision of the appeal, which the signed letter says."""

    outcome: Annotated[Literal["changed", "confirmed"], Field(title="Decision")]
    decision: Annotated[Some, Field(title="What was found, and what the school does")]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done, as a page shows it."""

    title: str
    at: datetime
    by: str | None
    words: str | None
    private: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A complaint with names, its steps and papers, and which steps this person can take now."""

    row: Complaint
    student: str
    deleted: bool
    about: str | None
    assigned: str | None
    steps: list[Step]
    files: list[Any]
    due_on: date | None
    days_left: int | None
    plain: str
    """The state in plain words, for who complains."""
    may: frozenset[str]
    own: bool
    """Whether the student who reads it made it."""


class ComplaintOut(BaseModel):
    """A complaint as other systems read it."""

    id: int
    number: str
    state: str
    kind: str
    student_id: int
    complainant: str
    relation: str
    received_how: str
    received_on: date
    acknowledge_by: date
    decide_by: date
    what: str
    wanted: str
    outcome: str | None
    decision: str | None
    decided_on: date | None
    appeal_by: date | None
    appeal_outcome: str | None
    appeal_decision: str | None
    closed_on: date | None

    model_config = ConfigDict(from_attributes=True)


assert set(KINDS) == set(Kind.__args__)  # type: ignore[attr-defined]  # noqa: S101 - one list in two shapes
PLAIN = {
    "received": "Your complaint has arrived. The school confirms by {acknowledge_by} that it is looking at it.",
    "acknowledged": "The school has confirmed your complaint. You get a decision by {decide_by}.",
    "under_review": "Someone is looking into it who is not the person it is about. You get a decision by {decide_by}.",
    "decided": "The school has decided. You can appeal until {appeal_by}.",
    "appealed": "Your appeal has arrived. Someone who did not make the first decision answers by {appeal_due}.",
    "closed": "This complaint is closed.",
    "referred": "The complaint is with GNPEC, the state’s agency. The school has nothing more to decide.",
}
"""Each state, as who complains reads it."""
PLAIN_OF_OTHERS = {
    "received": "The complaint has arrived. The school confirms by {acknowledge_by} that it is looking at it.",
    "acknowledged": "The school has confirmed the complaint. {complainant} gets a decision by {decide_by}.",
    "under_review": "Someone is looking into it who is not the person it is about. {complainant} gets a decision by "
    "{decide_by}.",
    "decided": "The school has decided. {complainant} can appeal until {appeal_by}.",
    "appealed": "The appeal has arrived. Someone who did not make the first decision answers by {appeal_due}.",
    "closed": "This complaint is closed.",
    "referred": PLAIN["referred"],
}
"""The same, as the student reads a complaint that somebody else made."""
assert set(PLAIN) == set(PLAIN_OF_OTHERS) == set(STATES)  # noqa: S101
TITLES = {
    "filed": "Received",
    "assigned": "Assigned",
    "acknowledged": "Acknowledged",
    "reviewed": "Review begun",
    "noted": "Note",
    "decided": "Decided",
    "appealed": "Appealed",
    "appeal_decided": "Appeal decided",
    "withdrawn": "Withdrawn",
    "closed": "Closed",
    "referred": "Taken to GNPEC",
}
