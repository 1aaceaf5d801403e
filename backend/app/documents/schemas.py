"""Forms of the documents room."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile

from app.web.field_types import Text, chosen


class VoidForm(BaseModel):
    """Why a document is made void."""

    reason: Annotated[Text, Field(min_length=3, max_length=500)]


class VerifyForm(BaseModel):
    """A PDF to be verified."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[UploadFile, Field(title="PDF file"), chosen("Choose the PDF to verify.")]
