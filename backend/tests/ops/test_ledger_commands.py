"""`aada ledger`, as typed, and what Operations says."""

import psycopg
from fastapi.testclient import TestClient

from app.db.session import Database, libpq_url
from app.finance.ledger.balances import service as balances
from app.settings import Settings
from tests.conftest import sign_in_directly
from tests.factories.ledger import booked
from tests.factories.school import School
from tests.ops.conftest import Aada


def test_verify_names_a_wrong_balance_and_rebuild_puts_it_right(
    aada: Aada, live_database: Database, live_settings: Settings
) -> None:
    from app.main import create_app

    with live_database.begin() as session:
        school = School(session)
        booked(session, school.enrollment(school.student()), 50_000)
        admin = school.admin()
    right = "Every transaction balances, and every balance agrees with the postings.\n"
    assert aada("ledger", "verify") == (0, right)
    # The system's own role cannot spoil it; the owner of the tables can.
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as owner:
        owner.execute("UPDATE ledger_balances SET balance_cents = balance_cents + 1")
    status, shown = aada("ledger", "verify")
    assert status == 1
    assert "$500.01 kept, $500.00 posted" in shown
    app = create_app(live_settings, live_database)
    with TestClient(app, base_url=live_settings.app_origin) as client:
        with live_database.begin() as session:
            sign_in_directly(session, client, admin)
        assert "Ledger balances differ from the postings" in client.get("/operations").text
        assert aada("ledger", "rebuild") == (0, "1 wrong balance put right.\n")
        assert "Ledger balances differ" not in client.get("/operations").text
    assert aada("ledger", "rebuild") == (0, "Every balance was right.\n")
    with live_database.begin() as session:
        assert balances.compare(session).differences == 0
