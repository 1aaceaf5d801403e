"""What a course sends is kept to the letter, whatever is in it; what is no report is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.content import service
from app.content.postgres_text import restored, restored_json, storable, storable_json
from app.db.models import (
    ScormCommit,
)
from tests.content.conftest import Play, School, subject_of


def test_sixty_four_thousand_characters_survive(school: School, play: Play) -> None:
    for text in ("x" * 64_000, "é" * 64_000, "\U0001f9b7" * 32_000):
        play().commit(finish=True, exit="suspend", suspend_data=text)
        assert play().boot()["cmi"]["suspend_data"] == text


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_text_that_the_database_cannot_hold_is_written_reversibly(value: object) -> None:
    assert restored_json(storable_json(value)) == value


@given(st.text(st.characters()))
def test_storable_text_is_storable(text: str) -> None:
    written = storable(text)
    written.encode("utf-8")
    assert "\x00" not in written
    assert restored(written) == text


@pytest.mark.parametrize(
    "text", ["nul \x00 nul", "lone \ud83e surrogate", "mark \uf8ff0000 mark", "\udc00\ud800"]
)
def test_state_of_compressors_comes_back_as_it_was(school: School, play: Play, text: str) -> None:
    play().commit(suspend_data=text, lesson_location=text[:100])
    boot = play().boot()
    assert (boot["cmi"]["suspend_data"], boot["cmi"]["core"]["lesson_location"]) == (text, text[:100])
    attempts = service.attempts_of(school.session, subject_of(school.student), school.student.id)
    assert attempts[0].model_dump_json()


def test_nonsense_in_one_element_loses_only_that(school: School, play: Play) -> None:
    answer = play().send(
        {
            "seq": 1,
            "cmi": {
                "core": {
                    "lesson_status": ["?"],
                    "session_time": "an hour",
                    "exit": 7,
                    "score": {"raw": "9e999", "max": {}},
                    "lesson_location": "p1",
                },
                "suspend_data": None,
                "interactions": {"0": {"id": "q1"}},
            },
        }
    )
    assert answer.status_code == 200, answer.text
    attempt = school.attempt()
    assert (attempt.location, attempt.score_pct, attempt.total_seconds) == ("p1", None, 0)
    assert play().boot()["cmi"]["interactions"] == {"0": {"id": "q1"}}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 422),
        ('{"seq": 1}', 422),
        ('{"seq": 0, "cmi": {}}', 422),
        ('{"seq": "one", "cmi": {}}', 422),
        ('{"seq": 1, "cmi": []}', 422),
        ('{"seq": 1, "cmi": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}", 400),
        ('{"seq": 1, "cmi": {"a": ' + "[" * 900 + "]" * 900 + "}}", 400),
        (b"\xff\xfe", 400),
        ('{"seq": 1, "cmi": {"a": "' + "x" * (4 * 1024 * 1024) + '"}}', 413),
        ('{"seq": 1, "cmi": {"core": {"lesson_location": NaN}}}', 400),
    ],
)
def test_what_is_no_commit_is_refused_with_a_sentence(play: Play, body: object, status: int) -> None:
    answer = play().send(body)
    assert answer.status_code == status, answer.text
    assert answer.json()["result"] is False
    assert answer.json()["detail"].endswith(".")


def test_a_commit_is_small_in_the_log_when_little_changed(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_location="p1", suspend_data="long" * 1000)
    played.commit(lesson_location="p2", suspend_data="long" * 1000)
    sizes = [len(json.dumps(row.payload)) for row in school.session.scalars(select(ScormCommit))]
    assert sizes[0] > 4000
    assert sizes[1] < 200
