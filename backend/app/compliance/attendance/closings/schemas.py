"""Shapes of closings."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from app.web.field_types import Day, Line, blank_is_none


class ClosingForm(BaseModel):
    """Up to which day hours become final."""

    through: Annotated[Day, Field(title="Last day")]
    note: Annotated[
        Annotated[Line, Field(max_length=300)] | None, BeforeValidator(blank_is_none), Field(title="Note")
    ] = None
