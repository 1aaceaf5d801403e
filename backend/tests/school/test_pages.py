"""The school's pages, API and commands."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Duty
from app.db.models import SchoolHoliday, SchoolPolicy, SchoolSignatory, SchoolTerm
from app.db.session import Database
from app.school import service as school
from app.settings import Settings
from tests.factories.school import School
from tests.ops.conftest import Aada, aada  # noqa: F401 - the command, as a fixture
from tests.school.conftest import SignedIn
from tests.school.test_logo import GOOD_SVG, png

FACTS = {
    "legal_name": "Peachtree Dental College, LLC",
    "short_name": "Peachtree",
    "address": "100 Peachtree St",
    "city": "Atlanta",
    "state": "GA",
    "zip_code": "30303",
    "time_zone": "America/New_York",
    "fiscal_year_month": "7",
    "fiscal_year_day": "1",
    "primary_color": "#123456",
    "accent_color": "#654321",
}


def test_changed_facts_show_on_every_page_at_once(office: TestClient, client: TestClient) -> None:
    assert office.post("/school/edit", data=FACTS).headers["location"] == "/school"
    page = office.get("/school").text
    assert "100 Peachtree St, Atlanta, GA 30303" in page
    assert "July 1" in page
    assert "Peachtree Dental College, LLC" in client.get("/sign-in").text
    answer = office.get("/api/v1/school").json()
    assert (answer["legal_name"], answer["zip_code"]) == (FACTS["legal_name"], "30303")
    assert office.get("/people?format=json").json()["about"]["School"] == FACTS["legal_name"]


def test_wrong_facts_are_shown_again_with_what_is_wrong(office: TestClient) -> None:
    page = office.post("/school/edit", data=FACTS | {"zip_code": "3", "time_zone": "Moon/Base"})
    assert page.status_code == 422
    assert "ZIP code such as" in page.text
    assert "time zone such as" in page.text
    assert 'value="Peachtree"' in page.text


def test_another_zone_asks_once_hours_are_recorded(office: TestClient, people: School) -> None:
    student = people.student()
    now = clock.now()
    people.attendance(
        people.enrollment(student), now - timedelta(hours=5), clock_out=now - timedelta(hours=4)
    )
    chicago = FACTS | {"time_zone": "America/Chicago"}
    page = office.post("/school/edit", data=chicago)
    assert page.status_code == 409
    assert "Attendance is recorded." in page.text
    assert 'name="zone_confirmed"' in page.text
    assert office.post("/school/edit", data=chicago | {"zone_confirmed": "yes"}).status_code == 303
    assert "America/Chicago" in office.get("/school").text
    patch = office.patch("/api/v1/school", json={"time_zone": "America/New_York"})
    assert patch.status_code == 409


def test_a_patch_changes_what_it_names_alone(office: TestClient) -> None:
    office.post("/school/edit", data=FACTS)
    changed = office.patch("/api/v1/school", json={"phone": "(404) 555-0100", "address": "1 Elm St\nFloor 2"})
    assert changed.status_code == 200
    assert changed.json() | {"phone": "", "address_lines": []} == office.get("/api/v1/school").json() | {
        "phone": "",
        "address_lines": [],
    }
    assert changed.json()["address_lines"] == ["1 Elm St", "Floor 2"]
    assert changed.json()["city"] == "Atlanta"
    assert office.patch("/api/v1/school", json={"nonsense": 1}).status_code == 422


def test_the_logo_is_cleaned_kept_and_shown(office: TestClient, client: TestClient, session: Session) -> None:
    assert client.get("/school/logo").status_code == 404
    for content, kind in ((GOOD_SVG, "image/svg+xml"), (png(), "image/png")):
        uploaded = office.post("/school/logo", files={"logo": ("logo", content, "text/html")})
        assert uploaded.status_code == 303, uploaded.text
        shown = client.get("/school/logo")
        assert shown.headers["content-type"] == kind
        assert "sandbox" in shown.headers["content-security-policy"]
        assert shown.headers["x-content-type-options"] == "nosniff"
    claims = session.execute(
        text("SELECT released_at IS NULL FROM file_claims WHERE owner_room = 'school.logo' ORDER BY id")
    )
    assert [row[0] for row in claims] == [False, True]
    assert "/school/logo?v=" in office.get("/school").text
    refused = office.post("/school/logo", files={"logo": ("x.svg", b"<svg><script/></svg>", "image/svg+xml")})
    assert refused.status_code == 422
    assert office.post("/school/logo", data={"logo": ""}).status_code == 422
    assert office.post("/school/logo/remove").status_code == 303
    assert client.get("/school/logo").status_code == 404


def test_signatories_terms_and_holidays_come_change_and_go(office: TestClient, session: Session) -> None:
    entries: list[tuple[str, type[Any], dict[str, str]]] = [
        (
            "signatories",
            SchoolSignatory,
            {"name": "Dee Walker", "title": "Director", "first_day": "2026-01-01"},
        ),
        ("terms", SchoolTerm, {"name": "Fall", "first_day": "2026-09-01", "last_day": "2026-12-18"}),
        ("holidays", SchoolHoliday, {"name": "Labor Day", "first_day": "2026-09-07"}),
    ]
    for what, model, values in entries:
        assert office.get(f"/school/{what}/new").status_code == 200
        assert office.post(f"/school/{what}/new", data=values).status_code == 303
        row = session.scalars(select(model)).one()
        shown = office.get("/school" if what == "signatories" else "/school/calendar?year=2026").text
        assert values["name"] in shown
        edit = f"/school/{what}/{row.id}/edit"
        assert values["first_day"] in office.get(edit).text
        wrong = office.post(edit, data=values | {"last_day": "2020-01-01"})
        assert (wrong.status_code, "before the first" in wrong.text) == (422, True)
        assert office.post(edit, data=values | {"last_day": "2026-12-01"}).status_code == 303
        session.expire_all()
        assert session.scalars(select(model)).one().last_day == date(2026, 12, 1)
        assert office.post(f"/school/{what}/{row.id}/remove").status_code == 303
        assert office.post(f"/school/{what}/{row.id}/remove").status_code == 404
    twice = entries[1][2]
    assert office.post("/api/v1/school/terms", json=twice).status_code == 201
    assert office.post("/school/terms/new", data=twice).status_code == 409
    assert office.get("/api/v1/school/calendar?year=2026").json()["terms"][0]["name"] == "Fall"
    for year in ("1999", "2101", "x", "99999999999"):
        assert office.get(f"/school/calendar?year={year}").status_code == 422


def test_a_policy_is_added_shown_and_taken_back(office: TestClient, session: Session) -> None:
    first = office.get("/school/policies").text
    for shown in ("A from 90% (4 points)", "Quizzes 30% (lowest 1 dropped)", ">2.00<"):
        assert shown in first
    assert "hundredths" not in first
    form = office.get("/school/policies/password/new").text
    assert 'value="15"' in form
    tomorrow = clock.today(school.facts(session).zone) + timedelta(days=1)
    values = {
        "effective_from": tomorrow.isoformat(),
        "minimum_characters": "16",
        "maximum_bytes": "72",
        "approved_by": "Board of Directors",
        "note": "After the audit.",
    }
    wrong = office.post("/school/policies/password/new", data=values | {"minimum_characters": "8"})
    assert (wrong.status_code, "15 or more" in wrong.text) == (422, True)
    assert office.post("/school/policies/password/new", data=values).status_code == 303
    page = office.get("/school/policies").text
    assert "After the audit." in page
    assert "Upcoming" in page
    listed = office.get("/api/v1/school/policies/password").json()
    assert [one["version"] for one in listed] == [2, 1]
    on = office.get(f"/api/v1/school/policies/password/on/{tomorrow}").json()
    assert on["values"]["minimum_characters"] == 16
    assert office.post("/school/policies/password/2/withdraw").status_code == 303
    assert office.post("/school/policies/password/2/withdraw").status_code == 404
    assert session.scalars(select(SchoolPolicy.version).where(SchoolPolicy.kind == "password")).all() == [1]
    api = office.post(
        "/api/v1/school/policies/attendance",
        json={
            "effective_from": tomorrow.isoformat(),
            "values": {"clock_hour_minutes": 50},
            "approved_by": "Board",
        },
    )
    assert (api.status_code, api.json()["values"]["longest_entry_minutes"]) == (201, 960)
    assert office.delete("/api/v1/school/policies/attendance/2").status_code == 204
    assert office.get("/school/policies/nonsense/new").status_code in (404, 422)


def test_a_used_policy_is_refused_with_a_sentence(office: TestClient, session: Session) -> None:
    today = clock.today(school.facts(session).zone)
    found = school.policies.at(session, school.PolicyKind.PROGRESS, today)
    body = {"effective_from": (today + timedelta(days=1)).isoformat(), "values": {}, "approved_by": "Board"}
    assert office.post("/api/v1/school/policies/progress", json=body).status_code == 201
    school.policies.used(session, found)
    session.execute(
        text("UPDATE school_policies SET used_at = now() WHERE kind = 'progress' AND version = 2")
    )
    session.commit()
    refused = office.post("/school/policies/progress/2/withdraw")
    assert (refused.status_code, "Add a new version" in refused.text) == (409, True)
    assert office.delete("/api/v1/school/policies/progress/2").status_code == 409


def test_a_value_with_one_choice_is_said_and_not_asked(office: TestClient) -> None:
    form = office.get("/school/policies/attendance/new").text
    assert "Whole minutes, rounded down" in form
    assert 'id="field-rounding"' not in form
    assert '<input type="hidden" name="rounding" value="whole_minutes_down">' in form
    empty = office.post("/school/policies/attendance/new", data={"effective_from": "2999-01-01"})
    assert empty.status_code == 422
    assert "Longest time entry: This field is required." in empty.text


def test_the_time_zone_is_chosen_by_the_name_people_use(office: TestClient) -> None:
    assert (
        '<option value="America/Chicago">Central Time (Chicago)</option>' in office.get("/school/edit").text
    )
    assert "Eastern Time (America/New_York)" in office.get("/school").text


def test_those_who_audit_find_the_school_in_the_navigation(people: School, signed_in: SignedIn) -> None:
    link = '<a href="/school">'
    assert link in signed_in(people.with_duty(Duty.AUDITOR)).get("/").text
    assert link not in signed_in(people.instructor()).get("/").text


@pytest.mark.parametrize("path", ["/school", "/school/calendar", "/school/policies"])
def test_staff_look_and_do_not_change(
    office: TestClient, instructor: TestClient, student: TestClient, client: TestClient, path: str
) -> None:
    assert "New version" not in instructor.get(path).text
    assert "/new" not in instructor.get(path).text
    assert instructor.get(path).status_code == 200
    assert student.get(path).status_code == 403
    assert client.get(path).headers["location"].startswith("/sign-in")
    assert instructor.get("/school/edit").status_code == 403
    assert instructor.post("/school/edit", data=FACTS).status_code == 403
    assert instructor.get("/school/policies/password/new").status_code == 403


def test_the_settings_of_another_process_follow(
    live_settings: Settings, live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.main import create_app
    from app.school import effective

    app = create_app(live_settings, live_database)
    with live_database.begin() as session:
        school.ensure(session, live_settings)
        session.execute(text("UPDATE school SET legal_name = 'Elsewhere', time_zone = 'America/Denver'"))
    with TestClient(app, base_url=live_settings.app_origin) as browser:
        monkeypatch.setattr(effective, "LOOK_EVERY_SECONDS", 0.0)
        browser.get("/readyz")
        browser.post("/forgot", data={"email": "x"})
        assert app.state.settings.school_name == "Elsewhere"
        assert app.state.settings.zone.key == "America/Denver"
    with live_database.begin() as session:
        assert session.info["settings"].zone.key == "America/Denver"


def test_facts_and_policies_by_command(aada: Aada) -> None:  # noqa: F811
    status, shown = aada("school", "set", "city=Atlanta", "legal_name=Peachtree Dental College", "state=ga")
    assert (status, "Peachtree Dental College" in shown) == (0, True)
    assert "GA" in aada("school", "show")[1]
    for wrong in ("city", "zone_confirmed=yes", "nonsense=1"):
        assert aada("school", "set", wrong)[0] == 1
    status, shown = aada("school", "set", "zip_code=1")
    assert (status, "ZIP code such as" in shown) == (1, True)
    added = (
        "policy",
        "add",
        "password",
        "minimum_characters=20",
        "--from",
        "2090-01-01",
        "--approved-by",
        "Board",
    )
    assert aada(*added)[0] == 0
    assert '"minimum_characters": 20' in aada("policy", "list", "password")[1]
    assert "20" in aada("policy", "show", "password", "--on", "2090-01-02")[1]
    assert "15" in aada("policy", "show", "password")[1]
    status, shown = aada("policy", "add", "password", "minimum_characters=2", "--from", "2091-01-01",
                         "--approved-by", "Board")  # fmt: skip
    assert (status, "15 or more" in shown) == (1, True)
