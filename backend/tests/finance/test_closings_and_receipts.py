"""What is counted, receipted and shown of what was posted."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import (
    Enrollment,
    LedgerReceipt,
    LedgerTransaction,
)
from app.db.session import Database
from app.enrollment.graduation import service as graduation
from app.finance.ledger import service
from app.finance.ledger.closings import service as closings
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import (
    ClosingForm,
    PayerForm,
)
from app.school import service as schools
from app.school.service import PolicyKind
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW, bursar_of
from tests.finance.forms import charge, payment, reversal

Browser = Callable[[Subject], TestClient]
TODAY = NOW.date()


def test_what_is_refused_leaves_nothing(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment
) -> None:
    student, other = enrolled.user_id, school.student()
    paid = service.post_for_student(session, bursar, student, payment(5_000))
    undone = service.reverse(session, bursar, paid.id, reversal())
    before = session.scalar(select(func.count()).select_from(LedgerTransaction))
    with pytest.raises(Conflict):
        service.reverse(session, bursar, undone.id, reversal())
    with pytest.raises(Invalid, match="one of this student’s programs"):
        service.post_for_student(session, bursar, other.id, charge(100, enrollment_id=enrolled.id))
    with pytest.raises(Invalid, match="May 4, 2026 or an earlier day"):
        service.post_for_student(session, bursar, student, charge(100, booked_on=TODAY + timedelta(days=1)))
    with pytest.raises(NotFound):
        service.post_for_student(session, bursar, school.admin().id, charge(100))
    with pytest.raises(NotFound):
        service.post_for_student(session, bursar, 999_999, charge(100))
    with pytest.raises(Forbidden):
        service.post_for_student(session, subject_of(other), other.id, charge(100))
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
    service.post_for_student(session, bursar, student, payment(20_000))
    service.post_for_student(session, bursar, student, payment(7_500, "card"))
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
    service.post_for_student(session, bursar, student, payment(50_000))
    stale = short | {"note": "Coins on the floor", "expected_cents": shown[1]}
    assert "expects $700.00 in cash, and not the $200.00" in page.post("/ledger/closings", data=stale).text
    service.reverse(
        session, bursar, session.scalars(select(func.max(LedgerTransaction.id))).one(), reversal()
    )
    assert page.post("/ledger/closings", data=stale).status_code == 303
    assert page.post("/ledger/closings", data=short | {"note": "Twice"}).status_code == 422
    assert closings.to_close(session, bursar) is None
    # Over and short is in the ledger, and what comes now counts for tomorrow.
    late = service.post_for_student(session, bursar, student, payment(100))
    assert late.booked_on == date(2026, 5, 5)
    with pytest.raises(Invalid, match="closed through May 4, 2026"):
        service.post_for_student(session, bursar, student, payment(100, booked_on=TODAY))
    with pytest.raises(Invalid, match="to come"):
        closings.close(session, bursar, ClosingForm(day=date(2026, 5, 5), counted_cents=0))
    found = session.scalars(
        select(LedgerTransaction).where(LedgerTransaction.kind == "count_difference")
    ).one()
    assert [line.amount_cents for line in service.transaction(session, bursar, found.id).lines] == [-50, 50]
    assert "Coins on the floor" in page.get("/ledger/closings").text


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
    service.post_for_student(session, bursar, enrolled.user_id, charge(4_000))
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
    service.post_for_student(session, bursar, enrolled.user_id, payment(4_000))
    assert transcripts.holds_of(session, enrolled.user_id) == []


def test_every_transaction_has_a_page_for_the_bursar(
    session: Session, school: School, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    """Those without a student, too: after a payer's payment the bursar is led to it."""
    payer = payers.save_payer(session, bursar, PayerForm(name="WorkSource", kind="wioa"))
    service.post_for_student(session, bursar, enrolled.user_id, charge(9_000))
    page = browser(bursar)
    form = {"request": str(uuid4()), "amount_cents": "90.00", "method": "check", "reference": "12"}
    led = page.post(f"/ledger/payers/{payer.id}/payments", data=form)
    assert led.status_code == 303, led.text
    assert "WorkSource" in page.get(led.headers["location"]).text
    for number in session.scalars(select(LedgerTransaction.id)):
        assert page.get(f"/ledger/transactions/{number}").status_code == 200


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


def test_what_a_deleted_student_owes_is_still_owed(
    session: Session, bursar: Subject, enrolled: Enrollment, browser: Browser
) -> None:
    service.post_for_student(session, bursar, enrolled.user_id, charge(9_000))
    enrolled.user.deleted_at = NOW
    session.flush()
    assert service.sums(session, bursar).owed == 9_000
    assert [row.id for row in service.accounts(session, bursar, Paging()).page().items] == [enrolled.user_id]
    service.post_for_student(session, bursar, enrolled.user_id, payment(4_000))
    assert browser(bursar).get(f"/ledger/students/{enrolled.user_id}").status_code == 200


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
        paid = service.post_for_student(
            session, bursar, enrolled.user_id, payment(123_450, "check", reference="1041")
        ).id
        owed = service.post_for_student(session, bursar, enrolled.user_id, charge(200_000)).id

    def issue(subject: Subject, number: int) -> int:
        with live_database.begin() as session:
            act = receipts.act(session, subject, number)
        return documents.issue(
            live_database, subject, files, live_settings,
            lambda session: receipts.draft(session, subject, files, number), request=act,
        ).id  # fmt: skip

    # A reversal that comes while the file is made leaves no receipt that verifies.
    with live_database.begin() as session:
        other = service.post_for_student(session, bursar, enrolled.user_id, payment(500)).id
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
