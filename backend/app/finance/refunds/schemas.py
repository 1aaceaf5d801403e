"""The case file of a refund: the documented JSON of `aada refund preview`, of the API and of the page.

Everything is strict: unknown keys are refused, cents and minutes are whole numbers (no decimals, no true or false), and
money is bounded. The descriptions below are the documentation (`aada docs refunds`).
"""

import re
from dataclasses import fields
from datetime import date, datetime
from typing import Annotated, Any, Literal, get_type_hints
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    create_model,
)

from app.rules.refunds import Settings
from app.rules.refunds_case import MOST_CENTS, PURPOSES, Kind
from app.rules.refunds_words import printable

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?"
)
MOST_MINUTES = 10_000_000


def _day(value: object) -> object:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("Give a date as text, such as 2026-01-15.")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value} is not a day of the calendar.") from None
    if not 1950 <= found.year <= 2150:
        raise ValueError("Give a year from 1950 to 2150.")
    return found


def _instant(value: object) -> object:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("Give a date and time as text, such as 2026-01-15T09:30:00-05:00.")
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError(f"{value} is not a time of the calendar.") from None
    if not 1950 <= found.year <= 2150:
        raise ValueError("Give a year from 1950 to 2150.")
    return found


def _plain(text: str) -> str:
    if not text.strip():
        raise ValueError("Give a name; this one is blank.")
    if not printable(text):
        raise ValueError("The name contains a character that cannot be printed.")
    return text


def _purpose(text: str) -> str:
    if not text.strip():
        raise ValueError(PURPOSES)
    return _plain(text)


def _words(text: str) -> str:
    if text and not text.strip():
        raise ValueError("Write something; this text is blank.")
    if not printable(text, several_lines=True):
        raise ValueError("The text contains a character that cannot be printed.")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, OSError, ValueError):
        raise ValueError("There is no such time zone. Use a name such as America/New_York.") from None
    return text


Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_plain)]
Text = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_words)]
"""Of several lines, where it has to be."""
Cents = Annotated[int, Field(ge=0, le=MOST_CENTS)]
Minutes = Annotated[int, Field(ge=0, le=MOST_MINUTES)]
SomeMinutes = Annotated[int, Field(ge=1, le=MOST_MINUTES)]
Percent = Annotated[int, Field(ge=0, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SegmentIn(_Strict):
    """A part of the program that is charged by itself, such as a module."""

    name: Name = Field(description="Payments name it as `segment:NAME`. Each name stands once.")
    total_minutes: SomeMinutes = Field(description="Its length in minutes.")
    charge_cents: Cents = Field(description="What it costs, tuition and fees, in cents.")


class ProgramIn(_Strict):
    """The program and its segments, in the order in which they are studied: the minutes completed fill them in turn."""

    total_minutes: SomeMinutes = Field(
        description="The length of the program in minutes. The segments together are not longer."
    )
    segments: Annotated[list[SegmentIn], Field(max_length=500)] = Field(
        [], description="Without any, payments `program` are taken for the whole charge."
    )
    starts_on: Day | None = Field(None, description="First day of the program; a weekly schedule needs it.")
    weeks: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        None, description="Weeks of the program; a weekly schedule needs them."
    )


class AgreementIn(_Strict):
    """The enrollment agreement."""

    signed_at: Instant = Field(
        description=(
            "When it was signed. Without an offset, the time in `settings.time_zone`; a date alone "
            "is its first minute."
        )
    )
    application_fee_cents: Cents = Field(0, description="The application fee that was charged.")
    application_fee_disclosed: bool = Field(
        False,
        description="Whether agreement and catalog name it nonrefundable. Only then may any of it be kept.",
    )


class ItemIn(_Strict):
    """A book, a kit, or another charge beside tuition and fees.

    The school keeps the price of an item that is not refundable, disclosed and kept; any other is refunded.
    """

    name: Name = Field(description="Payments name it as `item:NAME`. Each name stands once.")
    amount_cents: Cents = Field(description="Its price.")
    refundable: bool = Field(True, description="Whether the agreement has it as refundable.")
    disclosed: bool = Field(
        False, description="Whether the agreement lists it and marks it as nonrefundable."
    )
    kept: bool = Field(False, description="Whether it was issued and cannot be used again.")


class PaymentIn(_Strict):
    """Money received."""

    model_config = ConfigDict(validate_by_alias=True, validate_by_name=False)

    amount_cents: Cents = Field(
        description="Amount in cents. A payment that was returned or reversed is left out."
    )
    paid_on: Day = Field(description="The day it was received.")
    purpose: Annotated[
        str,
        StringConstraints(max_length=300),
        AfterValidator(_purpose),
        Field(
            alias="for",
            description=(
                "`segment:NAME`, `item:NAME`, `application_fee`, or `program`: an instalment toward "
                "tuition and fees as a whole, which buys the first hours."
            ),
        ),
    ]


class TierIn(_Strict):
    """One step of a schedule."""

    through: Annotated[int, Field(ge=0, le=1_000)] = Field(
        description=(
            "Through this percent of the program, or through this week of a weekly schedule (0: "
            "before it began). After the program's last week that week counts."
        )
    )
    refund_percent: Percent = Field(description="So many percent come back.")


class PolicyIn(_Strict):
    """A school's own filed policy, or another state's."""

    name: Name = Field(description="Its name, recorded with the result.")
    clause: Text = Field("", description="The rule in words; it stands at the head of the derivation.")
    schedule: Literal["pro_rata", "tiers", "weekly"] = Field(
        "pro_rata",
        description=(
            "Pro rata on the minutes completed; tiers by the percentage completed; or by the weeks "
            "begun (with tiers, or pro rata without)."
        ),
    )
    tiers: Annotated[list[TierIn], Field(max_length=200)] = Field(
        [], description="The steps, ascending. Past the last one nothing comes back."
    )
    nothing_from_percent: Percent | None = Field(
        None, description="From this part of the program on nothing comes back. None: no such part."
    )
    step_percent: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Pro rata in steps: the part completed is rounded up to a multiple of this."
    )
    window_hours: Annotated[int, Field(ge=0, le=8_784)] | None = Field(
        None, description="Hours to cancel after signing."
    )
    window_business_days: Annotated[int, Field(ge=0, le=366)] | None = Field(
        None, description="Business days to cancel after signing, instead of hours."
    )
    window_returns: Literal["all_but_retained", "all_paid"] = Field(
        "all_but_retained", description="What a cancellation in that time gives back."
    )
    application_fee_cap_cents: Cents | None = Field(
        None, description="The most of a disclosed application fee that is kept. None: no cap."
    )
    due_days: Annotated[int, Field(ge=0, le=3_660)] = Field(
        45, description="Days from the withdrawal until the refund is due."
    )
    effective_from: Day | None = Field(None, description="For agreements signed from this day on.")
    effective_until: Day | None = Field(None, description="For agreements signed until this day.")


