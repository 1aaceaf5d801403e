"""The ledger as the bursar and the student meet it."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import (
    AuditEntry,
    Enrollment,
    LedgerBalance,
    LedgerPosting,
    LedgerReceipt,
    LedgerTransaction,
)
from app.db.session import Database
from app.enrollment.graduation import service as graduation
from app.finance.ledger import chart, service
from app.finance.ledger.balances import service as balances
from app.finance.ledger.closings import service as closings
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import (
    BillingForm,
    ChargeForm,
    ClosingForm,
    CreditForm,
    PayerForm,
    PayerPaymentForm,
    PaymentForm,
    ReversalForm,
)
from app.school import service as schools
from app.school.service import PolicyKind
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW, bursar_of

Browser = Callable[[Subject], TestClient]
TODAY = NOW.date()


def charge(cents: int, kind: str = "tuition", **more: Any) -> ChargeForm:
    return ChargeForm.model_validate(
        {"request": uuid4(), "amount_cents": cents, "type": kind, "memo": "Tuition, spring"} | more
    )


def payment(cents: int, method: str = "cash", **more: Any) -> PaymentForm:
    return PaymentForm.model_validate({"request": uuid4(), "amount_cents": cents, "method": method} | more)


def reversal(memo: str = "A mistake", request: UUID | None = None) -> ReversalForm:
    return ReversalForm(request=request or uuid4(), memo=memo)


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
        service.charge(session, bursar, student, charge(cents, kind, enrollment_id=enrolled.id))
    sponsor = payers.save_payer(session, bursar, PayerForm(name="WorkSource", kind="wioa"))
    voucher = BillingForm(request=uuid4(), amount_cents=600_000, payer_id=sponsor.id, memo="Half of tuition")
    payers.bill_payer(session, bursar, student, voucher)
    grant = CreditForm(request=uuid4(), amount_cents=100_000, kind="scholarship", memo="Merit")
    service.credit(session, bursar, student, grant)
    paid = service.pay(session, bursar, student, payment(584_100, "check", reference="1041"))
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
                posted.append(service.charge(session, bursar, student, charge(cents, kind)))
                expected += cents
            elif what == "pay":
                posted.append(service.pay(session, bursar, student, payment(cents, "card")))
                expected -= cents
            elif what == "waive":
                waiver = CreditForm(request=uuid4(), amount_cents=cents, kind="waiver", memo="Waived")
                posted.append(service.credit(session, bursar, student, waiver))
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
                return service.charge(session, bursar, student, asked).id
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


def test_what_is_refused_leaves_nothing(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment
) -> None:
    student, other = enrolled.user_id, school.student()
    paid = service.pay(session, bursar, student, payment(5_000))
    undone = service.reverse(session, bursar, paid.id, reversal())
    before = session.scalar(select(func.count()).select_from(LedgerTransaction))
    with pytest.raises(Conflict):
        service.reverse(session, bursar, undone.id, reversal())
    with pytest.raises(Invalid, match="one of this student’s programs"):
        service.charge(session, bursar, other.id, charge(100, enrollment_id=enrolled.id))
    with pytest.raises(Invalid, match="May 4, 2026 or an earlier day"):
        service.charge(session, bursar, student, charge(100, booked_on=TODAY + timedelta(days=1)))
    with pytest.raises(NotFound):
        service.charge(session, bursar, school.admin().id, charge(100))
    with pytest.raises(NotFound):
        service.charge(session, bursar, 999_999, charge(100))
    with pytest.raises(Forbidden):
        service.charge(session, subject_of(other), other.id, charge(100))
    with pytest.raises(NotFound):
        service.account(session, subject_of(other), student)
    with pytest.raises(NotFound):
        service.transaction(session, subject_of(other), paid.id)
    with pytest.raises(ValueError, match="card number"):
        payment(100, "card", reference="4242 4242 4242 4242")
    assert session.scalar(select(func.count()).select_from(LedgerTransaction)) == before


def test_a_closed_day_stays_as_it_was_counted(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    student = enrolled.user_id
    service.pay(session, bursar, student, payment(20_000))
    service.pay(session, bursar, student, payment(7_500, "card"))
    waiting = closings.to_close(session, bursar)
    assert waiting is not None
    assert (waiting.cash_cents, waiting.total_cents) == (20_000, 27_500)
    page = browser(bursar)
    short = {"day": "2026-05-04", "counted_cents": "199.50"}
    refused = page.post("/ledger/closings", data=short)
    assert refused.status_code == 422
    assert "$0.50 more than counted" in refused.text
    # What the page showed is what is closed: a payment that came while somebody counted is not closed unseen.
    shown = re.search(r'name="expected_cents" value="(\d+)"', refused.text)
    assert shown is not None
    service.pay(session, bursar, student, payment(50_000))
    stale = short | {"note": "Coins on the floor", "expected_cents": shown[1]}
    assert "expects $700.00 in cash, and not the $200.00" in page.post("/ledger/closings", data=stale).text
    service.reverse(
        session, bursar, session.scalars(select(func.max(LedgerTransaction.id))).one(), reversal()
    )
    assert page.post("/ledger/closings", data=stale).status_code == 303
    assert page.post("/ledger/closings", data=short | {"note": "Twice"}).status_code == 422
    assert closings.to_close(session, bursar) is None
    # Over and short is in the ledger, and what comes now counts for tomorrow.
    late = service.pay(session, bursar, student, payment(100))
    assert late.booked_on == date(2026, 5, 5)
    with pytest.raises(Invalid, match="closed through May 4, 2026"):
        service.pay(session, bursar, student, payment(100, booked_on=TODAY))
    with pytest.raises(Invalid, match="to come"):
        closings.close(session, bursar, ClosingForm(day=date(2026, 5, 5), counted_cents=0))
    found = session.scalars(
        select(LedgerTransaction).where(LedgerTransaction.kind == "count_difference")
    ).one()
    assert [line.amount_cents for line in service.transaction(session, bursar, found.id).lines] == [-50, 50]
    assert "Coins on the floor" in page.get("/ledger/closings").text


def test_the_student_sees_their_own_account_and_nobody_elses(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    student = subject_of(enrolled.user)
    page = browser(student)
    assert "Nothing has been charged or paid yet" in page.get("/account/money").text
    service.charge(session, bursar, student.user_id, charge(150_000))
    paid = service.pay(session, bursar, student.user_id, payment(25_000, "check", reference="1041"))
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


def test_a_balance_holds_up_what_the_policy_says(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment
) -> None:
    from app.compliance.transcripts import service as transcripts

    registrar, zone = subject_of(school.admin()), schools.facts(session).zone

    def balance() -> tuple[str, str] | None:
        lines = graduation.checklist(session, registrar, enrolled.id, TODAY, zone)
        found = [(str(one.state), one.sentence) for one in lines if one.name == "balance"]
        return found[0] if found else None

    def policy(**values: object) -> None:
        schools.policies.add(
            session, SYSTEM, PolicyKind.BILLING, effective_from=TODAY, values=values, approved_by="Board",
            today=TODAY,
        )  # fmt: skip

    assert balance() == (
        "unknown",
        "Nothing was posted to this student’s account. Ask the bursar whether a balance is due.",
    )
    service.charge(session, bursar, enrolled.user_id, charge(4_000))
    assert balance() == ("missing", "$40.00 is due.")
    assert transcripts.holds_of(session, enrolled.user_id) == []
    policy(transcript_hold="balance_due")
    assert transcripts.holds_of(session, enrolled.user_id) == [
        "A balance of $40.00 is due. Pay it, or ask the bursar."
    ]
    policy(small_balance_dollars=40)
    assert (balance() or ("",))[0] == "met"
    assert transcripts.holds_of(session, enrolled.user_id) == []
    policy(small_balance_dollars=0, graduation_balance="not_required")
    assert balance() is None
    service.pay(session, bursar, enrolled.user_id, payment(4_000))
    assert transcripts.holds_of(session, enrolled.user_id) == []


def test_every_transaction_has_a_page_for_the_bursar(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    """Those without a student, too: after a payer's payment the bursar is led to it."""
    payer = payers.save_payer(session, bursar, PayerForm(name="WorkSource", kind="wioa"))
    service.charge(session, bursar, enrolled.user_id, charge(9_000))
    page = browser(bursar)
    form = {"request": str(uuid4()), "amount_cents": "90.00", "method": "check", "reference": "12"}
    led = page.post(f"/ledger/payers/{payer.id}/payments", data=form)
    assert led.status_code == 303, led.text
    assert "WorkSource" in page.get(led.headers["location"]).text
    for number in session.scalars(select(LedgerTransaction.id)):
        assert page.get(f"/ledger/transactions/{number}").status_code == 200


