"""Which statements of a cmi5 AU are accepted, and when an AU is satisfied."""

from copy import deepcopy
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import cmi5
from app.rules.cmi5 import Refused, Session, Terms, Unit, accept

TERMS = Terms("https://lms/au-1", "https://publisher/au", "r1", "s1", mastery_score=Decimal("0.9"))
VERBS = {
    name: getattr(cmi5, name.upper())
    for name in ("initialized", "completed", "passed", "failed", "terminated")
}


def said(name: str, **result: Any) -> dict[str, Any]:
    """A valid statement of an AU; `result` replaces parts of its result."""
    usual: dict[str, Any] = {} if name in ("initialized", "experienced") else {"duration": "PT1S"}
    if name in ("passed", "failed"):
        usual |= {"success": name == "passed"}
    if name == "completed":
        usual |= {"completion": True}
    category = [{"id": cmi5.CATEGORY}] if name in VERBS else []
    if name in ("completed", "passed", "failed"):
        category.append({"id": cmi5.MOVE_ON_CATEGORY})
    return {
        "id": "6f1b4a3e-1c1e-4a8f-9d1e-000000000001",
        "timestamp": "2026-11-26T10:00:00Z",
        "actor": {"objectType": "Agent", "account": {"homePage": "https://lms", "name": "7"}},
        "verb": {"id": VERBS.get(name, f"http://adlnet.gov/expapi/verbs/{name}")},
        "object": {"id": TERMS.activity},
        "result": {key: value for key, value in (usual | result).items() if value is not None},
        "context": {
            "registration": "r1",
            "contextActivities": {"grouping": [{"id": TERMS.publisher}], "category": category},
            "extensions": {cmi5.SESSION_ID: "s1", cmi5.MASTERY_SCORE: 0.9},
        },
    }


OPEN = Session(asked=True, initialized=True)


def test_a_course_from_beginning_to_end() -> None:
    session, unit = Session(asked=True), Unit()
    for name in ("initialized", "experienced", "completed", "passed", "terminated"):
        session, unit = accept(said(name), TERMS, session, unit)
    assert (session.terminated, unit) == (True, Unit(completed=True, passed=True))


@pytest.mark.parametrize(
    ("name", "session", "unit"),
    [
        ("experienced", Session(asked=True), Unit()),
        ("completed", Session(asked=True), Unit()),
        ("initialized", Session(), Unit()),
        ("initialized", OPEN, Unit()),
        ("experienced", Session(asked=True, initialized=True, terminated=True), Unit()),
        ("experienced", Session(asked=True, initialized=True, abandoned=True), Unit()),
        ("completed", OPEN, Unit(completed=True)),
        ("passed", OPEN, Unit(passed=True)),
        ("failed", OPEN, Unit(passed=True)),
        ("passed", Session(asked=True, initialized=True, failed=True), Unit(failed=True)),
        ("failed", Session(asked=True, initialized=True, failed=True), Unit(failed=True)),
        ("voided", OPEN, Unit()),
        ("launched", OPEN, Unit()),
    ],
)
def test_what_comes_out_of_turn_is_refused(name: str, session: Session, unit: Unit) -> None:
    statement = said(name)
    if name == "launched":
        statement["context"]["contextActivities"]["category"] = [{"id": cmi5.CATEGORY}]
    with pytest.raises(Refused):
        accept(statement, TERMS, session, unit)


CHANGES: list[tuple[str, Any]] = [
    ("passed", lambda s: s.pop("id")),
    ("passed", lambda s: s.pop("timestamp")),
    ("passed", lambda s: s.update(timestamp="2026-11-26T10:00:00-05:00")),
    ("passed", lambda s: s["actor"].update(objectType="Group")),
    ("passed", lambda s: s["actor"].pop("account")),
    ("passed", lambda s: s["object"].update(id="https://elsewhere")),
    ("passed", lambda s: s.pop("context")),
    ("passed", lambda s: s["context"].update(registration="r2")),
    ("passed", lambda s: s["context"]["extensions"].pop(cmi5.SESSION_ID)),
    ("passed", lambda s: s["context"]["extensions"].update({cmi5.MASTERY_SCORE: 0.8})),
    ("passed", lambda s: s["context"]["contextActivities"]["category"].pop()),
    ("passed", lambda s: s["context"]["contextActivities"].pop("grouping")),
    ("passed", lambda s: s["result"].update(score={"scaled": 0.89})),
    ("failed", lambda s: s["result"].update(score={"scaled": 0.9})),
    ("passed", lambda s: s["result"].update(score={"scaled": 0.9, "raw": 90, "max": 100})),
    ("passed", lambda s: s["result"].update(completion=True)),
    ("completed", lambda s: s["result"].update(success=True)),
    ("completed", lambda s: s["result"].update(score={"scaled": 1})),
    ("completed", lambda s: s["result"].pop("completion")),
    ("terminated", lambda s: s.pop("result")),
    (
        "terminated",
        lambda s: s["context"]["contextActivities"]["category"].append({"id": cmi5.MOVE_ON_CATEGORY}),
    ),
    (
        "experienced",
        lambda s: s["context"]["contextActivities"].update(category={"id": cmi5.MOVE_ON_CATEGORY}),
    ),
]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_a_statement_that_lacks_or_has_too_much_is_refused(name: str, change: Any) -> None:
    statement = said(name)
    accept(deepcopy(statement), TERMS, OPEN, Unit())
    change(statement)
    with pytest.raises(Refused):
        accept(statement, TERMS, OPEN, Unit())


@pytest.mark.parametrize(
    ("mode", "name"), [*product((cmi5.BROWSE, cmi5.REVIEW), ("completed", "passed", "failed"))]
)
def test_who_only_looks_ends_nothing(mode: str, name: str) -> None:
    with pytest.raises(Refused):
        accept(said(name), Terms("https://lms/au-1", "https://publisher/au", "r1", "s1", mode), OPEN, Unit())


def test_when_an_au_is_satisfied() -> None:
    for completed, passed in product((False, True), repeat=2):
        unit = Unit(completed=completed, passed=passed)
        met = {move_on: unit.satisfies(move_on) for move_on in cmi5.MOVE_ONS}
        assert met == {
            "Passed": passed,
            "Completed": completed,
            "CompletedAndPassed": completed and passed,
            "CompletedOrPassed": completed or passed,
            "NotApplicable": True,
        }
    assert all(Unit(waived=True).satisfies(move_on) for move_on in cmi5.MOVE_ONS)


@given(st.lists(st.sampled_from([*VERBS, "experienced"]), max_size=12))
def test_a_registration_never_has_two_results(names: list[str]) -> None:
    session, unit, taken = Session(asked=True), Unit(), []
    for name in names:
        try:
            session, unit = accept(said(name), TERMS, session, unit)
        except Refused:
            continue
        taken.append(name)
    assert taken[:1] in ([], ["initialized"])
    for name in ("initialized", "completed", "terminated"):
        assert taken.count(name) <= 1
    assert taken.count("passed") + taken.count("failed") <= 1
    assert "terminated" not in taken[:-1]
