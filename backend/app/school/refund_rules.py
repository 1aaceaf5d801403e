"""The dated policies of refunds: the version of the rule that agreements are signed under, and its open points."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, create_model, field_validator, model_validator

from app.core.permissions import internal
from app.rules.days import long_date
from app.rules.refunds_open_points import POINTS
from app.rules.refunds_policies import POLICIES, Policy, fault, filed
from app.rules.refunds_settings import Settings
from app.rules.refunds_words import printable
from app.school.values import Values

FILED = "filed"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIER = re.compile(r"(\d{1,3})\s*%?\s+(\d{1,3})\s*%?")


def _number(value: object) -> object:
    """Numbers are typed or are numbers: true is not 1."""
    if isinstance(value, bool):
        raise ValueError("Give a whole number.")
    return value


def _none(value: object) -> object:
    """A number that was left empty, in a form or after NAME=, is none."""
    return None if isinstance(value, str) and value.strip().lower() in ("", "none") else _number(value)


def _day(value: object) -> object:
    """A day as text, or none. A number would be taken for seconds since 1970."""
    value = _none(value)
    if value is None or isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value.strip()):
        raise ValueError("Give a date, such as 2026-12-31.")
    return value.strip()


class RefundTier(Values):
    """One step of a schedule. Typed as one line: through how many percent (or weeks), how many percent come back."""

    through: Annotated[int, Field(ge=0, le=1_000), BeforeValidator(_number)]
    refund_percent: Annotated[int, Field(ge=0, le=100), BeforeValidator(_number)]

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = _TIER.fullmatch(value.strip())
        if found is None:
            raise ValueError(
                f"“{value.strip()[:40]}” is not a step. Write two numbers, such as 25 75: through 25% of the program, "
                "75% comes back."
            )
        return {"through": int(found[1]), "refund_percent": int(found[2])}

    def __str__(self) -> str:
        return f"{self.through} {self.refund_percent}"

    @property
    def shown(self) -> str:
        """As a page shows it."""
        return f"through {self.through}: {self.refund_percent}% back"


def _lines(value: object) -> object:
    parts = value if isinstance(value, list | tuple) else [value]
    found: list[object] = []
    for part in parts:
        found += (
            [line for line in re.split(r"[\n;]+", part) if line.strip()] if isinstance(part, str) else [part]
        )
    return found


_Percent = Annotated[Annotated[int, Field(ge=0, le=100)] | None, BeforeValidator(_none)]


class RefundPolicy(Values):
    """The version of the refund policy that enrollment agreements are signed under.

    `rule` is one of GNPEC's versions, or `filed`: the school's own policy as it is filed with GNPEC (Standard 12: an
    accredited school may use its own). The other values are those of the filed one.
    """

    rule: Literal["gnpec-current", "gnpec-tiers", "standard-nine", "filed"] = "gnpec-current"
    policy_name: Annotated[str, Field(max_length=120)] = ""
    """What it is called in agreements and with each refund."""
    clause: Annotated[str, Field(max_length=2_000)] = ""
    """The rule in words: the agreement has it, and it appears at the head of each derivation."""
    schedule: Literal["pro_rata", "tiers", "weekly"] = "pro_rata"
    """How what comes back follows from the part completed."""
    tiers: Annotated[list[RefundTier], BeforeValidator(_lines)] = Field(default_factory=list, max_length=60)
    """The steps of a schedule, ascending."""
    nothing_from_percent: _Percent = None
    """From this part of the program on nothing comes back."""
    step_percent: Annotated[Annotated[int, Field(ge=1, le=100)] | None, BeforeValidator(_none)] = None
    """The part completed is rounded up to a multiple of this."""
    window_hours: Annotated[Annotated[int, Field(ge=0, le=8_784)] | None, BeforeValidator(_none)] = None
    """Hours to cancel after signing."""
    window_business_days: Annotated[Annotated[int, Field(ge=0, le=366)] | None, BeforeValidator(_none)] = None
    """Business days to cancel after signing, instead of hours."""
    window_returns: Literal["all_but_retained", "all_paid"] = "all_but_retained"
    """What a cancellation in that time gives back."""
    application_fee_cap_dollars: Annotated[
        Annotated[int, Field(ge=0, le=10_000)] | None, BeforeValidator(_none)
    ] = None
    """The most of a disclosed application fee that is kept."""
    due_days: Annotated[int, Field(ge=1, le=365), BeforeValidator(_number)] = 45
    """Days from the withdrawal until the refund is due."""
    last_day: Annotated[date | None, BeforeValidator(_day)] = None
    """The last day on which agreements can be signed under it, such as the end of the year it is filed for."""

    @model_validator(mode="before")
    @classmethod
    def _of_its_rule(cls, values: Any) -> Any:
        """What was typed for a policy of the school's own means nothing under one of GNPEC's."""
        if isinstance(values, dict) and values.get("rule", FILED) != FILED:
            return {name: value for name, value in values.items() if name in ("rule", "last_day")} | {
                name: value for name, value in values.items() if name not in cls.model_fields
            }
        return values

    @field_validator("policy_name", "clause")
    @classmethod
    def _plain(cls, text: str, info: ValidationInfo) -> str:
        """The name stands in one line; the rule in words may have several."""
        several_lines = info.field_name == "clause"
        text = "\n".join(text.splitlines()).strip() if several_lines else " ".join(text.split())
        if not printable(text, several_lines=several_lines):
            raise ValueError(
                "Take out the character that cannot be printed. It may have come with a copied text."
            )
        return text

    @model_validator(mode="after")
    def _whole(self) -> "RefundPolicy":
        if self.rule != FILED:
            return self
        if not self.policy_name or self.policy_name in POLICIES:
            raise ValueError("Give the school’s own policy a name that none of GNPEC’s versions has.")
        if len(self.clause) < 20:
            raise ValueError("Write the rule in words: the agreement has to say it.")
        if self.schedule == "weekly" and self.step_percent is not None:
            raise ValueError("A weekly schedule goes by weeks begun and has no steps of percent.")
        if wrong := fault(self.as_rule()):
            raise ValueError(wrong[1])
        return self

    def as_rule(self) -> Policy:
        """The version as refunds are computed by it."""
        value = self.as_case()
        return POLICIES[value] if isinstance(value, str) else filed(value)

    def as_case(self) -> str | dict[str, Any]:
        """The version as a case file of a refund has it: its name, or an object."""
        if self.rule != FILED:
            return self.rule
        cap = self.application_fee_cap_dollars
        return {
            "name": self.policy_name,
            "clause": self.clause,
            "schedule": self.schedule,
            "tiers": [{"through": one.through, "refund_percent": one.refund_percent} for one in self.tiers],
            "nothing_from_percent": self.nothing_from_percent,
            "step_percent": self.step_percent,
            "window_hours": self.window_hours,
            "window_business_days": self.window_business_days,
            "window_returns": self.window_returns,
            "application_fee_cap_cents": None if cap is None else cap * 100,
            "due_days": self.due_days,
        }

    def why_not_on(self, day: date) -> str | None:
        """Why no agreement can be signed under it on a day; None where it can."""
        rule = self.as_rule()
        if rule.effective_from is not None and day < rule.effective_from:
            return f"{rule.title} did not apply before {long_date(rule.effective_from)}."
        ends = [one for one in (self.last_day, rule.effective_until) if one is not None]
        if ends and day > min(ends):
            return f"{rule.title} ended on {long_date(min(ends))}."
        return None

    def taken_over(self) -> dict[str, Any]:
        """All but its last day: the next version does not end with this one."""
        return self.model_dump(mode="json", exclude={"last_day"})

    def why_not_from(self, day: date) -> str | None:
        """Why a version cannot begin on a day: it would have ended, or not begun, by then."""
        return self.why_not_on(day)


class _Points(Values):
    """How the school reads the open points of the refund rule. Each default is the literal reading."""

    def chosen(self) -> dict[str, str]:
        """Every open point with its value."""
        return {name: getattr(self, name) for name in POINTS}

    def as_settings(self, holidays: tuple[date, ...] = ()) -> dict[str, Any]:
        """As a case file of a refund has them. `holidays` are those of the school's calendar."""
        found: dict[str, Any] = dict(self.chosen())
        found["holidays"] = [day.isoformat() for day in holidays] if found["holidays"] != "none" else []
        return found


