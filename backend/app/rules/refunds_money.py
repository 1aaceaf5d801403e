"""The money of a refund, line by line: what was paid for segments, the program, the application fee and items, and what
of it is earned or kept.

Amounts are whole numbers over a denominator, a tuple of top and bottom, and exact: see `refunds_words.Derivation`.
"""

from dataclasses import dataclass

from app.rules.refunds_case import Case, Item, Paid, Segment
from app.rules.refunds_policies import Part, Policy, share
from app.rules.refunds_settings import Settings
from app.rules.refunds_words import Derivation, dollars, hours, percent


@dataclass(frozen=True, slots=True)
class Back:
    """What comes back by the schedule: the part of the program's money, whether so much is completed that nothing
    does, and whether each segment goes by its own minutes."""

    part: Part
    over: bool
    by_segment: bool

    @property
    def lost(self) -> Part:
        """The part that does not come back."""
        top, bottom = self.part
        return bottom - top, bottom


ALL = Back((1, 1), over=False, by_segment=False)


class Money:
    """The money of one case; its lines go to `out`."""

    def __init__(self, case: Case, money: Paid, policy: Policy, settings: Settings) -> None:
        self.case, self.money, self.policy, self.settings = case, money, policy, settings
        self.out = Derivation(settings.rounding)
        self.done = min(
            case.scheduled_minutes or 0 if settings.completed == "scheduled_hours" else case.attended_minutes,
            case.total_minutes,
        )

    # The three outcomes

    def add_all_paid(self) -> None:
        """All of it comes back."""
        for name, cents in self._groups():
            self.out.add(f"Paid for {name}", cents)

    def add_all_but_retained(self) -> None:
        """All of it but what may be kept."""
        money = self.money
        for segment, cents in zip(self.case.segments, money.segments, strict=True):
            if cents:
                self.out.add(f"Paid for {segment.name}", cents)
        if money.program:
            self.out.add("Paid toward the program", money.program)
        self._fee(ALL)
        self._items(ALL)

    def add_by_schedule(self, back: Back) -> None:
        """What was not earned by the schedule."""
        self._segments(back)
        self._program(back)
        self._fee(back)
        self._items(back)

    # Segments and the program

    def counted_as(self, back: Part, done: int, total: int) -> str:
        """The part completed as it counts, where the policy rounds it up to a step."""
        done = min(done, total)
        top, bottom = back
        if not self.policy.step_percent or self.policy.tiers or top * total == (total - done) * bottom:
            return ""
        plain = share(self.policy, self.settings, done, total, threshold=False)
        same = top * plain[1] == plain[0] * bottom
        return f", counted as {percent(bottom - top, bottom)}" if same else ""

    def _segments(self, back: Back) -> None:
        for segment, done, cents in zip(
            self.case.segments, self._done_of_each(), self.money.segments, strict=True
        ):
            if not cents:
                continue
            self.out.add(f"Paid for {segment.name}", cents)
            top, bottom = self._part(segment, done, back)
            open_cents = cents - self._extra(cents, segment.charge_cents)
            kept = open_cents * (bottom - top)
            if self.settings.partial_segments == "first_hours" and not back.over:
                kept = min(open_cents * bottom, segment.charge_cents * (bottom - top))
            self.out.add(f"Earned: {self._words_of(segment, done, (top, bottom), back)}", -kept, bottom)

    def _words_of(self, segment: Segment, done: int, part: Part, back: Back) -> str:
        """Why a part of a segment's money was earned."""
        if back.by_segment and not back.over:
            words = f"{hours(done)} of {hours(segment.total_minutes)} of {segment.name} completed"
            words = f"{words} ({percent(done, segment.total_minutes)})"
            if self.policy.tiers:
                return f"{words}, so {percent(*part)} comes back"
            return words + self.counted_as(part, done, segment.total_minutes)
        if self.policy.tiers and not back.over:
            return f"of {segment.name}, by the program’s tier: {percent(*part)} comes back"
        return f"of {segment.name}, by the part of the program completed"

    def _part(self, segment: Segment, done: int, back: Back) -> Part:
        """The part of a segment's money that comes back."""
        if back.over or not back.by_segment:
            return back.part
        alone = self.settings.threshold_base == "segment"
        return share(self.policy, self.settings, done, segment.total_minutes, threshold=alone)

    def _done_of_each(self) -> list[int]:
        """The minutes completed of each segment: they fill the segments in order."""
        left, found = self.done, []
        for segment in self.case.segments:
            done = min(left, segment.total_minutes)
            found.append(done)
            left -= done
        return found

    def _program(self, back: Back) -> None:
        """Payments toward the program as a whole buy the first hours that were not paid by segment."""
        cents = self.money.program
        if not cents:
            return
        self.out.add("Paid toward the program", cents)
        charge, (top, bottom), words = self._earned_of_the_rest(cents, back)
        if back.over or not back.part[0]:
            extra = self._extra(cents, charge)
            self.out.add("Earned: the whole charge" if extra else "Earned: all of it", extra - cents)
        else:
            self.out.add(f"Earned: {words}", -min(cents * bottom, top), bottom)

    def _earned_of_the_rest(self, cents: int, back: Back) -> tuple[int, Part, str]:
        """The charge that segments' payments leave open, how much of it was earned, and the words.

        An hour is charged once: what is paid for a segment by name and what is left open of it go by its own minutes.
        """
        segments, paid_for = self.case.segments, self.money.segments
        lost, bottom = back.lost
        tier = f"{percent(lost, bottom)} of " if self.policy.tiers else ""
        if not segments:
            words = f"{tier}it" if tier else "the part of the program completed"
            return cents, (cents * lost, bottom), f"{words}; what was paid counts as its charge"
        charge = sum(
            max(0, one.charge_cents - bought) for one, bought in zip(segments, paid_for, strict=True)
        )
        words = f"{tier or 'the part of the program completed, of '}{dollars(charge)} charged"
        by_minutes = back.by_segment and self.policy.schedule == "pro_rata" and not self.policy.tiers
        done_of_each = self._done_of_each()
        parts = [back.part] * len(segments)
        if by_minutes:
            within = Back(back.part, over=False, by_segment=True)
            parts = [self._part(one, done, within) for one, done in zip(segments, done_of_each, strict=True)]
            words = f"the part of each segment completed, of {dollars(charge)} not paid by segment"
        rests = [self._earned_of_a_rest(*one) for one in zip(segments, paid_for, parts, strict=True)]
        if not back.by_segment or self.policy.tiers or self.settings.instalments == "segment_rate":
            return charge, _sum(rests), words if charge else "nothing was left to pay"
        done, total = self.done, self.case.total_minutes
        named, open_charge = [], 0
        for segment, its_done, bought, rest in zip(segments, done_of_each, paid_for, rests, strict=True):
            if bought:
                done, total = done - its_done, total - segment.total_minutes
                named.append(rest)
            else:
                open_charge += segment.charge_cents
        earned = _sum(named)
        if total > 0 and open_charge:
            part = share(self.policy, self.settings, done, total, threshold=False)
            if not earned[0]:
                counted = self.counted_as(part, done, total)
                words = f"{hours(done)} of {hours(total)}{counted}, of {dollars(charge)} charged"
            earned = _sum([earned, (open_charge * (part[1] - part[0]), part[1])])
        return charge, earned, words if charge else "nothing was left to pay"

    def _earned_of_a_rest(self, segment: Segment, bought: int, part: Part) -> Part:
        """Of what a segment costs beyond what was paid for it by name, the part that was earned; `part` comes back."""
        top, bottom = part
        earned = segment.charge_cents * (bottom - top)
        by_name = min(bought * bottom, earned)
        if self.settings.partial_segments != "first_hours":
            by_name = bought * (bottom - top)
        return max(0, earned - by_name), bottom

    # Fees and items

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

    def _fee(self, back: Back) -> None:
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
        lost, bottom = back.lost
        if cents > kept + extra and how == "prorated" and lost:
            why = "not disclosed as nonrefundable"
            if self.case.application_fee_disclosed:
                why = (
                    "above what may be kept"
                    if self.case.application_fee_cents
                    else "that the agreement does not charge"
                )
            self.out.add(
                f"Earned: application fee {why}, prorated like tuition",
                -(cents - kept - extra) * lost,
                bottom,
            )

    def _extra(self, cents: int, charge: int) -> int:
        """What was paid beyond a charge, where the settings return it."""
        return max(0, cents - charge) if self.settings.overpayment == "returned" else 0

    @property
    def but_for_overpayment(self) -> str:
        """An exception in words, where something was paid beyond its charge that the settings return."""
        case, money = self.case, self.money
        pairs = [
            *((cents, one.charge_cents) for one, cents in zip(case.segments, money.segments, strict=True)),
            (money.program, self._earned_of_the_rest(money.program, ALL)[0]),
            (money.application_fee, case.application_fee_cents),
        ]
        paid_beyond = any(self._extra(cents, charge) for cents, charge in pairs)
        return ", except what was paid beyond the charges" if paid_beyond else ""

    def _items(self, back: Back) -> None:
        lost, bottom = back.lost
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
            if cents > kept + extra and not whole and lost:
                self.out.add(
                    f"Earned: {item.name}, prorated like tuition and fees",
                    -(cents - kept - extra) * lost,
                    bottom,
                )

    def offset(self) -> None:
        """Charges that may be kept and were not paid, where the settings take them from the refund."""
        if self.settings.unpaid_charges != "offset":
            return
        unpaid = self._fee_to_keep() - self._fee_kept() if self.case.application_fee_disclosed else 0
        for item, cents in zip(self.case.items, self.money.items, strict=True):
            if self._is_kept(item):
                unpaid += max(0, item.amount_cents - cents)
        out = self.out
        if unpaid and out.top:
            off = min(unpaid * out.bottom, out.top)
            out.add("Charges the school may keep that are not paid", -off, out.bottom)

    def _groups(self) -> list[tuple[str, int]]:
        case, money = self.case, self.money
        found = [(one.name, cents) for one, cents in zip(case.segments, money.segments, strict=True)]
        found += [("the program", money.program), ("the application fee", money.application_fee)]
        found += [(one.name, cents) for one, cents in zip(case.items, money.items, strict=True)]
        return [(name, cents) for name, cents in found if cents]


def _sum(parts: list[Part]) -> Part:
    top, bottom = 0, 1
    for more, of in parts:
        if bottom % of:
            top *= of
            bottom *= of
        top += more * (bottom // of)
    return top, bottom