def _settings_model() -> type[BaseModel]:
    """The settings of the rule as a model: one definition, in `rules.refunds_settings`."""
    hints = get_type_hints(Settings)
    shapes: dict[str, Any] = {}
    for one in fields(Settings):
        shape, default = hints[one.name], one.default
        if one.name == "time_zone":
            shape = Annotated[str, StringConstraints(max_length=100), AfterValidator(_zone)]
        elif one.name == "holidays":
            shape, default = Annotated[list[Day], Field(max_length=10_000)], []
        elif one.metadata["bounds"]:
            shape = Annotated[int, Field(**one.metadata["bounds"])] | None
        shapes[one.name] = (shape, Field(default=default, description=one.metadata["help"]))
    return create_model(
        "RefundSettings", __base__=_Strict, __doc__="The reading of the open points.", **shapes
    )


SettingsIn = _settings_model()


def _policy_kind(value: object) -> str:
    return "filed" if isinstance(value, dict | PolicyIn) else "known"


POLICY_TAGS = ("filed", "known")
KnownPolicy = Literal["gnpec-current", "gnpec-tiers", "standard-nine"]


class CaseIn(_Strict):
    """A withdrawal, as a case file. Amounts are whole cents, durations whole minutes."""

    policy: Annotated[
        Annotated[KnownPolicy, Tag("known")] | Annotated[PolicyIn, Tag("filed")], Discriminator(_policy_kind)
    ] = Field(
        description=(
            "The version of the policy that the agreement was signed under: by name, or a school's "
            "own as an object."
        )
    )
    program: ProgramIn
    agreement: AgreementIn
    items: Annotated[list[ItemIn], Field(max_length=500)] = Field(
        [], description="Charges beside tuition and fees."
    )
    payments: Annotated[list[PaymentIn], Field(max_length=10_000)] = Field(
        [], description="All money received; $20,000,000 together at most."
    )
    attended_minutes: Minutes = Field(
        description="Minutes attended. More than the program has count as the whole program."
    )
    scheduled_minutes: Minutes | None = Field(
        None,
        description="Minutes scheduled until the withdrawal; only for the setting `completed: scheduled_hours`.",
    )
    withdrawn_at: Instant = Field(
        description=(
            "When the student withdrew or canceled, not before the signing. Without an offset, the "
            "time in `settings.time_zone`; a date alone is its first minute."
        )
    )
    kind: Kind = Field(
        description=(
            "`student`, `administrative` (the school withdraws the student), `school_cancelled`, or "
            "`cancellation`. Whether a withdrawal is in time to cancel follows from the instants, "
            "whatever it is called; where `withdrawn_at` is the last attendance, only a "
            "`cancellation` is."
        )
    )
    settings: SettingsIn = Field(SettingsIn(), description="The open points, each with its default.")  # type: ignore[valid-type]
