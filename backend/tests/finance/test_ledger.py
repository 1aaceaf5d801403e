"""The ledger as the bursar and the student meet it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import (
    AuditEntry,
    Enrollment,
    LedgerBalance,
    LedgerPosting,
    LedgerTransaction,
)
from app.db.session import Database
from app.finance.ledger import chart, service
from app.finance.ledger.balances import service as balances
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import (
    BillingForm,
    CreditForm,
    PayerForm,
    PayerPaymentForm,
    ReversalForm,
)
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW, bursar_of
from tests.finance.forms import charge, payment, reversal

Browser = Callable[[Subject], TestClient]
TODAY = NOW.date()


def audited(session: Session, student: int) -> tuple[int, int]:
    """The kept balance and the one added up from the postings; both checks of the whole ledger pass."""
    assert session.scalar(select(func.sum(LedgerPosting.amount_cents))) in (None, 0)
    assert balances.compare(session).differences == 0
    kept = balances.balances_of(session, [student]).get(student, 0)
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    lines = service.statement(session, SYSTEM, student, Paging(per_page=200, sort="day")).page().items  # type: ignore[arg-type]
    return kept, lines[-1].balance_cents if lines else 0


def test_an_account_from_the_first_charge_to_the_last_cent(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment
) -> None:
    student = enrolled.user_id
    for kind, cents in (("tuition", 1_200_000), ("fees", 15_000), ("books", 42_000), ("third_party", 27_000)):
        service.post_for_student(session, bursar, student, charge(cents, kind, enrollment_id=enrolled.id))
    sponsor = payers.save_payer(session, bursar, PayerForm(name="WorkSource", kind="wioa"))
    voucher = BillingForm(request=uuid4(), amount_cents=600_000, payer_id=sponsor.id, memo="Half of tuition")
    service.post_for_student(session, bursar, student, voucher)
    grant = CreditForm(request=uuid4(), amount_cents=100_000, kind="scholarship", memo="Merit")
    service.post_for_student(session, bursar, student, grant)
    paid = service.post_for_student(session, bursar, student, payment(584_100, "check", reference="1041"))
    assert audited(session, student) == (-100, -100)
    service.reverse(session, bursar, paid.id, reversal("Check returned by the bank"))
    assert audited(session, student) == (584_000, 584_000)
    account = service.account(session, bursar, student)
    assert dict(account.charged) == {
        "Tuition": 1_200_000,
        "Fees": 15_000,
        "Books": 42_000,
        "Third party’s cost": 27_000,
    }
    assert (account.billed_cents, account.paid_cents, dict(account.credited)) == (
        600_000,
        0,
        {"Scholarships": 100_000},
    )
    came = PayerPaymentForm(request=uuid4(), amount_cents=250_000, method="transfer", reference="ACH 7")
    payers.payer_pays(session, bursar, sponsor.id, came)
    assert payers.payer(session, bursar, sponsor.id)[1] == 350_000
    assert audited(session, student) == (584_000, 584_000)
    # What a refund needs: money of the enrollment that holds, without what was reversed.
    kept = [(row.kind, row.code, row.amount_cents) for row in service.money_of(session, enrolled.id)]
    assert ("charge", chart.TUITION, -1_200_000) in kept
    service.credit_refund(
        session, bursar, student, enrollment_id=enrolled.id, tuition_and_fees_cents=700_000, other_cents=0,
        memo="Refund", request=uuid4(),
    )  # fmt: skip
    service.pay_out(
        session, bursar, student, enrollment_id=enrolled.id, amount_cents=116_000, method="transfer",
        reference="ACH 9", memo="Refund", request=uuid4(),
    )  # fmt: skip
    assert audited(session, student) == (0, 0)
    said = session.scalars(
        select(AuditEntry).where(AuditEntry.student_id == student, AuditEntry.action.startswith("ledger."))
    ).all()
    assert len(said) == 10
    assert {one.reason for one in said if one.action == "ledger.reversed"} == {"Check returned by the bank"}


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["charge", "pay", "waive", "reverse"]),
        st.integers(1, 10**8),
        st.sampled_from(["tuition", "fees", "books", "kit", "third_party"]),
    ),
    max_size=12,
)


@settings(max_examples=25)
@given(ACTS)
def test_whatever_happens_it_balances(acts: list[tuple[str, int, str]]) -> None:
    """Random acts and reversals, on a database of the test's own connection each."""
    session, bursar, student = _PROPERTY["made"]
    with session.begin_nested() as trial:
        expected, posted = 0, []
        for what, cents, kind in acts:
            if what == "charge":
                posted.append(service.post_for_student(session, bursar, student, charge(cents, kind)))
                expected += cents
            elif what == "pay":
                posted.append(service.post_for_student(session, bursar, student, payment(cents, "card")))
                expected -= cents
            elif what == "waive":
                waiver = CreditForm(
                    request=uuid4(), amount_cents=cents, kind="waiver", type="kit", memo="Waived"
                )
                posted.append(service.post_for_student(session, bursar, student, waiver))
                expected -= cents
            elif posted:
                last = posted.pop()
                found = service.transaction(session, bursar, last.id).row.amount_cents
                service.reverse(session, bursar, last.id, reversal())
                expected += -found if last.kind == "charge" else found
        assert audited(session, student) == (expected, expected)
        trial.rollback()


