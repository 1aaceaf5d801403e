"""What was agreed with a student, as a refund is computed from it: the agreement in force, or else the catalog."""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from app.finance.ledger import chart
from app.rules.refunds import in_force

ITEM_CODES = {"books": chart.BOOKS, "kit": chart.KITS, "third_party": chart.THIRD_PARTIES}
ITEM_NAMES = {code: name for name, code in chart.CHARGES.values() if code in ITEM_CODES.values()}

NO_AGREEMENT = (
    "There is no signed enrollment agreement in the system. The day of enrollment counts as the day of signing, and no "
    "fee or item counts as nonrefundable."
)


@dataclass(frozen=True, slots=True)
class TermItem:
    """A charge beside tuition and fees; `code` is its account in the ledger."""

    name: str
    code: str
    amount_cents: int
    refundable: bool = True
    disclosed: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one enrollment. `charge_cents` is tuition and fees without the application fee; None where only the
    ledger says. `assumptions` are sentences about what no agreement says."""

    policy: str | dict[str, Any]
    signed_at: datetime
    charge_cents: int | None
    application_fee_cents: int = 0
    application_fee_disclosed: bool = False
    items: tuple[TermItem, ...] = ()
    assumptions: tuple[str, ...] = field(default=())


def of_catalog(row: Row[Any], zone: ZoneInfo) -> Terms:
    """The terms where no agreement is on record: the student’s enrollment and the catalog stand in for it.

    `row` has enrolled_at and tuition_amount_cents.
    """
    signed_at = datetime.combine(row.enrolled_at, time(), zone)
    policy = in_force(row.enrolled_at)
    return Terms(
        policy="gnpec-current" if policy is None else policy.name,
        signed_at=signed_at,
        charge_cents=None,
        assumptions=(NO_AGREEMENT,),
    )
