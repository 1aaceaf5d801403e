"""Books, kits, third parties’ costs and late fees in a refund: each charge counts as what it was."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.db.models import EnrollmentAgreement, LedgerAccount, LedgerPosting, Refund
from app.finance.agreements import queries as agreements
from app.finance.agreements.schemas import PrepareForm
from app.finance.agreements.service import AgreedRefund
from app.finance.agreements.terms import Sample, build
from app.finance.ledger import chart
from app.finance.ledger import service as ledger
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, CreditForm, PayerForm, PayerPaymentForm
from app.finance.refunds.cases import service, terms
from app.rules.agreements import Fee
from app.school.service import AgreementPolicy
from tests.finance.forms import charge, payment
from tests.finance.refunds.cases import OWED, Office

TUITION = 504_000
SIGNED = datetime(2026, 1, 5, 15, tzinfo=UTC)
TEXTBOOKS = Fee("books", "Textbooks", 42_000, refundable=True, disclosed=False)
KIT = Fee("kit", "Instrument kit", 38_500, refundable=False, disclosed=True)
ATLAS = Fee("books", "Atlas", 38_500, refundable=True, disclosed=False)
SCRUBS = Fee("kit", "Scrubs", 32_500, refundable=False, disclosed=True)
SPARES = Fee("kit", "Spares", 5_000, refundable=True, disclosed=False)
BADGE = Fee("third_party", "Badge", 2_500, refundable=False, disclosed=True)
DEAR_KIT = Fee("kit", "Instrument kit", 32_500, refundable=False, disclosed=True)
LANYARD = Fee("third_party", "Lanyard", 2_500, refundable=True, disclosed=False)
LATE = ("late_fee", 2_500)
NAMED_AS_THE_CHARGE = Fee("kit", "Kit and supplies", 38_500, refundable=False, disclosed=True)


def agree(monkeypatch: pytest.MonkeyPatch, *fees: Fee, older: bool = False) -> None:
    """Everybody signed for these. `older`: as the terms were stored before they had an item's type."""
    values = PrepareForm.model_construct(
        request=UUID(int=0), starts_on=date(2026, 1, 6), ends_on=date(2026, 12, 18), schedule="Evenings",
        payment="Monthly", cosigner_kind=None, cosigner_name=None,
    )  # fmt: skip
    stored = build(Sample(), fees, AgreementPolicy(), AgreedRefund("gnpec-current"), values)
    if older:
        names = ("name", "amount_cents", "refundable", "disclosed")
        stored["items"] = [{name: one[name] for name in names} | {"kept": False} for one in stored["items"]]
    row = EnrollmentAgreement(
        id=1, document_id=1, signed_at=SIGNED, cancellation_until=SIGNED, refund_policy="gnpec-current",
        terms=stored,
    )  # fmt: skip
    signed = agreements.signed(row)
    monkeypatch.setattr(terms.agreements, "in_force", lambda *_given: signed)


def left(office: Office, charges: Sequence[tuple[str, int]], waived: tuple[str, int] | None = None) -> Refund:
    """Somebody who left at a tenth of the program, and had paid tuition and these charges, one after the other."""
    enrollment = office.enrolled()
    of: dict[str, Any] = {"enrollment_id": enrollment.id}
    owed = 0
    for day, (kind, cents) in enumerate([("tuition", TUITION), *charges], 6):
        posted = charge(cents, kind, booked_on=date(2026, 1, day), **of)
        ledger.post_for_student(office.session, office.bursar, enrollment.user_id, posted)
        owed += cents
    if waived:
        credit = {"request": uuid4(), "kind": "waiver", "type": waived[0], "amount_cents": waived[1]}
        values = CreditForm.model_validate(credit | {"memo": "Waived"} | of)
        ledger.post_for_student(office.session, office.bursar, enrollment.user_id, values)
        owed -= waived[1]
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, payment(owed, **of))
    return office.leaves(enrollment)


PAYER_PAYS, STUDENT_PAYS = date(2026, 1, 20), date(2026, 1, 21)


