"""What the charts count, and whose."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import SYSTEM
from app.db.models import User
from app.lrs.desk.browser.charts import charts
from tests import projecting
from tests.lrs.desk.conftest import Scene, agent_of, keep
from tests.lrs.examples import statement
from tests.projecting import ADL, ZONE

SignedIn = Callable[[User], TestClient]


def _reported(verb: str, duration: str, **changes: Any) -> dict[str, Any]:
    changes.setdefault("context", {"registration": str(uuid4())})
    return statement(
        verb={"id": ADL + verb}, result={"duration": duration}, timestamp=clock.now().isoformat(), **changes
    )


def test_a_lesson_within_clock_hours_is_not_added_to_them(
    scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    projecting.clock_out(session, scene, 360, clock.now())
    projecting.project(session)
    keep(session, _reported("terminated", "PT1H", actor=agent_of(scene.student)))
    found = charts(session, SYSTEM, ZONE, 30)
    assert (found.clock_seconds, found.learning_seconds) == (6 * 3600, 3600)
    assert [line["name"] for line in found.hours.series] == ["Clock hours", "Lessons and activities"]
    page = signed_in(scene.admin).get("/lrs/charts").text
    assert re.search(r"Clock hours</div>\s*<div class=\"stat-value\">6\sh<", page)
    assert re.search(r"In lessons and activities</div>\s*<div class=\"stat-value\">1\sh<", page)


@pytest.mark.parametrize(
    ("reported", "minutes"),
    [
        ([("completed", "PT30M")], 30),
        # The same half hour, reported by two verbs.
        ([("completed", "PT30M"), ("passed", "PT30M")], 30),
        ([("experienced", "PT10M"), ("experienced", "PT15M"), ("completed", "PT20M")], 25),
        # Sessions report it exactly; what completes the activity sums them up.
        ([("suspended", "PT10M"), ("terminated", "PT5M"), ("completed", "PT40M")], 15),
        ([("terminated", "PT0S"), ("completed", "PT40M")], 40),
        ([("failed", "PT1.5H")], 90),
        ([("failed", "PT0,5H")], 30),
        ([("failed", "P1DT2H")], 26 * 60),
        ([("failed", "P3W")], 21 * 24 * 60),
        ([("failed", "P1M")], 0),
        ([("failed", "P99999999999999999999D"), ("passed", "PT9M")], 9),
    ],
)
def test_no_minute_counts_twice(
    reported: list[tuple[str, str]], minutes: int, scene: Scene, session: Session
) -> None:
    context = {"registration": str(uuid4())}
    keep(session, *(_reported(verb, duration, context=context) for verb, duration in reported))
    assert charts(session, SYSTEM, ZONE, 30).learning_seconds == minutes * 60


def test_registrations_activities_and_people_count_apart(scene: Scene, session: Session) -> None:
    same = {"context": {"registration": str(uuid4())}}
    other = {**same, "actor": {"mbox": "mailto:bo@school.example"}}
    keep(
        session,
        _reported("terminated", "PT1M", **same),
        _reported("completed", "PT2M"),
        _reported("completed", "PT4M", **other),
        _reported("completed", "PT8M", **same, object={"id": "https://x.example/1"}),
        _reported("completed", "PT16M", **same),
    )
    assert charts(session, SYSTEM, ZONE, 30).learning_seconds == 15 * 60


def test_charts_of_one_person_name_them_and_keep_them_in_the_tabs(
    scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    other = scene.school.student(full_name="Bo Lind")
    session.flush()
    keep(
        session, *(_reported("passed", "PT1M", actor=agent_of(who)) for who in (scene.student, other, other))
    )
    staff = signed_in(scene.admin)
    for asked in (str(other.id), "bo+lind", other.email):
        page = staff.get(f"/lrs/charts?person={asked}&days=90").text
        assert "of Bo Lind" in page
        assert re.search(r"Statements</div>\s*<div class=\"stat-value\">2<", page)
        kept = asked.replace("@", "%40")
        for path in ("statements", "charts"):
            assert f'href="/lrs/{path}?person={kept}"' in page
        assert f'href="/lrs/charts?person={kept}&amp;days=365"' in page
    assert f'href="/lrs/charts?person={other.id}"' in staff.get(f"/lrs/statements?person={other.id}").text


def test_charts_can_be_of_one_verb_and_one_activity(
    scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    thing = {"id": "https://x.example/1", "definition": {"name": {"en": "Mannequin"}}}
    keep(
        session,
        _reported("passed", "PT1M", object=thing),
        _reported("failed", "PT1M", object=thing),
        _reported("passed", "PT1M"),
    )
    staff = signed_in(scene.admin)
    for query, count in {
        "": 3, "activity=mannequin": 2, "activity=https://x.example/1": 2, f"verb={ADL}passed": 2,
        f"verb={ADL}passed&activity=mannequin": 1, "activity=https://school.example/lessons/radiography-1": 1,
    }.items():  # fmt: skip
        page = staff.get(f"/lrs/charts?{query}").text
        assert re.search(rf"Statements</div>\s*<div class=\"stat-value\">{count}<", page), query


def test_charts_say_what_cannot_be_read(scene: Scene, signed_in: SignedIn) -> None:
    staff = signed_in(scene.admin)
    page = staff.get("/lrs/charts?person={")
    assert page.status_code == 422
    assert 'id="f-person-error"' in page.text
    assert staff.get("/lrs/charts?days=99999&person=123456789012345").status_code == 200
