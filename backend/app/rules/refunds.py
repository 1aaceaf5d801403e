"""What a school owes a student who leaves: exact, with every step in words.

Source: GNPEC Minimum Standards, Standard 12 (refunds) and Standard 13 (cancellation), and their older versions
(`refunds_policies`). Money is integer cents, time integer minutes; fractions are exact until the one rounding at the
end. Each open point of the rule is a setting (`refunds_settings`), recorded with the result.
"""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from app.rules.refunds_case import Case, CaseError, Item, Kind, Paid, Payment, Segment, paid
from app.rules.refunds_days import due_on, window
from app.rules.refunds_policies import POLICIES, Policy, Tier, applied, past_threshold, share
from app.rules.refunds_settings import Settings, as_record
from app.rules.refunds_words import Derivation, Line, date_in_words, dollars, half_up, hours, percent

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
    "half_up",
    "refund",
]

Amount = int | Fraction


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
        return "\n".join(
            [*steps, f"Refund: {dollars(self.amount_cents)}, due by {date_in_words(self.due_on)}"]
        )

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
    owed = _Owed(case, money, policy, settings)
    owed.decide(zone, withdrawn_on)
    return Result(
        owed.out.amount_cents, due_on(withdrawn_on, settings), tuple(owed.out.lines), policy.name, settings
    )


