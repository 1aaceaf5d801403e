"""Shapes of placements and their verification."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile

from app.web.field_types import Day, Line, RecordId, chosen


class PlacementFields(BaseModel):
    """Where, with whom, from when to when, and how many hours. The supervisor says which site."""

    supervisor_id: Annotated[RecordId, Field(title="Site and supervisor")]
    starts_on: Annotated[Day, Field(title="First day")]
    ends_on: Annotated[Day, Field(title="Last day")]
    hours_required: Annotated[int, Field(ge=1, le=5000, title="Hours required")]


class PlacementForm(PlacementFields):
    """The same for an enrollment."""

    enrollment_id: Annotated[RecordId, Field(title="Student")]


class VerifyForm(BaseModel):
    """The supporting document, and the minutes that the page showed."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    seen_minutes: Annotated[int, Field(ge=0, title="Hours")]
    file: Annotated[
        UploadFile,
        Field(title="Supporting document"),
        chosen("Choose the supporting document: the signed time sheet as a PDF or a photo."),
    ]


class ReasonForm(BaseModel):
    """Why something that counted is opened again."""

    reason: Annotated[Line, Field(min_length=3)]
