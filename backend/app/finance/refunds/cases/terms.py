"""What was agreed with a student, as a refund is computed from it: the signed agreement, or else the catalog."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.finance.agreements import service as agreements
from app.finance.agreements.service import AgreedItem, AgreedSegment
from app.rules.refunds import in_force

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

    policy: str
    signed_at: datetime
    application_fee_cents: int = 0
    application_fee_disclosed: bool = False
    items: tuple[AgreedItem, ...] = ()
    segments: tuple[AgreedSegment, ...] = ()
    assumptions: tuple[str, ...] = ()


def terms_of(
    session: Session, enrollment_id: int, row: Row[Any], zone: ZoneInfo, withdrawn_at: datetime
) -> Terms:
    """The terms of an enrollment as they bound at the withdrawal; `row` has its enrolled_at."""
    signed = agreements.in_force(session, enrollment_id, withdrawn_at)
    if signed is None:
        later = agreements.in_force(session, enrollment_id) is not None
        policy = in_force(row.enrolled_at)
        return Terms(
            policy="gnpec-current" if policy is None else policy.name,
            signed_at=min(datetime.combine(row.enrolled_at, time(), zone), withdrawn_at),
            assumptions=(LATER_SIGNED if later else NO_AGREEMENT,),
        )
    return Terms(
        policy=signed.policy,
        signed_at=signed.window_from,
        application_fee_cents=signed.application_fee_cents,
        application_fee_disclosed=signed.application_fee_disclosed,
        items=signed.items,
        segments=signed.segments,
    )
