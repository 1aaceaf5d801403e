"""What a school owes a student who leaves: exact, with every step in words.

Source: GNPEC Minimum Standards, Standard 12 (refunds) and Standard 13 (cancellation), and their older versions
(`refunds_policies`). Money is integer cents, time integer minutes; fractions are exact until the one rounding at the
end. Each open point of the rule is a setting (`refunds_settings`), recorded with the result.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from app.rules.days import long_date
from app.rules.refunds_case import Case, CaseError, Item, Kind, Payment, Segment, paid
from app.rules.refunds_days import due_on, window
from app.rules.refunds_money import Back, Money
from app.rules.refunds_policies import POLICIES, Policy, Tier, applied, of_va_funds, past_threshold, share
from app.rules.refunds_settings import Settings, as_record
from app.rules.refunds_words import Derivation, Line, dollars, hours, percent

__all__ = [
    "POLICIES",
    "Case",
    "CaseError",
    "Item",
    "Kind",
    "Line",
    "Payment",
    "Policy",
    "Result",
    "Segment",
    "Settings",
    "Tier",
    "refund",
]


@dataclass(frozen=True, slots=True)
class Result:
    """The refund in cents, the day it is due, its lines (they add up to the amount), and the reading of the rule."""

    amount_cents: int
    due_on: date
    lines: tuple[Line, ...]
    policy: str
    settings: Settings

    @property
    def basis(self) -> str:
        """Version, rule and arithmetic in words, one step a line: what is kept with a refund."""
        steps = [f"Policy {self.policy}"]
        for line in self.lines:
            sign = "-" if line.amount_cents < 0 else ""
            steps.append(
                f"{line.text}: {sign}{dollars(abs(line.amount_cents))}" if line.amount_cents else line.text
            )
        return "\n".join([*steps, f"Refund: {dollars(self.amount_cents)}, due by {long_date(self.due_on)}"])

    def as_record(self) -> dict[str, Any]:
        """As the documented JSON."""
        return {
            "amount_cents": self.amount_cents,
            "due_on": self.due_on.isoformat(),
            "lines": [{"text": line.text, "amount_cents": line.amount_cents} for line in self.lines],
            "policy": self.policy,
            "settings": as_record(self.settings),
        }


def refund(case: Case) -> Result:
    """What is owed in a case. Raises CaseError, with the place in the case, where it contradicts itself."""
    zone = _zone(case.settings.time_zone)
    withdrawn_on = case.withdrawn_at.astimezone(zone).date()
    money = paid(case, withdrawn_on)
    policy, settings = applied(case.policy, case.settings)
    out = _Owed(case, money, policy, settings).decide(zone, withdrawn_on)
    lines = out.lines
    if settings.payer == "va":
        least = _Owed(case, money, *of_va_funds(policy, settings)).decide(zone, withdrawn_on)
        words = _of_va_funds(settings.due_days or 0, out.amount_cents, least.amount_cents)
        if least.amount_cents >= out.amount_cents:
            out = least
        lines = [out.lines[0], Line(words, 0), *out.lines[1:]]
    return Result(out.amount_cents, due_on(withdrawn_on, settings), tuple(lines), policy.name, settings)


def _of_va_funds(days: int, by_policy: int, least: int) -> str:
    """The line about VA funds: of what the policy gives and what the federal rule gives the more holds."""
    due = f"due within {days} {'day' if days == 1 else 'days'}"
    if by_policy > least:
        return (
            f"VA funds (38 CFR 21.4255): pro rata to the end of the program gives {dollars(least)}. The policy gives "
            f"more, so it holds; {due}."
        )
    also = f" The policy alone gives {dollars(by_policy)}." if by_policy < least else ""
    return (
        "VA funds (38 CFR 21.4255): pro rata to the end of the program, at most $10 of a fee kept, "
        f"{due}.{also}"
    )


class _Owed(Money):
    """One computation: which rule applies, then the money by what it was paid for."""

    def decide(self, zone: ZoneInfo, withdrawn_on: date) -> Derivation:
        """Add the lines of the case."""
        case, settings, policy = self.case, self.settings, self.policy
        clause = " ".join(policy.clause.splitlines())
        self.out.add(f"{policy.title}. {clause}" if clause else f"{policy.title}.")
        if case.kind == "school_cancelled":
            if settings.alternative == "accepted":
                self.out.add("The school canceled and accommodated the student: the schedule applies.")
            elif case.attended_minutes == 0 and settings.cancelled_before_start == "as_withdrawal":
                self.out.add("The school canceled before the student started: the schedule applies.")
            else:
                self.out.add(
                    "The school canceled and there is no alternative: all money paid comes back (Standard 13)."
                )
                self.add_all_paid()
                return self.out
        if not self._cancelled_in_time(zone):
            self._scheduled(withdrawn_on)
            self.offset()
        elif policy.window_returns == "all_paid":
            self.add_all_paid()
        else:
            self.add_all_but_retained()
            self.offset()
        return self.out

    def _cancelled_in_time(self, zone: ZoneInfo) -> bool:
        case, settings = self.case, self.settings
        found = window(case.signed_at, case.withdrawn_at, settings, zone)
        if found is None:
            return False
        inside = found.cancels(case.kind, settings)
        if case.kind != "cancellation" and settings.withdrawal_date == "last_attendance":
            inside = False  # Nobody cancels by not coming again; a request in time is a cancellation.
        if inside or case.kind == "cancellation":
            left = "canceled" if case.kind in ("student", "cancellation") else "withdrawn"
            times = f"Signed {_instant(case.signed_at, zone)}, {left} {_instant(case.withdrawn_at, zone)}"
            if inside:
                self.out.add(f"{times}: within {found.rule}, so everything comes back that may not be kept.")
            else:
                self.out.add(f"{times}: later than {found.rule}, so it counts as a withdrawal.")
        return inside

    def _scheduled(self, withdrawn_on: date) -> None:
        """The schedule of the policy, on the part of the program completed."""
        weekly = self.policy.schedule == "weekly"
        if weekly:
            done, total = self._weeks_begun(withdrawn_on), self.case.weeks or 1
            completed = f"{done} of {total} {'week' if total == 1 else 'weeks'} begun"
        else:
            done, total = self.done, self.case.total_minutes
            completed = f"{hours(done)} of {hours(total)} completed ({percent(done, total)})"
        part = share(self.policy, self.settings, done, total)
        over = past_threshold(self.policy, self.settings, done, total)
        by_segment = not weekly and self._by_segment()
        if over and by_segment and self.settings.threshold_base == "segment":
            over = False
            words = "each paid segment has its own threshold."
        elif over:
            words = (
                f"{self.policy.nothing_from_percent}% or more of the program was completed, so no tuition or prorated "
                f"fees come back{self.but_for_overpayment}."
            )
        elif self.policy.tiers:
            words = f"{percent(*part)} comes back."
        else:
            words = "the rest comes back."
        if by_segment and self.policy.tiers and not over:
            words = f"each paid segment has its own tier; of all other money {percent(*part)} comes back."
        elif by_segment and not over and any(self.money.segments):
            words = "each paid segment goes by its own hours; of all other money the rest comes back."
        counted = "" if over else self.counted_as(part, done, total)
        self.out.add(f"{completed}{counted}: {words}")
        self.add_by_schedule(Back(part, over, by_segment))

    def _by_segment(self) -> bool:
        if self.policy.tiers:
            return self.settings.tier_base == "segment"
        return self.settings.paid_segment == "segment"

    def _weeks_begun(self, withdrawn_on: date) -> int:
        start, weeks = self.case.starts_on, self.case.weeks
        if start is None or weeks is None or withdrawn_on < start:
            return 0
        return min(weeks, (withdrawn_on - start).days // 7 + 1)


def _instant(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{long_date(there.date())} at {there.hour % 12 or 12}:{there:%M:%S %p}"


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
