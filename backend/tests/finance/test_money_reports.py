"""Reports of money against small ledgers worked by hand: state fees, deferred revenue, receipts, Form 1098-T."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
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
from app.db.models import (
    AuditEntry,
    Enrollment,
    EnrollmentStatus,
    LedgerClosing,
    LedgerTransaction,
    Refund,
    StudentAddress,
    Withdrawal,
)
from app.db.models import School as SchoolRow
from app.finance.ledger import service as ledger
from app.finance.ledger.closings import service as closings
from app.finance.ledger.figures import service as figures
from app.finance.ledger.payers import service as payers
from app.finance.ledger.revenue import service as revenue
from app.finance.ledger.schemas import (
    BillingForm,
    ChargeType,
    ClosingForm,
    CreditForm,
    PayerForm,
    PayerPaymentForm,
    ReversalForm,
)
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


def waiver(cents: int, of: ChargeType, enrolled: Enrollment | None = None) -> CreditForm:
    return CreditForm(
        request=uuid4(), amount_cents=cents, kind="waiver", type=of, memo="Waived",
        enrollment_id=enrolled.id if enrolled else None,
    )  # fmt: skip


def test_the_base_is_tuition_and_fees_minus_refunds(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    student = enrolled.user_id
    for kind, cents in (("tuition", 60_000_000), ("fees", 1_500_000), ("books", 4_000_000)):
        ledger.post_for_student(session, bursar, student, charge(cents, kind, enrollment_id=enrolled.id))
    wrong = ledger.post_for_student(session, bursar, student, charge(999_999, "fees"))
    ledger.reverse(session, bursar, wrong.id, ReversalForm(request=uuid4(), memo="A mistake"))
    ledger.post_for_student(session, bursar, student, waiver(10_000, "fees"))
    # Of no tuition or fee: in no figure of the base.
    ledger.post_for_student(session, bursar, student, waiver(77_700, "books", enrolled))
    refund(session, bursar, enrolled, 265_433, 77_000)
    booked(session, enrolled, 123_400, date(2025, 11, 30))
    period = state_fees.fees_due(session, bursar)
    assert (period.first, period.last, period.year) == (date(2026, 1, 1), TODAY, "FY 2026")
    assert (period.base.base_cents, period.authorization_cents, period.trust_fund_cents) == (
        61_234_567, 122_469, 61_235,
    )  # fmt: skip
    rows = state_fees.months(session, bursar, Paging(), period).page().items
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
    before = browser(bursar).get("/ledger/reports/tuition-and-fees?last=2025-12-31").text
    assert "minus refunds credited; what was waived of them is not taken off" in before
    assert changed.base.base_cents + changed.base.refunded_cents + 10_000 == changed.base.gross_cents
    # Last year stays as it was.
    assert state_fees.fees_by_year(session, bursar)[1].authorization_cents == 50_000
    page = browser(bursar)
    shown = page.get("/ledger/reports/tuition-and-fees").text
    assert all(
        text in shown
        for text in (
            "$612,245.67", "Version 2", "no longer owed", "Taken off the base",
            "minus refunds credited and what was waived of them",
        )
    )  # fmt: skip
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
    period = state_fees.fees_due(session, bursar, first=first)
    rows = state_fees.months(session, bursar, Paging(sort="month"), period).page().items
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
    active, done, left, open_ended, pending, nothing_owed, several = (
        school.enrollment(school.student(full_name=name), where, **more)
        for name, where, more in (
            ("Ana Active", program, {}),
            ("Dan Done", program, {"status": EnrollmentStatus.COMPLETED, "completed_at": date(2026, 4, 1)}),
            ("Leo Left", program, {"status": EnrollmentStatus.WITHDRAWN}),
            ("Una Unknown", plain, {}),
            ("Pia Pending", program, {"status": EnrollmentStatus.WITHDRAWN}),
            ("Nat Nothing", program, {"status": EnrollmentStatus.WITHDRAWN}),
            ("Sam Several", program, {}),
        )
    )
    for one in (active, done, left, open_ended, pending, nothing_owed):
        booked(session, one, 499_900, date(2026, 2, 1))
    for one, until in ((active, 21), (left, 23), (pending, 23), (nothing_owed, 23)):
        school.attendance(
            one,
            clock_in=datetime(2026, 3, 2, 13, tzinfo=UTC),
            clock_out=datetime(2026, 3, 2, until, tzinfo=UTC),
        )
    for one, cents, approved in ((left, 300_000, NOW), (pending, 300_000, None), (nothing_owed, 0, None)):
        gone = Withdrawal(
            user_id=one.user_id, enrollment_id=one.id, requested_at=datetime(2026, 3, 1, tzinfo=UTC),
            admin_processed_at=datetime(2026, 3, 20, tzinfo=UTC),
        )  # fmt: skip
        session.add(gone)
        session.flush()
        session.add(
            Refund(
                withdrawal_id=gone.id, amount_cents=cents, due_on=date(2026, 5, 4), approved_at=approved,
                approved_by=bursar.user_id if approved else None,
            )
        )  # fmt: skip
    refund(session, bursar, left, 300_000)
    ledger.post_for_student(session, bursar, active.user_id, charge(5_000, "fees"))
    ledger.post_for_student(session, bursar, active.user_id, charge(32_500, "kit", enrollment_id=active.id))
    ledger.post_for_student(session, bursar, active.user_id, waiver(32_500, "kit", active))
    ledger.post_for_student(session, bursar, several.user_id, charge(7_000, "fees"))
    school.enrollment(several.user, plain)  # so far they had one program, and nobody had to name it
    found = revenue.revenue(session, bursar)
    lines = {
        (one.full_name, one.program): (
            one.figures.charged_cents, one.figures.earned_cents, one.figures.deferred_cents,
        )
        for one in found.lines
    }  # fmt: skip
    assert lines == {
        # 8 of 480 hours of $5,049.00, with what named no program, because there is one only: $84.15.
        ("Ana Active", "Dental Assistant"): (504_900, 8_415, 496_485),
        ("Dan Done", "Dental Assistant"): (499_900, 499_900, 0),
        ("Leo Left", "Dental Assistant"): (199_900, 199_900, 0),
        ("Una Unknown", "Without hours"): (499_900, 0, 499_900),
        # The refund is not approved: 10 of 480 hours, $104.1458…
        ("Pia Pending", "Dental Assistant"): (499_900, 10_415, 489_485),
        ("Nat Nothing", "Dental Assistant"): (499_900, 499_900, 0),
        ("Sam Several", "No program named"): (7_000, 0, 7_000),
    }
    assert found.charged_cents == found.earned_cents + found.deferred_cents == found.ledger_cents
    assert (found.unknown, found.by_program()[0]) == (2, ("Dental Assistant", 1_218_530, 985_970))
    # The day before its approval, the refund was not posted.
    before = revenue.revenue(session, bursar, TODAY - timedelta(days=1))
    stood = {one.full_name: (one.figures.standing, one.figures.earned_cents) for one in before.lines}
    assert stood["Leo Left"] == stood["Pia Pending"] == ("refund_pending", 10_415)
    assert stood["Nat Nothing"] == ("withdrawn", 499_900)
    # Before the hours, the refund and the completion; in the future there is no figure.
    march = revenue.revenue(session, bursar, date(2026, 3, 1))
    assert (march.earned_cents, march.deferred_cents) == (0, 6 * 499_900)
    assert march.charged_cents == march.ledger_cents
    with pytest.raises(Invalid, match="in the future"):
        revenue.revenue(session, bursar, date(2026, 5, 5))
    page = browser(bursar)
    shown = page.get("/ledger/reports/deferred-revenue")
    assert "2 lines have no clock hours" in shown.text
    assert page.get("/ledger/reports/deferred-revenue?sort=-deferred&q=una").text.count("Una Unknown") >= 1
    book = page.get("/ledger/reports/deferred-revenue?format=xlsx&day=2026-03-01").content
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()) == 7
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
    for wrong in ("1999", "0020259999", "2025" + 5_000 * "9"):
        assert page.get("/ledger/reports/1098-t", params={"year": wrong}).status_code == 422
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


def test_form_1098t_takes_back_in_the_year_in_which_it_was_taken_back(
    session: Session, school: School, bursar: Subject
) -> None:
    """Refunds to a payer, reversals of a payer's payment and of a billing: no year that is over changes."""
    names = ("Ana", "Leo", "Pia", "Una")
    ana, leo, pia, una = (school.enrollment(school.student(full_name=name)) for name in names)

    def sponsored(enrolled: Enrollment, kind: str, year: int, cents: int) -> tuple[int, int]:
        """Charged in February, billed the next day, paid in March; what billed and what paid."""
        student = enrolled.user_id
        payer = payers.save_payer(session, bursar, PayerForm(name=f"{kind} {student}", kind=kind))  # type: ignore[arg-type]
        booked(session, enrolled, cents, date(year, 2, 1))
        billing = BillingForm(
            request=uuid4(), amount_cents=cents, payer_id=payer.id, memo="Voucher", booked_on=date(year, 2, 2),
        )  # fmt: skip
        billed = ledger.post_for_student(session, bursar, student, billing)
        paid = PayerPaymentForm(
            request=uuid4(), amount_cents=cents, method="transfer", booked_on=date(year, 3, 1)
        )
        return billed.id, payers.payer_pays(session, bursar, payer.id, paid).id

    def figures_of(year: int) -> dict[str, tuple[int, int, int, int]]:
        """Boxes 1, 4, 5 and 6 by name."""
        return {
            one.full_name: (
                one.boxes.payments, one.boxes.adjustments, one.boxes.grants, one.boxes.grant_adjustments,
            )
            for one in tax_forms.forms(session, bursar, year)
        }  # fmt: skip

    def back_to_payer(enrolled: Enrollment, payment_id: int, cents: int) -> int:
        refund(session, bursar, enrolled, cents)
        payer_id = session.get_one(LedgerTransaction, payment_id).payer_id
        return ledger.pay_out(
            session, bursar, enrolled.user_id, enrollment_id=enrolled.id, amount_cents=cents, method="transfer",
            reference=None, memo="Refund paid to VA", request=uuid4(), payer_id=payer_id,
        ).id  # fmt: skip

    _billed, of_va = sponsored(ana, "va", 2024, 504_000)
    _billed, of_wioa = sponsored(leo, "wioa", 2026, 200_000)
    _billed, bounces = sponsored(pia, "employer", 2025, 100_000)
    mistaken, _paid = sponsored(una, "sponsor", 2025, 80_000)
    before = {year: figures_of(year) for year in (2024, 2025)}
    assert before == {
        2024: {"Ana": (504_000, 0, 504_000, 0)},
        2025: {"Pia": (100_000, 0, 100_000, 0), "Una": (80_000, 0, 80_000, 0)},
    }
    remitted = back_to_payer(ana, of_va, 300_000)
    back_to_payer(leo, of_wioa, 50_000)
    for number in (bounces, mistaken):
        ledger.reverse(session, bursar, number, ReversalForm(request=uuid4(), memo="A mistake"))
    # A kit that was charged and waived is no tuition.
    ledger.post_for_student(session, bursar, leo.user_id, charge(32_500, "kit", enrollment_id=leo.id))
    ledger.post_for_student(session, bursar, leo.user_id, waiver(32_500, "kit", leo))
    assert {year: figures_of(year) for year in (2024, 2025)} == before
    assert figures_of(2026) == {
        "Ana": (0, 300_000, 0, 300_000),
        "Leo": (150_000, 0, 150_000, 0),
        "Pia": (0, 100_000, 0, 100_000),
        "Una": (0, 80_000, 0, 80_000),
    }
    # The transfer to VA failed: the money is the school's again until it is sent once more.
    ledger.take_back(session, bursar, remitted, memo="Transfer failed", request=uuid4())
    assert figures_of(2026)["Ana"] == (0, 300_000, 0, 0)


def test_a_school_without_a_ledger_has_empty_reports(bursar: Subject, browser: Browser) -> None:
    page = browser(bursar)
    for name in ("tuition-and-fees", "state-fees", "deferred-revenue", "1098-t", "receipts", "ageing"):
        address = f"/ledger/reports/{name}"
        assert page.get(address).status_code == 200, name
        assert page.get(f"{address}?format=json").json()["rows"] == [], name
        for form in ("csv", "xlsx"):
            assert page.get(f"{address}?format={form}").status_code == 200, name


def test_the_account_statement_is_a_page_with_a_chart_and_files(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    for day, cents in ((date(2026, 3, 2), 60_000), (date(2026, 3, 9), 1_500), (date(2026, 4, 6), 2_500)):
        booked(session, enrolled, cents, day)
    page, address = browser(bursar), f"/ledger/students/{enrolled.user_id}"
    shown = page.get(address).text
    assert "Charges less payments and credits by month" in shown
    rows = page.get(f"{address}?group=month&format=json").json()["rows"]
    assert [(row["group"], row["amount_cents"]) for row in rows] == [("2026-03", 615), ("2026-04", 25)]
    for form in ("csv", "xlsx", "json"):
        assert page.get(f"{address}?format={form}").status_code == 200, form
