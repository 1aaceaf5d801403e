"""A refund from the withdrawal to the money: computed, approved, paid out, explained; and what is refused."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Duty
from app.db.models import (
    LedgerTransaction,
    User,
)
from app.finance.ledger import service as ledger
from app.finance.ledger.balances import service as balances
from app.finance.refunds.cases import service
from app.finance.refunds.cases.remittances import service as remittances
from app.finance.refunds.cases.schemas import RemittanceIn
from app.school import service as schools
from app.school.service import PolicyKind
from app.web.paging import Paging
from tests.factories.school import subject_of
from tests.finance.conftest import NOW
from tests.finance.forms import charge, payment
from tests.finance.refunds.cases import OWED, Office, acts, balance, person, remittance


def test_a_refund_is_computed_approved_and_paid_once(office: Office) -> None:
    refund = office.owed()
    found = service.read(office.session, office.bursar, refund.id)
    assert (refund.amount_cents, refund.due_on, found.row.days_left) == (OWED, date(2026, 6, 4), 31)
    assert refund.policy_basis is not None
    assert "48 h of 480 h completed (10%)" in refund.policy_basis
    assert sum(line.amount_cents for line in found.lines) == OWED
    assert balance(office, refund) == 0
    office.approve(refund)
    assert balance(office, refund) == -OWED
    made = office.remit(refund, OWED)
    assert balance(office, refund) == 0
    assert refund.remitted_at == NOW
    row = service.read(office.session, office.bursar, refund.id).row
    assert (row.days, row.on_time, row.state, row.days_left) == (14, True, "remitted", None)
    assert acts(office, refund) == ["refund.computed", "refund.approved", "refund.remitted"]
    # A check that comes back is to be paid again, and every step stays on record.
    office.comes_back(refund, made)
    assert (refund.remitted_at, balance(office, refund)) == (None, -OWED)
    office.remit(refund, OWED, method="transfer", reference="ACH 7")
    assert (refund.remitted_at, balance(office, refund)) == (NOW, 0)
    assert balances.compare(office.session).differences == 0
    with pytest.raises(Conflict, match="came back"):
        office.comes_back(refund, made)


def test_a_form_that_is_sent_again_after_its_money_came_back_pays_nothing(office: Office) -> None:
    refund = office.owed()
    office.approve(refund)
    form = remittance(OWED)
    made = remittances.remit(office.session, office.bursar, refund.id, form)
    office.comes_back(refund, made.id)
    with pytest.raises(Conflict, match=r"has come back since\. Nothing was paid now"):
        remittances.remit(office.session, office.bursar, refund.id, form)
    assert (refund.remitted_at, balance(office, refund)) == (None, -OWED)


def test_what_explains_the_figures_stays_when_they_are_computed_again(office: Office) -> None:
    """A program without clock hours: a quarter of its progress, before and after a late payment."""
    enrollment = office.enrolled()
    of = {"enrollment_id": enrollment.id}
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, charge(504_000, **of))
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, payment(200_000, **of))
    refund = office.leaves(enrollment, percent=25)
    first = service.read(office.session, office.bursar, refund.id).current
    ledger.post_for_student(office.session, office.bursar, enrollment.user_id, payment(304_000, **of))
    office.recompute(refund)
    again = service.read(office.session, office.bursar, refund.id).current
    assert again.assumptions == first.assumptions
    assert any("the 25% of its progress" in one for one in again.assumptions)
    assert again.case_file["attended_minutes"] == first.case_file["attended_minutes"]
    assert refund.policy_basis is not None
    assert "the 25% of its progress" in refund.policy_basis


def test_who_may_what_and_when(office: Office) -> None:
    refund = office.owed()
    for subject in (office.bursar, person(office.school, Duty.AUDITOR, "Ulla Auditor")):
        with pytest.raises(Forbidden, match="registrar or an administrator"):
            office.approve(refund, subject)
    with pytest.raises(Forbidden, match="or computed its refund"):
        office.approve(refund, office.registrar)
    with pytest.raises(Conflict, match="not approved"):
        office.remit(refund, OWED)
    with pytest.raises(Forbidden, match="Only the bursar"):
        office.remit(refund, OWED, office.registrar)
    with pytest.raises(Conflict, match="Look at the new figures"):
        office.approve(refund, computation=2)
    office.approve(refund)
    with pytest.raises(Conflict, match="approved already"):
        office.approve(refund)
    with pytest.raises(Conflict, match="is approved, so it is not computed again"):
        office.recompute(refund)
    for cents in (OWED - 1, OWED + 1):
        with pytest.raises(Invalid, match=r"\$4,536\.00"):
            office.remit(refund, cents)
    with pytest.raises(Invalid, match="Nothing of this refund"):
        office.remit(refund, OWED, payer_id=77)
    form = remittance(OWED)
    first = remittances.remit(office.session, office.bursar, refund.id, form)
    assert remittances.remit(office.session, office.bursar, refund.id, form).id == first.id
    with pytest.raises(Conflict, match="with other figures"):
        remittances.remit(
            office.session, office.bursar, refund.id, form.model_copy(update={"reference": "other"})
        )
    with pytest.raises(Conflict, match="has been paid already"):
        office.remit(refund, OWED)
    with pytest.raises(Conflict, match="is paid out"):
        office.reject(refund)
    student = service.read(office.session, office.bursar, refund.id).row.student_id
    assert service.own_refunds(office.session, subject_of(office.session.get_one(User, student)))
    other = subject_of(office.school.student())
    with pytest.raises(NotFound):
        service.read(office.session, other, refund.id)
    with pytest.raises(Forbidden):
        service.refunds(office.session, other, Paging())
    with pytest.raises(NotFound):
        office.approve(999_999)


@pytest.mark.parametrize(
    "cents", [0, -1, 1.5, "1.5", 2_000_000_001, 10**30, True, None], ids=lambda value: str(value)[:12]
)
def test_absurd_cents_are_refused(cents: Any) -> None:
    with pytest.raises(ValidationError):
        RemittanceIn(request=uuid4(), amount_cents=cents, method="check")


def test_the_database_has_the_last_word(office: Office) -> None:
    """Whatever writes to it: nothing before the approval, nothing beyond the amount, nothing twice, nothing changed."""
    refund = office.owed()
    posted = office.session.scalars(select(LedgerTransaction.id).limit(1)).one()

    def refused(statement: str, match: str, **values: object) -> None:
        with pytest.raises(DBAPIError, match=match), office.session.begin_nested():
            office.session.execute(text(statement), {"id": refund.id, **values})

    pay = (
        "INSERT INTO refund_remittances (refund_id, payee, amount_cents, method, remitted_at, transaction_id, request)"
        " VALUES (:id, 'Maria', :cents, 'check', now(), :posted, gen_random_uuid())"
    )
    refused(pay, "not approved", cents=OWED, posted=posted)
    refused("UPDATE refunds SET remitted_at = now() WHERE id = :id", "check_refunds_order")
    refused(
        "UPDATE refunds SET approved_at = now(), approved_by = :by WHERE id = :id",
        "check_refunds_persons",
        by=office.registrar.user_id,
    )
    refused("UPDATE refund_computations SET amount_cents = 1 WHERE refund_id = :id", "permission denied")
    refused("DELETE FROM refund_computations WHERE refund_id = :id", "permission denied")
    refused(
        "INSERT INTO refunds (withdrawal_id, amount_cents, due_on) SELECT withdrawal_id, 1, due_on FROM refunds"
        " WHERE id = :id",
        "uq_refunds_withdrawal_id",
    )
    office.approve(refund)
    refused(pay, "were paid", cents=OWED + 1, posted=posted)
    office.remit(refund, OWED)
    refused(pay, "were paid", cents=1, posted=posted)


def test_above_the_limit_two_people_approve(office: Office) -> None:
    schools.policies.add(
        office.session, SYSTEM, PolicyKind.BILLING, effective_from=NOW.date(),
        values={"second_approval_above_dollars": 4_535}, approved_by="Board", today=NOW.date(),
    )  # fmt: skip
    refund = office.owed()
    office.approve(refund)
    assert (refund.approved_at, balance(office, refund)) == (None, 0)
    with pytest.raises(Conflict, match="a second person"):
        office.approve(refund)
    with pytest.raises(Conflict, match="not approved"):
        office.remit(refund, OWED)
    second = person(office.school, Duty.REGISTRAR, "Rosa Registrar")
    office.approve(refund, second)
    assert (refund.approved_by, balance(office, refund)) == (second.user_id, -OWED)
    assert acts(office, refund) == ["refund.computed", "refund.endorsed", "refund.approved"]


def test_what_has_changed_since_is_computed_again_first(office: Office) -> None:
    refund = office.owed(252_000)
    row = service.read(office.session, office.bursar, refund.id).row
    of = {"enrollment_id": row.enrollment_id}
    before = refund.amount_cents
    ledger.post_for_student(office.session, office.bursar, row.student_id, payment(252_000, **of))
    with pytest.raises(Conflict, match="has changed since") as refused:
        office.approve(refund)
    assert "$4,536.00" in refused.value.detail
    assert balance(office, refund) == 0
    office.recompute(refund)
    with pytest.raises(Conflict, match="Nothing has changed"):
        office.recompute(refund)
    found = service.read(office.session, office.bursar, refund.id)
    assert (refund.amount_cents, [one.amount_cents for one in found.computations]) == (OWED, [OWED, before])
    # Whoever computed any of it approves none of it.
    with pytest.raises(Forbidden):
        office.approve(refund, office.registrar, 2)
    office.approve(refund, computation=2)
    # Sent back after the approval: the credit is reversed, and only a new computation is approved.
    office.reject(refund)
    assert (refund.approved_at, balance(office, refund)) == (None, 0)
    with pytest.raises(Conflict, match="was sent back"):
        office.approve(refund, computation=2)
    office.recompute(refund)
    office.approve(refund, computation=3)
    assert balance(office, refund) == -OWED


def test_nothing_owed_is_confirmed_and_not_paid(office: Office) -> None:
    refund = office.owed(hours=240)
    assert refund.amount_cents == 0
    office.approve(refund)
    found = service.read(office.session, office.bursar, refund.id)
    assert (found.row.state, found.row.days_left, found.open_payees) == ("nothing_owed", None, [])
    with pytest.raises(Invalid):
        office.remit(refund, 1)
    assert refund.credit_transaction_id is None
    assert (
        "No payment for this program"
        in service.read(office.session, office.bursar, office.owed(0).id).current.assumptions[-1]
    )