_PROPERTY: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _of_the_property(
    request: pytest.FixtureRequest,
) -> None:
    if request.node.originalname == "test_whatever_happens_it_balances":
        school = request.getfixturevalue("school")
        _PROPERTY["made"] = (
            request.getfixturevalue("session"),
            request.getfixturevalue("bursar"),
            school.student().id,
        )


def test_64_presses_of_one_button_post_once(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        bursar = bursar_of(school.with_duty(Duty.BURSAR))
        student = school.student().id
    form = charge(100_000)

    def press(cents: int) -> int | str:
        try:
            with live_database.begin() as session:
                asked = form.model_copy(update={"amount_cents": cents})
                return service.post_for_student(session, bursar, student, asked).id
        except Conflict as conflict:
            return conflict.detail

    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(press, [100_000] * 64))
    assert len(set(numbers)) == 1
    assert isinstance(numbers[0], int)
    # The same form with another amount is a mistake, and no second charge.
    assert "with other figures" in str(press(100_001))
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == 1
        assert balances.balances_of(session, [student]) == {student: 100_000}
    # Two reversals at once: one of them is.
    both = [reversal(request=uuid4()) for _ in range(8)]

    def undo(values: ReversalForm) -> int | str:
        from app.web.errors import problem_of

        try:
            with live_database.begin() as session:
                return service.reverse(session, bursar, int(numbers[0]), values).id
        except Exception as error:
            problem = problem_of(error)
            assert problem is not None
            return problem.detail

    with ThreadPoolExecutor(8) as pool:
        undone = list(pool.map(undo, both))
    assert len([one for one in undone if isinstance(one, int)]) == 1
    assert {one for one in undone if isinstance(one, str)} == {
        "This transaction was reversed already. Nothing was posted."
    }
    with live_database.begin() as session:
        assert balances.compare(session).differences == 0
        assert balances.balances_of(session, [student]) == {student: 0}


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("1,234.50", 123_450),
        ("$12", 1_200),
        (" 12.5 ", 1_250),
        ("12.345", "at most two decimal places"),
        ("12,34", "comma in the wrong place"),
        ("-5", "Enter an amount above zero"),
        ("0", "Enter an amount above zero"),
        ("1000000.01", "at most $1,000,000.00"),
        ("99999999999", "larger than"),
        ("NaN", "not a dollar amount"),
        ("1e3", "not a dollar amount"),
        ("twelve", "not a dollar amount"),
        ("", "required"),
    ],
)
def test_amounts_as_people_type_them(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser, typed: str, answer: int | str
) -> None:
    page = browser(bursar)
    address = f"/ledger/students/{enrolled.user_id}/charges/new"
    form = {"request": str(uuid4()), "type": "tuition", "memo": "Tuition", "amount_cents": typed}
    found = page.post(address, data=form)
    if isinstance(answer, str):
        assert found.status_code == 422
        assert answer in found.text
        assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == 0
        return
    # First it is shown what will be posted, and nothing is; then it is, and sent twice it is once.
    assert found.status_code == 200, found.text
    assert "Balance afterwards" in found.text
    assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == 0
    first, again = (page.post(address, data=form | {"confirmed": "yes"}) for _ in range(2))
    assert (first.status_code, first.headers["location"]) == (303, again.headers["location"])
    assert session.scalars(select(LedgerBalance.balance_cents)).all() == [answer]
    shown = page.get(first.headers["location"]).text
    assert "4000 Tuition" in shown


def test_what_is_only_looked_at_takes_no_number(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    """A gap in the numbers would have to be explained to an auditor."""
    first = service.post_for_student(session, bursar, enrolled.user_id, charge(100))
    page, form = browser(bursar), {"type": "tuition", "memo": "Tuition", "amount_cents": "5"}
    address = f"/ledger/students/{enrolled.user_id}/charges/new"
    for _ in range(3):
        assert page.post(address, data=form | {"request": str(uuid4())}).status_code == 200
    again = charge(200)
    numbers = [service.post_for_student(session, bursar, enrolled.user_id, again).id for _ in range(3)]
    assert numbers == [first.id + 1] * 3


def test_the_student_sees_their_own_account_and_nobody_elses(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    student = subject_of(enrolled.user)
    page = browser(student)
    assert "Nothing has been charged or paid yet" in page.get("/account/money").text
    service.post_for_student(session, bursar, student.user_id, charge(150_000))
    paid = service.post_for_student(
        session, bursar, student.user_id, payment(25_000, "check", reference="1041")
    )
    shown = page.get("/account/money").text
    assert "$1,250.00" in shown
    assert f"/ledger/transactions/{paid.id}" in shown
    assert "You owe" in shown
    own = page.get(f"/ledger/transactions/{paid.id}").text
    assert "Issue the receipt" in own
    assert "1010" not in own  # the school's accounts are the school's
    csv = page.get("/account/money?format=csv").text
    assert "-250.00,1250.00" in csv
    other = browser(subject_of(school.student()))
    assert other.get(f"/ledger/transactions/{paid.id}").status_code == 404
    assert other.get(f"/ledger/students/{student.user_id}").status_code == 403
    looked = browser(bursar).get(f"/ledger/students/{student.user_id}")
    assert looked.status_code == 200
    viewed = session.scalars(select(AuditEntry).where(AuditEntry.action == "record.viewed")).all()
    assert [(one.student_id, one.purpose) for one in viewed] == [(student.user_id, "billing")]
