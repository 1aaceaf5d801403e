"""Shapes of applications."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from app.accounts.service import Email, NameParts, Phone
from app.web.field_types import Day, Line, RecordId, blank_is_none


class ApplicationState(StrEnum):
    """The states of an application, in their order."""

    NEW = "new"
    DOCUMENTS = "documents"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state as a page names it."""
        return "Waiting for documents" if self is ApplicationState.DOCUMENTS else self.value.capitalize()

    @property
    def is_open(self) -> bool:
        return self in (ApplicationState.NEW, ApplicationState.DOCUMENTS)


OptionalStart = Annotated[Day | None, BeforeValidator(blank_is_none)]
OptionalSource = Annotated[Annotated[Line, Field(max_length=120)] | None, BeforeValidator(blank_is_none)]


class WantsForm(BaseModel):
    """What an applicant wants."""

    program_id: Annotated[RecordId, Field(title="Program")]
    wanted_start: Annotated[OptionalStart, Field(title="Preferred start date")] = None
    source: Annotated[OptionalSource, Field(title="How they heard about the school")] = None


class ApplicationForm(NameParts, WantsForm):
    """Somebody new who applies."""

    email: Annotated[Email, Field(title="Email address")]
    birth_date: Annotated[date, Field(title="Birth date")]
    phone: Annotated[Phone | None, BeforeValidator(blank_is_none), Field(title="Phone number")] = None
    is_another: Annotated[bool, Field(title="Same person")] = False


class AcceptForm(BaseModel):
    """The decision for somebody."""

    reason: Annotated[Line, Field(max_length=300)]
    enroll: Annotated[bool, Field(title="Enroll them")] = False


class ReasonForm(BaseModel):
    """Why an application ends otherwise."""

    why: Annotated[Line, Field(title="Reason", max_length=300)]