class _Owed:
    """One computation: which rule applies, then the money by what it was paid for."""

    def __init__(self, case: Case, money: Paid, policy: Policy, settings: Settings) -> None:
        self.case, self.money, self.policy, self.settings = case, money, policy, settings
        self.out = Derivation(settings.rounding)
        self.done = min(
            case.scheduled_minutes or 0 if settings.completed == "scheduled_hours" else case.attended_minutes,
            case.total_minutes,
        )

    def decide(self, zone: ZoneInfo, withdrawn_on: date) -> None:
        case, settings, policy = self.case, self.settings, self.policy
        clause = " ".join(policy.clause.splitlines())
        self.out.add(f"{policy.title}. {clause}" if clause else f"{policy.title}.")
        if settings.payer == "va":
            days = f"{settings.due_days} {'day' if settings.due_days == 1 else 'days'}"
            self.out.add(f"VA funds (38 CFR 21.4255): pro rata to the end of the program, due within {days}.")
        if case.kind == "school_cancelled":
            if settings.alternative == "accepted":
                self.out.add("The school canceled and accommodated the student: the schedule applies.")
            elif case.attended_minutes == 0 and settings.cancelled_before_start == "as_withdrawal":
                self.out.add("The school canceled before the student started: the schedule applies.")
            else:
                self.out.add(
                    "The school canceled and there is no alternative: all money paid comes back (Standard 13)."
                )
                self._all_paid()
                return
        if self._cancelled_in_time(zone):
            if policy.window_returns == "all_paid" and settings.payer != "va":
                self._all_paid()
            else:
                self._all_but_retained()
                self._offset()
            return
        self._scheduled(withdrawn_on)
        self._offset()

    def _cancelled_in_time(self, zone: ZoneInfo) -> bool:
        case, settings = self.case, self.settings
        found = window(case.signed_at, case.withdrawn_at, settings, zone)
        if found is None:
            return False
        inside = found.inside and not (case.kind == "administrative" and settings.window_kinds == "student")
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

    # What may be kept

    def _fee_kept(self) -> int:
        """Of the application fee paid, what may be kept: disclosed, as charged, within the cap."""
        if not self.case.application_fee_disclosed:
            return 0
        return min(self.money.application_fee, self._fee_to_keep())

    def _fee_to_keep(self) -> int:
        cap = self.settings.application_fee_cap_cents
        fee = self.case.application_fee_cents
        return fee if cap is None else min(fee, cap)

    def _is_kept(self, item: Item) -> bool:
        return item.kept and item.disclosed and not item.refundable and self.settings.kept_items == "retained"

    # The three outcomes

    def _all_paid(self) -> None:
        for name, cents in self._groups():
            self.out.add(f"Paid for {name}", cents)

    def _all_but_retained(self) -> None:
        money = self.money
        for segment, cents in zip(self.case.segments, money.segments, strict=True):
            if cents:
                self.out.add(f"Paid for {segment.name}", cents)
        if money.program:
            self.out.add("Paid toward the program", money.program)
        self._fee(Fraction(1))
        self._items(Fraction(1))

    def _scheduled(self, withdrawn_on: date) -> None:
        """The schedule of the policy, on the part of the program completed."""
        weekly = self.policy.schedule == "weekly"
        if weekly:
            done, total = self._weeks_begun(withdrawn_on), self.case.weeks or 1
            completed = f"{done} of {total} {'week' if total == 1 else 'weeks'} begun"
        else:
            done, total = self.done, self.case.total_minutes
            completed = f"{hours(done)} of {hours(total)} completed ({percent(done, total)})"
        back = share(self.policy, self.settings, done, total)
        over = past_threshold(self.policy, self.settings, done, total)
        by_segment = not weekly and self._by_segment()
        if over and by_segment and self.settings.threshold_base == "segment":
            over = False
            words = "each paid segment has its own threshold."
        elif over:
            words = (
                f"{self.policy.nothing_from_percent}% or more of the program was completed, so no tuition or prorated "
                "fees come back."
            )
        elif self.policy.tiers:
            words = f"{percent(back.numerator, back.denominator)} comes back."
        else:
            words = "the rest comes back."
        counted = "" if over else self._counted_as(back, done, total)
        self.out.add(f"{completed}{counted}: {words}")
        self._segments(back, over, by_segment)
        self._program(back, over, by_segment)
        self._fee(back)
        self._items(back)

    def _counted_as(self, back: Fraction, done: int, total: int) -> str:
        """The part completed as it counts, where the policy rounds it up to a step."""
        done = min(done, total)
        if not self.policy.step_percent or self.policy.tiers or back == Fraction(total - done, total):
            return ""
        plain = share(self.policy, self.settings, done, total, threshold=False)
        lost = 1 - back
        return f", counted as {percent(lost.numerator, lost.denominator)}" if back == plain else ""

    def _by_segment(self) -> bool:
        if self.policy.tiers:
            return self.settings.tier_base == "segment"
        return self.settings.paid_segment == "segment"

    def _weeks_begun(self, withdrawn_on: date) -> int:
        start, weeks = self.case.starts_on, self.case.weeks
        if start is None or weeks is None or withdrawn_on < start:
            return 0
        return min(weeks, (withdrawn_on - start).days // 7 + 1)

    # The money by what it was paid for

    def _segments(self, back: Fraction, over: bool, by_segment: bool) -> None:
        for segment, done, cents in zip(self.case.segments, self._done(), self.money.segments, strict=True):
            if not cents:
                continue
            self.out.add(f"Paid for {segment.name}", cents)
            part = self._part(segment, done, back, over, by_segment)
            extra = self._extra(cents, segment.charge_cents)
            kept: Amount = (cents - extra) * (1 - part)
            if self.settings.partial_segments == "first_hours" and not over:
                kept = min(Fraction(cents - extra), segment.charge_cents * (1 - part))
            if by_segment and not over:
                words = f"{hours(done)} of {hours(segment.total_minutes)} of {segment.name} completed"
                words = f"{words} ({percent(done, segment.total_minutes)})"
                words += self._counted_as(part, done, segment.total_minutes)
            else:
                words = f"Of {segment.name}, by the part of the program completed"
            self.out.add(f"Earned: {words}", -kept)

    def _part(self, segment: Segment, done: int, back: Fraction, over: bool, by_segment: bool) -> Fraction:
        """The part of a segment's money that comes back."""
        if over or not by_segment:
            return back
        alone = self.settings.threshold_base == "segment"
        return share(self.policy, self.settings, done, segment.total_minutes, threshold=alone)

    def _done(self) -> list[int]:
        """The minutes completed of each segment: they fill the segments in order."""
        left, found = self.done, []
        for segment in self.case.segments:
            done = min(left, segment.total_minutes)
            found.append(done)
            left -= done
        return found

    def _program(self, back: Fraction, over: bool, by_segment: bool) -> None:
        """Payments toward the program as a whole buy the first hours that were not paid by segment."""
        cents = self.money.program
        if not cents:
            return
        self.out.add("Paid toward the program", cents)
        charge, earned, words = self._earned_of_the_rest(cents, back, by_segment)
        if over or not back:
            extra = self._extra(cents, charge)
            self.out.add("Earned: all of it", extra - cents)
        else:
            self.out.add(f"Earned: {words}", -min(cents, earned))

    def _earned_of_the_rest(self, cents: int, back: Fraction, by_segment: bool) -> tuple[int, Amount, str]:
        """The charge that segments' payments leave open, the part of it that was earned, and the words.

        An hour is charged once: what is paid for a segment by name and what is left open of it go by its own minutes.
        """
        segments, paid_for = self.case.segments, self.money.segments
        if not segments:
            return (
                cents,
                cents * (1 - back),
                "the part of the program completed; what was paid counts as its charge",
            )
        charge = sum(
            max(0, one.charge_cents - bought) for one, bought in zip(segments, paid_for, strict=True)
        )
        words = f"the part of the program completed, of {dollars(charge)} charged"
        if self.policy.schedule != "pro_rata" or self.policy.tiers or not by_segment:
            parts = [back] * len(segments)
        else:
            parts = [
                self._part(one, done, back, False, True)
                for one, done in zip(segments, self._done(), strict=True)
            ]
            words = f"the part of each segment completed, of {dollars(charge)} not paid by segment"
        rests = [self._earned_of_a_rest(*one) for one in zip(segments, paid_for, parts, strict=True)]
        if not by_segment or self.policy.tiers or self.settings.instalments == "segment_rate":
            return charge, sum(rests, Fraction(0)), words
        done, total = self.done, self.case.total_minutes
        earned, open_charge = Fraction(0), 0
        for segment, its_done, bought, rest in zip(segments, self._done(), paid_for, rests, strict=True):
            if bought:
                done, total = done - its_done, total - segment.total_minutes
                earned += rest
            else:
                open_charge += segment.charge_cents
        if total > 0 and open_charge:
            part = share(self.policy, self.settings, done, total, threshold=False)
            if not earned:
                counted = self._counted_as(part, done, total)
                words = f"{hours(done)} of {hours(total)}{counted}, of {dollars(charge)} charged"
            earned += open_charge * (1 - part)
        return charge, earned, words if charge else "nothing was left to pay"

    def _earned_of_a_rest(self, segment: Segment, bought: int, part: Fraction) -> Fraction:
        """Of what a segment costs beyond what was paid for it by name, the part that was earned; `part` comes back."""
        earned = segment.charge_cents * (1 - part)
        by_name = min(Fraction(bought), earned)
        if self.settings.partial_segments != "first_hours":
            by_name = bought * (1 - part)
        return max(Fraction(0), earned - by_name)

    def _fee(self, back: Fraction) -> None:
        cents, kept = self.money.application_fee, self._fee_kept()
        if not cents:
            return
        self.out.add("Application fee paid", cents)
        if kept:
            self.out.add("Application fee kept: disclosed as nonrefundable, within the cap", -kept)
        how = (
            self.settings.over_cap_application_fee
            if self.case.application_fee_disclosed
            else self.settings.undisclosed_application_fee
        )
        extra = self._extra(cents, self.case.application_fee_cents)
        if cents > kept + extra and how == "prorated" and back != 1:
            why = "not disclosed as nonrefundable"
            if self.case.application_fee_disclosed:
                why = (
                    "above what may be kept"
                    if self.case.application_fee_cents
                    else "that the agreement does not charge"
                )
            self.out.add(
                f"Earned: application fee {why}, prorated like tuition", -(cents - kept - extra) * (1 - back)
            )

    def _extra(self, cents: int, charge: int) -> int:
        """What was paid beyond a charge, where the settings return it."""
        return max(0, cents - charge) if self.settings.overpayment == "returned" else 0

    def _items(self, back: Fraction) -> None:
        for item, cents in zip(self.case.items, self.money.items, strict=True):
            if not cents:
                continue
            self.out.add(f"Paid for {item.name}", cents)
            kept = min(cents, item.amount_cents) if self._is_kept(item) else 0
            if kept:
                self.out.add(f"{item.name} kept: issued, not reusable, disclosed as nonrefundable", -kept)
            how = self.settings.other_items
            whole = how == "returned" or (how == "unissued_returned" and not (item.kept or item.refundable))
            extra = self._extra(cents, item.amount_cents)
            if cents > kept + extra and not whole and back != 1:
                self.out.add(
                    f"Earned: {item.name}, prorated like tuition and fees",
                    -(cents - kept - extra) * (1 - back),
                )

    def _offset(self) -> None:
        """Charges that may be kept and were not paid, where the settings take them from the refund."""
        if self.settings.unpaid_charges != "offset":
            return
        unpaid = self._fee_to_keep() - self._fee_kept() if self.case.application_fee_disclosed else 0
        for item, cents in zip(self.case.items, self.money.items, strict=True):
            if self._is_kept(item):
                unpaid += max(0, item.amount_cents - cents)
        if unpaid and self.out.exact:
            self.out.add("Charges the school may keep that are not paid", -min(unpaid, self.out.exact))

    def _groups(self) -> list[tuple[str, int]]:
        case, money = self.case, self.money
        found = [(one.name, cents) for one, cents in zip(case.segments, money.segments, strict=True)]
        found += [("the program", money.program), ("the application fee", money.application_fee)]
        found += [(one.name, cents) for one, cents in zip(case.items, money.items, strict=True)]
        return [(name, cents) for name, cents in found if cents]


def _instant(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{date_in_words(there.date())} at {there.hour % 12 or 12}:{there:%M:%S %p}"


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
