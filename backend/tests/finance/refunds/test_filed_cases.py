"""What filed policies and settled open points do to cases: whole texts, gaps, payees, and cases of an older shape."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from app.core.errors import Conflict, Invalid
from app.core.files import open_store
from app.db.models import Refund, RefundComputation, SchoolHoliday
from app.finance.ledger import service as ledger
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, PayerForm, PayerPaymentForm
from app.finance.refunds import door
from app.finance.refunds.cases import payees, service
from app.finance.refunds.cases.letters import service as letters
from app.finance.refunds.filing import service as filing
from app.school import service as schools
from app.school.service import PolicyKind
from app.settings import Settings
from tests.finance.forms import charge, payment
from tests.finance.refunds.cases import OWED, Office, SignIn, user_of
from tests.finance.refunds.filings import OWN, TODAY, filed, settled

TWO_LINES = "Through a tenth of the program 80% comes back.\r\n\tThrough a quarter 60%, then nothing."


def test_a_rule_in_several_lines_goes_from_the_form_to_the_refund(office: Office, signed_in: SignIn) -> None:
    chief: TestClient = signed_in(user_of(office.session, office.chief))
    form = OWN | {
        "effective_from": "2025-06-01",
        "approved_by": "Board",
        "window_returns": "all_but_retained",
    }
    form |= {"clause": TWO_LINES, "policy_name": "Refund \t policy"}
    shown = chief.post("/refund-policy/new", data=form).text
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    assert chief.post("/refund-policy/new", data=form | {"seen": seen}).status_code == 303
    refund = office.owed()
    found = service.read(office.session, office.bursar, refund.id)
    assert refund.amount_cents == 403_200
    assert found.current.case_file["policy"]["name"] == "Refund policy"
    assert re.match(r"Refund policy\. .*comes back\. \tThrough a quarter", found.lines[0].text)
    office.approve(refund)


@pytest.mark.parametrize("field", ["policy_name", "clause"])
def test_characters_that_cannot_be_printed_are_refused_with_their_field(office: Office, field: str) -> None:
    with pytest.raises(Invalid, match="cannot be printed") as refused:
        filed(office, **{field: OWN[field] + "\x07 and more"})
    assert [one.field for one in refused.value.errors] == [field]


def test_a_gap_after_a_policy_that_has_lapsed_is_filled_from_its_first_day(office: Office) -> None:
    filed(office, last_day="2025-12-31")
    first = office.enrolled("First")
    first.enrolled_at = date(2025, 12, 31)
    office.leaves(first)
    with pytest.raises(Conflict, match="An administrator files one"):
        office.owed(name="In the gap")
    with pytest.raises(Conflict, match="later day"):
        filed(office, date(2025, 12, 31))
    version = filed(office, date(2026, 1, 1), due_days="20")
    # The next version does not end with the one before.
    found = schools.policies.at(office.session, PolicyKind.REFUND, TODAY)
    assert (found.version, found.values.last_day) == (version, None)
    assert office.owed(name="Later").due_on == date(2026, 5, 10)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"due_days": True}, "due_days"), ({"last_day": 0}, "last_day"), ({"last_day": "0"}, "last_day"),
     ({"tiers": "10 60\n25 80"}, ""), ({"window_hours": True}, "window_hours")],
)  # fmt: skip
def test_values_that_only_look_like_values_are_refused(
    office: Office, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        filed(office, **values)
    assert [one.field for one in refused.value.errors] == [field]


def test_a_day_before_the_first_version_and_settings_that_change_nothing_are_faults_of_the_form(
    office: Office,
) -> None:
    session, chief = office.session, office.chief
    chosen = schools.policies.at(session, PolicyKind.REFUND_SETTINGS, TODAY).values.chosen()
    for trial in (filing.try_policy, filing.try_settings):
        with pytest.raises(Invalid) as refused:
            trial(session, chief, date(1999, 12, 31), OWN if trial is filing.try_policy else chosen)
        assert refused.value.errors[0].field == "effective_from"
    assert filing.try_settings(session, chief, TODAY, chosen).seen == ""
    with pytest.raises(Conflict, match="Every point already has that reading"):
        filing.settle(session, chief, chosen, effective_from=TODAY, approved_by="Board", note="", seen="")
    one, other = (filing.try_policy(session, chief, date(2026, 6, day), OWN).seen for day in (1, 2))
    assert one != other


def paid_by_wioa(office: Office, cents: int, booked: date = date(2026, 2, 2)) -> tuple[int, dict[str, Any]]:
    """An enrollment whose tuition a board pays; gives its payer's number and the enrollment."""
    enrollment = office.enrolled()
    of: dict[str, Any] = {"enrollment_id": enrollment.id}
    payer = payers.save_payer(office.session, office.bursar, PayerForm(name="WorkSource", kind="wioa"))
    post = ledger.post_for_student
    post(office.session, office.bursar, enrollment.user_id, charge(504_000, booked_on=date(2026, 1, 5), **of))
    bill = BillingForm(request=uuid4(), amount_cents=cents, payer_id=payer.id, memo="Voucher", **of)
    post(office.session, office.bursar, enrollment.user_id, bill)
    received = PayerPaymentForm(request=uuid4(), amount_cents=cents, method="transfer", booked_on=booked)
    payers.payer_pays(office.session, office.bursar, payer.id, received)
    return payer.id, {"enrollment": enrollment, "of": of}


