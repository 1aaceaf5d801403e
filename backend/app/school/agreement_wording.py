"""The agreement policy: what every enrollment agreement discloses, and how long it waits to be signed."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from app.school.values import Values

DISCLOSURES = (
    (
        "Attendance: A student who is absent for more of the program than the catalog allows may be "
        "withdrawn. Missed hours are made up as the catalog says."
    ),
    (
        "Cancellation: You may cancel this agreement in writing within 72 hours of signing it. All tuition "
        "and fees are then refunded except those that this agreement marks as nonrefundable."
    ),
    (
        "Withdrawal: To withdraw, give the school a written request. The school documents each withdrawal "
        "with a withdrawal form."
    ),
    "Placement: The school does not guarantee employment, a salary or a position after graduation.",
    (
        "Complaints: Use the school’s complaint procedure in the catalog first. If it does not settle the "
        "matter, you may turn to the Georgia Nonpublic Postsecondary Education Commission (GNPEC), "
        "https://gnpec.georgia.gov."
    ),
    (
        "Records: The school keeps your transcript permanently. You can see your records and ask for them to "
        "be corrected."
    ),
)
"""What GNPEC’s guidelines for enrollment agreements ask for, in general words; each school writes its own."""


class Disclosure(Values):
    """One paragraph with its heading. Typed as one line: the heading, a colon, the text."""

    heading: Annotated[str, Field(min_length=1, max_length=60)]
    text: Annotated[str, Field(min_length=1, max_length=1500)]

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        heading, colon, text = (part.strip() for part in value.partition(":"))
        if not colon or not text or not 1 <= len(heading) <= 60 or len(text) > 1500:
            raise ValueError(
                "Begin each line with a heading of at most 60 characters and a colon, such as Placement: The school "
                f"does not guarantee employment. This line does not, or is longer than 1,500: “{value[:60]}”"
            )
        return {"heading": heading, "text": text}

    def __str__(self) -> str:
        return f"{self.heading}: {self.text}"

    @property
    def shown(self) -> str:
        """As a page shows it."""
        return str(self)


def _lines(value: object) -> object:
    return [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else value


class AgreementPolicy(Values):
    """What an enrollment agreement says beside the costs."""

    sign_within_days: Annotated[int, Field(ge=1, le=90)] = 14
    """Days in which an agreement that was sent can be signed."""
    disclosures: Annotated[list[Disclosure], BeforeValidator(_lines)] = Field(
        default_factory=lambda: [Disclosure.model_validate(line) for line in DISCLOSURES],
        min_length=1,
        max_length=30,
    )
    """What it discloses, in order."""
