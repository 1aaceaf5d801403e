"""What a commit costs, and what it may not do: take a number twice, or round a score up to its threshold."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from psycopg.errors import DeadlockDetected, InsufficientPrivilege, LockNotAvailable, SerializationFailure
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from structlog.testing import capture_logs

from app.content import service
from app.content.packages.model import Manifest
from app.db.models import ScormCommit
from app.rules import scorm12
from tests.content.conftest import Played, School, subject_of
from tests.factories.packages import Sco, course
from tests.queries import counted

Play = Callable[..., Played]


def test_a_commit_reads_each_thing_once(school: School, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, the commit that completes a lesson took 25 statements: it validated the manifest again, locked the
    enrollment twice and read the lesson's place twice."""
    played = play()
    played.commit(lesson_status="incomplete")
    validated: list[object] = []
    whole = Manifest.from_json
    monkeypatch.setattr(Manifest, "from_json", lambda value: validated.append(value) or whole(value))
    with counted(school.session.connection()) as found:
        played.commit(lesson_status="completed")
    assert validated == [], "a version's manifest never changes"

    def count(word: str) -> int:
        return sum(word in statement for statement in found)

    assert count("content_packages.manifest") == 0
    assert sum("FROM enrollments" in statement and "FOR " in statement for statement in found) == 1, found
    assert count("lessons.passing_score_pct") == 1, found
    assert len(found) <= 23, found


def test_a_commit_in_the_middle_of_a_lesson_writes_each_row_once(school: School, play: Play) -> None:
    """Nearly all commits are such. Before, the attempt was written twice, and the launch was read twice."""
    played = play()
    # With time to credit, which asks for the other sessions of the attempt.
    school.session.execute(text("UPDATE launches SET created_at = created_at - interval '1 hour'"))
    played.commit(lesson_status="incomplete", lesson_location="1", session_time="00:00:05")
    with counted(school.session.connection()) as found:
        played.commit(lesson_status="incomplete", lesson_location="2", session_time="00:00:10")
    assert school.attempt().total_seconds == 10
    for table in ("scorm_data", "launches"):
        assert sum(one.startswith(f"UPDATE {table} ") for one in found) == 1, found
        assert sum(f"{table}.id," in one and "FOR UPDATE" in one for one in found) == 1, found
    assert sum("launches.token_hash," in one for one in found) == 1, (
        "one row of the launch, the one that is held"
    )
    assert len(found) <= 12, found


def test_a_number_that_was_used_for_other_data_is_refused_and_nothing_is_lost(
    school: School, play: Play
) -> None:
    played = play()
    played.commit(seq=1, lesson_location="p1", suspend_data="one")
    same = {
        "seq": 1,
        "finish": False,
        "leaving": False,
        "cmi": played.cmi(lesson_location="p1", suspend_data="one"),
    }
    assert played.send(same).status_code == 200, "the same again is stored"
    for other in (
        {**same, "cmi": played.cmi(lesson_location="p2", suspend_data="one")},
        {**same, "finish": True},
    ):
        answer = played.send(other)
        assert (answer.status_code, answer.json()["result"]) == (409, False)
        assert answer.json()["slug"] == "sequence-conflict"
        assert (school.attempt().location, school.attempt().finished_at) == ("p1", None)
    assert len(school.session.scalars(select(ScormCommit)).all()) == 1
    played.commit(seq=2, lesson_location="p2", suspend_data="one")
    assert school.attempt().location == "p2"


def test_the_player_sends_again_under_a_new_number(school: School) -> None:
    from app.content.player import ASSETS

    saving = ASSETS["saving.js"].read_text()
    final = saving[saving.index("const FINAL") :].partition("\n")[0]
    assert "sequence-conflict" not in final, "what ends a session is not sent again"


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT", {}, LockNotAvailable()),
        OperationalError("SELECT", {}, DeadlockDetected()),
        OperationalError("SELECT", {}, SerializationFailure()),
        ProgrammingError("SELECT", {}, InsufficientPrivilege()),
        InsufficientPrivilege(),  # of a statement that goes to libpq past SQLAlchemy
    ],
)
def test_what_is_held_by_another_or_refused_to_the_system_is_sent_again(
    school: School, play: Play, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The player takes a conflict as the end of the session: then what is not saved is lost."""
    school.upload()
    played = play()

    def wait(*_: object) -> None:
        raise error

    monkeypatch.setattr("app.content.launches.commits.commit", wait)
    with capture_logs() as logs:
        answer = played.send({"seq": 1, "cmi": played.cmi(lesson_location="p1")})
    assert (answer.status_code, answer.json()["slug"]) == (503, "unavailable")
    is_refused = isinstance(getattr(error, "orig", error), InsufficientPrivilege)
    assert [one["event"] for one in logs].count("database.refused") == is_refused
    monkeypatch.undo()
    played.commit(seq=2, lesson_location="p1")
    assert school.attempt().location == "p1"


def test_scores_below_the_threshold_do_not_pass_by_rounding_twice(school: School, play: Play) -> None:
    school.upload(course(Sco("a", "A"), Sco("b", "B")))
    school.lesson.passing_score_pct = 80
    school.session.flush()
    first = play("a")
    first.commit(finish=True, lesson_status="completed", score={"raw": "79.5", "min": "0", "max": "100"})
    second = play("b")
    answer = second.commit(
        finish=True, lesson_status="completed", score={"raw": "78.5", "min": "0", "max": "100"}
    )
    assert answer["complete"] is False
    result = service.lesson_result(school.session, subject_of(school.student), school.lesson.id)
    assert (result.complete, result.score_pct) == (False, Decimal("79"))


@pytest.mark.parametrize(
    ("percents", "complete"),
    [
        ([Fraction(79999999, 1000000)], False),
        ([Fraction(80)], True),
        ([Fraction(200, 3), Fraction(280, 3)], True),  # 66.66… and 93.33… are 80 exactly
        ([Fraction(200, 3), Fraction(2799999, 30000)], False),
        ([Decimal("79.995")], False),
    ],
)
def test_a_mean_is_compared_exactly(percents: list[Fraction | Decimal], complete: bool) -> None:
    result = scorm12.lesson_result(["passed"] * len(percents), percents, passing_percent=80)
    assert result.complete is complete
    assert complete or "80% is needed" in result.reason
    assert complete or "the score is 80%" not in result.reason


def test_a_score_is_kept_as_it_was_sent(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_status="completed", score={"raw": "66.66666666666666", "min": "", "max": "100"})
    attempt = school.attempt()
    assert attempt.score_raw == Decimal("66.66666666666666")
    assert (attempt.cmi_core_score_raw, attempt.score_pct) == (67, Decimal("66.67"))
    for sent, kept in (("80.", 80), (".5", Decimal("0.5")), ("100", 100)):
        assert scorm12.number_of(sent) == kept
    for nonsense in ("", ".", "-", "1e5", "NaN", "1,5", "9" * 80):
        assert scorm12.number_of(nonsense) is None
