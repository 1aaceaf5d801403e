"""Worked examples: what a version of the refund policy gives, and what each open point changes.

The program is that of the worked examples of the regulation: 480 hours, $5,040.00 of tuition and fees, an application
fee of $150.00 that is disclosed, a kit of $325.00 that is issued; all of it paid, the agreement signed on Monday,
January 5, 2026, 9:00 a.m. in Georgia.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.rules.days import long_date
from app.rules.refunds import Case, Item, Payment, Result, Segment, refund
from app.rules.refunds_open_points import POINTS
from app.rules.refunds_payees import Share, shares
from app.rules.refunds_policies import GNPEC_CURRENT, STANDARD_NINE, Policy
from app.rules.refunds_settings import Settings
from app.rules.refunds_words import dollars

_DAY = date(2026, 1, 5)
_SIGNED = datetime(2026, 1, 5, 14, tzinfo=UTC)
_LATER = datetime(2026, 2, 16, 17, tzinfo=UTC)
_KIT = Item("Kit", 32_500, refundable=False, disclosed=True, kept=True)
_FEE, _FOR_KIT = Payment(15_000, _DAY, "application_fee"), Payment(32_500, _DAY, "item:Kit")
_TUITION = Payment(504_000, _DAY, "program")
HOUR = 60
TOTAL_HOURS = 480


def _case(policy: Policy, **changed: Any) -> Case:
    found = Case(
        policy=policy,
        total_minutes=TOTAL_HOURS * HOUR,
        segments=(Segment("Program", TOTAL_HOURS * HOUR, 504_000),),
        items=(_KIT,),
        payments=(_TUITION, _FEE, _FOR_KIT),
        application_fee_cents=15_000,
        application_fee_disclosed=True,
        signed_at=_SIGNED,
        attended_minutes=48 * HOUR,
        withdrawn_at=_LATER,
        kind="student",
        starts_on=_DAY,
        weeks=24,
    )
    return replace(found, **changed)


@dataclass(frozen=True, slots=True)
class Example:
    """What happened, in words, and how it differs from the program above after 48 hours."""

    words: str
    changed: Mapping[str, Any] = field(default_factory=dict)
    policy: Policy | None = None
    """Only under this version the open point matters."""

    def under(self, policy: Policy, settings: Settings) -> Result:
        """The refund under a version and a reading."""
        return refund(_case(self.policy or policy, settings=settings, **self.changed))


def _after(hours: int, words: str = "") -> Example:
    # A weekly schedule goes by the calendar: 20 hours a week.
    left = _LATER.replace(month=1, day=7) + timedelta(days=max(3, hours * 7 // 20))
    changed = {"attended_minutes": hours * HOUR, "withdrawn_at": left}
    return Example(words or f"{hours} of {TOTAL_HOURS} hours completed", changed)


def _canceled(words: str, **after: int) -> Example:
    return Example(
        words, {"attended_minutes": 8 * HOUR, "withdrawn_at": _SIGNED + timedelta(**after), "kind": "student"}
    )


OF_A_POLICY: Sequence[Example] = (
    _canceled("Canceled 71 hours 59 minutes after signing, 8 hours attended", hours=71, minutes=59),
    _canceled("Canceled 73 hours after signing, 8 hours attended", hours=73),
    _after(0, "Withdrawn in the first week, never attended"),
    _after(24),
    _after(48),
    _after(120),
    _after(239),
    _after(240),
    _after(360),
    Example(
        "The school cancels after 300 hours, with no alternative",
        {"attended_minutes": 300 * HOUR, "kind": "school_cancelled"},
    ),
)
"""What whoever files a version looks at before it is filed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One example under a version and under GNPEC's rule, in cents."""

    words: str
    cents: int
    gnpec_cents: int


def compare(policy: Policy, settings: Settings | None = None) -> list[Comparison]:
    """The examples under a version and a reading of it, beside GNPEC's Standards 12 and 13 as they read."""
    return [
        Comparison(
            one.words,
            one.under(policy, settings or Settings()).amount_cents,
            one.under(GNPEC_CURRENT, Settings()).amount_cents,
        )
        for one in OF_A_POLICY
    ]


