"""What was agreed, as a refund is computed from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.db.models import EnrollmentAgreement
from app.finance.agreements.refund_terms import AgreedRefund, of_terms
from app.rules.agreements import APPLICATION, FEE


@dataclass(frozen=True, slots=True)
class AgreedItem:
    """A charge beside tuition and fees; its `kind` is a type of charge of the ledger. Whether it was issued and cannot
    be used again, as `rules.refunds.Item` asks, nobody knows when one signs."""

    name: str
    amount_cents: int
    refundable: bool
    disclosed: bool
    kind: str


@dataclass(frozen=True, slots=True)
class AgreedSegment:
    """A part of the program with its price, as `rules.refunds.Segment` takes it."""

    name: str
    total_minutes: int
    charge_cents: int


@dataclass(frozen=True, slots=True)
class SignedAgreement:
    """What a student has signed. `refund` is the version of the refund policy with the reading of its open points.
    `weeks` and `starts_on` are those of the program, for a policy that counts weeks.

    `signed_at` is the student's signature. `window_from` is the first signature of those that it superseded one after
    another: a change of terms gives no new time to cancel.
    """

    id: int
    signed_at: datetime
    cancellation_until: datetime
    refund: AgreedRefund
    application_fee_cents: int
    application_fee_disclosed: bool
    items: tuple[AgreedItem, ...]
    segments: tuple[AgreedSegment, ...]
    starts_on: date
    weeks: int | None
    first_signed_at: datetime | None = None

    @property
    def window_from(self) -> datetime:
        """When the time to cancel began."""
        return self.first_signed_at or self.signed_at


def signed(row: EnrollmentAgreement, first: datetime | None = None) -> SignedAgreement:
    """A row that the student has signed, as refunds take it; `first` is their first signature of its chain."""
    if row.signed_at is None or row.cancellation_until is None:
        raise ValueError(f"agreement {row.id} is not signed")
    terms = row.terms
    return SignedAgreement(
        id=row.id,
        signed_at=row.signed_at,
        cancellation_until=row.cancellation_until,
        refund=of_terms(terms),
        application_fee_cents=terms["application_fee_cents"],
        application_fee_disclosed=terms["application_fee_disclosed"],
        items=tuple(
            AgreedItem(
                one["name"], one["amount_cents"], one["refundable"], one["disclosed"], one.get("kind", kind)
            )
            for one, kind in zip(terms["items"], _kinds(terms), strict=True)
        ),
        segments=tuple(AgreedSegment(**one) for one in terms["segments"]),
        starts_on=date.fromisoformat(terms["starts_on"]),
        weeks=terms["weeks"],
        first_signed_at=first,
    )


def _kinds(terms: Mapping[str, Any]) -> Iterator[str]:
    """The kind of each item. Older terms say it of the fees alone, which stand in the same order."""
    return (one["kind"] for one in terms["fees"] if one["kind"] not in (APPLICATION, FEE))
