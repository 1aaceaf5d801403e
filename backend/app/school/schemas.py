"""Shapes of the school's facts, calendar and policies, in and out."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from starlette.datastructures import UploadFile

from app.school.facts import SchoolFacts
from app.school.kinds import PolicyKind
from app.school.policies import DatedPolicy
from app.web.field_types import Day, HttpsUrl, Line, Text, chosen

STATES = frozenset(
    re.findall(
        "[A-Z]{2}",
        "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND "
        "OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI",
    )
)
_DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("Enter a time zone such as America/New_York.") from None
    return name


def _state(text: str) -> str:
    code = text.strip().upper()
    if code not in STATES:
        raise ValueError("Enter the two letters of a state, such as GA.")
    return code


def _matching(pattern: str, words: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


def _address(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if len(lines) > 4:
        raise ValueError("Use at most four lines.")
    return "\n".join(lines)


Zip = Annotated[Line, _matching(r"\d{5}(-\d{4})?", "Enter a ZIP code such as 30303 or 30303-1234.")]
Phone = Annotated[
    Line, Field(max_length=40), _matching(r"[0-9+() .x-]{7,40}", "Enter a number such as (404) 555-0100.")
]
Color = Annotated[
    str,
    AfterValidator(str.lower),
    _matching(r"#[0-9a-f]{6}", "Enter a color as # and six digits, such as #1f4e79."),
]


class FactsForm(BaseModel):
    """The school's facts as typed. The zone is changed with a confirmation once hours are recorded."""

    model_config = ConfigDict(extra="ignore")

    legal_name: Line
    short_name: Annotated[Line, Field(max_length=60)]
    address: Annotated[Text, Field(max_length=500), AfterValidator(_address)] | None = None
    city: Annotated[Line, Field(max_length=100)] | None = None
    state: Annotated[str, AfterValidator(_state)] | None = None
    zip_code: Annotated[Zip, Field(title="ZIP code")] | None = None
    phone: Phone | None = None
    website: HttpsUrl | None = None
    authorization_number: Annotated[Line, Field(max_length=60)] | None = Field(
        None, title="Authorization number"
    )
    time_zone: Annotated[Line, Field(max_length=60), AfterValidator(_zone)]
    zone_confirmed: bool = False
    fiscal_year_month: Annotated[int, Field(ge=1, le=12)] = 1
    fiscal_year_day: Annotated[int, Field(ge=1, le=31)] = 1
    primary_color: Annotated[Color, Field(title="Main color")] = "#1f4e79"
    accent_color: Annotated[Color, Field(title="Second color")] = "#b8860b"

    @model_validator(mode="after")
    def _every_year_has_it(self) -> "FactsForm":
        if self.fiscal_year_day > _DAYS_OF_MONTH[self.fiscal_year_month - 1]:
            raise ValueError("The fiscal year must begin on a day that every year has.")
        return self


class FactsPatch(FactsForm):
    """Changes to the facts; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    legal_name: Line = ""
    short_name: Annotated[Line, Field(max_length=60)] = ""
    time_zone: Annotated[Line, Field(max_length=60), AfterValidator(_zone)] = "America/New_York"


class LogoForm(BaseModel):
    """The upload of a logo."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    logo: Annotated[UploadFile, chosen("Choose a PNG, JPEG or SVG file.")]


class SignatoryForm(BaseModel):
    """Who signs for the school."""

    name: Annotated[Line, Field(title="Full name", max_length=120)]
    title: Annotated[Line, Field(max_length=120)]
    first_day: Annotated[Day, Field(title="Signs from")]
    last_day: Annotated[Day, Field(title="Until")] | None = None


class TermForm(BaseModel):
    """A term of the calendar."""

    name: Annotated[Line, Field(max_length=100)]
    first_day: Annotated[Day, Field(title="First day")]
    last_day: Annotated[Day, Field(title="Last day")]


class HolidayForm(BaseModel):
    """A day or days on which the school is closed; without a last day it is one day."""

    name: Annotated[Line, Field(max_length=100)]
    first_day: Annotated[Day, Field(title="First day")]
    last_day: Annotated[Day, Field(title="Last day")] | None = None


class PolicyIn(BaseModel):
    """A new version of a policy. Values that are left out stay as in the version before."""

    model_config = ConfigDict(extra="forbid")

    effective_from: Day
    values: dict[str, Any] = {}
    approved_by: Annotated[Line, Field(max_length=120)]
    note: Annotated[Text, Field(max_length=2000)] = ""


# Out


class SignatoryOut(BaseModel):
    """Who signs for the school."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    title: str
    first_day: date
    last_day: date | None


class FactsOut(BaseModel):
    """The school's facts."""

    legal_name: str
    short_name: str
    address_lines: list[str]
    city: str
    state: str
    zip_code: str
    phone: str
    website: str
    authorization_number: str
    time_zone: str
    fiscal_year_month: int
    fiscal_year_day: int
    primary_color: str
    accent_color: str
    has_logo: bool
    signatories: list[SignatoryOut]

    @classmethod
    def of(cls, facts: SchoolFacts) -> "FactsOut":
        same = {
            name: getattr(facts, name)
            for name in cls.model_fields
            if name not in ("time_zone", "has_logo", "signatories", "address_lines")
        }
        return cls(
            **same,
            address_lines=list(facts.address_lines),
            time_zone=facts.zone.key,
            has_logo=facts.logo is not None,
            signatories=[SignatoryOut.model_validate(one) for one in facts.signatories],
        )


class SpanOut(BaseModel):
    """A term or a holiday, both days included."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    first_day: date
    last_day: date


class CalendarOut(BaseModel):
    """The terms and holidays of a year."""

    year: int
    terms: list[SpanOut]
    holidays: list[SpanOut]


class PolicyOut(BaseModel):
    """A version of a policy."""

    kind: PolicyKind
    version: int
    effective_from: date
    values: dict[str, Any]
    approved_by: str
    note: str
    created_at: datetime
    in_use: bool

    @classmethod
    def of(cls, policy: DatedPolicy[Any]) -> "PolicyOut":
        return cls(
            kind=policy.kind,
            version=policy.version,
            effective_from=policy.effective_from,
            values=policy.values.model_dump(mode="json"),
            approved_by=policy.approved_by,
            note=policy.note,
            created_at=policy.created_at,
            in_use=policy.used_at is not None,
        )
