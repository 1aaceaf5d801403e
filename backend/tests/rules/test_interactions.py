"""What courses of both editions report of questions and objectives."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import interactions

OLD = {
    "1": {"id": "q2", "type": "fill-in", "student_response": "soap", "result": "1.5"},
    "0": {
        "id": "q1",
        "type": "choice",
        "student_response": "b",
        "correct_responses": {"0": {"pattern": "a"}, "1": {"pattern": "c"}},
        "result": "wrong",
        "latency": "0000:01:05.5",
        "time": "10:05:00",
    },
}
NEW = [
    {
        "id": "urn:q1",
        "type": "matching",
        "description": " Which goes with which? ",
        "learner_response": "a[.]1[,]b[.]2",
        "correct_responses": [{"pattern": "{order_matters=false}a[.]1[,]b[.]2"}],
        "result": "correct",
        "latency": "PT1M5.5S",
        "timestamp": "2026-11-26T10:05:00Z",
    }
]
json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["0", "1", "x", "id", "result", "latency", "correct_responses", "pattern", "score", "status"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def test_an_entry_whose_number_is_endless_is_left_out() -> None:
    named = {"0": {"id": "a", "status": "passed"}, "9" * 5_000: {"id": "b", "status": "passed"}}
    assert [one.id for one in interactions.interactions_of({"interactions": named})] == ["a"]
    assert [one.id for one in interactions.objectives_of({"objectives": named})] == ["a"]


def test_scorm_12() -> None:
    first, second = interactions.interactions_of({"interactions": OLD})
    assert (first.id, first.question, first.kind, first.answer) == ("q1", "q1", "choice", "b")
    assert (first.right_answers, first.result, first.is_right) == (("a", "c"), "wrong", False)
    assert (first.latency, first.at) == (Decimal("65.5"), "10:05:00")
    assert (second.id, second.result, second.is_right, second.latency) == ("q2", "1.5", None, None)


def test_scorm_2004() -> None:
    (one,) = interactions.interactions_of({"interactions": NEW})
    assert (one.question, one.answer) == ("Which goes with which?", "a – 1, b – 2")
    assert one.right_answers == ("a – 1, b – 2",)
    assert (one.result, one.latency) == ("right", Decimal("65.5"))


@pytest.mark.parametrize(
    ("word", "meant", "is_right"),
    [
        ("correct", "right", True),
        ("incorrect", "wrong", False),
        ("wrong", "wrong", False),
        ("unanticipated", "unanticipated", False),
        ("neutral", "neutral", None),
        (" Correct ", "right", True),
        ("0.5", "0.5", None),
        ("maybe", "", None),
    ],
)
def test_results(word: str, meant: str, is_right: bool | None) -> None:
    (one,) = interactions.interactions_of({"interactions": [{"id": "q", "result": word}]})
    assert (one.result, one.is_right) == (meant, is_right)


def test_objectives_of_both_editions_without_those_of_which_nothing_is_said() -> None:
    found = interactions.objectives_of(
        {
            "objectives": {
                "0": {"id": "old", "status": "passed", "score": {"raw": "80"}},
                "1": {"id": "new", "success_status": "failed", "score": {"scaled": "0.25", "raw": "1"}},
                "2": {"id": "named in the manifest", "score": {"scaled": ""}, "success_status": "unknown"},
                "3": {"id": "done", "completion_status": "completed", "description": "Rinse"},
                "4": {"score": {"raw": "3"}},
            }
        }
    )
    assert [(one.id, one.status, one.score, one.description) for one in found] == [
        ("old", "passed", "80", ""),
        ("new", "failed", "0.25", ""),
        ("done", "completed", "", "Rinse"),
    ]


@given(json, json)
def test_nonsense_is_passed_over(some: Any, other: Any) -> None:
    cmi = {"interactions": some, "objectives": other}
    assert all(one.id for one in interactions.interactions_of(cmi))
    assert all(one.id for one in interactions.objectives_of(cmi))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["correct", "wrong", "neutral"]))))
def test_figures_add_up(given_answers: list[tuple[str, str]]) -> None:
    answers = interactions.interactions_of(
        {"interactions": [{"id": "q", "student_response": a, "result": r} for a, r in given_answers]}
    )
    found = interactions.figures(answers)
    wrong = sum(count for _, count in found.wrong_answers)
    assert found.answers == len(given_answers)
    assert found.judged == sum(result != "neutral" for _, result in given_answers)
    if found.judged:
        assert found.right == 1 - Fraction(wrong, found.judged)
    else:
        assert found.right is None
        assert not wrong
    counts = [count for _, count in found.wrong_answers]
    assert counts == sorted(counts, reverse=True)


@given(json)
def test_a_statement_of_nonsense_is_none_or_an_answer_that_can_be_read(some: Any) -> None:
    statement = {
        "verb": {"id": "http://adlnet.gov/expapi/verbs/answered"},
        "object": {"id": "urn:q", "definition": {"interactionType": "choice", "choices": some}},
        "result": some,
    }
    for one in (statement, {"verb": some, "object": some, "result": some}):
        entry = interactions.of_statement(one, "q")
        assert entry is None or interactions.interactions_of({"interactions": [entry]})
