"""What H5P content says of itself, and what of that is the lesson's result."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import h5p

ADL = "http://adlnet.gov/expapi/verbs/"


def said(verb: str, result: Any = None, parent: Any = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"verb": {"id": ADL + verb}}
    if result is not None:
        statement["result"] = result
    if parent is not None:
        statement["context"] = {"contextActivities": {"parent": parent}}
    return statement


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        (said("answered"), "completed"),
        (said("completed", {"completion": True}), "completed"),
        (said("completed", {"success": True}), "passed"),
        (said("answered", {"success": False, "completion": True}), "failed"),
        (said("answered", {"completion": False}), None),
        (said("answered", {"success": "yes"}), "completed"),
        (said("answered", {"success": True}, [{"id": "https://a"}]), None),
        (said("completed", {"success": True}, []), "passed"),
        (said("attempted"), None),
        (said("progressed", {"completion": True}), None),
        (said("passed"), None),
    ],
)
def test_only_a_result_without_a_parent_is_of_the_whole(
    statement: dict[str, Any], status: str | None
) -> None:
    assert h5p.is_statement(statement)
    assert h5p.status_said(statement) == status


@pytest.mark.parametrize(
    ("score", "percent"),
    [
        ({"raw": 2, "min": 0, "max": 3, "scaled": 0.6667}, "66.67"),
        ({"raw": 2, "max": 4}, "50"),
        ({"scaled": 0.25}, "25"),
        ({"raw": 0, "min": 0, "max": 0}, None),
        ({"raw": 9, "min": 0, "max": 3}, None),
        ({"raw": -1, "min": 0, "max": 3}, None),
        ({"scaled": 1.5}, None),
        ({"raw": "2", "max": 3}, None),
        ({"raw": True, "max": 3}, None),
        ({"raw": 10**400, "max": 10**401}, None),
        ({}, None),
    ],
)
def test_a_score_counts_inside_its_range(score: dict[str, Any], percent: str | None) -> None:
    found = h5p.score_said(said("answered", {"score": score}))
    if percent is None:
        assert found is None
    else:
        assert found is not None
        assert found.percent is not None
        assert round(Decimal(found.percent.numerator) / found.percent.denominator, 2) == Decimal(percent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "score", "raw", "max", "min", "scaled", "success", "contextActivities", "parent"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["verb", "result", "context", "object"]), JSON))
def test_no_value_breaks_the_judgment(value: dict[str, Any]) -> None:
    if h5p.is_statement(value):
        assert h5p.status_said(value) in (None, "completed", "passed", "failed")
        score = h5p.score_said(value)
        assert score is None or (score.percent is not None and 0 <= score.percent <= 100)


def test_only_a_failed_attempt_is_followed_by_another() -> None:
    going_on = [
        one for one in ("not attempted", "incomplete", "failed", "completed", "passed") if h5p.continues(one)
    ]
    assert going_on == ["not attempted", "incomplete", "completed", "passed"]


def test_the_score_of_the_lesson_decides_where_there_is_one() -> None:
    def status(raw: int | None, success: bool) -> str | None:
        score = {} if raw is None else {"score": {"raw": raw, "max": 10}}
        return h5p.status_said(said("completed", {"success": success, **score}), 80)

    assert (status(8, False), status(7, True), status(None, False)) == ("passed", "failed", "failed")
    assert status(None, True) == "passed"
