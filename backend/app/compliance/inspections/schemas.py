"""What is typed to have a packet prepared."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.rules.inspections import MOST_STUDENTS
from app.web.field_types import Line, RecordId, Text, blank_is_none

GNPEC = "Georgia Nonpublic Postsecondary Education Commission (GNPEC)"
AMONG = (
    ("everyone", "All students, past and present"),
    ("active", "Active students"),
    ("left", "Students who completed or withdrew"),
)


class InspectionForm(BaseModel):
    """Who inspects, and whose files: named by the inspector, drawn at random, or both."""

    inspector: Annotated[Line, Field(title="Inspector")]
    agency: Annotated[Line, Field(title="Authority")] = GNPEC
    reference: Annotated[Line | None, BeforeValidator(blank_is_none), Field(title="Reference")] = None
    students: Annotated[Text, Field(max_length=20_000, title="Students")] = ""
    found: Annotated[Text, Field(max_length=20_000)] = ""
    """The lines whose students were shown to be ticked; empty where none were looked for yet."""
    chosen: Annotated[list[RecordId], Field(title="Students found", max_length=500)] = []
    count: Annotated[
        Annotated[int, Field(ge=1, le=MOST_STUDENTS)] | None,
        BeforeValidator(blank_is_none),
        Field(title="How many"),
    ] = None
    among: Annotated[Literal["everyone", "active", "left"], Field(title="Among")] = "everyone"
    seed: Annotated[
        Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")] | None,
        BeforeValidator(blank_is_none),
        Field(title="Seed"),
    ] = None
    drawn: Annotated[list[RecordId], Field(title="Students drawn", max_length=500)] = []
    """Whom the draw on the page showed; empty where none was shown."""
    step: Literal["find", "draw", "start"] = "start"