_TOO_MUCH = {"payments": (Payment(604_000, _DAY, "program"), _FEE, _FOR_KIT)}
_BOOK = Item("Books", 10_000)
_ADMINISTRATIVE = {
    "attended_minutes": 8 * HOUR,
    "withdrawn_at": _SIGNED + timedelta(hours=56),
    "kind": "administrative",
}
_DUE = {"withdrawn_at": datetime(2026, 1, 15, 17, tzinfo=UTC)}
OF_A_POINT: Mapping[str, Example] = {
    "threshold_edge": _after(240, "Exactly half: 240 of 480 hours completed"),
    "overpayment": Example(
        "$1,000.00 more was paid than charged; 240 of 480 hours completed",
        _TOO_MUCH | {"attended_minutes": 240 * HOUR},
    ),
    "unpaid_charges": Example(
        "The kit was issued and not paid; 48 hours completed", {"payments": (_TUITION, _FEE)}
    ),
    "payments_after_withdrawal": Example(
        "$1,000.00 of the tuition arrived a week after the withdrawal; 48 hours completed",
        {
            "payments": (
                Payment(404_000, _DAY, "program"),
                Payment(100_000, date(2026, 2, 23), "program"),
                _FEE,
                _FOR_KIT,
            )
        },
    ),
    "over_cap_application_fee": Example(
        "The application fee was $200.00; 48 hours completed",
        {
            "application_fee_cents": 20_000,
            "payments": (_TUITION, Payment(20_000, _DAY, "application_fee"), _FOR_KIT),
        },
    ),
    "undisclosed_application_fee": Example(
        "The application fee was not disclosed as nonrefundable; 48 hours completed",
        {"application_fee_disclosed": False},
    ),
    "kept_items": Example("The kit was issued, and cannot be used again; 48 hours completed"),
    "other_items": Example(
        "The kit was not issued, and books of $100.00 are refundable; 48 hours completed",
        {
            "items": (replace(_KIT, kept=False), _BOOK),
            "payments": (_TUITION, _FEE, _FOR_KIT, Payment(10_000, _DAY, "item:Books")),
        },
    ),
    "rounding": Example(
        "$4,999.00 of tuition was paid; 160 of 480 hours completed",
        {
            "segments": (Segment("Program", TOTAL_HOURS * HOUR, 499_900),),
            "items": (),
            "payments": (Payment(499_900, _DAY, "program"),),
            "attended_minutes": 160 * HOUR,
        },
    ),
    "window_edge": Example(
        "Canceled exactly 72 hours after signing, 8 hours attended",
        {"attended_minutes": 8 * HOUR, "withdrawn_at": _SIGNED + timedelta(hours=72)},
    ),
    "window_kinds": Example(
        "The school withdraws the student 56 hours after signing, 8 hours attended", _ADMINISTRATIVE
    ),
    "cancelled_before_start": Example(
        "The school cancels before the first class", {"attended_minutes": 0, "kind": "school_cancelled"}
    ),
    "after_window": Example(
        "Under Standard Nine, 60 of 480 hours completed", {"attended_minutes": 60 * HOUR}, STANDARD_NINE
    ),
    "due_counts": Example("Withdrawn on Thursday, January 15, 2026", _DUE),
    "due_on_weekend": Example("Withdrawn on Thursday, January 15, 2026", _DUE),
    "holidays": Example(
        "Under Standard Nine, signed on Monday; Wednesday is a holiday; canceled on Friday, 8 hours attended",
        {"attended_minutes": 8 * HOUR, "withdrawn_at": _SIGNED + timedelta(days=4)},
        STANDARD_NINE,
    ),
}
"""One example for each open point that a school may settle, in which its choices differ."""
HOLIDAY = date(2026, 1, 7)
"""The holiday of the example of holidays."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a choice of an open point gives in its example, in words such as `$4,536.00`."""

    choice: str
    gives: str


def effects(name: str, policy: Policy) -> tuple[str, list[Effect]]:
    """The example of an open point in words, and what each of its choices gives under a version of the policy."""
    choices = POINTS[name].choices
    if name == "payee":
        return PAYEES, [Effect(choice, _paid_back(choice, policy)) for choice in choices]
    example = OF_A_POINT[name]
    return example.words, [Effect(choice, _given(name, choice, example, policy)) for choice in choices]


def _given(name: str, choice: str, example: Example, policy: Policy) -> str:
    value: Any = choice
    if name == "holidays":
        value = (HOLIDAY,) if choice == "school_calendar" else ()
    result = example.under(policy, replace(Settings(), **{name: value}))
    if name in ("due_counts", "due_on_weekend"):
        return f"due {long_date(result.due_on)}"
    return dollars(result.amount_cents)


PAYEES = "Of the tuition, WIOA paid $2,520.00 and the student $2,520.00; 48 hours completed"


def _paid_back(choice: str, policy: Policy) -> str:
    tuition = _case(policy, items=(), payments=(_TUITION,), application_fee_cents=0)
    amount = refund(tuition).amount_cents
    paid = [Share(1, "program", 252_000), Share(None, "program", 252_000)]
    found = shares(amount, {"program": amount}, paid, student_first=choice == "student")
    names = {1: "WIOA", None: "the student"}
    return ", ".join(f"{names[payer]} {dollars(cents)}" for payer, cents in found.items()) or "nothing"
