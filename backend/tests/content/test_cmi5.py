"""cmi5 courses: imported, launched, judged, waived."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect
from sqlalchemy import select

from app.content import service
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Role, Subject
from app.db.models import AuditEntry, ContentPackage, Launch, User
from app.rules import interactions
from app.school import service as policies
from tests.content.conftest import NO_STORAGE, School, Stage, completions, subject_of
from tests.factories.cmi5 import cmi5_course, structure, unit
from tests.factories.packages import zipped
from tests.factories.school import School as Rows

CMI5 = "https://w3id.org/xapi/cmi5/context/categories/"
ADL = "http://adlnet.gov/expapi/verbs/"


def faults(school: School, package: bytes, name: str = "course.zip") -> list[str]:
    with pytest.raises(Invalid) as refused:
        school.upload(package, name)
    return [one.message for one in refused.value.errors] or [str(refused.value)]


def test_everything_wrong_with_a_course_is_said_at_once(school: School) -> None:
    wrong = structure(
        unit("a b", attributes='moveOn="Sometimes"'),
        unit("c", url="missing.html", attributes='masteryScore="90"'),
        unit("c", url="index.html?endpoint=x"),
        unit("d", url="http://[", attributes='masteryScore="NaN"'),
        extra="<au id='https://x/y'><url>index.html</url></au>",
    )
    said = faults(school, zipped({"cmi5.xml": wrong, "index.html": ""}))
    for words in (
        "not an IRI",
        "Sometimes",
        "missing.html",
        "masteryScore “90”",
        "masteryScore “NaN”",
        "“http://[”, which is not a web address",
        "another has too",
        "endpoint",
        "no title",
    ):
        assert any(words in one for one in said), (words, said)
    assert school.session.scalar(select(ContentPackage.id)) is None


def test_what_is_wrong_stands_in_a_table(school: School, signed_in: Callable[..., TestClient]) -> None:
    wrong = zipped({"cmi5.xml": structure(unit(url="missing.html", attributes='masteryScore="90"'))})
    page = signed_in(school.instructor).post(
        f"/lessons/{school.lesson.id}/content", files={"package": ("a.zip", wrong, "application/zip")}
    )
    assert page.status_code == 422
    assert "cmi5.xml has 2 faults." in page.text
    rows = page.text.partition("What is wrong with the package")[2].partition("</table>")[0]
    assert rows.count("<td>cmi5.xml</td>") == 2
    assert "missing.html" in rows


def test_a_course_structure_by_itself(school: School) -> None:
    far = structure(unit(url="https://courses.example.net/au?x=1"))
    package = school.upload(far.encode(), "cmi5.xml")
    assert package.standard == "cmi5"
    launch = school.launch()
    assert launch.content_url.startswith("https://courses.example.net/au?x=1&endpoint=http")
    assert "would have to lie in a zip" in faults(school, structure(unit()).encode(), "cmi5.xml")[0]


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as opened:
        yield opened


class Au:
    """What an AU does, over HTTP."""

    def __init__(
        self, stage: Stage, client: httpx.Client, sco_id: str | None = None, *, preview: bool = False
    ) -> None:
        self.launch = stage.launch(sco_id, preview=preview)
        # The LRS has connections of its own, so what it reads must be committed: a served school.
        self.host = host = client
        self.given = {
            name: values[0] for name, values in parse_qs(urlsplit(self.launch.content_url).query).items()
        }
        self.fetched = host.post(self.given["fetch"]).json()
        self.headers = {
            "Authorization": f"Basic {self.fetched.get('auth-token')}",
            "X-Experience-API-Version": "1.0.3",
        }
        self.data = self.state("LMS.LaunchData").json()
        asked = {"profileId": "cmi5LearnerPreferences", "agent": self.given["actor"]}
        wrong = {**self.headers, "Authorization": "Basic eDp5"}
        profile = f"{self.given['endpoint']}agents/profile"
        refused = host.get(profile, params=asked, headers=wrong)
        assert refused.status_code == 401
        assert "www-authenticate" not in refused.headers, "a browser would ask the student for a password"
        assert host.get(profile, params=asked, headers=self.headers).status_code == 404

    def state(self, name: str, method: str = "GET", **options: Any) -> Any:
        query = {"stateId": name, "activityId": self.given["activityId"], "agent": self.given["actor"]}
        query["registration"] = self.given["registration"]
        address = f"{self.given['endpoint']}activities/state"
        return self.host.request(method, address, params=query, headers=self.headers, **options)

    def statement(self, name: str, **result: Any) -> dict[str, Any]:
        context = json.loads(json.dumps(self.data["contextTemplate"]))
        categories = ["cmi5", *(["moveon"] if name in ("passed", "completed", "failed") else [])]
        context["contextActivities"]["category"] = [{"id": CMI5 + one} for one in categories]
        context["registration"] = self.given["registration"]
        return {
            "id": str(uuid4()),
            "timestamp": "2026-11-26T10:00:00Z",
            "actor": json.loads(self.given["actor"]),
            "verb": {"id": ADL + name},
            "object": {"id": self.given["activityId"]},
            "context": context,
            **({"result": result} if result else {}),
        }

    def put(self, statement: dict[str, Any]) -> int:
        answer = self.host.put(
            f"{self.given['endpoint']}statements",
            params={"statementId": statement["id"]},
            headers=self.headers,
            json=statement,
        )
        return int(answer.status_code)

    def say(self, name: str, **result: Any) -> int:
        return self.put(self.statement(name, **result))


PASSED = {"success": True, "duration": "PT1S", "score": {"scaled": 0.95, "raw": 95, "min": 0, "max": 100}}


def test_a_course_is_done_when_its_units_are_satisfied(stage: Stage, client: httpx.Client) -> None:
    stage.upload(cmi5_course(unit("a"), unit("b", attributes='moveOn="Completed"')))
    au = Au(stage, client, "au-1")
    assert au.host.post(au.given["fetch"]).json()["error-code"] == "1", "given out once"
    assert au.say("passed", **PASSED) == 403, "not before initialized"
    assert au.say("initialized") == 204
    again = au.statement("passed", **PASSED)
    assert au.put(again) == 204
    assert au.put(again) == 204, "the answer was lost"
    assert au.put({**again, "id": again["id"].upper()}) == 204, "the same id in capitals"
    nameless = au.statement("completed", completion=True, duration="PT1S")
    del nameless["id"]
    posted = au.host.post(f"{au.given['endpoint']}statements", headers=au.headers, json=nameless)
    assert posted.status_code == 403, "an AU chooses its ids"
    assert au.say("passed", **PASSED) == 403
    assert au.state("LMS.LaunchData", "PUT", json={}).status_code == 403
    assert au.state("bookmark", "PUT", json={"page": 2}).status_code == 204
    assert au.say("terminated", duration="PT2S") == 204
    assert au.state("bookmark").status_code == 403, "the session is over"
    (first,) = stage.attempts()
    assert (first.cmi_core_lesson_status, first.score_pct) == ("passed", 95)
    assert stage.completions() == []
    second = Au(stage, client, "au-2")
    assert second.given["registration"] == au.given["registration"]
    assert second.say("initialized") == 204
    assert second.say("completed", completion=True, duration="PT1S") == 204
    assert len(stage.completions()) == 1


def test_what_a_unit_says_was_answered_is_kept_with_the_attempt(stage: Stage, client: httpx.Client) -> None:
    stage.upload(cmi5_course())
    au = Au(stage, client)
    assert au.say("initialized") == 204
    said = au.statement("answered", response="true", success=True, duration="PT4S")
    said["object"] = {
        "id": au.given["activityId"] + "/soap",
        "definition": {
            "interactionType": "true-false",
            "description": {"en-US": "Soap comes first"},
            "correctResponsesPattern": ["false"],
        },
    }
    # What is no sentence of cmi5 itself has no category (cmi5 7.2, 9.6.2.1).
    del said["context"]["contextActivities"]["category"]
    refused = json.loads(json.dumps(said)) | {"id": str(uuid4())}
    refused["context"]["registration"] = str(uuid4())
    assert au.put(refused) == 403
    assert au.put(said) == 204
    assert au.say("passed", **PASSED) == 204
    (attempt,) = stage.attempts()
    (one,) = interactions.interactions_of(attempt.cmi)
    assert (one.question, one.answer, one.right_answers) == ("Soap comes first", "true", ("false",))
    assert (one.is_right, one.latency) == (True, 4)
    assert attempt.cmi_core_lesson_status == "passed"


def test_the_key_of_a_session_writes_nowhere_else(stage: Stage, client: httpx.Client) -> None:
    stage.upload(cmi5_course())
    au = Au(stage, client)
    direct = f"{stage.server.url}/xapi/statements"
    statement = au.statement("initialized")
    answer = au.host.put(direct, params={"statementId": statement["id"]}, headers=au.headers, json=statement)
    assert answer.status_code == 403
    other = Au(stage, client, preview=True)
    au.headers, kept = other.headers, au.headers
    assert au.say("initialized") == 403
    au.headers = kept
    assert au.say("initialized") == 204
    au.given["actor"] = json.dumps({"account": {"homePage": "https://x", "name": "1"}})
    assert au.say("completed", completion=True, duration="PT1S") == 403


def test_opening_it_again_abandons_the_session_before(stage: Stage, client: httpx.Client) -> None:
    stage.upload(cmi5_course())
    au = Au(stage, client)
    assert au.say("initialized") == 204
    Au(stage, client)
    assert au.say("passed", **PASSED) == 403
    with stage.server.database.begin() as session:
        former = session.get(Launch, au.launch.launch_id)
        assert former is not None
        assert former.session_state["abandoned"] is True


def test_a_session_that_was_taken_over_before_it_spoke_gets_no_key_and_keeps_no_state(
    stage: Stage, client: httpx.Client
) -> None:
    stage.upload(cmi5_course())
    au, unopened = Au(stage, client), stage.launch(None)
    assert au.state("bookmark", "PUT", json={"page": 2}).status_code == 403
    Au(stage, client)
    fetch = parse_qs(urlsplit(unopened.content_url).query)["fetch"][0]
    assert client.post(fetch).json()["error-code"] == "2"


def test_a_preview_records_nothing_of_a_student(stage: Stage, client: httpx.Client) -> None:
    stage.upload(cmi5_course())
    au = Au(stage, client, preview=True)
    assert au.data["launchMode"] == "Browse"
    assert au.say("initialized") == 204
    assert au.say("passed", **PASSED) == 403
    assert au.say("terminated", duration="PT1S") == 204
    assert stage.attempts() == []


def waiving_admin(school: School) -> Subject:
    staff = User(email="a@school.example", full_name="Ad Min", role=Role.ADMIN, hashed_password="!")
    school.session.add(staff)
    school.session.flush()
    return subject_of(staff)


def test_a_part_is_waived_with_a_reason(school: School) -> None:
    school.upload(cmi5_course())
    admin = waiving_admin(school)

    def waive(who: Any, sco_id: str = "au-1") -> None:
        service.waive(
            school.session,
            who,
            school.lesson.id,
            user_id=school.student.id,
            sco_id=sco_id,
            reason="Transfer",
        )

    with pytest.raises((Forbidden, NotFound)):
        waive(subject_of(school.student))
    with pytest.raises(Invalid):
        waive(admin, "au-9")
    waive(admin)
    assert school.attempt().cmi_core_lesson_status == "completed"
    assert len(completions(school)) == 1
    entry = school.session.scalars(select(AuditEntry).where(AuditEntry.action == "content.part_waived")).one()
    assert entry.reason == "Transfer"
    with pytest.raises(Conflict):
        waive(admin)


def test_who_teaches_a_student_waives_a_part_on_a_page(
    school: School, signed_in: Callable[..., TestClient]
) -> None:
    school.upload(cmi5_course(unit("a"), unit("b")))
    address = f"/lessons/{school.lesson.id}/students/{school.student.id}"
    assert signed_in(school.instructor).get(address).status_code == 404, "not the instructor’s student"
    Rows(school.session).school_class(teacher=school.instructor, students=[school.enrollment])
    staff = signed_in(school.instructor)
    page = staff.get(address)
    assert (page.status_code, page.text.count('<option value="au-')) == (200, 2)
    given = {"sco_id": "au-1", "reason": "Done at another school"}
    asked = staff.post(address, data=given)
    assert asked.status_code == 422
    assert "Done at another school" in asked.text
    assert school.attempts() == []
    assert staff.post(address, data={**given, "sco_id": "au-9", "confirmed": "yes"}).status_code == 422
    assert staff.post(address, data={**given, "confirmed": "yes"}).headers["location"] == address
    assert staff.get(address).text.count('<option value="au-') == 1
    assert school.attempt().cmi_core_lesson_status == "completed"
    own = signed_in(school.student)
    assert "<option" not in own.get(address).text
    assert own.post(address, data={**given, "sco_id": "au-2", "confirmed": "yes"}).status_code == 403
    assert signed_in(school.stranger).get(address).status_code == 404
    admin = signed_in(Rows(school.session).user(Role.ADMIN))
    assert admin.get(f"/lessons/{school.lesson.id}/students/999999999").status_code == 404


def test_a_unit_that_needs_nothing_is_satisfied_at_once(school: School) -> None:
    school.upload(cmi5_course(unit("a", attributes=""), unit("b", attributes="")))
    school.launch()
    assert [one.cmi_core_lesson_status for one in school.attempts()] == ["completed", "completed"]
    assert len(completions(school)) == 1


def test_a_waiver_before_the_first_launch_leaves_nothing_to_open_that_needs_nothing(school: School) -> None:
    school.upload(cmi5_course(unit("a"), unit("b", attributes=""), unit("c", attributes="")))
    service.waive(
        school.session,
        waiving_admin(school),
        school.lesson.id,
        user_id=school.student.id,
        sco_id="au-1",
        reason="Transfer",
    )
    standing = {one.sco_id: one.cmi_core_lesson_status for one in school.attempts()}
    assert standing == {"au-1": "completed", "au-2": "completed", "au-3": "completed"}
    assert len(completions(school)) == 1
    school.launch("au-2")
    assert len(school.attempts()) == 3, "the launch goes on with what the waiver has begun"


@pytest.mark.browser
def test_an_address_on_another_server_is_opened_as_it_is_where_the_browser_gives_no_storage(
    stage: Stage,
) -> None:
    with stage.server.database.begin() as session:
        policies.policies.add(
            session,
            SYSTEM,
            policies.PolicyKind.LESSON_CONTENT,
            effective_from=date(2026, 1, 1),
            values={"outside_hosts": ["courses.example.net"]},
            approved_by="Director",
            today=date(2026, 11, 26),
        )
    far = "https://courses.example.net/files/au.html"
    stage.upload(cmi5_course(unit(url=far)))
    page = stage.page()
    page.route(
        "https://courses.example.net/**",
        lambda route: route.fulfill(body="<p>Far</p>", content_type="text/html"),
    )
    page.add_init_script(NO_STORAGE)
    expect(stage.open(page).get_by_text("Far")).to_be_visible()
    assert any(frame.url.startswith(far) for frame in page.frames)


@pytest.mark.browser
@pytest.mark.parametrize("method", ["AnyWindow", "OwnWindow"])
def test_a_course_in_the_page_and_in_a_window_of_its_own(stage: Stage, method: str) -> None:
    stage.upload(cmi5_course(unit(attributes=f'moveOn="Passed" masteryScore="0.9" launchMethod="{method}"')))
    page = stage.page()
    lesson: Any = stage.open(page)
    if method == "OwnWindow":
        with page.context.expect_page() as new:
            page.frame_locator("#player").get_by_role("button", name="Open it").click()
        lesson = new.value
    expect(lesson.locator("#out")).to_have_text("initialized 204")
    lesson.get_by_role("button", name="Pass").click()
    expect(lesson.locator("#out")).to_have_text("passed 204")
    lesson.get_by_role("button", name="End").click()
    expect(page.locator("#lesson-done")).to_contain_text("This lesson is completed.")
    (attempt,) = stage.attempts()
    assert (attempt.cmi_core_lesson_status, attempt.score_pct) == ("passed", 95)
