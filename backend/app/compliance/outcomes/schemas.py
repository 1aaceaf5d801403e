"""What is typed about a graduate's employment."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.web.field_types import Day, Line, RecordId, Text, blank_is_none

_Some = Annotated[Text, Field(min_length=3, max_length=4_000)]


class OutcomeForm(BaseModel):
    """What is known now. `after` is the record that it takes the place of, as the page showed it."""

    status: Annotated[
        Literal["in_field", "out_of_field", "unavailable", "seeking"], Field(title="Employment")
    ]
    employer: Annotated[Line | None, BeforeValidator(blank_is_none), Field(title="Employer")] = None
    title: Annotated[Line | None, BeforeValidator(blank_is_none), Field(title="Job title")] = None
    since: Annotated[Day | None, BeforeValidator(blank_is_none), Field(title="Since")] = None
    reason: Annotated[
        Literal[
            "continuing_education",
            "military",
            "health",
            "family",
            "visa",
            "incarcerated",
            "deceased",
            "other",
        ]
        | None,
        BeforeValidator(blank_is_none),
        Field(title="Why unavailable"),
    ] = None
    evidence: Annotated[_Some, Field(title="How the school knows")]
    after: Annotated[RecordId | None, BeforeValidator(blank_is_none)] = None
