"""The time of every lesson session reaches the history and the LRS, once, however the session ended."""

from collections.abc import Callable
from datetime import timedelta

import time_machine
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.content.launches import queries
from app.content.launches.sessions import IDLE
from app.content.launches.unreported_ends import record_ended, record_left
from app.core import clock
from app.db.models import Launch
from app.db.session import Database
from app.settings import Settings
from tests.content.conftest import Played, School, make_school
from tests.projecting import project

Play = Callable[..., Played]


def durations(session: Session) -> list[tuple[str, str]]:
    """Verb and duration of the statements that have one."""
    project(session)
    session.commit()
    rows = session.execute(
        text("SELECT verb, result ->> 'duration' FROM xapi_statements WHERE result ? 'duration' ORDER BY id")
    )
    return [(verb.rpartition("/")[2], duration) for verb, duration in rows]


def test_a_finish_that_is_said_again_counts_once(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        played = play()
        time.shift(60)
        for seconds in ("05", "06", "07"):
            played.commit(finish=True, session_time=f"0000:00:{seconds}.00", exit="suspend")
    assert durations(school.session) == [("suspended", "PT5S")]


def test_a_closed_tab_is_recorded_when_the_lesson_is_opened_again(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        first = play()
        time.shift(60)
        first.commit(leaving=True, session_time="0000:00:10.00")
        assert durations(school.session) == []
        second = play()
        assert durations(school.session) == [("suspended", "PT10S")]
        time.shift(60)
        first.commit(finish=True, session_time="0000:00:10.00")
        second.commit(finish=True, session_time="0000:00:20.00")
    assert durations(school.session) == [("suspended", "PT10S"), ("terminated", "PT20S")]


def test_a_session_that_ran_out_ended_at_the_moment_it_last_spoke(school: School, play: Play) -> None:
    session = school.session
    with time_machine.travel(clock.now(), tick=False) as time:
        played = play()
        time.shift(600)
        spoke = clock.now()
        played.commit(session_time="0000:07:00.00")
        play_preview = play(preview=True)
        play_preview.commit(session_time="0000:07:00.00")
        time.shift(IDLE - timedelta(seconds=1))
        assert queries.ended_unrecorded(session, clock.now() - IDLE, clock.now(), 10) == []
        time.shift(1)
        for _ in range(2):
            record_left(session, queries.ended_unrecorded(session, clock.now() - IDLE, clock.now(), 10))
    assert durations(session) == [("suspended", "PT7M")]
    stated_at = session.execute(text("SELECT timestamp FROM xapi_statements WHERE result ? 'duration'"))
    assert stated_at.scalar_one() == spoke


def test_the_job_records_each_session_once(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.upload()
        launch = session.get(Launch, school.launch().launch_id)
        assert launch is not None
        launch.session_seconds, launch.last_seen_at = 90, clock.now() - IDLE
    assert [record_ended(live_database), record_ended(live_database)] == [1, 0]
    with live_database.sessions() as session:
        assert durations(session) == [("suspended", "PT1M30S")]
