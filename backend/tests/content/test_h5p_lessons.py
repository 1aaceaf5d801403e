"""What H5P content reports, at the host: the result of the whole counts, of the student who opened it, in any order."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db.models import ContentType, Enrollment, ScormCommit
from app.lrs import service as record_store
from app.rules import interactions
from tests.content.conftest import Play, Played, School, completions
from tests.factories.h5p import h5p_content

ADL = "http://adlnet.gov/expapi/verbs/"
PART = "http://h5p.org/x-api/h5p-subContentId"


@pytest.fixture
def lesson(school: School) -> School:
    school.lesson.content_type = ContentType.H5P
    school.upload(h5p_content(), "hands.h5p")
    school.session.commit()
    return school


def statement(word: str = "answered", *, parent: bool = False, **more: Any) -> dict[str, Any]:
    around = (
        {"contextActivities": {"parent": [{"id": "https://a.example/?subContentId=ab-1"}]}} if parent else {}
    )
    value = {
        "actor": {"mbox": "mailto:boss@school.example"},
        "verb": {"id": ADL + word, "display": {"en-US": word}},
        "object": {"id": "https://evil.example/x", "definition": {"description": {"en-US": "How long?"}}},
        "context": around,
        **more,
    }
    return {"id": str(uuid4()), "at": 1_700_000_000_000, "statement": value}


def result(raw: float, high: float = 3, *, success: bool | None = None) -> dict[str, Any]:
    said = {"score": {"min": 0, "max": high, "raw": raw, "scaled": raw / high}, "completion": True}
    return said if success is None else {**said, "success": success}


def say(played: Played, *statements: Any, seq: int | None = None, **model: Any) -> Any:
    played.seq = seq if seq is not None else played.seq + 1
    cmi = {"shown": True, "statements": list(statements), "seconds": 0, **model}
    return played.send({"seq": played.seq, "cmi": cmi})


def handed_on(school: School) -> list[dict[str, Any]]:
    query = text(
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'content.store_statements' ORDER BY id"
    )
    return [one for (args,) in school.session.execute(query) for one in args["statements"]]


def test_a_result_without_a_parent_completes_the_lesson(lesson: School, play: Play) -> None:
    played = play()
    assert played.boot()["cmi"] == {"state": {}, "done": False}
    assert say(played, statement("attempted")).json()["lesson_status"] == "incomplete"
    # Of a part: no result of the lesson.
    answer = say(played, statement(parent=True, result=result(3, success=True))).json()
    assert (answer["lesson_status"], answer["complete"]) == ("incomplete", False)
    answer = say(played, statement("completed", result=result(2))).json()
    assert (answer["lesson_status"], answer["complete"]) == ("completed", True)
    attempt = lesson.attempt()
    assert (str(attempt.score_pct), attempt.cmi_core_score_raw, attempt.cmi_core_score_max) == ("66.67", 2, 3)
    lesson.session.expire_all()
    enrollment = lesson.session.get(Enrollment, lesson.enrollment.id)
    assert enrollment is not None
    assert enrollment.progress_pct == 100
    assert [one.source for one in completions(lesson)] == ["content"]


def test_statements_are_of_the_student_and_about_our_activity(lesson: School, play: Play) -> None:
    played = play()
    inside = statement(parent=True, result=result(1))
    inside["statement"]["object"]["definition"]["extensions"] = {PART: "cd-2"}
    whole = statement("completed", result=result(2))
    void = statement("voided", object={"objectType": "StatementRef", "id": str(uuid4())})
    odd = statement(result={"score": {"raw": 9, "min": 0, "max": 3}})
    assert say(played, inside, whole, void, odd).status_code == 200
    first, second = handed_on(lesson)
    assert first["actor"]["account"]["name"] == str(lesson.student.id)
    assert "mbox" not in first["actor"]
    activity = second["object"]["id"]
    assert activity.endswith(f"/content/{lesson.attempt().package_id}/h5p")
    assert first["object"]["id"] == f"{activity}?subContentId=cd-2"
    assert [one["id"] for one in first["context"]["contextActivities"]["parent"]] == [
        f"{activity}?subContentId=ab-1"
    ]
    # A browser's clock says nothing of the time before the lesson was opened.
    assert first["timestamp"] > "2026"
    # The record store takes them, and takes them once.
    assert record_store.store_own(lesson.session, handed_on(lesson)) == 2
    assert say(played, inside, whole).status_code == 200
    assert record_store.store_own(lesson.session, handed_on(lesson)[2:]) == 0


def test_the_best_of_several_tries_counts_in_any_order(lesson: School, play: Play) -> None:
    played = play()
    tries = [statement(result=result(1, success=False)), statement(result=result(3, success=True))]
    say(played, tries[1], seq=2, suspend_data='{"0":{"state":"new"}}')
    answer = say(played, tries[0], seq=1, suspend_data='{"0":{"state":"old"}}')
    assert answer.json()["lesson_status"] == "passed"
    attempt = lesson.attempt()
    assert (attempt.score_pct, attempt.cmi_suspend_data) == (100, '{"0":{"state":"new"}}')
    # The same again, and nothing changes.
    before = lesson.session.query(ScormCommit).count()
    assert say(played, tries[0], seq=1, suspend_data='{"0":{"state":"old"}}').status_code == 200
    assert lesson.session.query(ScormCommit).count() == before


def test_the_student_goes_on_where_they_were_unless_they_failed(lesson: School, play: Play) -> None:
    first = play()
    state = '{"0":{"state":"{\\"page\\":3,\\"note\\":\\"\\u0000\\ud800\\"}"}}'
    say(first, statement("progressed"), suspend_data=state)
    again = play()
    assert again.launch.attempt_no == 1
    assert '"page":3' in again.boot()["cmi"]["state"]["0"]["state"]
    say(again, statement(result=result(1, success=False)))
    # Content that allows one try would show nothing but its end.
    third = play()
    assert (third.launch.attempt_no, third.boot()["cmi"]["state"]) == (2, {})
    say(third, statement(result=result(3, success=True)))
    assert [one.cmi_core_lesson_status for one in lesson.attempts()] == ["failed", "passed"]
    assert play().launch.attempt_no == 2
    assert play().boot()["cmi"]["done"] is True


def test_the_passing_score_of_the_lesson_is_held(lesson: School, play: Play) -> None:
    lesson.lesson.passing_score_pct = 80
    lesson.session.commit()
    played = play()
    assert say(played, statement("completed", result=result(2))).json()["complete"] is False
    assert say(played, statement("completed", result=result(3))).json()["complete"] is True


ODD: list[Any] = [
    7,
    {},
    {"id": "x", "at": 1, "statement": {"verb": {"id": "a"}}},
    {"id": str(uuid4()), "at": 1e300, "statement": {"verb": {"id": ADL + "completed"}}},
    {"id": str(uuid4()), "at": None, "statement": {"verb": {"id": ADL + "completed"}}},
    {"id": str(uuid4()), "at": 1, "statement": {"verb": "completed"}},
    {"id": str(uuid4()), "at": 1, "statement": {"verb": {"id": ADL + "completed"}, "result": 1}},
    {"id": str(uuid4()), "at": 1, "statement": {"verb": {"id": ADL + "completed"}, "x": "y" * 70_000}},
]


@pytest.mark.parametrize("odd", ODD)
def test_a_statement_that_is_none_is_passed_over(lesson: School, play: Play, odd: Any) -> None:
    answer = say(play(), odd, seconds="many", suspend_data=7)
    assert (answer.status_code, answer.json()["lesson_status"]) == (200, "incomplete")
    assert handed_on(lesson) == []


@pytest.mark.parametrize(
    "more",
    [
        {"object": 7, "context": {"contextActivities": {"parent": 7, "category": [7, {"id": 7}]}}},
        {"object": {"definition": {"extensions": 7, "type": "no iri"}}},
        {"verb": {"id": "no iri"}},
        {"verb": {"id": ADL + "answered", "display": 7}},
        {"result": {"response": 7}},
        {"result": {"success": "yes", "score": {"raw": "NaN"}}},
        {"object": {"definition": {"name": {"en-US": "\u0000 and \ud800"}}}},
    ],
)
def test_what_no_store_takes_harms_nothing(lesson: School, play: Play, more: dict[str, Any]) -> None:
    played = play()
    assert say(played, statement(**more)).status_code == 200
    assert say(played, statement("completed", result=result(3))).json()["complete"] is True
    record_store.store_own(lesson.session, handed_on(lesson))


def test_more_than_is_taken_is_refused_and_nothing_is_lost(lesson: School, play: Play) -> None:
    played = play()
    say(played, suspend_data='{"0":{"state":"kept"}}')
    answer = played.send({"seq": 9, "cmi": {"statements": [7] * 101}})
    assert (answer.status_code, answer.json()["result"]) == (422, False)
    assert lesson.attempt().cmi_suspend_data == '{"0":{"state":"kept"}}'
    assert say(played, suspend_data="x" * (10 * 1024**2)).status_code == 413
    done = say(played, statement("completed", result=result(3)), suspend_data="x" * (1024**2 + 1))
    assert (done.status_code, done.json()["lesson_status"]) == (200, "completed")
    assert lesson.attempt().cmi_suspend_data == '{"0":{"state":"kept"}}'


def test_a_preview_leaves_nothing(lesson: School, play: Play) -> None:
    played = play(preview=True)
    assert say(played, statement("completed", result=result(3)), suspend_data="{}").status_code == 200
    assert (lesson.attempts(), handed_on(lesson), completions(lesson)) == ([], [], [])


def test_state_that_is_no_json_starts_over(lesson: School, play: Play) -> None:
    say(play(), suspend_data="{")
    assert play().boot()["cmi"]["state"] == {}


def test_the_player_and_its_library_are_served_to_a_launch_alone(lesson: School, play: Play) -> None:
    played = play()
    for name, kind in (
        ("h5p.js", "text/javascript"),
        ("h5p/main.bundle.js", "text/javascript"),
        ("h5p/frame.bundle.js", "text/javascript"),
        ("h5p/styles/h5p.css", "text/css"),
        ("h5p/fonts/h5p-core-30.woff2", "font/woff2"),
    ):
        answer = played.host.get(f"{played.base}/vendor/{name}")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    for name in ("h5p/", "h5p/%2e%2e/%2e%2e/app.css", "../../static/app.css"):
        assert played.host.get(f"{played.base}/vendor/{name}").status_code in (404, 410)
    assert played.host.get("/p/nothing/vendor/h5p/main.bundle.js").status_code == 410


def test_what_was_answered_is_read_with_its_words(lesson: School, play: Play) -> None:
    def answer(response: str, *, success: bool, part: str | None = None) -> dict[str, Any]:
        value = statement(
            "answered", parent=part is not None, result={"response": response, "success": success}
        )
        value["statement"]["object"]["definition"] = {
            "interactionType": "choice",
            "description": {"en-US": "How long?"},
            "choices": [
                {"id": "0", "description": {"en-US": "Twenty seconds\n"}},
                {"id": "1", "description": {"en-US": "Two"}},
            ],
            "correctResponsesPattern": ["0"],
            "extensions": {} if part is None else {PART: part},
        }
        return value

    played = play()
    assert say(played, answer("1", success=False), answer("0[,]1", success=False, part="ab-1")).is_success
    assert say(played, answer("0", success=True), statement("answered")).is_success
    kept = interactions.interactions_of(lesson.attempt().cmi)
    assert [(one.id, one.question, one.answer, one.right_answers, one.result) for one in kept] == [
        ("content", "How long?", "Twenty seconds", ("Twenty seconds",), "right"),
        ("ab-1", "How long?", "Twenty seconds, Two", ("Twenty seconds",), "wrong"),
    ]
