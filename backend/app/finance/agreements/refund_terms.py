"""The refund policy of an agreement: what is in force on a day, what its terms keep of it, and the rule that follows.

Terms are never changed, so that a refund is computed by the version and the reading that were signed, whatever the
school files later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.permissions import internal
from app.rules.days import long_date
from app.rules.refunds_open_points import POINTS
from app.rules.refunds_policies import POLICIES, Policy, filed
from app.rules.refunds_settings import Settings
from app.school import service as school
from app.school.service import DatedPolicy, PolicyKind, RefundPolicy, settings_of

_BEFORE = timedelta(days=800)
"""How long before an agreement is prepared holidays can matter: an earlier one may have begun the time to cancel."""


@dataclass(frozen=True, slots=True)
class AgreedRefund:
    """A version of the refund policy and the reading of its open points.

    `policy` and `settings` are as a case file has them. `version` and `settings_version` are those of the school's
    dated policies; none in agreements from before the school's policies had them, which were signed under GNPEC's
    version of that name with the defaults.
    """

    policy: str | Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    settings_version: int | None = None
    holidays_as_of: date | None = None
    """Where the school’s holidays are no business days: the day whose calendar `settings` has. None where they do not
    matter, and in agreements from before it was kept."""

    @property
    def rule(self) -> Policy:
        """The version as the rule takes it."""
        return POLICIES[self.policy] if isinstance(self.policy, str) else filed(self.policy)

    @property
    def name(self) -> str:
        """What the version is called."""
        return self.rule.name

    def settings_in(self, zone: ZoneInfo) -> Settings:
        """The reading as the rule takes it."""
        return settings_of(dict(self.settings), zone.key)

    @property
    def has_calendar(self) -> bool:
        """Whether the school’s holidays are no business days."""
        return self.holidays_as_of is not None or bool(self.settings.get("holidays"))

    @property
    def readings(self) -> list[str]:
        """The open points that the school settled in another way than the default, one sentence each."""
        found = []
        for name, point in POINTS.items():
            value = self.settings.get(name, point.default)
            if name == "holidays":
                value = "school_calendar" if self.has_calendar else point.default
            if value != point.default:
                found.append(f"{point.title}: {point.choices[value].lower()}.")
        return found


@dataclass(frozen=True, slots=True)
class InForce:
    """The dated policies that a refund goes by on a day."""

    policy: DatedPolicy[RefundPolicy]
    settings: DatedPolicy[Any]
    agreed: AgreedRefund

    def used(self, session: Session) -> None:
        """Note that something was written down by them: neither version can change from now on."""
        school.policies.used(session, self.policy)
        school.policies.used(session, self.settings)


@internal("what the school goes by; whoever prepares an agreement or computes a refund asks")
def on(session: Session, day: date) -> InForce:
    """The refund policy and the reading in force on a day at the school. Raises Conflict where none is."""
    try:
        policy = school.policies.at(session, PolicyKind.REFUND, day)
        settings = school.policies.at(session, PolicyKind.REFUND_SETTINGS, day)
    except NotFound:
        raise _missing(day, "The first one began later.") from None
    if (why := policy.values.why_not_on(day)) is not None:
        raise _missing(day, why)
    # A student may leave years later, so all that the calendar has of the time to come; weekends never count anyway.
    holidays = school.calendar.holidays_between(session, day - _BEFORE, date.max)
    values = settings.values.as_settings(tuple(sorted(one for one in holidays if one.weekday() < 5)))
    as_of = None
    if settings.values.chosen()["holidays"] == "school_calendar":
        as_of = clock.today(school.facts(session).zone)
    agreed = AgreedRefund(policy.values.as_case(), values, policy.version, settings.version, as_of)
    return InForce(policy, settings, agreed)


def _missing(day: date, why: str) -> Conflict:
    return Conflict(
        f"No refund policy is in force on {long_date(day)}. {why} An administrator files one under Refund policy "
        "first. Nothing was changed."
    )


def as_terms(agreed: AgreedRefund) -> dict[str, Any]:
    """As the terms of an agreement keep it, with its words."""
    rule = agreed.rule
    return {
        "name": rule.name,
        "title": rule.title,
        "clause": rule.clause,
        "case": agreed.policy,
        "settings": dict(agreed.settings),
        "version": agreed.version,
        "settings_version": agreed.settings_version,
        "holidays_as_of": agreed.holidays_as_of.isoformat() if agreed.holidays_as_of else None,
        "readings": agreed.readings,
    }


def of_terms(terms: Mapping[str, Any]) -> AgreedRefund:
    """What the terms of an agreement say. Older ones name a version of GNPEC's alone."""
    kept = terms["refund_policy"]
    return AgreedRefund(
        kept.get("case", kept["name"]),
        kept.get("settings", {}),
        kept.get("version"),
        kept.get("settings_version"),
        date.fromisoformat(day) if (day := kept.get("holidays_as_of")) else None,
    )
