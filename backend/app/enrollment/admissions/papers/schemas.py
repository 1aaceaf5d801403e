"""Shapes of admission documents."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.datastructures import UploadFile

from app.web.field_types import Day, Line, RecordId, blank_is_none, chosen

OptionalPaperDay = Annotated[Day | None, BeforeValidator(blank_is_none)]


class Paper(BaseModel):
    """What a document is, and its days."""

    kind_id: Annotated[RecordId, Field(title="Kind")]
    issued_on: Annotated[OptionalPaperDay, Field(title="Issued on")] = None
    expires_on: Annotated[OptionalPaperDay, Field(title="Valid until")] = None


class PaperForm(Paper):
    """The same with its file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[UploadFile, Field(title="Document"), chosen("Choose the document: a PDF or a photo.")]


class CheckForm(BaseModel):
    """Accept or reject on one page."""

    issued_on: Annotated[OptionalPaperDay, Field(title="Issued on")] = None
    expires_on: Annotated[OptionalPaperDay, Field(title="Valid until")] = None
    rejection: Annotated[
        Annotated[Line, Field(max_length=300)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Reason for the student"),
    ] = None


class KindForm(BaseModel):
    """A kind of document that the school asks for."""

    name: Annotated[Line, Field(max_length=80)]
    help: Annotated[
        Annotated[Line, Field(max_length=200)] | None,
        BeforeValidator(blank_is_none),
        Field(title="What to send"),
    ] = None
    expires: Annotated[bool, Field(title="It has a last day")] = False


class RequirementsForm(BaseModel):
    """Which kinds a program requires."""

    kinds: list[RecordId] = Field(default_factory=list, max_length=100)


def in_order(issued_on: date | None, expires_on: date | None) -> bool:
    """Whether the last day comes after the day of issue, where both are known."""
    return issued_on is None or expires_on is None or expires_on > issued_on
