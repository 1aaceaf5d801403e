"""What the statements of an xAPI package amount to: a table, and what holds for any order of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.xapi_launch import Outcome, after

ADL = "http://adlnet.gov/expapi/verbs/"
HERE = "https://publisher.example/hands"


def said(verb: str, activity: str = HERE, **result: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"verb": {"id": ADL + verb}, "object": {"id": activity}}
    return {**statement, "result": result} if result else statement


def outcome_of(*statements: dict[str, Any]) -> Outcome:
    outcome = Outcome()
    for statement in statements:
        outcome = after(outcome, statement, HERE)
    return outcome


@pytest.mark.parametrize(
    ("statements", "status"),
    [
        ([], "not attempted"),
        ([said("initialized")], "incomplete"),
        ([said("completed")], "completed"),
        ([said("experienced", completion=True)], "completed"),
        ([said("experienced", completion=False)], "incomplete"),
        ([said("passed")], "passed"),
        ([said("mastered")], "passed"),
        ([said("failed")], "failed"),
        ([said("completed", success=True)], "passed"),
        ([said("completed", success=False)], "failed"),
        ([said("completed"), said("failed")], "failed"),
        ([said("failed"), said("completed")], "failed"),
        ([said("failed"), said("passed")], "passed"),
        ([said("passed"), said("failed"), said("attempted")], "passed"),
        ([said("passed", HERE + "/question-1"), said("completed", HERE + "/page-2")], "incomplete"),
        ([said("passed", success=False)], "passed"),
        ([{**said("passed"), "object": {"objectType": "StatementRef", "id": HERE}}], "incomplete"),
        ([{**said("passed"), "object": {"objectType": "Agent", "mbox": "mailto:a@b.example"}}], "incomplete"),
    ],
)
def test_a_status_by_what_was_said(statements: list[dict[str, Any]], status: str) -> None:
    assert outcome_of(*statements).status == status


VERBS = st.sampled_from(["initialized", "completed", "passed", "failed", "answered", "terminated"])
PLACES = st.sampled_from([HERE, HERE + "/page-1"])


@given(st.lists(st.tuples(VERBS, PLACES)))
def test_passed_and_completed_are_never_taken_back(sequence: list[tuple[str, str]]) -> None:
    outcome = Outcome()
    for verb, place in sequence:
        new = after(outcome, said(verb, place), HERE)
        assert new.begun
        assert new.completed >= outcome.completed
        assert new.success is True if outcome.success else True
        if place != HERE:
            assert (new.completed, new.success) == (outcome.completed, outcome.success)
        outcome = new
