"""Shapes of what a supervisor sends."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from app.web.field_types import Day, RecordId, Text, blank_is_none


class WeekForm(BaseModel):
    """Confirm a week. `seen` is the mark of what the page showed, `disputed` the wrong days, `word` why."""

    seen: Annotated[str, Field(max_length=64)]
    disputed: Annotated[list[RecordId], Field(max_length=50, title="Days that are wrong")] = Field(
        default_factory=list
    )
    word: Annotated[
        Annotated[Text, Field(min_length=3, max_length=500)] | None,
        BeforeValidator(blank_is_none),
        Field(title="What is wrong"),
    ] = None


class EvaluationForm(BaseModel):
    """Ratings of 1 to 4, one for each skill in the rubric's order; `rubric_id` is the one the page showed."""

    rubric_id: RecordId
    ratings: Annotated[list[Annotated[int, Field(ge=1, le=4)]], Field(max_length=12, title="Ratings")] = (
        Field(default_factory=list)
    )
    comment: Annotated[
        Annotated[Text, Field(max_length=1_000)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Comment"),
    ] = None


class SendForm(BaseModel):
    """Which week to send: any day of it."""

    week: Day
