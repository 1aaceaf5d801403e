"""What is issued for the demo school once it stands, as it is for a real one."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from app.db.session import Database
from app.demo import issue_samples, seed_demo_school
from app.demo.agreements import write_agreements
from app.demo.people import ADMIN
from app.demo.receipts import write_receipts
from app.demo.sent_back import send_refund_back
from app.demo.subjects import subject_of
from app.finance.refunds.cases import service as cases
from app.finance.refunds.cases.queries import STATES
from app.settings import Settings
from app.web.paging import Paging
from tests.demo.conftest import MOMENT

pytestmark = pytest.mark.xdist_group("demo_school")


def test_another_number_makes_another_school_and_certificates_are_issued_as_real_ones(
    live_database: Database, live_settings: Settings, ask: Any
) -> None:
    seed_demo_school(live_database, live_settings, seed=2, students=25, moment=MOMENT)
    with live_database.begin() as session:
        names = set(session.scalars(text("SELECT full_name FROM users WHERE role = 'student'")))
    first = {row[0] for row in ask("SELECT full_name FROM users WHERE role = 'student' ORDER BY id LIMIT 25")}
    assert names != first
    assert issue_samples(live_database, live_settings) == 5
    assert issue_samples(live_database, live_settings) == 5
    assert write_agreements(live_database, live_settings) == 7
    receipts = write_receipts(live_database, live_settings)
    with live_database.begin() as session:
        made = session.execute(
            text("SELECT count(*), count(payer_id) FROM issued_documents WHERE kind = 'receipt'")
        )
        assert tuple(made.one()) == (receipts, receipts - 1)  # all but the demo student's are payers'
        assert receipts > 1
    with live_database.begin() as session:
        states = session.scalars(text("SELECT status FROM enrollment_agreements ORDER BY status")).all()
    assert states == [
        "awaiting_school", "awaiting_student", "in_force", "in_force", "in_force", "in_force", "superseded",
    ]  # fmt: skip
    with live_database.begin() as session:
        serials = list(
            session.scalars(
                text(
                    "SELECT number FROM issued_documents WHERE kind LIKE 'credential%' ORDER BY kind, serial"
                )
            )
        )
    assert [serial.rpartition("-")[2] for serial in serials] == ["001", "002", "003", "004", "001"]


def test_a_refund_of_each_state_is_there_and_the_policies_that_they_go_by_are_in_use(
    live_database: Database, live_settings: Settings
) -> None:
    seed_demo_school(live_database, live_settings, seed=1)
    number = send_refund_back(live_database)
    assert number is not None
    with live_database.begin() as session:
        admin = subject_of(session, ADMIN.email)
        listing = cases.refunds(session, admin, Paging())
        assert {one.state for one in listing.rows()} == set(STATES)
        found = cases.read(session, admin, number)
        assert found.row.state == "sent_back"
        reversal = text(
            "SELECT count(*) FROM ledger_transactions WHERE memo = :memo AND reverses IS NOT NULL"
        )
        assert session.scalar(reversal, {"memo": f"Refund {number} was sent back"}) == 1
        sources = session.scalars(text("SELECT assumptions ->> 0 FROM refund_computations"))
        named = {int(match) for one in sources for match in re.findall(r"^Version (\d+) of the school", one)}
        used = "SELECT version FROM school_policies WHERE kind = 'refund' AND used_at IS NOT NULL"
        assert set(session.scalars(text(used))) == named != set()
