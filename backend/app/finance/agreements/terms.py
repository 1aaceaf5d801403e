"""What an agreement says: built once when it is prepared, kept as it is, drawn by the layout `agreement.typ`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.core.errors import Conflict
from app.core.money import format_cents
from app.db.models import ProgramFee
from app.documents.service import Draft, Letterhead
from app.finance.agreements.refund_terms import AgreedRefund, as_terms
from app.finance.agreements.schemas import PrepareForm
from app.rules import agreements as rules
from app.rules.agreements import APPLICATION, FEE, KINDS, Fee
from app.rules.days import long_date
from app.school.service import AgreementPolicy

KIND = "enrollment_agreement"
CONSENT = (
    "I agree to receive this agreement and related records electronically and to sign electronically. My electronic "
    "signature counts as if I had signed on paper. I can read and save PDF files on this device. I can ask the school "
    "for a paper copy at no cost, and I can withdraw this consent before I sign by asking the school for a paper "
    "agreement."
)
"""What is agreed to before anything is signed (ESIGN Act, 15 U.S.C. § 7001(c); O.C.G.A. § 10-12-5)."""


def fees_of(rows: Sequence[ProgramFee]) -> list[Fee]:
    """Rows of the program's fees as the rules take them."""
    return [Fee(row.kind, row.name, row.amount_cents, row.refundable, row.disclosed) for row in rows]


@dataclass(frozen=True, slots=True)
class Sample:
    """An enrollment of nobody."""

    student: str = "Sam Sample"
    user_id: int = 0
    birth_date: date | None = None
    email: str = "student@example.org"
    program: str = "Sample program"
    clock_hours: int = 480
    duration_weeks: int = 24
    tuition_amount_cents: int = 504_000


def build(
    row: Row[Any] | Sample,
    fees: Sequence[Fee],
    policy: AgreementPolicy,
    refund: AgreedRefund,
    values: PrepareForm,
) -> dict[str, Any]:
    """The terms of an agreement for an enrollment. Raises Conflict for a program without hours or tuition."""
    if not row.clock_hours or row.tuition_amount_cents is None:
        raise Conflict(
            f"{row.program} has no clock hours or no tuition in the catalog, so there is nothing to agree to. Enter "
            "them with the program, then prepare the agreement. Nothing was sent."
        )
    if refund.rule.schedule == "weekly" and not row.duration_weeks:
        raise Conflict(
            f"The refund policy counts weeks, and {row.program} has no length in weeks. Enter it with the program, "
            "then prepare the agreement. Nothing was sent."
        )
    application = next((fee for fee in fees if fee.kind == APPLICATION), None)
    return {
        "student": row.student,
        "student_number": row.user_id,
        "birth_date": row.birth_date.isoformat() if row.birth_date else None,
        "email": row.email,
        "program": row.program,
        "clock_hours": row.clock_hours,
        "weeks": row.duration_weeks,
        "starts_on": values.starts_on.isoformat(),
        "ends_on": values.ends_on.isoformat(),
        "schedule": values.schedule,
        "payment": values.payment,
        "tuition_cents": row.tuition_amount_cents,
        "fees": [
            {
                "kind": fee.kind,
                "name": fee.name,
                "amount_cents": fee.amount_cents,
                "refundable": fee.refundable,
                "disclosed": fee.disclosed,
            }
            for fee in fees
        ],
        "total_cents": rules.total_cents(row.tuition_amount_cents, fees),
        "application_fee_cents": application.amount_cents if application else 0,
        "application_fee_disclosed": bool(
            application and not application.refundable and application.disclosed
        ),
        "items": [
            {
                "name": fee.name,
                "amount_cents": fee.amount_cents,
                "refundable": fee.refundable,
                # The agreement itself itemizes it and marks it.
                "disclosed": not fee.refundable,
                "kind": fee.kind,
            }
            for fee in fees
            if fee.kind not in (APPLICATION, FEE)
        ],
        "segments": [
            {
                "name": row.program,
                "total_minutes": row.clock_hours * 60,
                "charge_cents": rules.charge_cents(row.tuition_amount_cents, fees),
            }
        ],
        "refund_policy": as_terms(refund),
        "disclosures": [[one.heading, one.text] for one in policy.disclosures],
        "cosigner": (
            {"kind": values.cosigner_kind, "name": values.cosigner_name} if values.cosigner_kind else None
        ),
    }


