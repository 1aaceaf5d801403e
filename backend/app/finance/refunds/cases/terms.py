"""What was agreed with a student, as a refund is computed from it: the signed agreement, or else the catalog."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.db.models import RefundComputation
from app.finance.agreements import service as agreements
from app.finance.agreements.service import AgreedItem, AgreedRefund, AgreedSegment, InForce
from app.rules.days import long_date
from app.rules.refunds_policies import applied

NO_AGREEMENT = (
    "There is no signed enrollment agreement in the system. The day of enrollment counts as the day of signing, and no "
    "fee or item counts as nonrefundable."
)
LATER_SIGNED = (
    "The enrollment agreement was signed after the withdrawal, so it does not count. The day of enrollment counts as "
    "the day of signing, and no fee or item counts as nonrefundable."
)


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one enrollment. Without `segments` the ledger says what is charged. `assumptions` are sentences
    about what no agreement says."""

    refund: AgreedRefund
    signed_at: datetime
    application_fee_cents: int = 0
    application_fee_disclosed: bool = False
    items: tuple[AgreedItem, ...] = ()
    segments: tuple[AgreedSegment, ...] = ()
    starts_on: date | None = None
    weeks: int | None = None
    assumptions: tuple[str, ...] = ()
    in_force: InForce | None = None
    """The school's policies that stand in for an agreement: whoever writes a refund down marks them as used."""
    source: str = ""
    """Where the version of the refund policy comes from, as a sentence."""

    def holidays(self, zone: ZoneInfo) -> tuple[str, ...]:
        """Of which day the calendar is that business days go by, where any are counted: it never changes, so that no
        deadline moves."""
        if not self.refund.has_calendar:
            return ()
        _policy, settings = applied(self.refund.rule, self.refund.settings_in(zone))
        if not settings.counts_business_days:
            return ()
        day = self.refund.holidays_as_of
        when = f"on {long_date(day)}" if day else "when the agreement was prepared"
        said = f"Business days leave out the holidays that the school’s calendar had {when}"
        return (f"{said}; later changes to the calendar do not change the deadline.",)


def terms_of(
    session: Session, enrollment_id: int, row: Row[Any], zone: ZoneInfo, withdrawn_at: datetime
) -> Terms:
    """The terms of an enrollment as they bound at the withdrawal; `row` has its enrolled_at and the program's weeks.

    The version of the policy follows the signing, not the withdrawal: it is a term of the agreement. Raises Conflict
    where no agreement was signed and no policy was in force on the day of enrollment.
    """
    signed = agreements.in_force(session, enrollment_id, withdrawn_at)
    if signed is None:
        later = agreements.in_force(session, enrollment_id) is not None
        in_force = agreements.refund_on(session, row.enrolled_at)
        refund = in_force.agreed
        return Terms(
            refund=refund,
            in_force=in_force,
            signed_at=min(datetime.combine(row.enrolled_at, time(), zone), withdrawn_at),
            starts_on=row.enrolled_at,
            weeks=row.duration_weeks,
            assumptions=(LATER_SIGNED if later else NO_AGREEMENT,),
            source=_source(refund, f"in force on the day of enrollment, {long_date(row.enrolled_at)}"),
        )
    return Terms(
        refund=signed.refund,
        signed_at=signed.window_from,
        application_fee_cents=signed.application_fee_cents,
        application_fee_disclosed=signed.application_fee_disclosed,
        items=signed.items,
        segments=signed.segments,
        starts_on=signed.starts_on,
        weeks=signed.weeks,
        source=_source(
            signed.refund, f"of the agreement signed on {long_date(signed.signed_at.astimezone(zone).date())}"
        ),
    )


def with_holidays_of(terms: Terms, first: RefundComputation, zone: ZoneInfo) -> Terms:
    """Terms that no agreement keeps, with the holidays that the first computation of the refund had."""
    if terms.in_force is None or not terms.refund.has_calendar:
        return terms
    holidays = first.case_file["settings"].get("holidays", [])
    refund = replace(
        terms.refund,
        settings={**terms.refund.settings, "holidays": holidays},
        holidays_as_of=first.computed_at.astimezone(zone).date(),
    )
    return replace(terms, refund=refund)


def _source(refund: AgreedRefund, whence: str) -> str:
    """Which versions of the school's policies a refund goes by, and why."""
    if refund.version is None:
        return f"The refund policy {refund.name}, {whence}, with its open points as they read."
    return (
        f"Version {refund.version} of the school’s refund policy ({refund.name}) and version "
        f"{refund.settings_version} of its refund settings, {whence}."
    )