def test_what_a_deleted_student_owes_is_still_owed(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    service.charge(session, bursar, enrolled.user_id, charge(9_000))
    enrolled.user.deleted_at = NOW
    session.flush()
    assert service.sums(session, bursar).owed == 9_000
    assert [row.id for row in service.accounts(session, bursar, Paging()).page().items] == [enrolled.user_id]
    service.pay(session, bursar, enrolled.user_id, payment(4_000))
    assert browser(bursar).get(f"/ledger/students/{enrolled.user_id}").status_code == 200


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("4242 4242 4242 4242", True), ("Visa 4242-4242-4242-4242 exp 12/28", True), ("378282246310005", True),
        ("4242.4242.4242.4242", True), ("061000104000123", False), ("Check 1041", False),
        ("4242 4242 4242 4243", False),
    ],
)  # fmt: skip
def test_no_card_number_is_kept(text: str, refused: bool) -> None:
    for made in (lambda: payment(100, reference=text), lambda: charge(100, memo=text)):
        if refused:
            with pytest.raises(ValidationError, match="looks like a card number"):
                made()
        else:
            made()


def test_a_receipt_is_signed_once_and_void_with_its_payment(
    live_settings: Any, live_database: Database
) -> None:
    from app.core.files import open_store
    from app.documents import service as documents
    from app.finance.ledger.receipts import service as receipts

    files = open_store(live_settings)
    with live_database.begin() as session:
        school = School(session)
        documents.ensure_keys(session, live_settings)
        bursar = bursar_of(school.with_duty(Duty.BURSAR))
        enrolled = school.enrollment(school.student(full_name="Thị Bích"), school.program())
        student = subject_of(enrolled.user)
        paid = service.pay(session, bursar, enrolled.user_id, payment(123_450, "check", reference="1041")).id
        owed = service.charge(session, bursar, enrolled.user_id, charge(200_000)).id

    def issue(subject: Subject, number: int) -> int:
        with live_database.begin() as session:
            act = receipts.act(session, subject, number)
        return documents.issue(
            live_database, subject, files, live_settings,
            lambda session: receipts.draft(session, subject, files, number), request=act,
        ).id  # fmt: skip

    # A reversal that comes while the file is made leaves no receipt that verifies.
    with live_database.begin() as session:
        other = service.pay(session, bursar, enrolled.user_id, payment(500)).id
        act = receipts.act(session, bursar, other)

    def drafted(session: Session) -> documents.Draft:
        draft = receipts.draft(session, bursar, files, other)
        service.reverse(session, bursar, other, reversal())
        return draft

    with pytest.raises(Conflict, match="No second receipt was issued"):
        documents.issue(live_database, bursar, files, live_settings, drafted, request=act)

    made = issue(student, paid)
    with pytest.raises(Conflict, match="has a receipt already"):
        issue(bursar, paid)
    with pytest.raises(Conflict, match="another kind"):
        issue(bursar, owed)
    with live_database.begin() as session:
        row, pdf = documents.content(session, bursar, files, made)
        assert row.number == "RC-2026-000002"  # the first is void
        assert documents.verify(session, SYSTEM, pdf).accepted
        service.reverse(session, bursar, paid, reversal("Check returned"))
    with live_database.begin() as session:
        assert not documents.verify(session, SYSTEM, pdf).accepted
        assert session.scalars(select(LedgerReceipt.transaction_id)).all() == [paid]
    with pytest.raises(Conflict, match="was reversed"):
        issue(bursar, paid)