def sample(refund: AgreedRefund, policy: AgreementPolicy) -> dict[str, Any]:
    """Terms of nobody, to look at the wording."""
    fees = [
        Fee(APPLICATION, "Application fee", 10_000, refundable=False, disclosed=True),
        Fee("kit", "Instrument kit", 32_500, refundable=False, disclosed=True),
    ]
    values = PrepareForm.model_construct(
        request=UUID(int=0),
        starts_on=date(2026, 1, 5),
        ends_on=date(2026, 12, 18),
        schedule="Monday to Thursday, 9:00 AM to 2:00 PM",
        payment="In monthly installments.",
        cosigner_kind=None,
        cosigner_name=None,
    )
    return build(Sample(), fees, policy, refund, values)


def draft(terms: Mapping[str, Any], letterhead: Letterhead, student_id: int, enrollment_id: int) -> Draft:
    """The terms as a document."""
    return Draft(
        kind=KIND,
        student_id=student_id,
        enrollment_id=enrollment_id,
        letterhead=letterhead,
        facts=drawn(terms),
        machine={key: value for key, value in terms.items() if value is not None},
    )


def drawn(terms: Mapping[str, Any]) -> dict[str, Any]:
    """What the layout and the page read."""
    pairs = [["Student", terms["student"]], ["Student number", str(terms["student_number"])]]
    if terms["birth_date"]:
        pairs.append(["Birth date", _long(terms["birth_date"])])
    pairs += [
        ["Email", terms["email"]],
        ["Program", terms["program"]],
        ["Length", _length(terms)],
        ["First day", _long(terms["starts_on"])],
        ["Expected last day", _long(terms["ends_on"])],
        ["Schedule", terms["schedule"]],
        ["Payment", terms["payment"]],
    ]
    cosigner = terms["cosigner"]
    if cosigner:
        pairs.append(["Signed by, too", f"{cosigner['name']} ({cosigner['kind']})"])
    return {
        "facts": pairs,
        "costs": [
            ["Tuition", "Refundable by the refund policy", format_cents(terms["tuition_cents"])],
            *[[_named(fee), _refund_of(fee), format_cents(fee["amount_cents"])] for fee in terms["fees"]],
        ],
        "total": format_cents(terms["total_cents"]),
        "refund_title": terms["refund_policy"]["title"],
        "refund_clause": " ".join(
            [terms["refund_policy"]["clause"], *terms["refund_policy"].get("readings", ())]
        ),
        "disclosures": terms["disclosures"],
        "parties": [
            ["Student", terms["student"]],
            *([[cosigner["kind"].capitalize(), cosigner["name"]]] if cosigner else []),
        ],
    }


def _named(fee: Mapping[str, Any]) -> str:
    kind = KINDS[fee["kind"]]
    return fee["name"] if kind.lower() in fee["name"].lower() else f"{fee['name']} ({kind.lower()})"


def _refund_of(fee: Mapping[str, Any]) -> str:
    if not fee["refundable"]:
        return "Nonrefundable"
    return "Refundable by the refund policy" if fee["kind"] == FEE else "Refundable"


def _length(terms: Mapping[str, Any]) -> str:
    weeks = f", {terms['weeks']} weeks" if terms["weeks"] else ""
    return f"{terms['clock_hours']:,} clock hours{weeks}"


def _long(day: str) -> str:
    return long_date(date.fromisoformat(day))
