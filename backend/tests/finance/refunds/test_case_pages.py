"""What people see of refund cases: the pages, the warnings, and the letter."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.db.models import (
    IssuedDocument,
    RefundRemittance,
    User,
)
from app.db.session import Database
from app.documents import service as documents
from app.finance.refunds.cases import notices, service
from app.finance.refunds.cases.letters import service as letters
from app.finance.refunds.cases.remittances import service as remittances
from app.finance.refunds.cases.schemas import ApprovalForm
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW
from tests.finance.refunds.cases import OWED, Office, SignIn, acts, remittance, user_of


def test_the_pages_lead_from_step_to_step(office: Office, signed_in: SignIn, session: Session) -> None:
    refund = office.owed()
    address = f"/refunds/{refund.id}"
    registrar, chief = (signed_in(user_of(session, one)) for one in (office.registrar, office.chief))
    bursar = signed_in(user_of(session, office.bursar))
    student = signed_in(session.get_one(User, service.read(session, office.bursar, refund.id).row.student_id))
    assert "someone else must approve it" in registrar.get(address).text
    assert registrar.post(f"{address}/approval", data={"computation": "1"}).status_code == 403
    assert bursar.post(f"{address}/approval", data={"computation": "1"}).status_code == 403
    early = {"request": str(uuid4()), "amount_cents": "4,536.00", "method": "check", "reference": "2041"}
    assert bursar.post(f"{address}/remittances", data=early).status_code == 409
    assert "Refunds to approve" in chief.get("/queue").text
    assert chief.post(f"{address}/approval", data={"computation": "1"}).status_code == 303
    assert "Refunds to pay out" in bursar.get("/queue").text
    wrong = bursar.post(f"{address}/remittances", data=early | {"amount_cents": "4,536.01"})
    assert wrong.status_code == 422
    assert "$4,536.00. Nothing was paid" in wrong.text
    assert bursar.post(f"{address}/remittances", data=early).status_code == 303
    made = session.scalars(select(RefundRemittance.id)).one()
    page = student.get(address)
    assert page.status_code == 200
    assert "Sent to you" in page.text
    assert "Ada Administrator" not in page.text
    assert f'href="{address}"' in student.get("/account/money").text
    assert student.post(f"{address}/remittances", data=early).status_code == 403
    assert bursar.get(f"{address}/remittances/{made}/return").status_code == 200
    back = {"request": str(uuid4()), "reason": "Returned by the post office"}
    assert bursar.post(f"{address}/remittances/{made}/return", data=back).status_code == 303
    assert "It came back" in student.get(address).text
    assert "Pay out the refund" in bursar.get("/queue?kind=refunds_to_remit").text
    assert chief.post(f"{address}/rejection", data={"rejection": "Wrong address"}).status_code == 303
    waiting = bursar.get("/queue?kind=refunds_to_remit").text
    assert ("Compute the refund again" in waiting, "Pay out the refund" in waiting) == (True, False)
    assert bursar.post(f"{address}/computations", data={"reason": "Address corrected"}).status_code == 303
    shown = bursar.get("/refunds?q=Maria").text
    assert "Waiting for approval" in shown
    for form in ("csv", "xlsx", "json"):
        assert bursar.get(f"/refunds?format={form}").status_code == 200
    grouped = bursar.get("/refunds?group=timeliness")
    assert grouped.status_code == 200
    assert "list-chart" in grouped.text
    assert bursar.get("/refunds/999999").status_code == 404


def test_the_list_begins_with_what_is_due_first_and_counts_what_is_open(
    office: Office, signed_in: SignIn, session: Session
) -> None:
    """Nothing owed is not open, and what is done stands below what is to do."""
    nothing, paid = office.owed(0, name="Nothing"), office.owed(name="Paid")
    office.approve(nothing)
    office.approve(paid)
    office.remit(paid, OWED)
    late = office.owed(name="Late")
    office.owed(name="Due")
    late.due_on = NOW.date() - timedelta(days=1)
    session.flush()
    bursar = signed_in(user_of(session, office.bursar))
    rows = bursar.get("/refunds?format=json").json()["rows"]
    assert [one["student"] for one in rows] == ["Late", "Due", "Paid", "Nothing"]
    groups = bursar.get("/refunds?group=timeliness&format=json").json()["rows"]
    assert sorted(one["group"] for one in groups) == ["late", "nothing", "on_time", "open"]


def test_the_page_says_that_two_approve_and_asks_nobody_twice(
    office: Office, signed_in: SignIn, session: Session
) -> None:
    """Above the limit the first approval posts nothing, and whoever gave it cannot give the second."""
    refund = office.owed(hours=0)
    chief = signed_in(user_of(session, office.chief))
    page = chief.get(f"/refunds/{refund.id}").text
    assert "Refunds of more than $5,000.00 need two people’s approval" in page
    assert "Approving posts a credit" not in page
    office.approve(refund)
    page = chief.get(f"/refunds/{refund.id}").text
    assert ("You gave the first of two approvals" in page, "Approve $5,040.00" in page) == (True, False)
    second = signed_in(office.school.admin())
    page = second.get(f"/refunds/{refund.id}").text
    assert ("Approving posts a credit" in page, "Approve $5,040.00" in page) == (True, True)


def test_warnings_come_once_at_30_40_and_45_days(office: Office, session: Session) -> None:
    refund = office.owed()
    for subject in (office.bursar, office.chief):  # who can sign in
        user_of(session, subject).hashed_password = "$2b$12$"
    office.approve(office.owed(hours=240))  # nothing owed: no warning
    paid = office.owed()
    office.approve(paid)
    office.remit(paid, OWED)
    withdrawn = date(2026, 4, 20)
    sent = {
        days: notices.warn(session, withdrawn + timedelta(days=days))
        for days in (29, 30, 31, 39, 40, 44, 45, 46, 60)
    }
    assert sent == {29: 0, 30: 1, 31: 0, 39: 0, 40: 1, 44: 0, 45: 1, 46: 0, 60: 0}
    mails = session.execute(
        text(
            "SELECT to_address, subject FROM outbox_messages WHERE subject LIKE '%the refund of%' ORDER BY id"
        )
    ).all()
    assert len(mails) == 3 * 2
    assert [one.subject.partition("is due ")[2] for one in mails[::2]] == ["in 15 days", "in 5 days", "today"]
    assert {one.to_address for one in mails} == {office.bursar.email, office.chief.email}
    assert acts(office, refund).count("refund.warned") == 3
    # Of several that were missed, the last alone is sent.
    late = office.owed()
    assert notices.warn(session, withdrawn + timedelta(days=50)) == 1
    assert late.warnings == 3
    with time_machine.travel(NOW + timedelta(days=60), tick=False):
        assert service.totals(session, office.bursar).overdue == 2
        rows = service.refunds(session, office.bursar, Paging(), timely="overdue").page().items
        assert {row.id for row in rows} == {refund.id, late.id}
        assert [row.on_time for row in rows] == [False, False]


def test_the_letter_is_signed_and_says_every_step(live_settings: Settings, live_database: Database) -> None:
    files = open_store(live_settings)
    with live_database.begin() as session:
        office = Office.of(session, School(session))
        documents.ensure_keys(session, live_settings)
        refund = office.owed(name="Thị Bích").id

    def issue() -> IssuedDocument:
        with live_database.begin() as session:
            act = letters.act(service.read(session, office.bursar, refund))
        return documents.issue(
            live_database, office.bursar, files, live_settings,
            lambda session: letters.draft(session, office.bursar, files, refund), request=act,
        )  # fmt: skip

    with pytest.raises(Conflict, match="once the refund is approved"):
        issue()
    with live_database.begin() as session:
        service.approve(session, office.chief, refund, ApprovalForm(computation=1))
        remittances.remit(session, office.bursar, refund, remittance(OWED))
    made = issue()
    with live_database.begin() as session:
        student = session.get_one(User, service.read(session, office.bursar, refund).row.student_id)
        row, pdf = documents.content(session, subject_of(student), files, made.id)
        assert row.number == "RL-2026-000001"
        assert documents.verify(session, SYSTEM, pdf).accepted
        assert service.read(session, office.bursar, refund).row.letter_id == made.id