def test_money_that_is_left_out_is_paid_back_to_nobody(office: Office) -> None:
    settled(office, payments_after_withdrawal="ignored", payee="payer")
    _payer, about = paid_by_wioa(office, 252_000, date(2026, 4, 21))
    enrollment = about["enrollment"]
    ledger.post_for_student(
        office.session, office.bursar, enrollment.user_id,
        payment(252_000, booked_on=date(2026, 2, 2), **about["of"]),
    )  # fmt: skip
    refund = office.leaves(enrollment)
    found = service.read(office.session, office.bursar, refund.id).current
    assert refund.amount_cents
    assert [(one["payer_id"], one["amount_cents"]) for one in found.payees] == [(None, refund.amount_cents)]


def test_a_refund_that_waits_from_before_policies_had_dates_is_approved(office: Office) -> None:
    refund = office.owed()
    assert refund.amount_cents == OWED
    kept = service.read(office.session, office.bursar, refund.id).current
    older = {"time_zone": "America/New_York", "payer": "student"}
    copied = {
        name: getattr(kept, name)
        for name in ("result", "assumptions", "payees", "amount_cents", "other_cents")
    }
    office.session.add(
        RefundComputation(
            refund_id=refund.id, number=2, case_file=kept.case_file | {"settings": older}, reason="Older", **copied
        )
    )  # fmt: skip
    office.session.flush()
    office.session.expire_all()
    with pytest.raises(Conflict, match="Nothing has changed"):
        office.recompute(refund)
    assert office.approve(refund, computation=2).approved_at is not None


def test_the_event_that_gave_the_day_is_in_the_case_the_basis_and_the_letter(
    office: Office, settings: Settings
) -> None:
    enrollment = office.enrolled()
    of = {"enrollment_id": enrollment.id}
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, charge(504_000, **of))
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, payment(504_000, **of))
    refund = office.leaves(enrollment, kind="administrative", basis="last_attendance")
    found = service.read(office.session, office.bursar, refund.id)
    assert found.current.case_file["settings"]["withdrawal_date"] == "last_attendance"
    assert found.current.result["settings"]["withdrawal_date"] == "last_attendance"
    words = "The withdrawal counts from April 20, 2026, when the student last attended."
    assert words in (refund.policy_basis or "")
    office.approve(refund)
    steps = letters.draft(office.session, office.bursar, open_store(settings), refund.id).facts["steps"]
    assert any(step[0].startswith(words) for step in steps)
    # A withdrawal from before the event was kept has none; its refund is computed and approved as before.
    older = office.owed(name="Earlier")
    kept = service.read(office.session, office.bursar, older.id).current
    assert "withdrawal_date" not in kept.case_file["settings"]
    assert "The withdrawal counts from April 20, 2026. The refund is due" in (older.policy_basis or "")
    assert office.approve(older).approved_at is not None


