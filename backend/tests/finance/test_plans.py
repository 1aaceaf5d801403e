"""Payment plans: proposed, agreed to, paid by the ledger, reminded of, late."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import (
    AuditEntry,
    Enrollment,
    EnrollmentStatus,
    LedgerTransaction,
    OutboxMessage,
    PaymentPlan,
    PaymentPlanInstallment,
    PaymentPlanReminder,
)
from app.db.session import Database
from app.finance.ledger import service as ledger
from app.finance.ledger.plans import jobs, service
from app.finance.ledger.plans.schemas import PlanForm
from app.school.service import PolicyKind, policies
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW, bursar_of
from tests.finance.forms import charge, payment, reversal

Browser = Callable[[Subject], TestClient]
TODAY = NOW.date()
FEES = {"late_fee": "fee_amount", "late_fee_dollars": 25, "late_fee_grace_days": 10}


def wanted(enrollment: Enrollment, cents: int = 105_000, count: int = 3, **more: Any) -> PlanForm:
    return PlanForm.model_validate(
        {
            "request": uuid4(),
            "enrollment_id": enrollment.id,
            "total_cents": cents,
            "count": count,
            "first_due_on": TODAY + timedelta(days=7),
        }
        | more
    )


def terms(session: Session, **values: Any) -> None:
    policies.add(
        session,
        SYSTEM,
        PolicyKind.PAYMENT_PLANS,
        effective_from=TODAY,
        values=values,
        approved_by="Board",
        today=TODAY - timedelta(days=1),
    )


def agreed(session: Session, bursar: Subject, enrolled: Enrollment, **more: Any) -> int:
    made = service.propose(session, bursar, enrolled.user_id, wanted(enrolled, **more))
    service.agree(session, subject_of(enrolled.user), made.id)
    return made.id


def left(session: Session, plan_id: int) -> list[int]:
    return [one.unpaid_cents for one in service.plan(session, SYSTEM, plan_id).installments]  # type: ignore[arg-type]


def test_a_plan_is_paid_by_what_the_ledger_says(
    session: Session, bursar: Subject, enrolled: Enrollment, school: School
) -> None:
    student = enrolled.user_id
    ledger.post_for_student(session, bursar, student, charge(205_000))
    ledger.post_for_student(session, bursar, student, payment(100_000))  # before the plan: pays nothing of it
    plan = agreed(session, bursar, enrolled, cents=105_001)
    assert left(session, plan) == [35_001, 35_000, 35_000]
    first = ledger.post_for_student(session, bursar, student, payment(50_001, enrollment_id=enrolled.id))
    ledger.post_for_student(session, bursar, student, payment(10_000))
    assert left(session, plan) == [0, 10_000, 35_000]
    # Another program's money is another program's.
    other = school.enrollment(enrolled.user, school.program(name="Phlebotomy"))
    ledger.post_for_student(session, bursar, student, payment(99_000, enrollment_id=other.id))
    assert left(session, plan) == [0, 10_000, 35_000]
    ledger.reverse(session, bursar, first.id, reversal("Check returned"))
    assert left(session, plan) == [25_001, 35_000, 35_000]
    # With plans for two programs, money has to name its own.
    service.propose(session, bursar, student, wanted(other))
    with pytest.raises(Invalid, match="Choose the program"):
        ledger.post_for_student(session, bursar, student, payment(100))
    found = service.plan(session, bursar, plan)
    assert (found.state, found.percent, found.next and found.next.unpaid_cents) == ("on_time", 9, 25_001)
    with time_machine.travel(NOW + timedelta(days=8)):
        row = service.plans(session, bursar, Paging(), state="past_due").page().items[0]
        assert (row.past_due_cents, row.since, row.next_on) == (25_001, date(2026, 5, 11), date(2026, 6, 11))


def test_a_plan_is_replaced_and_never_edited(session: Session, bursar: Subject, enrolled: Enrollment) -> None:
    student, own = enrolled.user_id, subject_of(enrolled.user)
    ledger.post_for_student(session, bursar, student, charge(105_000))
    first = agreed(session, bursar, enrolled)
    form = wanted(enrolled, cents=70_000, count=2)
    second = service.propose(session, bursar, student, form)
    assert service.propose(session, bursar, student, form).id == second.id
    with pytest.raises(Conflict, match="other figures"):
        service.propose(session, bursar, student, form.model_copy(update={"total_cents": 70_001}))
    third = service.propose(session, bursar, student, wanted(enrolled, cents=60_000, count=2))
    # The plan in force holds until the student agrees to the new one.
    states = {one.id: one.state for one in service.of_student(session, bursar, student)}
    assert states == {first: "on_time", second.id: "ended", third.id: "proposed"}
    with pytest.raises(Conflict, match="replaced or canceled"):
        service.agree(session, own, second.id)
    with pytest.raises(NotFound):
        service.agree(session, bursar, third.id)
    for _ in range(2):
        service.agree(session, own, third.id)
    states = {one.id: one.state_words for one in service.of_student(session, own, student)}
    assert states == {
        first: "Replaced by another plan",
        second.id: "Replaced by another plan",
        third.id: "On time",
    }
    agreements = select(func.count()).where(AuditEntry.action == "payment_plan.agreed")
    assert session.scalar(agreements) == 2
    service._enrollment_ended(session, enrolled.id, EnrollmentStatus.WITHDRAWN)
    assert service.own_standing(session, own)[0] == []


def test_the_database_refuses_installments_that_do_not_add_up(session: Session, enrolled: Enrollment) -> None:
    plan = PaymentPlan(
        student_id=enrolled.user_id, enrollment_id=enrolled.id, total_cents=100, after_transaction=0, terms={},
        request=uuid4(),
    )  # fmt: skip
    session.add(plan)
    session.flush()
    session.add(PaymentPlanInstallment(plan_id=plan.id, number=1, due_on=TODAY, amount_cents=99))
    session.flush()
    with pytest.raises(DBAPIError, match="add up to 99 and not to 100"):
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"total_cents": "0"}, "Enter an amount above zero"),
        ({"total_cents": "-5"}, "Enter an amount above zero"),
        ({"total_cents": "NaN"}, "not a dollar amount"),
        ({"total_cents": "1.005"}, "at most two decimal places"),
        ({"total_cents": "10000000000000000.00"}, "larger than"),
        ({"count": "61"}, "Enter 60 or less"),
        ({"count": "0"}, "Enter 1 or more"),
        ({"total_cents": "0.02"}, "more installments than cents"),
        ({"first_due_on": "2026-05-03"}, "due today or later"),
        ({"enrollment_id": "999999"}, "Choose one of this student’s programs"),
        ({"due_on": ["2026-06-01"], "amount_cents": ["1000", "50"]}, "the due date and the amount of every"),
        ({"due_on": ["2026-06-01", "2026-06-01"], "amount_cents": ["1000", "50"]}, "after the one before it"),
        ({"due_on": ["2026-06-01", "2026-07-01"], "amount_cents": ["1100", "-50"]}, "above zero"),
        (
            {"due_on": ["2026-06-01", "2026-07-01"], "amount_cents": ["1000", "49.99"]},
            "$0.01 less than the plan",
        ),
    ],
)
def test_what_is_no_plan_is_refused(
    session: Session,
    bursar: Subject,
    enrolled: Enrollment,
    browser: Browser,
    typed: dict[str, Any],
    sentence: str,
) -> None:
    form = {
        "request": str(uuid4()),
        "enrollment_id": str(enrolled.id),
        "total_cents": "1,050.00",
        "count": "3",
        "first_due_on": "2026-06-01",
        "every": "month",
        "confirmed": "yes",
    }
    answer = browser(bursar).post(f"/ledger/students/{enrolled.user_id}/plans/new", data=form | typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.scalar(select(func.count()).select_from(PaymentPlan)) == 0


def test_from_the_preview_to_the_agreement(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser, school: School
) -> None:
    ledger.post_for_student(session, bursar, enrolled.user_id, charge(105_000))
    page, own, address = (
        browser(bursar),
        browser(subject_of(enrolled.user)),
        f"/ledger/students/{enrolled.user_id}",
    )
    assert "You owe the school $1,050.00." in own.get("/").text
    form = {
        "request": str(uuid4()), "enrollment_id": str(enrolled.id), "total_cents": "1050", "count": "3",
        "first_due_on": "2026-12-01", "every": "month",
    }  # fmt: skip
    shown = page.post(f"{address}/plans/new", data=form)
    assert shown.status_code == 200
    assert shown.text.count('value="350.00"') == 3
    assert session.scalar(select(func.count()).select_from(PaymentPlan)) == 0
    rows = {
        "due_on": ["2026-12-01", "2027-01-01", ""],
        "amount_cents": ["350", "700.00", ""],
        "confirmed": "yes",
    }
    sent = [page.post(f"{address}/plans/new", data=form | rows) for _ in range(2)]
    assert len({one.headers["location"] for one in sent}) == 1
    plan = int(sent[0].headers["location"].rpartition("/")[2])
    assert "Not agreed to yet" in page.get(f"/ledger/plans/{plan}").text
    assert "The school proposes a payment plan" in own.get("/").text
    assert "I agree" in own.get("/account/money").text
    stranger = browser(subject_of(school.student()))
    assert stranger.post(f"/account/plans/{plan}/agree").status_code == 404
    assert stranger.get(f"/ledger/plans/{plan}").status_code == 403
    assert own.post(f"/account/plans/{plan}/agree").status_code == 303
    assert "$350.00 due Dec 1." in own.get("/").text
    assert "$0.00 of $1,050.00" in own.get("/account/money").text
    csv = page.get("/ledger/plans?format=csv&state=on_time").text
    assert "1050.00,0.00,0.00,,2026-12-01" in csv
    assert page.post(f"/ledger/plans/{plan}/cancel").status_code == 303
    assert "You owe the school $1,050.00." in own.get("/").text


def test_reminders_and_fees_come_once_under_jobs_at_once(live_database: Database, settings: Settings) -> None:
    with live_database.begin() as session:
        school = School(session)
        bursar = bursar_of(school.with_duty(Duty.BURSAR))
        terms(session, **FEES)
        enrolled = school.enrollment(school.student(), school.program())
        student, person = enrolled.user_id, subject_of(enrolled.user)
        ledger.post_for_student(session, bursar, student, charge(105_000))
        made = service.propose(session, bursar, student, wanted(enrolled, first_due_on=date(2026, 10, 22)))
        service.agree(session, person, made.id)
        plan, number = made.id, enrolled.id

    def counts() -> tuple[int, int, int]:
        with live_database.begin() as session:
            fees = select(func.count()).where(LedgerTransaction.memo.startswith("Late fee"))
            mails = select(func.count()).where(OutboxMessage.subject.contains("due"))
            reminders = select(func.count()).select_from(PaymentPlanReminder)
            return session.scalar(fees) or 0, session.scalar(mails) or 0, session.scalar(reminders) or 0

    def at(*moment: int) -> None:
        when = datetime(*moment, tzinfo=UTC)  # type: ignore[misc]
        context = SimpleNamespace(additional_context={"database": live_database, "settings": settings})
        with ThreadPoolExecutor(4) as pool, time_machine.travel(when, tick=False):
            list(pool.map(lambda _: jobs.morning.func(context, 0), range(4)))

    at(2026, 10, 15, 3, 59)  # 11:59 p.m. of the 14th in Atlanta: eight days before
    assert counts() == (0, 0, 0)
    at(2026, 10, 15, 4)  # midnight
    assert counts() == (0, 1, 1)
    at(2026, 10, 22, 11, 23)
    assert counts() == (0, 1, 1)
    at(2026, 10, 25, 11, 23)
    assert counts() == (0, 2, 2)
    # Ten days of grace end with the 1st of November, a day of 25 hours.
    at(2026, 11, 2, 4, 59)
    assert counts()[0] == 0
    at(2026, 11, 2, 5)
    at(2026, 11, 3, 11, 23)
    assert counts() == (1, 2, 2)
    with live_database.begin() as session:
        fee = session.scalars(
            select(LedgerTransaction).where(LedgerTransaction.memo.startswith("Late fee"))
        ).one()
        assert ledger.transaction(session, bursar, fee.id).row.amount_cents == 2_500
        assert [one.late_fee for one in service.plan(session, bursar, plan).installments] == [
            fee.id,
            None,
            None,
        ]
        # Waived by its reversal, it is not charged again; and it is no part of the plan.
        ledger.reverse(session, bursar, fee.id, reversal("Waived"))
        on_time = payment(70_000, enrollment_id=number, booked_on=None)
        ledger.post_for_student(session, bursar, student, on_time)
    at(2026, 12, 30, 11, 23)
    assert counts()[0] == 1


def test_a_form_sent_again_is_the_plan_it_made_however_late(
    session: Session, bursar: Subject, enrolled: Enrollment, school: School, settings: Settings
) -> None:
    session.info["settings"] = settings.model_copy(update={"app_origin": "https://lms.example.edu"})
    other = school.enrollment(enrolled.user, school.program(name="Phlebotomy"))
    days = [date(2026, 5, 4), date(2026, 6, 4)]
    for form in (
        wanted(enrolled, count=2, first_due_on=days[0], due_on=days, amount_cents=[50_000, 55_000]),
        wanted(enrolled, count=2, first_due_on=days[0]),
    ):
        made = service.propose(session, bursar, enrolled.user_id, form)
        with time_machine.travel(NOW + timedelta(days=1), tick=False):
            assert service.propose(session, bursar, enrolled.user_id, form).id == made.id
        for changed in (
            {"due_on": days, "amount_cents": [55_000, 50_000]},
            {"due_on": [days[0], date(2026, 6, 5)], "amount_cents": [50_000, 55_000]},
            {"due_on": days, "amount_cents": [105_000]},
            {"due_on": [], "amount_cents": [], "count": 3},
            {"due_on": [], "amount_cents": [], "count": 60, "total_cents": 59},
            {"enrollment_id": other.id},
        ):
            with pytest.raises(Conflict, match="other figures"):
                service.propose(session, bursar, enrolled.user_id, form.model_copy(update=changed))
    assert session.scalar(select(func.count()).select_from(PaymentPlan)) == 2
    mails = session.scalars(select(OutboxMessage.body_text)).all()
    assert all("https://lms.example.edu/account/money" in text for text in mails)
