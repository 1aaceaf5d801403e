"""Shapes of sites, agreements, supervisors and rubrics."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from starlette.datastructures import UploadFile

from app.accounts.service import Email
from app.web.field_types import Day, Line, Text, blank_is_none, chosen

_OptionalLine = Annotated[Line | None, BeforeValidator(blank_is_none)]
MOST_SKILLS = 12


class SiteForm(BaseModel):
    """An externship site."""

    name: Line
    address: Annotated[Text, Field(min_length=5, max_length=500)]
    capacity: Annotated[int, Field(ge=1, le=500, title="Capacity")]
    contact_name: Annotated[_OptionalLine, Field(title="Contact")] = None
    contact_email: Annotated[
        Annotated[Email, Field(max_length=255)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Contact’s email"),
    ] = None
    contact_phone: Annotated[
        Annotated[Line, Field(max_length=40)] | None,
        BeforeValidator(blank_is_none),
        Field(title="Contact’s phone"),
    ] = None


class Agreement(BaseModel):
    """The days of a signed agreement."""

    signed_on: Annotated[Day, Field(title="Signed on")]
    expires_on: Annotated[Day, Field(title="Valid until")]


class AgreementForm(Agreement):
    """The same with its file."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: Annotated[
        UploadFile, Field(title="Signed agreement"), chosen("Choose the signed agreement: a PDF or a photo.")
    ]


class AgreementEndForm(BaseModel):
    """An agreement ends before its last day."""

    ended_on: Annotated[Day, Field(title="Last day")]
    reason: Annotated[Line, Field(min_length=3)]


class SupervisorForm(BaseModel):
    """Who oversees students at a site."""

    name: Line
    title: Annotated[Line, Field(title="License or title", max_length=120)]
    email: Annotated[Email, Field(max_length=255, title="Email address")]


class RubricForm(BaseModel):
    """What supervisors evaluate, one skill a line."""

    effective_from: Annotated[Day, Field(title="Effective from")]
    skills: Annotated[Text, Field(max_length=2_000)]

    @field_validator("skills")
    @classmethod
    def _few(cls, text: str) -> str:
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        if not lines:
            raise ValueError("Write at least one skill.")
        if len(lines) > MOST_SKILLS:
            raise ValueError(f"Write {MOST_SKILLS} skills at most: it is filled in on a phone.")
        if len({line.casefold() for line in lines}) < len(lines):
            raise ValueError("Each skill stands once.")
        if any(len(line) > 120 for line in lines):
            raise ValueError("A skill has 120 characters at most.")
        return "\n".join(lines)
