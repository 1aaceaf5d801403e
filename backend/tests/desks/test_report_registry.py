"""Every report on offer: the page and the command have the same rows, and only who may read them is offered them."""

import importlib
import io
import json
import pkgutil
from collections.abc import Callable
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

import app.ops.reports
from app.core.errors import Invalid
from app.core.permissions import SYSTEM, Duty
from app.db.models import User
from app.web.paging import Paging
from app.web.reports import registry
from app.web.reports.description import Report
from app.web.reports.registry import Asked
from tests.desks.test_every_report import office  # noqa: F401 - a fixture
from tests.factories.ledger import booked
from tests.factories.school import School

OFFERS = {one.name: one for one in registry.every()}


def rows(session: Session, name: str, paging: Paging | None = None, **values: str) -> list[dict[str, object]]:
    """What the command writes."""
    file = io.BytesIO()
    offer = OFFERS[name]
    asked = Asked(session, SYSTEM, offer.report, paging or Paging(), values)
    counted = registry.write(asked, offer, "json", file)
    found: list[dict[str, object]] = json.loads(file.getvalue())["rows"]
    assert counted == len(found)
    return found


@pytest.mark.parametrize("name", OFFERS)
def test_the_page_and_the_command_have_the_same_rows(
    office: TestClient,  # noqa: F811 - the fixture
    session: Session,
    school: School,
    name: str,
) -> None:
    enrolled = school.enrollment(school.student())
    booked(session, enrolled, 90_000, date(2026, 3, 2))
    booked(session, enrolled, 40_000, date(2026, 3, 3), "payment")
    offer = OFFERS[name]
    assert office.get(f"{offer.path}?format=json").json()["rows"] == rows(session, name)
    page = office.get(offer.path)
    assert page.status_code == 200
    for grouping in offer.report.groupings:
        found = office.get(f"{offer.path}?format=json&group={grouping.name}").json()["rows"]
        assert found == rows(session, name, Paging(group=grouping.name)), grouping.name
    if offer.report.chart_by:
        assert any(one.name == offer.report.chart_by and one.chart for one in offer.report.groupings)
        assert office.get(f"{offer.path}?sort=-{offer.report.columns[0].sort or 'day'}").status_code == 200
    # A value that no filter can have ends in a sentence.
    for one in offer.report.filters:
        with pytest.raises(Invalid):
            rows(session, name, **{one.name: "nonsense"})


def test_each_report_is_listed_for_those_who_may_open_it_alone(
    session: Session, school: School, signed_in: Callable[[User], TestClient]
) -> None:
    assert len({one.path for one in OFFERS.values()}) == len(OFFERS)
    staff = [school.admin(), school.instructor(), *(school.with_duty(duty) for duty in Duty)]
    for person in staff:
        browser = signed_in(person)
        page = browser.get("/reports")
        for one in OFFERS.values():
            listed = f'href="{one.path}"' in page.text.partition("<main")[2]
            assert listed == (browser.get(one.path).status_code == 200), (person.email, one.name)
    assert signed_in(school.student()).get("/reports").status_code == 403


LEFT_OUT = {
    "what the school’s records are made with, as files from their pages": {
        "admission-documents", "applications", "classes", "deleted-people", "documents", "enrollment-agreements",
        "import-faults", "imports", "kiosk-cards", "name-requests", "payers", "people", "programs", "questions",
        "roster", "student-contacts", "student-notes", "written-lessons",
    },
    "how the system runs": {
        "api-keys", "audit", "index-usage", "inspections", "kiosk-punches", "launches", "online-payments", "outbox",
        "put-aside", "queue", "refused", "security", "targets",
    },
    "of one person alone, or of one program, class or lesson at a time": {
        "account-statement", "class-lessons", "content-answers", "content-objectives", "hand-ins", "my-hours",
        "quiz-results", "skill-attempts", "skills-by-student", "who-has-seen-my-records",
    },
}  # fmt: skip


def test_each_list_is_on_offer_or_left_out_for_a_reason() -> None:
    offered = {id(one.report) for one in OFFERS.values()}
    modules = (one.name for one in pkgutil.walk_packages(app.__path__, "app."))
    found = [
        one
        for name in modules
        if name.endswith(("reports", "pages"))
        for one in vars(importlib.import_module(name)).values()
        if isinstance(one, Report)
    ]
    assert {one.name for one in found if id(one) not in offered} == set().union(*LEFT_OUT.values())
