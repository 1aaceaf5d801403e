"""The open points of the refund rule that a school settles, in words: the question, where it comes from, the default
and why. `refunds_settings` has their values and `refunds_examples` what each changes.

What a school does not settle here, because something else of the system does, stands in `DECIDED`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_G12, _G13, _OLD = "GNPEC Standard 12", "GNPEC Standard 13", "Standard Nine, of GNPEC’s older numbering"


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """A question that the rule leaves open. `choices` are its values with their words, the default first."""

    title: str
    question: str
    source: str
    why: str
    choices: Mapping[str, str]

    @property
    def default(self) -> str:
        """The value until a school chooses another one."""
        return next(iter(self.choices))


POINTS: Mapping[str, OpenPoint] = {
    "threshold_edge": OpenPoint(
        "Exactly half of the program",
        "Is a refund owed to a student who leaves when exactly half of the program is completed?",
        f"{_G12}: owed if the student withdraws “before 50%”. Schools read the boundary both ways.",
        "“Before” does not include the half itself.",
        {"nothing": "Nothing is owed", "refund": "A refund is owed"},
    ),
    "overpayment": OpenPoint(
        "Money beyond the charges",
        "Is what was paid beyond the charges prorated like the rest, or does it always come back?",
        f"{_G12} speaks of tuition and fees, not of money beyond them.",
        "A refund is of money paid. The ledger shows a credit balance in any case.",
        {"as_paid": "Prorated like the rest", "returned": "Always comes back"},
    ),
    "unpaid_charges": OpenPoint(
        "Charges that were not paid",
        "Are charges that the school may keep, and that are not paid, taken from the refund?",
        f"{_G12} does not say.",
        "A refund is of what was paid; what is owed stays on the account.",
        {"not_offset": "They stay on the account", "offset": "They are taken from the refund"},
    ),
    "payments_after_withdrawal": OpenPoint(
        "Payments after the withdrawal",
        "Does money that arrives after the day of the withdrawal count?",
        f"{_G12} does not say.",
        "The school holds it like any other money.",
        {"counted": "Counted like any other", "ignored": "Left out"},
    ),
    "over_cap_application_fee": OpenPoint(
        "Application fee above what may be kept",
        "What becomes of the part of a disclosed application fee above the cap ($150 today)?",
        f"{_G12} caps what is kept and does not say what the rest is.",
        "It is a refundable fee, and fees are prorated.",
        {"prorated": "Prorated like tuition", "returned": "Comes back whole"},
    ),
    "undisclosed_application_fee": OpenPoint(
        "Application fee that was not disclosed",
        "What becomes of an application fee that agreement and catalog do not name nonrefundable?",
        f"{_G12}: kept only if it is named nonrefundable in both.",
        "It is a refundable fee, and fees are prorated.",
        {"prorated": "Prorated like tuition", "returned": "Comes back whole"},
    ),
    "kept_items": OpenPoint(
        "Books and kits that were issued",
        "Does the school keep the price of an item that is nonrefundable, disclosed, issued and not reusable?",
        "The text of Standard 12 that was seen stops before it; two Georgia schools read it so. Unconfirmed.",
        "The agreement marks such items, as GNPEC’s guidelines for agreements ask.",
        {"retained": "The school keeps it", "not_retained": "It is refunded like the rest"},
    ),
    "other_items": OpenPoint(
        "Books and kits that the school may not keep the price of",
        "Are items that are refundable, not disclosed or not issued prorated, or do they come back whole?",
        f"{_G12} speaks of tuition and fees.",
        "They are charges like the others.",
        {
            "prorated": "Prorated like tuition",
            "unissued_returned": "What was not issued comes back whole",
            "returned": "All come back whole",
        },
    ),
    "rounding": OpenPoint(
        "Rounding",
        "How is a fraction of a cent rounded?",
        f"{_G12} does not say. It is rounded once, at the end.",
        "The usual way, and never against the student by more than half a cent.",
        {"half_up": "To the nearest cent, half a cent up", "up": "Up", "down": "Down"},
    ),
    "window_edge": OpenPoint(
        "The last instant to cancel",
        "Is a cancellation exactly 72 hours after the signing in time?",
        f"{_G13}: “within 72 hours”.",
        "“Within” includes the end, and the doubt is the student’s.",
        {"inclusive": "In time", "exclusive": "Too late"},
    ),
    "window_kinds": OpenPoint(
        "Withdrawn by the school within the time to cancel",
        "Does a withdrawal by the school within the time to cancel count as a cancellation?",
        f"{_G13} speaks of students who cancel.",
        "The student is not worse off than if they had canceled.",
        {"any": "It counts as a cancellation", "student": "It counts as a withdrawal"},
    ),
    "cancelled_before_start": OpenPoint(
        "The school cancels before the first class",
        "Does all money come back if the school cancels before the student has started?",
        f"{_G13} speaks of students who have started.",
        "Nothing was given, so nothing is kept.",
        {"all_paid": "All money comes back", "as_withdrawal": "As a withdrawal gives"},
    ),
    "after_window": OpenPoint(
        "Standard Nine after its time to cancel",
        "How does an agreement under Standard Nine prorate after its three business days?",
        f"{_OLD}; the part of the page about it was not seen. Unconfirmed.",
        "Pro rata never gives less than the older tiers.",
        {"pro_rata": "Pro rata", "tiers": "By the older schedule of tiers"},
    ),
    "payee": OpenPoint(
        "Who is paid first",
        "If payers (such as the VA, WIOA or an employer) and the student have both paid, who is paid back first?",
        f"{_G12} does not name the payee.",
        "Public and third-party money usually has to go back where it came from.",
        {"payer": "Payers, then the student", "student": "The student, then the payers"},
    ),
    "due_counts": OpenPoint(
        "Which days the deadline counts",
        "Are the 45 days calendar days or business days?",
        f"{_G12}: “within 45 days”, without more.",
        "The shorter reading is never late.",
        {"calendar_days": "Calendar days", "business_days": "Business days"},
    ),
    "due_on_weekend": OpenPoint(
        "A deadline on a weekend",
        "If the last day is a Saturday, a Sunday or a holiday, does the deadline move?",
        f"{_G12} has no such rule.",
        "The earlier day is never late.",
        {"stays": "It stays", "next_business_day": "It moves to the next business day"},
    ),
    "holidays": OpenPoint(
        "Holidays where business days are counted",
        "Are the holidays of the school’s calendar business days?",
        f"{_OLD} counts business days and names no holidays.",
        "Without a list of the state’s nobody else can check the day.",
        {"none": "Weekdays are business days", "school_calendar": "The school’s holidays are not"},
    ),
}

DECIDED: Mapping[str, tuple[str, str]] = {
    "completed": (
        "What “completed” means",
        "The hours attended: those that the processing of a withdrawal freezes, record by record.",
    ),
    "hours_outside": (
        "Make-up and transferred hours",
        "They count as the attendance and transfer-credit records have them, in both parts of the fraction.",
    ),
    "paid_segment": (
        "What the paid segment is",
        "The program: enrollment agreements price it as a whole, so that one segment is all there is.",
    ),
    "unbegun_segments": ("Segments that were not begun", "There is one segment, the program."),
    "partial_segments": (
        "A segment paid in part",
        "Money pays toward the program, and buys its first hours.",
    ),
    "threshold_base": ("What half is half of", "The program: the one segment is the program."),
    "tier_base": ("What a tier is a part of", "The program: the one segment is the program."),
    "instalments": ("What the hours of installments cost", "The same in each hour of the program."),
    "discounts": ("Discounts and waivers", "A refund is of money paid, so what was waived is not refunded."),
    "application_fee_cap_cents": ("Maximum application fee kept", "The refund policy says it."),
    "window_hours": ("Hours to cancel", "The refund policy says it."),
    "window_business_days": ("Business days to cancel", "The refund policy says it."),
    "due_days": ("Days until a refund is due", "The refund policy says it; 40 at most where the VA paid."),
    "time_zone": ("Time zone", "That of the school, under School."),
    "window_starts": (
        "Whose signature starts the time to cancel",
        "The student’s, the first one of agreements that supersede one another.",
    ),
    "notice": ("Form of the request", "Written: in the portal, or on paper with its hour."),
    "withdrawal_date": (
        "The day of the withdrawal",
        "The withdrawal policy, under School › Policies, says it; what gave the day is kept with each refund.",
    ),
    "leave_without_return": (
        "A leave without a return",
        "The office withdraws the student, with notice; the date goes by the withdrawal policy.",
    ),
    "alternative": (
        "An alternative that GNPEC finds equitable",
        "None is assumed: if the school cancels, all money comes back.",
    ),
    "payer": (
        "VA funds",
        "The ledger says who paid; where the VA did, the more of what 38 CFR 21.4255 and what the policy gives.",
    ),
}
"""Title and who decides, of what is no choice of a school on its own."""