@pytest.mark.parametrize(
    ("days", "kept", "to_payer", "to_student"),
    [
        # The student paid $325 of kit and $25 of late fee: nine tenths of it are theirs. On one day, too.
        ((PAYER_PAYS, STUDENT_PAYS), False, OWED, 31_500),
        ((PAYER_PAYS, PAYER_PAYS), False, OWED, 31_500),
        ((PAYER_PAYS, STUDENT_PAYS), True, OWED, 2_250),
        # Money pays the oldest charge first: theirs paid tuition, and the payer's the rest of it, kit and late fee.
        ((STUDENT_PAYS, PAYER_PAYS), False, OWED + 31_500, 0),
    ],
)
def test_a_payer_gets_what_comes_back_of_that_which_they_paid(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    days: tuple[date, date],
    kept: bool,
    to_payer: int,
    to_student: int,
) -> None:
    agree(monkeypatch, DEAR_KIT)
    enrollment = office.enrolled()
    of: dict[str, Any] = {"enrollment_id": enrollment.id}
    post = (office.session, office.bursar, enrollment.user_id)
    for day, (kind, cents) in enumerate([("tuition", TUITION), ("kit", 32_500), LATE], 6):
        ledger.post_for_student(*post, charge(cents, kind, booked_on=date(2026, 1, day), **of))
    payer = payers.save_payer(office.session, office.bursar, PayerForm(name="WorkSource", kind="wioa"))
    billing = {"request": uuid4(), "amount_cents": TUITION, "payer_id": payer.id, "memo": "Voucher"} | of
    ledger.post_for_student(*post, BillingForm.model_validate(billing | {"booked_on": days[0]}))
    paid = {"request": uuid4(), "amount_cents": TUITION, "method": "transfer", "reference": "ACH 1"}
    payers.payer_pays(office.session, office.bursar, payer.id, PayerPaymentForm.model_validate(paid))
    ledger.post_for_student(*post, payment(35_000, booked_on=days[1], **of))
    refund = office.leaves(enrollment)
    if kept:
        office.recompute(refund, kept=["Instrument kit"])
    found = service.read(office.session, office.bursar, refund.id).current
    assert {one["payer_id"]: one["amount_cents"] for one in found.payees} == {
        number: cents for number, cents in ((payer.id, to_payer), (None, to_student)) if cents
    }
    assert refund.amount_cents == to_payer + to_student
    assert credited(office, refund)[chart.REFUNDS] == OWED


def case(office: Office, refund: Refund) -> dict[str, Any]:
    return service.read(office.session, office.bursar, refund.id).current.case_file


def paid_for(office: Office, refund: Refund) -> dict[str, int]:
    return {
        one["for"].removeprefix("item:"): one["amount_cents"]
        for one in case(office, refund)["payments"]
        if one["for"] != "program"
    }


def credited(office: Office, refund: Refund) -> dict[str, int]:
    """What the approval posts to the school's accounts."""
    office.approve(refund, computation=service.read(office.session, office.bursar, refund.id).current.number)
    rows = office.session.execute(
        select(LedgerAccount.code, LedgerPosting.amount_cents)
        .join(LedgerPosting, LedgerPosting.account_id == LedgerAccount.id)
        .where(
            LedgerPosting.transaction_id == refund.credit_transaction_id, LedgerAccount.student_id.is_(None)
        )
    )
    return {row.code: row.amount_cents for row in rows}


@pytest.mark.parametrize(
    "older", [False, True], ids=["its type is stored", "its type is stored with the fees"]
)
def test_a_part_of_the_kit_is_no_textbook(
    office: Office, monkeypatch: pytest.MonkeyPatch, older: bool
) -> None:
    """$200 of the kit, which is nonrefundable, was charged: once it was issued the school keeps all of it."""
    agree(monkeypatch, TEXTBOOKS, KIT, older=older)
    refund = left(office, [("kit", 20_000)])
    assert paid_for(office, refund) == {"Instrument kit": 20_000}
    assert refund.amount_cents == OWED + 18_000
    office.recompute(refund, kept=["Instrument kit"])
    assert refund.amount_cents == OWED
    assert credited(office, refund) == {chart.REFUNDS: OWED}


