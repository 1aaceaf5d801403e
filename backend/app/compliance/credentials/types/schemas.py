"""Forms of the kinds of credentials."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.web.field_types import Line, OptionalId, Text


def _prefix(text: str) -> str:
    prefix = text.upper()
    if not (prefix.isascii() and prefix.isalpha() and 2 <= len(prefix) <= 6):
        raise ValueError("Use 2 to 6 letters, such as DAC.")
    return prefix


Prefix = Annotated[Line, AfterValidator(_prefix)]
Level = Annotated[Line, Field(max_length=60)]
Sentence = Annotated[Text, Field(min_length=3, max_length=1000)]


class TypeForm(BaseModel):
    """A kind of credential."""

    name: Annotated[Line, Field(max_length=120)]
    prefix: Annotated[Prefix, Field(title="Serial prefix")]
    level: Annotated[Level, Field(title="Credential level")]
    program_id: OptionalId = None
    description: Sentence
    criteria: Sentence
    validity_months: Annotated[int | None, Field(ge=1, le=240)] = None
    requires_completion: bool = False
