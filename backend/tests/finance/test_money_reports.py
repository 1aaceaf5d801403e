"""Reports of money against small ledgers worked by hand: state fees, deferred revenue, receipts, Form 1098-T."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.identifiers import service as identifiers
from app.accounts.identifiers.service import IdentifierForm
from app.core.errors import Invalid
from app.core.permissions import SYSTEM, Subject
from app.db.models import AuditEntry, Enrollment, EnrollmentStatus, LedgerClosing, StudentAddress, Withdrawal
from app.db.models import School as SchoolRow
from app.finance.ledger import service as ledger
from app.finance.ledger.closings import service as closings
from app.finance.ledger.figures import service as figures
from app.finance.ledger.revenue import service as revenue
from app.finance.ledger.schemas import ClosingForm, CreditForm, ReversalForm
from app.finance.ledger.state_fees import service as state_fees
from app.finance.ledger.tax_forms import service as tax_forms
from app.school import service as schools
from app.school.service import PolicyKind, policies
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.ledger import booked
from tests.factories.school import School
from tests.finance.conftest import NOW
from tests.finance.test_ledger import charge, payment

Browser = Callable[[Subject], TestClient]
TODAY = NOW.date()


def refund(session: Session, bursar: Subject, enrolled: Enrollment, cents: int, other: int = 0) -> None:
    ledger.credit_refund(
        session, bursar, enrolled.user_id, enrollment_id=enrolled.id, tuition_and_fees_cents=cents,
        other_cents=other, memo="Refund", request=uuid4(),
    )  # fmt: skip


def test_the_base_is_tuition_and_fees_minus_refunds(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    student = enrolled.user_id
    for kind, cents in (("tuition", 60_000_000), ("fees", 1_500_000), ("books", 4_000_000)):
        ledger.post_for_student(session, bursar, student, charge(cents, kind, enrollment_id=enrolled.id))
    wrong = ledger.post_for_student(session, bursar, student, charge(999_999, "fees"))
    ledger.reverse(session, bursar, wrong.id, ReversalForm(request=uuid4(), memo="A mistake"))
    waived = CreditForm(request=uuid4(), amount_cents=10_000, kind="waiver", memo="Waived")
    ledger.post_for_student(session, bursar, student, waived)
    refund(session, bursar, enrolled, 265_433, 77_000)
    booked(session, enrolled, 123_400, date(2025, 11, 30))
    period = state_fees.fees_due(session, bursar)
    assert (period.first, period.last, period.year) == (date(2026, 1, 1), TODAY, "FY 2026")
    assert (period.base.base_cents, period.authorization_cents, period.trust_fund_cents) == (
        61_234_567, 122_469, 61_235,
    )  # fmt: skip
    rows = state_fees.months(session, bursar, Paging()).page().items
    assert [
        (row.month, row.quarter, row.program, row.tuition, row.fees, row.refunds, row.base) for row in rows
    ] == [
        ("2026-05", "2026-Q2", "Dental Assistant", 60_000_000, 1_500_000, 265_433, 61_234_567),
        ("2026-05", "2026-Q2", "No program named", 0, 0, 0, 0),
    ]
    years = state_fees.fees_by_year(session, bursar)
    assert [(one.year, one.base.base_cents, one.authorization_cents) for one in years] == [
        ("FY 2026", 61_234_567, 122_469), ("FY 2025", 123_400, 50_000),
    ]  # fmt: skip
    # The school's own terms from today on: waivers are taken off, and the trust fund is over.
    policies.add(
        session, SYSTEM, PolicyKind.STATE_FEES, effective_from=TODAY, approved_by="Board", today=TODAY,
        values={"waivers": "taken_off", "trust_fund": "no_longer_owed", "authorization_rate_hundredths": 100},
    )  # fmt: skip
    changed = state_fees.fees_due(session, bursar)
    assert (changed.base.base_cents, changed.authorization_cents, changed.trust_fund_cents) == (
        61_224_567, 612_246, 0,
    )  # fmt: skip
    assert changed.base.base_cents + changed.base.refunded_cents + 10_000 == changed.base.gross_cents
    # Last year stays as it was.
    assert state_fees.fees_by_year(session, bursar)[1].authorization_cents == 50_000
    page = browser(bursar)
    shown = page.get("/ledger/reports/tuition-and-fees").text
    assert all(
        text in shown for text in ("$612,245.67", "Version 2", "not owed any more", "Taken off the base")
    )
    wide = "first=2025-01-01&last=2026-12-31&format=json"
    by = {
        name: {
            row["group"]: (row["base"], row["gross"] - row["refunds"] - row["waived"])
            for row in page.get(f"/ledger/reports/tuition-and-fees?group={name}&{wide}").json()["rows"]
        }
        for name in ("month", "quarter", "fiscal_year", "program")
    }
    assert by["quarter"]["2025-Q4"] == by["month"]["2025-11"] == (1234.0, 1234.0)
    assert by["fiscal_year"][2026] == (612_245.67, 612_245.67)
    assert by["program"]["Dental Assistant"][0] == 613_579.67


def test_a_fiscal_year_of_the_school_cuts_a_month(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment
) -> None:
    schools.ensure(session, session.info["settings"])
    row = session.scalars(select(SchoolRow)).one()
    row.fiscal_year_month, row.fiscal_year_day = 7, 15
    session.flush()
    session.expire_all()
    for day, cents in ((date(2025, 7, 14), 1_000), (date(2025, 7, 15), 2_000), (date(2026, 4, 1), 4_000)):
        booked(session, enrolled, cents, day)
    first = date(2025, 1, 1)
    rows = state_fees.months(session, bursar, Paging(sort="month"), first=first).page().items
    assert [(row.month, row.fiscal_year, row.base) for row in rows] == [
        ("2025-07", 2025, 1_000), ("2025-07", 2026, 2_000), ("2026-04", 2026, 4_000),
    ]  # fmt: skip
    years = state_fees.fees_by_year(session, bursar)
    assert [(one.year, one.base.base_cents) for one in years] == [("FY 2026", 6_000), ("FY 2025", 1_000)]


def test_deferred_revenue_agrees_with_the_ledger(
    session: Session, school: School, bursar: Subject, browser: Browser
) -> None:
    program = school.program(name="Dental Assistant", clock_hours=480)
    plain = school.program(name="Without hours", clock_hours=None)
    active, done, left, open_ended = (
        school.enrollment(school.student(full_name=name), where, **more)
        for name, where, more in (
            ("Ana Active", program, {}),
            ("Dan Done", program, {"status": EnrollmentStatus.COMPLETED, "completed_at": date(2026, 4, 1)}),
            ("Leo Left", program, {"status": EnrollmentStatus.WITHDRAWN}),
            ("Una Unknown", plain, {}),
        )
    )
    for one in (active, done, left, open_ended):
        booked(session, one, 499_900, date(2026, 2, 1))
    school.attendance(
        active,
        clock_in=datetime(2026, 3, 2, 13, tzinfo=UTC),
        clock_out=datetime(2026, 3, 2, 21, tzinfo=UTC),
    )
    session.add(
        Withdrawal(
            user_id=left.user_id, enrollment_id=left.id, requested_at=datetime(2026, 3, 1, tzinfo=UTC),
            admin_processed_at=datetime(2026, 3, 20, tzinfo=UTC),
        )
    )  # fmt: skip
    refund(session, bursar, left, 300_000)
    ledger.post_for_student(session, bursar, active.user_id, charge(5_000, "fees"))
    ledger.post_for_student(session, bursar, active.user_id, charge(32_500, "kit", enrollment_id=active.id))
    found = revenue.revenue(session, bursar)
    lines = {
        (one.full_name, one.program): (
            one.figures.charged_cents, one.figures.earned_cents, one.figures.deferred_cents,
        )
        for one in found.lines
    }  # fmt: skip
    assert lines == {
        # 8 of 480 hours of $4,999.00: $83.3166…
        ("Ana Active", "Dental Assistant"): (499_900, 8_332, 491_568),
        ("Ana Active", "No program named"): (5_000, 5_000, 0),
        ("Dan Done", "Dental Assistant"): (499_900, 499_900, 0),
        ("Leo Left", "Dental Assistant"): (199_900, 199_900, 0),
        ("Una Unknown", "Without hours"): (499_900, 0, 499_900),
    }
    assert found.charged_cents == found.earned_cents + found.deferred_cents == found.ledger_cents
    assert (found.unknown, found.by_program()[0]) == (1, ("Dental Assistant", 708_132, 491_568))
    # Before the hours, the refund and the completion; in the future there is no figure.
    march = revenue.revenue(session, bursar, date(2026, 3, 1))
    assert (march.earned_cents, march.deferred_cents) == (0, 4 * 499_900)
    assert march.charged_cents == march.ledger_cents
    with pytest.raises(Invalid, match="in the future"):
        revenue.revenue(session, bursar, date(2026, 5, 5))
    page = browser(bursar)
    shown = page.get("/ledger/reports/deferred-revenue")
    assert "1 enrollment is in programs without clock hours" in shown.text
    assert page.get("/ledger/reports/deferred-revenue?sort=-deferred&q=una").text.count("Una Unknown") >= 1
    book = page.get("/ledger/reports/deferred-revenue?format=xlsx&day=2026-03-01").content
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()) == 5
    assert page.get("/ledger/reports/deferred-revenue?day=2027-01-01").status_code == 422


def test_receipts_by_closing_are_what_was_closed(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment
) -> None:
    student = enrolled.user_id
    days = [date(2026, 4, day) for day in (27, 28, 29, 30)]
    for place, day in enumerate(days):
        for method in ("cash", "check", "card", "money_order"):
            ledger.post_for_student(session, bursar, student, payment(1_000 + place, method, booked_on=day))
    for day, cash in ((days[1], 2_001), (days[2], 1_002)):
        closings.close(session, bursar, ClosingForm(day=day, counted_cents=cash))
    rows = figures.receipts(session, bursar, Paging(per_page=200)).page().items
    by_closing: dict[date | None, int] = {}
    for row in rows:
        by_closing[row.closing] = by_closing.get(row.closing, 0) + row.cents
    closed = {row.day: row.receipts_cents for row in session.scalars(select(LedgerClosing))}
    assert by_closing == {**closed, None: 4 * 1_003}
    assert {(row.method, row.account) for row in rows} == {
        ("cash", "1000"), ("check", "1010"), ("money_order", "1010"), ("card", "1020"),
    }  # fmt: skip


def test_form_1098t_masks_numbers_but_in_the_preparers_file(
    session: Session, school: School, bursar: Subject, settings: Settings, browser: Browser
) -> None:
    ana, leo = school.student(full_name="Ana Núñez"), school.student(full_name="Leo Lee")
    for student, paid in ((ana, 300_000), (leo, 700_000)):
        enrolled = school.enrollment(student)
        booked(session, enrolled, 504_000, date(2025, 2, 1))
        booked(session, enrolled, paid, date(2025, 3, 1), "payment")
    identifiers.add(session, SYSTEM, settings, ana.id, IdentifierForm(number="219-09-9999"))
    session.add(
        StudentAddress(
            user_id=ana.id, kind="home", line1="1 Peachtree St", city="Atlanta", state="GA", postal_code="30303",
            is_primary=True, starts_on=date(2025, 1, 1),
        )
    )  # fmt: skip
    session.flush()
    page = browser(bursar)
    shown = page.get("/ledger/reports/1098-t")
    assert "Calendar year 2025" in shown.text
    assert all(text in shown.text for text in ("***-**-9999", "No TIN, No address", "1 form is incomplete"))
    rows = page.get("/ledger/reports/1098-t?year=2025&format=json").json()["rows"]
    assert [(row["student"], row["tin"], row["box1"], row["missing"]) for row in rows] == [
        ("Ana Núñez", "***-**-9999", 3_000.0, ""),
        ("Leo Lee", None, 5_040.0, "No TIN, No address"),
    ]
    assert page.get("/ledger/reports/1098-t?year=2026&format=json").json()["rows"] == []
    assert page.get("/ledger/reports/1098-t?year=1999").status_code == 422
    for form in ("csv", "xlsx", "json"):
        assert b"219-09" not in page.get(f"/ledger/reports/1098-t?format={form}").content
    fetched = page.get("/ledger/reports/1098-t/preparer.csv?year=2025")
    lines = list(csv.DictReader(io.StringIO(fetched.text)))
    assert (lines[0]["Student TIN"], lines[0]["Box 1"], lines[0]["ZIP code"]) == (
        "219-09-9999",
        "3000.00",
        "30303",
    )
    assert (lines[1]["Student TIN"], lines[1]["Last name"], lines[1]["Box 1"]) == ("", "Leo Lee", "5040.00")
    looked = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "identifier.revealed", AuditEntry.student_id == ana.id)
    ).all()
    assert [one.reason for one in looked] == ["Form 1098-T for 2025"]
    # An auditor reads the figures and no numbers; without a recent proof nobody does.
    assert tax_forms.may_file(bursar)


def test_a_school_without_a_ledger_has_empty_reports(bursar: Subject, browser: Browser) -> None:
    page = browser(bursar)
    for name in ("tuition-and-fees", "state-fees", "deferred-revenue", "1098-t", "receipts", "ageing"):
        address = f"/ledger/reports/{name}"
        assert page.get(address).status_code == 200, name
        assert page.get(f"{address}?format=json").json()["rows"] == [], name
        for form in ("csv", "xlsx"):
            assert page.get(f"{address}?format={form}").status_code == 200, name