def test_a_charge_is_of_an_agreed_item_of_its_type(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact amount first, then what is not fully charged; what fits none is an item of its own."""
    workbook = Fee("books", "Workbook", 5_000, refundable=True, disclosed=False)
    for fees, charges, found in (
        # Two of one price, and a charge as much as another type's item costs.
        ((ATLAS, KIT), [("kit", 38_500)], {"Instrument kit": 38_500}),
        ((KIT, ATLAS), [("books", 38_500), ("kit", 38_500)], {"Atlas": 38_500, "Instrument kit": 38_500}),
        ((TEXTBOOKS, KIT), [("books", 38_500)], {"Textbooks": 38_500}),
        ((TEXTBOOKS, workbook), [("books", 5_000), ("books", 4_000)], {"Workbook": 5_000, "Textbooks": 4_000}),
        ((TEXTBOOKS, KIT), [("kit", 38_500), ("kit", 1_000)], {"Instrument kit": 38_500, "Kit and supplies": 1_000}),
        ((TEXTBOOKS, KIT), [("third_party", 42_000)], {"Third party’s cost": 42_000}),
        ((NAMED_AS_THE_CHARGE,), [("kit", 38_500), ("kit", 1_000)],
         {"Kit and supplies": 38_500, "Kit and supplies beyond the agreement": 1_000}),
    ):  # fmt: skip
        agree(monkeypatch, *fees)
        assert paid_for(office, left(office, charges)) == found


def test_late_fees_are_not_refunded_as_tuition(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Base B, deferred revenue and the 1098-T never had them: nine tenths of $25 go where other refunds go. Whatever
    an agreement itemizes for $25."""
    agree(monkeypatch, Fee("third_party", "Badge", 2_500, refundable=False, disclosed=True))
    refund = left(office, [("kit", 32_500), ("late_fee", 2_500)])
    found = case(office, refund)
    assert found["program"]["segments"][0]["charge_cents"] == TUITION
    assert paid_for(office, refund) == {"Kit and supplies": 32_500, "Late fee": 2_500}
    assert refund.amount_cents == OWED + 29_250 + 2_250
    assert credited(office, refund) == {chart.REFUNDS: OWED, chart.OTHER_REFUNDS: 29_250 + 2_250}


@pytest.mark.parametrize(
    ("waived", "kit", "late"),
    [
        (("late_fee", 2_500), 32_500, 0),
        (("late_fee", 1_000), 32_500, 1_500),
        (("kit", 3_000), 29_500, 2_500),
        (("kit", 32_500), 0, 2_500),
    ],
)
def test_what_is_waived_of_a_late_fee_lowers_the_late_fee(
    office: Office, waived: tuple[str, int], kit: int, late: int
) -> None:
    refund = left(office, [("kit", 32_500), ("late_fee", 2_500)], waived)
    items = {one["name"]: one["amount_cents"] for one in case(office, refund)["items"]}
    assert items == {"Kit and supplies": kit, "Late fee": late}
    assert refund.amount_cents == (TUITION + kit + late) * 9 // 10


@pytest.mark.parametrize(
    ("fees", "charges", "waived", "kept", "of_items"),
    [
        # Nine tenths of what is left of the late fees: what is waived of an item lowers the item, and the other way.
        ([BADGE], [("third_party", 2_500), LATE], ("third_party", 2_500), ["Badge"], 2_250),
        ([BADGE], [("third_party", 2_500), LATE], LATE, ["Badge"], 0),
        ([DEAR_KIT], [("kit", 32_500), LATE], ("kit", 1_000), ["Instrument kit"], 2_250),
        ([BADGE], [("third_party", 2_500), LATE, LATE], LATE, ["Badge"], 2_250),
        # Of one price: the item that the school keeps, so that the other one is refunded.
        ([LANYARD, BADGE], [("third_party", 2_500)] * 2, ("third_party", 2_500), ["Badge"], 2_250),
        # Of less than either: the same.
        ([LANYARD, DEAR_KIT], [("third_party", 2_500), ("kit", 32_500)], ("kit", 1_000), ["Instrument kit"], 2_250),
    ],
)  # fmt: skip
def test_a_waiver_lowers_what_was_waived(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    fees: Sequence[Fee],
    charges: Sequence[tuple[str, int]],
    waived: tuple[str, int],
    kept: Sequence[str],
    of_items: int,
) -> None:
    agree(monkeypatch, *fees)
    refund = left(office, charges, waived)
    office.recompute(refund, kept=kept)
    assert refund.amount_cents == OWED + of_items
    assert credited(office, refund) == {chart.REFUNDS: OWED} | (
        {chart.OTHER_REFUNDS: of_items} if of_items else {}
    )


@pytest.mark.parametrize(
    ("fees", "charges", "found", "of_items"),
    [
        ([KIT], [38_500, 1_000], {"Instrument kit": 38_500, "Kit and supplies": 1_000}, 900),
        ([KIT], [39_500], {"Instrument kit": 38_500, "Kit and supplies": 1_000}, 900),
        ([KIT], [1_000, 38_500], {"Instrument kit": 38_500, "Kit and supplies": 1_000}, 900),
        # Two agreed kits in one line, and a dollar beyond them.
        ([KIT, SCRUBS], [71_000], {"Instrument kit": 38_500, "Scrubs": 32_500}, 0),
        ([KIT, SCRUBS], [71_100],
         {"Instrument kit": 38_500, "Scrubs": 32_500, "Kit and supplies": 100}, 90),
        # Which of them was charged in part is in doubt: the one that is refunded is filled first.
        ([KIT, SPARES], [39_500], {"Spares": 5_000, "Instrument kit": 34_500}, 4_500),
    ],
)  # fmt: skip
def test_only_what_is_beyond_the_agreed_price_is_an_item_of_its_own(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    fees: Sequence[Fee],
    charges: Sequence[int],
    found: dict[str, int],
    of_items: int,
) -> None:
    """What was agreed is nonrefundable and was issued, however it was charged."""
    agree(monkeypatch, *fees)
    refund = left(office, [("kit", cents) for cents in charges])
    office.recompute(refund, kept=[one.name for one in fees if not one.refundable])
    assert paid_for(office, refund) == found
    assert refund.amount_cents == OWED + of_items
