"""The school's own refund policy and its open points: filed with dates, and what real refunds then go by."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import DBAPIError

from app.core.errors import Conflict, Invalid
from app.core.permissions import SYSTEM
from app.finance.ledger import service as ledger
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, PayerForm, PayerPaymentForm
from app.finance.refunds import door
from app.finance.refunds.cases import service
from app.school import service as schools
from app.school.service import PolicyKind
from tests.finance.forms import charge, payment
from tests.finance.refunds.cases import OWED, Office, SignIn, user_of
from tests.finance.refunds.filings import OWN, TODAY, filed, settled


@pytest.mark.parametrize(("hours", "cents"), [(48, 403_200), (49, 302_400), (120, 302_400), (121, 0)])
def test_a_refund_is_computed_by_the_tiers_that_the_school_filed(
    office: Office, hours: int, cents: int
) -> None:
    version = filed(office)
    refund = office.owed(hours=hours)
    found = service.read(office.session, office.bursar, refund.id)
    assert (refund.amount_cents, refund.due_on) == (cents, date(2026, 5, 20))
    assert found.lines[0].text.startswith("Refund policy 2026. Through a tenth")
    assert f"Version {version} of the school’s refund policy (Refund policy 2026)" in found.assumptions[0]
    # The case file holds the version itself, so that it computes to the same cents wherever the policy is not known.
    assert door.preview(found.current.case_file).as_record() == found.current.result


def test_a_version_that_a_refund_went_by_is_followed_and_never_changed(office: Office) -> None:
    version = filed(office)
    unused = filed(office, date(2027, 1, 1), policy_name="Refund policy 2027", due_days="45")
    office.owed()
    with pytest.raises(DBAPIError, match="has been used"), office.session.begin_nested():
        schools.policies.withdraw(office.session, SYSTEM, PolicyKind.REFUND, version)
    with pytest.raises(Conflict, match="later day"):
        filed(office, TODAY, due_days="45")
    schools.policies.withdraw(office.session, SYSTEM, PolicyKind.REFUND, unused)
    with pytest.raises(Conflict, match="first version"):
        schools.policies.withdraw(office.session, SYSTEM, PolicyKind.REFUND, 2)


def test_without_a_policy_for_the_day_nothing_is_computed_and_the_sentence_says_what_to_do(
    office: Office,
) -> None:
    filed(office, last_day="2025-12-31")
    with pytest.raises(
        Conflict, match=r"Refund policy 2026 ended on December 31, 2025\. An administrator files one"
    ):
        office.owed()


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"tiers": "25 60\n10 80"}, "", "ascending order"),
        ({"tiers": ""}, "", "at least one tier"),
        ({"tiers": "ten"}, "tiers", "is not a step"),
        ({"tiers": "10 101"}, "refund_percent", "100"),
        ({"window_business_days": "3"}, "", "not both"),
        ({"policy_name": "gnpec-current"}, "", "none of GNPEC’s versions"),
        ({"clause": ""}, "", "in words"),
        ({"nothing_from_percent": "101"}, "nothing_from_percent", "100"),
        ({"rule": "gnpec-tiers"}, "effective_from", "ended on December 31, 2024"),
        ({"nonsense": "1"}, "nonsense", "no such value"),
    ],
)
def test_a_version_that_contradicts_itself_is_refused(
    office: Office, values: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        filed(office, **values)
    assert field in ("refund_percent", *[one.field for one in refused.value.errors])


def test_the_older_schedule_of_tiers_counts_for_who_enrolled_under_it(office: Office) -> None:
    schools.policies.add(
        office.session, SYSTEM, PolicyKind.REFUND, effective_from=date(2020, 1, 1), values={"rule": "gnpec-tiers"},
        approved_by="Board", today=TODAY,
    )  # fmt: skip
    enrollment = office.enrolled()
    enrollment.enrolled_at = date(2024, 11, 1)
    of = {"enrollment_id": enrollment.id}
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, charge(504_000, **of))
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, payment(504_000, **of))
    refund = office.leaves(enrollment, hours=49)
    # Past a tenth of the program 75% comes back.
    assert refund.amount_cents == 378_000


def test_open_points_that_the_school_settled_reach_real_refunds(office: Office) -> None:
    assert office.owed(hours=240, name="By the default").amount_cents == 0
    # What was computed marked the first version as used, so that another one begins tomorrow for later enrollments.
    with pytest.raises(Conflict, match="later day"):
        settled(office, threshold_edge="refund")


def test_a_settled_open_point_changes_the_refund_and_is_recorded_with_it(office: Office) -> None:
    settled(office, threshold_edge="refund", due_on_weekend="next_business_day", payee="student")
    refund = office.owed(hours=240)
    found = service.read(office.session, office.bursar, refund.id)
    assert refund.amount_cents == 252_000
    kept = found.current.result["settings"]
    assert (kept["threshold_edge"], kept["due_on_weekend"], kept["payee"]) == (
        "refund",
        "next_business_day",
        "student",
    )
    assert "of its refund settings" in found.assumptions[0]


@pytest.mark.parametrize("first", ["payer", "student"])
def test_who_is_paid_first_is_an_open_point(office: Office, first: str) -> None:
    settled(office, payee=first)
    enrollment = office.enrolled()
    of: dict[str, Any] = {"enrollment_id": enrollment.id}
    payer = payers.save_payer(office.session, office.bursar, PayerForm(name="WorkSource", kind="wioa"))
    post = ledger.post_for_student
    post(office.session, office.bursar, enrollment.user_id, charge(504_000, **of))
    bill = BillingForm(request=uuid4(), amount_cents=252_000, payer_id=payer.id, memo="Voucher", **of)
    post(office.session, office.bursar, enrollment.user_id, bill)
    paid = PayerPaymentForm(request=uuid4(), amount_cents=252_000, method="transfer")
    payers.payer_pays(office.session, office.bursar, payer.id, paid)
    post(office.session, office.bursar, enrollment.user_id, payment(252_000, **of))
    refund = office.leaves(enrollment)
    found = service.read(office.session, office.bursar, refund.id)
    shares = [(one["name"], one["amount_cents"]) for one in found.current.payees]
    one_, other = ("WorkSource", "Maria Lopez") if first == "payer" else ("Maria Lopez", "WorkSource")
    assert shares == [(one_, 252_000), (other, OWED - 252_000)]


FORM = OWN | {
    "effective_from": "2026-06-01",
    "approved_by": "Board of Directors",
    "window_returns": "all_but_retained",
}


def test_whoever_files_a_version_sees_its_examples_first(office: Office, signed_in: SignIn) -> None:
    chief: TestClient = signed_in(user_of(office.session, office.chief))
    shown = chief.post("/refund-policy/new", data=FORM)
    assert shown.status_code == 200
    assert "it gives less than GNPEC’s rule" in shown.text
    assert "no fixed refund table" in shown.text
    seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
    # Another value than was shown is shown first.
    other = chief.post("/refund-policy/new", data=FORM | {"seen": seen, "due_days": "45"})
    assert (other.status_code, "File this version" in other.text) == (200, True)
    assert "Refund policy 2026" not in chief.get("/refund-policy").text
    assert chief.post("/refund-policy/new", data=FORM | {"seen": seen}).status_code == 303
    assert "Refund policy 2026" in chief.get("/refund-policy").text
    wrong = chief.post("/refund-policy/new", data=FORM | {"tiers": "ten"})
    assert (wrong.status_code, "is not a step" in wrong.text) == (422, True)
    # The API answers the same version, and refuses the same fault.
    listed = chief.get("/api/v1/school/policies/refund").json()
    assert (listed[0]["version"], listed[0]["values"]["policy_name"]) == (3, "Refund policy 2026")
    body = {"effective_from": "2026-07-01", "approved_by": "Board", "values": OWN | {"tiers": "ten"}}
    refused = chief.post("/api/v1/school/policies/refund", json=body)
    assert (refused.status_code, "is not a step" in refused.text) == (422, True)
    bursar: TestClient = signed_in(user_of(office.session, office.bursar))
    assert "Refund policy 2026" in bursar.get("/refund-policy").text
    assert "File a new version" not in bursar.get("/refund-policy").text
    assert bursar.post("/refund-policy/new", data=FORM | {"seen": seen}).status_code == 403


def test_open_points_are_shown_with_their_effect_and_changed_after_it_was_seen(
    office: Office, signed_in: SignIn
) -> None:
    chief: TestClient = signed_in(user_of(office.session, office.chief))
    page = chief.get("/refund-policy/settings").text
    assert "Exactly half of the program" in page
    assert "$2,520.00" in page
    form = schools.policies.at(office.session, PolicyKind.REFUND_SETTINGS, TODAY).values.chosen()
    form |= {"effective_from": "2026-06-01", "approved_by": "Board", "threshold_edge": "refund"}
    shown = chief.post("/refund-policy/settings/new", data=form)
    assert (shown.status_code, "Until now" in shown.text, "Rounding" in shown.text) == (200, True, True)
    seen = shown.text.partition('name="seen" value="')[2].partition('"')[0]
    assert chief.post("/refund-policy/settings/new", data=form | {"seen": seen}).status_code == 303
    assert "Exactly half of the program: A refund is owed." in chief.get("/refund-policy/settings").text
    wrong = chief.post("/refund-policy/settings/new", data=form | {"rounding": "sideways"})
    assert wrong.status_code == 422
