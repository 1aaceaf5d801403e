"""The open points of the refund rule, each a setting with a name, a default and its reason.

GNPEC's text leaves them open (what "completed" means, which edge the 72 hours have, what half of a program is half of).
Every result records the value of each, so that a figure can be computed again after a default has changed.
"""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Literal


def _open(default: Any, help_text: str, **bounds: int) -> Any:
    return field(default=default, metadata={"help": help_text, "bounds": bounds})


@dataclass(frozen=True, slots=True)
class Settings:
    """One reading of the rule. The defaults are the literal reading of GNPEC Standards 12 and 13."""

    completed: Literal["attended_hours", "scheduled_hours"] = _open(
        "attended_hours",
        "What “completed” means: hours attended, or hours scheduled until the withdrawal (then give "
        "`scheduled_minutes`).",
    )
    hours_outside: Literal["as_given"] = _open(
        "as_given",
        "Make-up and transferred hours: the minutes of the case are taken as they stand, in both parts of the "
        "fraction.",
    )
    paid_segment: Literal["segment", "program"] = _open(
        "segment",
        "What the “paid segment” is: each segment of the case, filled in order by the minutes completed, or the "
        "whole program.",
    )
    unbegun_segments: Literal["returned"] = _open(
        "returned", "Money paid for a segment that was not begun comes back: 0% of it is completed."
    )
    partial_segments: Literal["prorated", "first_hours"] = _open(
        "prorated",
        "A segment paid in part: what was paid is prorated, or it pays for the segment’s first hours.",
    )
    threshold_base: Literal["program", "segment"] = _open(
        "program",
        "What half is half of, for segments: the program, or the segment. Fees and items follow the program.",
    )
    threshold_edge: Literal["nothing", "refund"] = _open(
        "nothing", "Exactly at the threshold (50%): nothing is owed, or still a refund."
    )
    tier_base: Literal["program", "segment"] = _open(
        "program", "A schedule of tiers: the tier of the program for all money, or of each paid segment."
    )
    instalments: Literal["program_rate", "segment_rate"] = _open(
        "program_rate",
        "What the hours bought with payments “for program” cost: the charge of the part of the program that was not "
        "paid by segment, spread evenly over its minutes, or what each segment charges.",
    )
    overpayment: Literal["as_paid", "returned"] = _open(
        "as_paid",
        "Money above the charge: prorated like the rest, or a credit balance that always comes back.",
    )
    discounts: Literal["as_paid"] = _open(
        "as_paid", "Discounts and waivers: a refund is of money paid, so what was waived is not refunded."
    )
    unpaid_charges: Literal["not_offset", "offset"] = _open(
        "not_offset",
        "Charges that the school may keep and that are not paid: left for the ledger, or taken from the refund.",
    )
    payments_after_withdrawal: Literal["counted", "ignored"] = _open(
        "counted", "Payments dated after the day of the withdrawal: money held like any other, or left out."
    )
    application_fee_cap_cents: int | None = _open(
        None,
        "The most of a disclosed application fee that is kept; as the policy says ($150 today, $100 before).",
        ge=0,
        le=2_000_000_000,
    )
    over_cap_application_fee: Literal["prorated", "returned"] = _open(
        "prorated",
        "The part of an application fee above the cap: a refundable fee that is prorated, or returned whole.",
    )
    undisclosed_application_fee: Literal["prorated", "returned"] = _open(
        "prorated",
        "An application fee that was not disclosed as nonrefundable: a refundable fee that is prorated, or returned "
        "whole.",
    )
    kept_items: Literal["retained", "not_retained"] = _open(
        "retained",
        "An item that is nonrefundable, disclosed and kept by the student: the school keeps its price, or it is "
        "refunded like the rest.",
    )
    other_items: Literal["prorated", "unissued_returned", "returned"] = _open(
        "prorated",
        "An item that the school may not keep (refundable, not disclosed, or not issued): prorated like tuition and "
        "fees; or what was marked nonrefundable and not issued comes back whole; or every one does.",
    )
    rounding: Literal["half_up", "down", "up"] = _open(
        "half_up", "The one rounding, of the whole refund to the cent."
    )
    time_zone: str = _open(
        "America/New_York",
        "The school’s time zone: for times without an offset, and for the days of deadlines.",
    )
    window_hours: int | None = _open(
        None, "Hours to cancel after signing; as the policy says (72 today).", ge=0, le=8_784
    )
    window_business_days: int | None = _open(
        None, "Business days to cancel after signing; as the policy says (3 before).", ge=0, le=366
    )
    window_edge: Literal["inclusive", "exclusive"] = _open(
        "inclusive", "The last instant of the time to cancel: still inside, or not."
    )
    window_kinds: Literal["any", "student"] = _open(
        "any",
        "Which withdrawals count as cancellations inside the time to cancel: any, or not administrative ones.",
    )
    window_starts: Literal["student_signature", "school_signature", "last_signature"] = _open(
        "student_signature", "Whose signature `signed_at` is. Recorded; changes no figure."
    )
    notice: Literal["written", "any_form"] = _open(
        "written", "The form of the request that `withdrawn_at` is the time of. Recorded; changes no figure."
    )
    withdrawal_date: Literal["receipt_of_request", "last_attendance", "determination", "notice"] | None = (
        _open(
            None,
            "What `withdrawn_at` is the time of, and so day 0 of the deadline: the arrival of the request, the last "
            "attendance, an act of the school, or its notice to the student; null where nobody knows. Where it is the "
            "last attendance, only a `cancellation` is in time to cancel. Otherwise recorded; changes no figure.",
        )
    )
    leave_without_return: Literal["withdrawal"] = _open(
        "withdrawal", "A leave of absence without a return is a withdrawal. Recorded; changes no figure."
    )
    cancelled_before_start: Literal["all_paid", "as_withdrawal"] = _open(
        "all_paid",
        "The school cancels before the student attended (Standard 13 speaks of students who started): all money "
        "comes back, or what a withdrawal would give.",
    )
    alternative: Literal["none", "accepted"] = _open(
        "none",
        "The school cancels: there is no alternative that GNPEC finds equitable, or the student was accommodated and "
        "leaves all the same.",
    )
    after_window: Literal["pro_rata", "tiers"] = _open(
        "pro_rata",
        "Standard Nine after its time to cancel, which the text seen does not show: pro rata, which never pays less, "
        "or the older tiers.",
    )
    payer: Literal["student", "sponsor", "lender", "va"] = _open(
        "student",
        "Who paid. Of VA funds at least that comes back which 38 CFR 21.4255 gives: pro rata to the end, at most $10 "
        "of a fee kept; where the policy gives more, that. Paid within 40 calendar days, or within the policy’s own "
        "where they are fewer.",
    )
    payee: Literal["student", "sponsor", "lender", "payer"] = _open(
        "payer",
        "Who receives the refund first: whoever paid in the student’s place and then the student, or (`student`) the "
        "student and then the others. Recorded; changes no figure of a case.",
    )
    due_days: int | None = _open(
        None,
        "Days from the withdrawal until the refund is due; as the policy or the payer says (45; VA at most 40).",
        ge=0,
        le=3_660,
    )
    due_counts: Literal["calendar_days", "business_days"] = _open(
        "calendar_days", "Which days the deadline counts."
    )
    due_on_weekend: Literal["stays", "next_business_day"] = _open(
        "stays", "A deadline on a weekend or holiday: stays there, or moves to the next business day."
    )
    holidays: tuple[date, ...] = _open(
        (), "Days that are not business days, besides Saturdays and Sundays. None by default."
    )

    @property
    def counts_business_days(self) -> bool:
        """Whether the time to cancel or the deadline hangs on which days are business days."""
        return (
            (self.window_hours is None and self.window_business_days is not None)
            or self.due_counts == "business_days"
            or self.due_on_weekend == "next_business_day"
        )


def as_record(settings: Settings) -> dict[str, Any]:
    """The settings as they are recorded with a result: JSON values by name."""
    record: dict[str, Any] = {}
    for name in _NAMES:
        value = getattr(settings, name)
        record[name] = [day.isoformat() for day in value] if name == "holidays" else value
    return record


_NAMES = tuple(one.name for one in fields(Settings))
