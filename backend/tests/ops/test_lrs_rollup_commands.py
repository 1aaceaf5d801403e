"""`aada lrs check` and `aada lrs rebuild`, as typed."""

from sqlalchemy import text

from app.db.session import Database
from tests.lrs.desk.conftest import keep
from tests.lrs.examples import statement
from tests.ops.conftest import Aada


def test_check_names_a_difference_and_rebuild_puts_it_right(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        keep(session, statement(timestamp="2026-05-04T13:17:00Z"))
    assert aada("lrs", "check") == (0, "The sums agree with the statements.\n")
    with live_database.begin() as session:
        session.execute(text("UPDATE xapi_rollup_quarters SET statements = 2"))
    status, shown = aada("lrs", "check")
    assert status == 1
    assert "from 2026-05-04 13:15 UTC: 2 kept" in shown
    assert aada("lrs", "rebuild") == (0, "1 wrong sum put right.\n")
    assert aada("lrs", "rebuild") == (0, "Every sum was right.\n")
    assert aada("lrs", "check")[0] == 0
