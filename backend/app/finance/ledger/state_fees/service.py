"""The base of the state’s fees and the fees computed from it, by the policy in force on the last day of the period."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Actor, internal
from app.finance.ledger import policy
from app.finance.ledger.state_fees import queries
from app.rules import state_fees as rules
from app.rules.days import long_date
from app.rules.outcomes import year_name
from app.school import service as school
from app.school.service import PolicyKind, StateFeesPolicy
from app.web.listing import Computed, Listing
from app.web.paging import Paging

_MOST_YEARS = 15
InForce = school.policies.DatedPolicy[StateFeesPolicy]


@dataclass(frozen=True, slots=True)
class StateFees:
    """The base of a period with what it is made of, the policy in force on its last day, and the fees, in cents."""

    first: date
    last: date
    year: str
    """The fiscal year in which the period ends."""
    base: rules.Base
    policy: InForce

    @property
    def waived_off(self) -> bool:
        """Whether what was waived of tuition and fees is taken off the base."""
        return takes_waivers_off(self.policy)

    @property
    def authorization_cents(self) -> int:
        return rules.authorization_fee_cents(self.base.base_cents, terms_of(self.policy.values))

    @property
    def trust_fund_cents(self) -> int:
        return rules.trust_fund_fee_cents(self.base.base_cents, terms_of(self.policy.values))


def fees_due(
    session: Session, subject: Actor, *, first: date | None = None, last: date | None = None
) -> StateFees:
    """The base of a period and the fees; the fiscal year so far unless days are given. Raises Forbidden."""
    policy.require_read_all(subject)
    facts = school.facts(session)
    last = last or clock.today(facts.zone)
    begun, ends = facts.fiscal_year_of(last)
    return _of_period(session, first or begun, last, year_name(ends))


def policy_today(session: Session, subject: Actor) -> InForce:
    """The policy by which the fees of today are computed. Raises Forbidden."""
    policy.require_read_all(subject)
    today = clock.today(school.facts(session).zone)
    return school.policies.at(session, PolicyKind.STATE_FEES, today)


def fees_by_year(session: Session, subject: Actor) -> list[StateFees]:
    """The same of each fiscal year since the first transaction, the latest first. Raises Forbidden."""
    policy.require_read_all(subject)
    facts = school.facts(session)
    begun = queries.first_day(session)
    day = clock.today(facts.zone)
    found: list[StateFees] = []
    while begun is not None and len(found) < _MOST_YEARS:
        first, last = facts.fiscal_year_of(day)
        found.append(_of_period(session, first, last, year_name(last)))
        if first <= begun:
            break
        day = first - timedelta(days=1)
    return found


def year_listing(session: Session, subject: Actor, paging: Paging) -> Computed[StateFees]:
    """The fees of each fiscal year as a list. Sorts: year, base. Raises Forbidden."""
    return Computed(
        session,
        fees_by_year(session, subject),
        paging,
        {"year": lambda one: one.first, "base": lambda one: one.base.base_cents},
        "-year",
        lambda one: (one.year,),
    )


def months(session: Session, subject: Actor, paging: Paging, period: StateFees) -> Listing[Any]:
    """Tuition, fees and refunds of a period of `fees_due` by month and program. Sorts: month, program, base.

    Raises Forbidden.
    """
    policy.require_read_all(subject)
    facts = school.facts(session)
    return queries.months(
        session,
        paging,
        period.first,
        period.last,
        fiscal_start=(facts.fiscal_year_month, facts.fiscal_year_day),
        waived_off=period.waived_off,
    )


@internal("says what a file holds, to whoever has it")
def about(period: StateFees) -> dict[str, str]:
    """What a file says of its period and policy."""
    return {
        "Period": f"{long_date(period.first)} through {long_date(period.last)}",
        **settings_of(period.policy),
    }


@internal("puts a policy into the shape of a rule")
def terms_of(values: StateFeesPolicy) -> rules.Terms:
    """The policy as the rule takes it."""
    return rules.Terms(
        authorization_rate=values.authorization_rate_hundredths,
        authorization_least_cents=values.authorization_minimum_dollars * 100,
        authorization_most_cents=values.authorization_maximum_dollars * 100,
        trust_fund_rate=values.trust_fund_rate_hundredths,
        trust_fund_least_cents=values.trust_fund_minimum_dollars * 100,
        trust_fund_owed=values.trust_fund == "owed",
    )


@internal("says what a policy holds, to whoever has it")
def takes_waivers_off(found: InForce) -> bool:
    """Whether what was waived of tuition and fees is taken off the base."""
    return found.values.waivers == "taken_off"


@internal("says what a page holds, to whoever has it")
def settings_of(found: InForce) -> dict[str, str]:
    """What a page and a file say of the policy, with what the fee schedule leaves open."""
    values = found.values
    waived = "taken off the base" if takes_waivers_off(found) else "not taken off the base"
    owed = "owed" if values.trust_fund == "owed" else "no longer owed"
    return {
        "Fee policy": f"Version {found.version}, in force from {found.effective_from}",
        "Authorization fee": (
            f"{_percent(values.authorization_rate_hundredths)} of the base, at least "
            f"${values.authorization_minimum_dollars:,} and at most ${values.authorization_maximum_dollars:,}"
        ),
        "Trust-fund fee": (
            f"{_percent(values.trust_fund_rate_hundredths)} of the base, at least "
            f"${values.trust_fund_minimum_dollars:,}, in the first seven years: {owed}"
        ),
        "Waived tuition and fees": f"{waived.capitalize()} (the schedule does not say)",
    }


def _of_period(session: Session, first: date, last: date, year: str) -> StateFees:
    row = queries.sums(session, first, last)
    in_force = school.policies.at(session, PolicyKind.STATE_FEES, last)
    waived = row.waived if takes_waivers_off(in_force) else 0
    return StateFees(first, last, year, rules.Base(row.tuition, row.fees, waived, row.refunds), in_force)


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}%"
