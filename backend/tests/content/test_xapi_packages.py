"""xAPI packages: what tincan.xml says, the launch and its key, statements that count, waivers, and a real page."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2 as httpx
import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from app.content import service
from app.content.answers import service as answers
from app.core.errors import Invalid
from app.core.permissions import Role
from app.db.models import User, XapiCredential, XapiStatement
from tests.browser.axe import assert_accessible
from tests.content.conftest import School, Stage, completions, subject_of
from tests.factories.packages import zipped
from tests.factories.xapi import HANDS, activity, tincan, xapi_course

ADL = "http://adlnet.gov/expapi/verbs/"


def test_the_activities_that_have_a_page_are_the_parts(school: School) -> None:
    question = activity(HANDS + "/question-1", launch=None, title="Question")
    far = activity("https://other.example/au", launch="https://courses.example.net/x?a=1", title="Elsewhere")
    package = school.upload(xapi_course(activity(), question, far))
    assert (package.standard, package.title) == ("xapi", "Hands")
    launch = school.launch("activity-2")
    assert launch.content_url.startswith("https://courses.example.net/x?a=1&endpoint=http")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (tincan(), ["no activity with a page"]),
        (tincan(activity(launch="gone.html"), activity("no iri")), ["gone.html", "needs an IRI"]),
        (tincan(activity(), activity()), ["two activities"]),
        (tincan(activity(launch="../../x.html")), ["out of the package"]),
        (tincan(activity(launch="javascript:alert(1)")), ["not accepted"]),
        ("<tincan", ["not well-formed"]),
        ("<manifest/>", ["begins with “manifest”"]),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><tincan/>", ["document type"]),
    ],
)
def test_everything_wrong_with_a_tincan_xml_is_said(school: School, document: str, said: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        school.upload(zipped({"tincan.xml": document, "index.html": "<p>"}))
    everything = " ".join((refused.value.detail, *(one.message for one in refused.value.errors)))
    for words in said:
        assert words in everything
    assert school.session.scalar(select(func.count()).select_from(XapiCredential)) == 0


class Content:
    """What the content of a package does, over HTTP."""

    def __init__(self, stage: Stage, client: httpx.Client, *, preview: bool = False) -> None:
        self.client = client
        self.launch = stage.launch(preview=preview)
        query = parse_qs(urlsplit(self.launch.content_url).query)
        self.given = {name: values[0] for name, values in query.items()}
        self.headers = {"Authorization": self.given["auth"], "X-Experience-API-Version": "1.0.1"}

    def say(self, verb: str, activity: str | None = None, **more: Any) -> httpx.Response:
        statement = {
            "actor": json.loads(self.given["actor"]),
            "verb": {"id": ADL + verb},
            "object": {"id": activity or self.given["activity_id"]},
            **more,
        }
        address = f"{self.given['endpoint']}statements"
        # Not by the client, which writes no unpaired surrogate; browsers do.
        headers = {**self.headers, "Content-Type": "application/json"}
        return self.client.post(address, content=json.dumps(statement), headers=headers)

    def state(self, method: str = "GET", agent: str | None = None, **options: Any) -> httpx.Response:
        query = {
            "stateId": "bookmark",
            "activityId": self.given["activity_id"],
            "agent": agent or self.given["actor"],
            "registration": self.given["registration"],
        }
        address = f"{self.given['endpoint']}activities/state"
        return self.client.request(method, address, params=query, headers=self.headers, **options)


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as opened:
        yield opened


def test_a_launch_has_the_classic_parameters_and_its_statements_count(
    stage: Stage, client: httpx.Client
) -> None:
    stage.upload(xapi_course())
    content = Content(stage, client)
    assert set(content.given) == {"endpoint", "auth", "actor", "registration", "activity_id"}
    assert content.given["activity_id"] == HANDS
    key = base64.b64decode(content.given["auth"].removeprefix("Basic ")).decode()
    assert content.launch.content_url.split("/p/")[1].split("/")[0] not in key, (
        "the token itself goes nowhere else"
    )
    assert content.state().status_code == 404
    assert content.state("PUT", json={"page": 4}).status_code == 204
    other = json.dumps({"mbox": "mailto:somebody@else.example"})
    assert content.state(agent=other).json() == {"page": 4}, "another learner’s state is this one’s own"

    assert content.say("initialized").status_code == 200
    stranger = {"mbox": "mailto:somebody@else.example", "name": "Somebody"}
    assert content.say("answered", HANDS + "/question-1", actor=stranger).status_code == 200
    (attempt,) = stage.attempts()
    assert attempt.cmi_core_lesson_status == "incomplete"
    failed = {"id": str(uuid4()), "result": {"success": False, "score": {"scaled": 0.4}}}
    assert content.say("failed", **failed).status_code == 200
    assert (stage.attempts()[0].cmi_core_lesson_status, stage.completions()) == ("failed", [])
    passed = {"id": str(uuid4()), "result": {"score": {"raw": 9, "min": 0, "max": 10}}}
    for _ in range(2):
        # The answer was lost, so it is sent again.
        assert content.say("passed", **passed).status_code == 200
    (attempt,) = stage.attempts()
    assert (attempt.cmi_core_lesson_status, attempt.score_pct) == ("passed", 90)
    assert len(stage.completions()) == 1
    # The gate is the one way in: through the school's own address its key writes nothing.
    around = client.post(
        f"{stage.server.url}/xapi/statements",
        json={"actor": stranger, "verb": {"id": ADL + "passed"}, "object": {"id": HANDS}},
        headers=content.headers,
    )
    assert around.status_code == 403

    again = Content(stage, client)
    assert again.given["registration"] == content.given["registration"]
    assert again.state().json() == {"page": 4}, "the content goes on where it was"
    assert content.say("passed").status_code == 403, "a later launch has taken over"
    forged = dict(again.headers, Authorization=content.headers["Authorization"])
    assert client.get(again.given["endpoint"] + "statements", headers=forged).status_code in (401, 403)
    with stage.server.database.begin() as session:
        said = select(XapiStatement.user_id, XapiStatement.verb).where(
            XapiStatement.credential_id.is_not(None)
        )
        stored = session.execute(said.order_by(XapiStatement.id)).all()
    assert [verb.removeprefix(ADL) for _, verb in stored] == ["initialized", "answered", "failed", "passed"]
    assert {user_id for user_id, _ in stored} == {stage.ids["student"]}, "whomever the content named"


def asked(answer: str, *, right: bool, words: str = "How long?", **more: Any) -> dict[str, Any]:
    """What a statement says of a question."""
    definition = {
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "interactionType": "choice",
        "description": {"en-US": words},
        "choices": [
            {"id": "a", "description": {"en-US": "Two seconds"}},
            {"id": "b", "description": {"en-US": "Twenty seconds"}},
        ],
        "correctResponsesPattern": ["b"],
    }
    return {
        "id": str(uuid4()),
        "object": {"id": f"{HANDS}/how-long", "definition": definition},
        "result": {"response": answer, "success": right, "duration": "PT4S", **more},
    }


def answers_on_record(stage: Stage) -> list[tuple[str, str, str, tuple[str, ...], str]]:
    """Who, what was asked, answered and right, and how it did, as who teaches reads it."""
    with stage.server.database.begin() as session:
        staff = User(email="a@school.example", full_name="Ad Min", role=Role.ADMIN, hashed_password="!")
        session.add(staff)
        session.flush()
        found = answers.answers(session, subject_of(staff), stage.ids["lesson"])
        session.rollback()
    return [
        (one.full_name, one.said.question, one.said.answer, one.said.right_answers, one.said.result)
        for one in found
    ]


def test_answers_in_statements_are_on_the_answers_page(stage: Stage, client: httpx.Client) -> None:
    stage.upload(xapi_course())
    content = Content(stage, client)
    assert content.say("initialized").status_code == 200
    assert content.say("answered", **asked("a", right=False)).status_code == 200
    assert content.say("experienced", **asked("b", right=True)).status_code == 200
    question = ("Maria Lopez", "How long?")
    right = ("Twenty seconds",)
    assert answers_on_record(stage) == [(*question, "Two seconds", right, "wrong")]
    again = asked("b", right=True)
    for _ in range(2):
        assert content.say("answered", **again).status_code == 200
    assert answers_on_record(stage) == [(*question, "Twenty seconds", right, "right")]
    assert content.say("failed", result={"success": False}).status_code == 200
    Content(stage, client)
    assert len(answers_on_record(stage)) == 1, "what was answered stays with the attempt"


def test_what_an_answer_may_weigh(
    stage: Stage, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.content.runtimes.answered.MOST", 2)
    stage.upload(xapi_course())
    content = Content(stage, client)
    for number, odd in enumerate(("b\u0000\ud800", "[,]".join(["b"] * 3_000), "a", "b")):
        said = asked(odd, right=False, words="\u0000" * 5_000)
        said["object"] = {**said["object"], "id": f"{HANDS}/{number}"}
        said["object"]["definition"]["correctResponsesPattern"] = ["b" * 5_000] * 100
        assert content.say("answered", **said).status_code in (200, 400), odd[:20]
    (attempt,) = stage.attempts()
    kept = attempt.cmi.get("interactions", [])
    assert len(kept) <= 2
    assert len(json.dumps(kept)) < 400_000
    assert len(answers_on_record(stage)) == len(kept)


def test_a_preview_stores_no_statement(stage: Stage, client: httpx.Client) -> None:
    stage.upload(xapi_course())
    content = Content(stage, client, preview=True)
    assert content.say("passed", result={"score": {"scaled": 1}}).status_code == 200
    assert stage.attempts() == []
    seen = client.get(content.given["endpoint"] + "statements", headers=content.headers).json()
    assert seen["statements"] == []
    assert content.given["registration"] == content.launch.launch_id


def test_a_part_is_waived_before_it_was_opened(school: School) -> None:
    school.upload(xapi_course())
    staff = User(email="a@school.example", full_name="Ad Min", role=Role.ADMIN, hashed_password="!")
    school.session.add(staff)
    school.session.flush()
    service.waive(
        school.session,
        subject_of(staff),
        school.lesson.id,
        user_id=school.student.id,
        sco_id="activity-1",
        reason="Transfer",
    )
    assert school.attempt().cmi_core_lesson_status == "completed"
    assert len(completions(school)) == 1


def test_what_was_waived_the_content_does_not_take_back(stage: Stage, client: httpx.Client) -> None:
    stage.upload(xapi_course())
    content = Content(stage, client)
    assert content.say("initialized").status_code == 200
    with stage.server.database.begin() as session:
        school = stage._school(session)
        staff = User(email="a@school.example", full_name="Ad Min", role=Role.ADMIN, hashed_password="!")
        session.add(staff)
        session.flush()
        service.waive(
            session,
            subject_of(staff),
            school.lesson.id,
            user_id=school.student.id,
            sco_id="activity-1",
            reason="Transfer",
        )
    assert content.say("failed", result={"success": False}).status_code == 200
    assert (stage.attempts()[0].cmi_core_lesson_status, len(stage.completions())) == ("completed", 1)
    assert content.say("passed", result={"success": True}).status_code == 200
    assert (stage.attempts()[0].cmi_core_lesson_status, len(stage.completions())) == ("passed", 1)


@pytest.mark.browser
def test_a_package_plays_and_goes_on_after_the_tab_was_killed(stage: Stage) -> None:
    stage.upload(xapi_course())
    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#out")).to_have_text("page 1 200")
    assert_accessible(page)
    lesson.get_by_role("button", name="Next page").click()
    expect(lesson.locator("#out")).to_have_text("page 2 204")
    page.context.close()

    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#out")).to_have_text("page 2 200")
    with page.expect_popup() as opened:
        page.frame_locator("#player").get_by_role("button", name="Open in a window of its own").click()
    window = opened.value
    expect(window.locator("#out")).to_have_text("page 2 200")
    expect(page.frame_locator("#player").locator("#course")).to_be_hidden()
    window.get_by_role("button", name="Pass").click()
    expect(window.locator("#out")).to_have_text("passed 200")
    window.close()
    expect(page.locator("#lesson-status")).to_have_text("Completed · 95%")