@internal("values of a case file, which name nobody")
def settings_of(values: dict[str, Any], zone: str) -> Settings:
    """The settings of a case file as the rule takes them."""
    days = tuple(date.fromisoformat(day) for day in values.get("holidays", ()))
    return Settings(**values | {"time_zone": zone, "holidays": days})


RefundSettingsPolicy: type[_Points] = create_model(
    "RefundSettingsPolicy",
    __base__=_Points,
    **{name: (Literal[tuple(one.choices)], one.default) for name, one in POINTS.items()},  # type: ignore[call-overload]
)

REFUND_LABELS = {
    "rule": ("Rule", ""),
    "policy_name": ("Name of the school’s own policy", ""),
    "clause": ("The rule in words", ""),
    "schedule": ("Schedule", ""),
    "tiers": ("Steps", ""),
    "nothing_from_percent": ("No refund from", "% of the program"),
    "step_percent": ("The part completed is rounded up to", "%"),
    "window_hours": ("Time to cancel", "hours"),
    "window_business_days": ("Time to cancel", "business days"),
    "window_returns": ("Canceled in that time", ""),
    "application_fee_cap_dollars": ("Maximum application fee kept", "dollars"),
    "due_days": ("A refund is due within", "days"),
    "last_day": ("Last day for signing under it", ""),
    **{name: (one.title, "") for name, one in POINTS.items()},
}
REFUND_CHOICES = {
    "gnpec-current": "GNPEC Standards 12 and 13 (since 2025)",
    "gnpec-tiers": "GNPEC’s older schedule of tiers (through 2024)",
    "standard-nine": "GNPEC Standard Nine (through 2024)",
    "filed": "The school’s own policy, filed with GNPEC",
    "pro_rata": "Pro rata",
    "tiers": "Steps by the part of the program completed",
    "weekly": "By the weeks begun",
    "all_but_retained": "Everything is refunded except what may be kept",
    "all_paid": "All money comes back",
}
