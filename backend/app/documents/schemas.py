"""Forms of the documents room."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.datastructures import UploadFile

from app.web.field_types import Text


class VoidForm(BaseModel):
    """Why a document is made void."""

    reason: Annotated[Text, Field(min_length=3, max_length=500)]


class VerifyForm(BaseModel):
    """A PDF to be verified."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile = Field(title="PDF file")

    @field_validator("file", mode="before")
    @classmethod
    def _chosen(cls, value: object) -> object:
        if not isinstance(value, UploadFile) or not value.filename:
            raise ValueError("Choose the PDF to verify.")
        return value
