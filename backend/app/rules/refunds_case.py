"""What a refund is computed from, and what is wrong with it when it contradicts itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from app.rules.refunds_policies import Policy
from app.rules.refunds_settings import Settings

Kind = Literal["student", "administrative", "school_cancelled", "cancellation"]


class CaseError(ValueError):
    """A case that cannot be computed: where in it (`path`, as in the documented JSON), and a sentence."""

    def __init__(self, path: Sequence[str | int], sentence: str) -> None:
        super().__init__(sentence)
        self.path = tuple(path)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the program that is charged by itself, in the order in which it is studied."""

    name: str
    total_minutes: int
    charge_cents: int


@dataclass(frozen=True, slots=True)
class Item:
    """A book, a kit, a third party's fee.

    `refundable`: as the agreement has it; `disclosed`: it is named nonrefundable there; `kept`: it was issued and
    cannot be used again.
    """

    name: str
    amount_cents: int
    refundable: bool = True
    disclosed: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received. `purpose`: `segment:NAME`, `item:NAME`, `application_fee` or `program`."""

    amount_cents: int
    paid_on: date
    purpose: str


@dataclass(frozen=True, slots=True)
class Case:
    """A withdrawal. Minutes and cents are whole and not negative; both instants know their zone."""

    policy: Policy
    total_minutes: int
    signed_at: datetime
    attended_minutes: int
    withdrawn_at: datetime
    kind: Kind
    segments: tuple[Segment, ...] = ()
    items: tuple[Item, ...] = ()
    payments: tuple[Payment, ...] = ()
    application_fee_cents: int = 0
    application_fee_disclosed: bool = False
    settings: Settings = field(default_factory=Settings)
    scheduled_minutes: int | None = None
    """Minutes scheduled until the withdrawal, for the setting `completed: scheduled_hours`."""
    starts_on: date | None = None
    """First day of the program, for a weekly schedule."""
    weeks: int | None = None
    """Weeks of the program, for a weekly schedule."""


PURPOSES = "Say what the payment is for: segment:NAME, item:NAME, application_fee or program."
MOST_CENTS = 2_000_000_000
"""$20,000,000: the most that a case may hold of money, charged or paid; what the refunds of the school can store."""


@dataclass(slots=True)
class Paid:
    """The payments of a case by what they are for, in cents."""

    application_fee: int = 0
    program: int = 0
    segments: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All of it."""
        return self.application_fee + self.program + sum(self.segments) + sum(self.items)


def paid(case: Case, withdrawn_on: date) -> Paid:
    """Check the case against itself and sort its payments. Raises CaseError."""
    segments = _places(case.segments, ("program", "segments"), "segment")
    items = _places(case.items, ("items",), "item")
    _check(case)
    found = Paid(segments=[0] * len(segments), items=[0] * len(items))
    ignore = case.settings.payments_after_withdrawal == "ignored"
    for number, payment in enumerate(case.payments):
        group, _, name = payment.purpose.partition(":")
        place: int | None
        if payment.purpose == "program" or payment.purpose == "application_fee":
            place = -1
        elif group == "segment":
            place = segments.get(name)
        elif group == "item":
            place = items.get(name)
        else:
            raise CaseError(
                ("payments", number, "for"),
                PURPOSES,
            )
        if place is None:
            raise CaseError(
                ("payments", number, "for"),
                f"There is no {group} “{name}” in this case. Use a name of "
                f"{'program.segments' if group == 'segment' else 'items'}.",
            )
        if ignore and payment.paid_on > withdrawn_on:
            continue
        if group == "segment":
            found.segments[place] += payment.amount_cents
        elif group == "item":
            found.items[place] += payment.amount_cents
        elif group == "program":
            found.program += payment.amount_cents
        else:
            found.application_fee += payment.amount_cents
    if found.total > MOST_CENTS:
        raise CaseError(("payments",), "The payments add up to more than $20,000,000.")
    return found


def _places(named: Sequence[Segment | Item], path: tuple[str, ...], noun: str) -> dict[str, int]:
    places = {one.name: place for place, one in enumerate(named)}
    if len(places) < len(named):
        seen: set[str] = set()
        for place, one in enumerate(named):
            if one.name in seen:
                raise CaseError(
                    (*path, place, "name"),
                    f"There is another {noun} “{one.name}”. Give each {noun} a name of its own.",
                )
            seen.add(one.name)
    return places


def _check(case: Case) -> None:
    if case.withdrawn_at < case.signed_at:
        raise CaseError(("withdrawn_at",), "The withdrawal is before the agreement was signed.")
    if sum(one.total_minutes for one in case.segments) > case.total_minutes:
        raise CaseError(
            ("program", "segments"),
            f"The segments together are longer than the program’s {case.total_minutes:,} minutes.",
        )
    if case.settings.completed == "scheduled_hours" and case.scheduled_minutes is None:
        raise CaseError(
            ("scheduled_minutes",),
            "Give the minutes scheduled until the withdrawal: the settings count them.",
        )
    if case.settings.window_hours is not None and case.settings.window_business_days is not None:
        raise CaseError(
            ("settings", "window_business_days"),
            "Give the time to cancel in hours or in business days, not both.",
        )
    if case.policy.schedule == "weekly" and (case.starts_on is None or case.weeks is None):
        missing = "starts_on" if case.starts_on is None else "weeks"
        raise CaseError(
            ("program", missing), "A weekly schedule needs the program’s first day and its number of weeks."
        )