def closed(office: Office, name: str, day: date) -> None:
    """Enter a holiday in the school's calendar."""
    office.session.add(SchoolHoliday(name=name, first_day=day, last_day=day))
    office.session.flush()
    office.session.expire_all()


def test_a_holiday_that_is_entered_later_moves_no_deadline_and_keeps_no_refund_from_its_approval(
    office: Office,
) -> None:
    settled(office, holidays="school_calendar", due_counts="business_days")
    closed(office, "Memorial Day", date(2026, 5, 25))
    refund = office.owed()
    # 45 business days from April 20 are June 22; Memorial Day makes it the 23rd.
    assert refund.due_on == date(2026, 6, 23)
    closed(office, "Juneteenth", date(2026, 6, 19))
    office.reject(refund)
    office.recompute(refund)
    assert refund.due_on == date(2026, 6, 23), "computed again it goes by the calendar of the first time"
    said = service.read(office.session, office.bursar, refund.id).assumptions
    words = (
        "Business days leave out the holidays that the school’s calendar had on May 4, 2026; later changes"
    )
    assert any(one.startswith(words) for one in said)
    assert words in (refund.policy_basis or "")
    assert office.approve(refund, computation=2).due_on == date(2026, 6, 23)
    # Who leaves from now on has the calendar of now.
    assert office.owed(name="Later").due_on == date(2026, 6, 24)


def test_the_calendar_is_named_only_where_business_days_are_counted(office: Office) -> None:
    settled(office, holidays="school_calendar")
    refund = office.owed()
    assert not any(
        "Business days" in one for one in service.read(office.session, office.bursar, refund.id).assumptions
    )


def test_a_result_that_an_update_would_change_is_computed_again_before_it_is_approved(office: Office) -> None:
    refund = office.owed()
    kept = service.read(office.session, office.bursar, refund.id).current
    moved = kept.result | {
        "due_on": (date.fromisoformat(kept.result["due_on"]) + timedelta(days=18)).isoformat()
    }
    copied = {
        name: getattr(kept, name)
        for name in ("case_file", "assumptions", "payees", "amount_cents", "other_cents")
    }
    office.session.add(
        RefundComputation(refund_id=refund.id, number=2, result=moved, reason="Before the update", **copied)
    )
    row = office.session.get_one(Refund, refund.id)
    row.due_on = date.fromisoformat(moved["due_on"])
    office.session.flush()
    office.session.expire_all()
    with pytest.raises(Conflict, match=r"due June 22, 2026, and would be .*, due June 4, 2026, now"):
        office.approve(refund, computation=2)
    office.recompute(refund)
    assert office.approve(refund, computation=3).due_on == date(2026, 6, 4)


@pytest.mark.parametrize(
    ("kit_paid", "back"),
    [
        (32_500, {"program": 453_600, "application_fee": 0, "item:Kit": 0}),
        (0, {"program": 421_100, "application_fee": 0}),
    ],
)
def test_what_is_unpaid_is_taken_once_from_what_comes_back(kit_paid: int, back: dict[str, int]) -> None:
    """$5,040.00 of tuition, the application fee, and a kit that the student keeps, paid or not."""
    day = "2026-01-05"
    paid = [(504_000, "program"), (15_000, "application_fee"), (kit_paid, "item:Kit")]
    case = door.case_of(
        {
            "policy": "gnpec-current",
            "program": {
                "total_minutes": 28_800,
                "segments": [{"name": "Program", "total_minutes": 28_800, "charge_cents": 504_000}],
            },
            "agreement": {
                "signed_at": "2026-01-05T09:00:00-05:00",
                "application_fee_cents": 15_000,
                "application_fee_disclosed": True,
            },
            "items": [
                {"name": "Kit", "amount_cents": 32_500, "refundable": False, "disclosed": True, "kept": True}
            ],
            "payments": [
                {"amount_cents": cents, "paid_on": day, "for": purpose} for cents, purpose in paid if cents
            ],
            "attended_minutes": 2_880,
            "withdrawn_at": "2026-04-20T11:00:00-04:00",
            "kind": "student",
            "settings": {"unpaid_charges": "offset"},
        }
    )
    amount = door.compute(case).amount_cents
    assert payees.by_purpose(case, amount) == back
    assert sum(back.values()) == amount
