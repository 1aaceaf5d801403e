"""Shapes of a change of name."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile

from app.accounts.profiles.schemas import NameParts
from app.web.field_types import Day, Line, chosen


class NameChange(NameParts):
    """A new legal name, from when, and why."""

    counts_from: Annotated[Day, Field(title="Counts from")]
    reason: Annotated[Line, Field(max_length=200)]


class NameChangeForm(NameChange):
    """The same with the document that proves it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    document: Annotated[UploadFile, chosen("Choose the document that proves the change: a PDF or a photo.")]


class AnswerForm(BaseModel):
    """What the office answers to a request."""

    answer: Annotated[Line, Field(title="Answer to the student", max_length=300)]
