"""Statements of the first and the last days of the calendar."""

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import SYSTEM
from app.db.models import User
from app.lrs.desk.browser.charts import charts
from tests.lrs.desk.conftest import Scene, agent_of, keep
from tests.lrs.examples import statement

SignedIn = Callable[[User], TestClient]
EDGES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_a_moment_beyond_the_calendar_is_its_edge(zone: str) -> None:
    first = clock.local(datetime(MINYEAR, 1, 1, tzinfo=UTC), ZoneInfo(zone))
    last = clock.local(datetime(MAXYEAR, 12, 31, 23, 59, tzinfo=UTC), ZoneInfo(zone))
    assert (first.year, last.year) == (MINYEAR, MAXYEAR)
    assert str(first.tzinfo) == str(last.tzinfo) == zone


@pytest.mark.parametrize("at", EDGES)
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_no_page_falls_over_a_statement_of_the_first_or_last_day(
    at: str, zone: str, scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    odd = statement(actor=agent_of(scene.student), timestamp=at)
    keep(session, odd, statement(actor=agent_of(scene.student)))
    staff = signed_in(scene.admin)
    staff.app.state.settings = staff.app.state.settings.model_copy(update={"school_timezone": zone})  # type: ignore[attr-defined]
    for path in (f"people/{scene.student.id}", "lrs/statements", f"lrs/statements/{odd['id']}"):
        assert staff.get(f"/{path}").status_code == 200, path
    assert staff.get("/lrs/statements.csv").text.count("\n") == 3
    assert staff.get("/lrs/charts").status_code == 200


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_charts_leave_out_what_no_day_of_the_period_holds(zone: str, scene: Scene, session: Session) -> None:
    keep(session, *(statement(timestamp=at) for at in EDGES), statement(timestamp=clock.now().isoformat()))
    assert charts(session, SYSTEM, ZoneInfo(zone), 30).statements == 1
