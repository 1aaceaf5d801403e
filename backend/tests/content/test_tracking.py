"""What a course reports, and what is on record afterwards."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from app.content import queries as package_queries
from app.content import service
from app.content.launches import sessions
from app.content.postgres_text import restored, restored_json, storable, storable_json
from app.content.runtimes.scorm12.start import name_for_course
from app.content.schemas import CommitIn
from app.core import clock
from app.core.errors import NotFound
from app.db.models import (
    ContentPackage,
    Enrollment,
    EnrollmentStatus,
    Launch,
    LessonCompletion,
    ScormCommit,
    ScormData,
)
from app.db.session import Database
from app.settings import Settings
from tests.content.conftest import Played, School, make_school, subject_of
from tests.factories.packages import Sco, course
from tests.factories.school import School as Rows

Play = Callable[..., Played]


def score(raw: object, low: object = "", high: object = "100") -> dict[str, object]:
    return {"raw": raw, "min": low, "max": high}


def completions(school: School) -> list[LessonCompletion]:
    return list(school.session.scalars(select(LessonCompletion)))


def test_the_journey_leaves_status_score_state_and_time(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        first = play()
        assert first.boot()["cmi"]["core"]["entry"] == "ab-initio"
        time.shift(300)
        first.commit(
            lesson_status="incomplete",
            lesson_location="page-3",
            suspend_data="abc",
            session_time="0000:04:00.00",
            score=score("40", "0"),
        )
        first.commit(
            finish=True,
            lesson_status="incomplete",
            lesson_location="page-3",
            suspend_data="abc",
            session_time="0000:05:00.00",
            exit="suspend",
            score=score("40", "0"),
        )
        attempt = school.attempt()
        assert (attempt.cmi_core_lesson_status, attempt.location) == ("incomplete", "page-3")
        assert (attempt.cmi_suspend_data, attempt.total_seconds, attempt.finished_at) == ("abc", 300, None)
        assert completions(school) == []

        time.shift(3600)
        second = play()
        core = second.boot()["cmi"]["core"]
        assert (core["entry"], core["lesson_location"]) == ("resume", "page-3")
        assert (core["total_time"], core["score"]["raw"]) == ("0000:05:00.00", "40")
        assert second.boot()["cmi"]["suspend_data"] == "abc"
        time.shift(60)
        answer = second.commit(
            finish=True,
            lesson_status="completed",
            lesson_location="end",
            session_time="0000:01:00.00",
            score=score("90", "0"),
        )
    assert answer["complete"] is True
    attempt = school.attempt()
    assert (attempt.attempt_no, attempt.cmi_core_lesson_status) == (1, "completed")
    assert (attempt.cmi_core_score_raw, attempt.cmi_core_score_max) == (90, 100)
    assert (attempt.score_pct, attempt.total_seconds) == (Decimal("90.00"), 360)
    assert attempt.finished_at is not None
    (done,) = completions(school)
    assert (done.lesson_id, done.source, done.score_pct) == (school.lesson.id, "content", Decimal(90))


def test_after_a_finished_attempt_a_new_one_begins_and_the_result_stays(school: School, play: Play) -> None:
    play().commit(finish=True, lesson_status="passed", score=score("80"))
    again = play()
    assert again.launch.attempt_no == 2
    assert again.boot()["cmi"]["core"]["entry"] == "ab-initio"
    assert again.boot()["cmi"]["core"]["score"] == {}
    again.commit(finish=True, lesson_status="failed", score=score("10"))
    result = service.lesson_result(school.session, subject_of(school.student), school.lesson.id)
    assert (result.complete, result.score_pct, result.parts[0].attempts) == (True, 80, 2)


def test_a_session_that_was_broken_off_goes_on_where_it_was(school: School, play: Play) -> None:
    play().commit(leaving=True, lesson_status="incomplete", lesson_location="p2", suspend_data="x")
    again = play()
    assert again.launch.attempt_no == 1
    core = again.boot()["cmi"]["core"]
    assert (core["entry"], core["lesson_location"], core["lesson_status"]) == ("resume", "p2", "incomplete")


def test_a_status_never_gets_worse(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_status="passed", score=score("90"))
    played.commit(lesson_status="incomplete", score=score("10"))
    attempt = school.attempt()
    assert (attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == ("passed", 90)
    logged = school.session.scalars(select(ScormCommit).order_by(ScormCommit.seq)).all()
    assert [row.payload["core"]["lesson_status"] for row in logged] == ["passed", "incomplete"]


def test_a_course_that_never_sets_a_status_is_completed_at_the_end(school: School, play: Play) -> None:
    answer = play().commit(finish=True, lesson_status="not attempted")
    assert (answer["lesson_status"], answer["complete"]) == ("completed", True)


def test_a_score_that_comes_after_completed_counts(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_status="completed")
    played.commit(lesson_status="completed", score=score("75"))
    (done,) = completions(school)
    school.session.refresh(done)
    assert done.score_pct == Decimal(75)


def test_the_mastery_score_of_the_manifest_decides(school: School, play: Play) -> None:
    school.upload(course(Sco("a", "A", extra="<adlcp:masteryscore>80</adlcp:masteryscore>")))
    played = play()
    assert played.boot()["cmi"]["student_data"]["mastery_score"] == "80"
    answer = played.commit(finish=True, lesson_status="completed", score=score("79"))
    assert (answer["lesson_status"], answer["complete"]) == ("failed", False)
    answer = play().commit(finish=True, lesson_status="completed", score=score("80"))
    assert (answer["lesson_status"], answer["complete"]) == ("passed", True)


def test_the_lesson_may_ask_for_a_score(school: School, play: Play) -> None:
    school.lesson.passing_score_pct = 70
    school.session.flush()
    assert play().commit(finish=True, lesson_status="completed", score=score("60"))["complete"] is False
    assert play().commit(finish=True, lesson_status="completed", score=score("70"))["complete"] is True


def test_all_parts_of_a_lesson_must_be_done(school: School, play: Play) -> None:
    school.upload(course(Sco("a", "One"), Sco("b", "Two"), Sco("c", "Three")))
    assert play().launch.sco_id == "a"
    assert play("a").commit(finish=True, lesson_status="completed")["complete"] is False
    assert play("c").commit(finish=True, lesson_status="passed")["complete"] is False
    assert play().launch.sco_id == "b", "the first part that is not done"
    assert play("b").commit(finish=True, lesson_status="completed")["complete"] is True


def test_no_more_time_is_credited_than_passed_by_the_clock(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        played = play()
        time.shift(60)
        played.commit(session_time="0100:00:00.00")
        assert school.attempt().total_seconds == 60
        time.shift(60)
        played.commit(session_time="0000:01:30.00")
        assert school.attempt().total_seconds == 90
        played.commit(session_time="0000:00:10.00")
        assert school.attempt().total_seconds == 90, "credited time is not taken back"


def test_the_same_commit_again_changes_nothing(school: School, play: Play) -> None:
    played = play()
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        body = {
            "seq": 1,
            "finish": True,
            "cmi": played.cmi(lesson_status="completed", session_time="00:02:00"),
        }
        answers = [played.send(body).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert school.attempt().total_seconds == 120
    assert school.session.scalar(select(func.count()).select_from(ScormCommit)) == 1
    assert len(completions(school)) == 1


def test_a_commit_that_comes_late_does_not_overwrite_newer_state(school: School, play: Play) -> None:
    played = play()
    played.commit(seq=5, lesson_status="incomplete", lesson_location="p5", suspend_data="five")
    played.commit(
        seq=3, lesson_status="passed", lesson_location="p3", suspend_data="three", score=score("88")
    )
    attempt = school.attempt()
    assert (attempt.location, attempt.cmi_suspend_data) == ("p5", "five")
    assert (attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == ("passed", 88)
    assert played.boot()["lastSeq"] == 5


def test_a_second_window_takes_over_once_it_has_saved(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        first = play()
        first.commit(lesson_location="first-1")
        time.shift(5)
        second = play()
        first.commit(lesson_location="first-2")
        assert school.attempt().location == "first-2", "the old window still saves while the new one has not"
        second.commit(lesson_location="second-1")
        refused = first.send({"seq": 9, "cmi": first.cmi(lesson_location="first-3")})
    assert refused.status_code == 409
    assert "another window" in refused.json()["detail"]
    assert school.attempt().location == "second-1"


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


def test_a_preview_records_nothing(school: School, play: Play) -> None:
    played = play(preview=True)
    assert played.boot()["cmi"]["core"]["credit"] == "no-credit"
    played.commit(finish=True, lesson_status="completed", score=score("100"))
    assert school.attempts() == []
    assert completions(school) == []
    assert school.session.scalar(select(func.count()).select_from(ScormCommit)) == 0


def test_after_the_program_a_lesson_is_reviewed_and_nothing_recorded(school: School, play: Play) -> None:
    play().commit(
        finish=True,
        exit="suspend",
        lesson_status="completed",
        score=score("80"),
        lesson_location="p4",
        suspend_data="answers",
    )
    school.enrollment.status = EnrollmentStatus.COMPLETED
    school.session.flush()
    before = [(row.attempt_no, row.score_pct, row.total_seconds, row.updated_at) for row in school.attempts()]
    kept = len(school.session.scalars(select(ScormCommit)).all())
    done = completions(school)
    played = play()
    assert (played.launch.preview, played.launch.review, played.launch.attempt_no) == (True, True, 1)
    page = played.host.get(played.launch.player_url).text
    assert "Your program is completed: nothing more is recorded." in page
    cmi = played.boot()["cmi"]
    core = cmi["core"]
    assert (core["lesson_mode"], core["credit"], core["entry"]) == ("review", "no-credit", "resume")
    assert (core["lesson_status"], core["lesson_location"], cmi["suspend_data"]) == (
        "completed",
        "p4",
        "answers",
    )
    played.commit(finish=True, lesson_status="failed", score=score("100"), session_time="00:10:00")
    after = [(row.attempt_no, row.score_pct, row.total_seconds, row.updated_at) for row in school.attempts()]
    assert after == before
    assert len(school.session.scalars(select(ScormCommit)).all()) == kept
    assert completions(school) == done


def test_a_lesson_never_begun_is_reviewed_without_an_attempt(school: School, play: Play) -> None:
    school.enrollment.status = EnrollmentStatus.COMPLETED
    school.session.flush()
    played = play()
    core = played.boot()["cmi"]["core"]
    assert (core["lesson_mode"], core["entry"], core["lesson_status"]) == ("review", "ab-initio", "")
    played.commit(finish=True, lesson_status="completed")
    assert school.attempts() == []
    assert completions(school) == []


def test_a_session_ends_after_two_idle_hours_and_twelve_in_all(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        played = play()
        for _ in range(6):
            time.shift(timedelta(minutes=115).total_seconds())
            played.commit(lesson_location="on")
        assert played.host.get(played.launch.player_url).status_code == 200
        time.shift(timedelta(minutes=121).total_seconds())
        for url in (played.launch.player_url, f"{played.base}/files/pages/course.html"):
            page = played.host.get(url)
            assert page.status_code == 410
            assert "Nothing was lost" in page.text
            assert f"/learn/lessons/{school.lesson.id}" in page.text
        refused = played.send({"seq": 99, "cmi": {}})
        assert refused.status_code == 401
        assert refused.json()["slug"] == "unauthorized"

        longest = play()
        for _ in range(13):
            time.shift(3600)
            longest.send({"seq": 1, "cmi": {}})
        assert longest.host.get(longest.launch.player_url).status_code == 410


def test_a_session_ends_with_its_account_and_with_its_enrollment(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_location="kept")
    school.enrollment.status = EnrollmentStatus.WITHDRAWN
    school.session.commit()
    assert played.send({"seq": 9, "cmi": {"core": {"lesson_location": "after"}}}).status_code == 401
    assert school.attempt().location == "kept"

    school.enrollment.status = EnrollmentStatus.ACTIVE
    school.student.deleted_at = clock.now()
    school.session.commit()
    assert played.send({"seq": 9, "cmi": {"core": {"lesson_location": "after"}}}).status_code == 404
    assert played.host.get(played.launch.player_url).status_code == 410
    assert played.host.get(f"{played.base}/files/pages/course.html").status_code == 410


def test_a_lesson_opens_while_its_next_version_comes_in(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.upload()
        student, lesson_id = subject_of(school.student), school.lesson.id
    with live_database.begin() as importing, live_database.begin() as session:
        package_queries.lock_lesson(importing, lesson_id)
        session.execute(sql("SET lock_timeout = '1s'"))
        assert service.launch(session, student, live_settings, lesson_id).launch_id


def test_who_may_open_a_lesson(school: School, play: Play) -> None:
    school.upload()
    session, lesson_id = school.session, school.lesson.id
    for person in (school.stranger, school.instructor):
        with pytest.raises(NotFound):
            service.launch(session, subject_of(person), school.settings, lesson_id)
    with pytest.raises(NotFound):
        service.launch(session, subject_of(school.student), school.settings, 10**6)
    school.enrollment.status = EnrollmentStatus.COMPLETED
    session.flush()
    assert service.launch(session, subject_of(school.student), school.settings, lesson_id).review
    school.enrollment.status = EnrollmentStatus.WITHDRAWN
    session.flush()
    with pytest.raises(NotFound):
        service.launch(session, subject_of(school.student), school.settings, lesson_id)


def test_a_lesson_without_content_says_so(school: School) -> None:
    with pytest.raises(NotFound, match="no content yet"):
        school.launch()


def test_a_renewed_package_begins_again_and_keeps_the_old_work(school: School, play: Play) -> None:
    play().commit(lesson_status="incomplete", lesson_location="p4")
    school.upload(course(title="Second edition"))
    played = play()
    assert played.boot()["cmi"]["core"]["entry"] == "ab-initio"
    assert [attempt.location for attempt in school.attempts()] == ["p4", None]
    assert service.work_in_older_version(school.session, subject_of(school.student), school.lesson.id)


def test_attempts_are_read_by_their_student_and_by_staff(school: School, play: Play) -> None:
    play().commit(finish=True, lesson_status="passed", score=score("90"))
    enrolled = school.session.scalars(select(Enrollment).where(Enrollment.user_id == school.student.id)).one()
    Rows(school.session).school_class(teacher=school.instructor, students=[enrolled])
    for person in (school.student, school.instructor):
        (attempt,) = service.attempts_of(school.session, subject_of(person), school.student.id)
        assert (attempt.sco_title, attempt.lesson_status, attempt.source) == (
            "Hand washing",
            "passed",
            "reported by content",
        )
    with pytest.raises(NotFound):
        service.attempts_of(school.session, subject_of(school.stranger), school.student.id)


def test_names_are_given_the_way_courses_expect_them() -> None:
    assert name_for_course("Maria de la Cruz") == "Cruz, Maria de la"
    assert name_for_course("Cher") == "Cher"
    assert name_for_course("Lopez, Maria").count(",") == 1


def test_two_windows_at_once_agree(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.upload()
        student, lesson_id = subject_of(school.student), school.lesson.id
    tokens: list[str] = []
    errors: list[BaseException] = []

    def at_once(*acts: Callable[[Session], None]) -> None:
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[Session], None]) -> None:
            try:
                with live_database.begin() as session:
                    barrier.wait(10)
                    act(session)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    def open_it(session: Session) -> None:
        launch = service.launch(session, student, live_settings, lesson_id)
        tokens.append(launch.player_url.split("/")[-2])

    at_once(open_it, open_it, open_it, open_it)
    assert errors == []

    def save(token: str, seq: int) -> Callable[[Session], None]:
        sent = CommitIn(seq=seq, finish=True, cmi={"core": {"lesson_status": "completed", "exit": "suspend"}})
        return lambda session: void(service.commit(session, token, sent))

    # The same commit four times at once, while the lesson is being opened again.
    with live_database.begin() as session:
        newest = session.scalars(select(Launch.id).where(Launch.state == "open")).one()
        token = next(
            t
            for t in tokens
            if sessions.find_launch(session, t).id == newest  # type: ignore[union-attr]
        )
    at_once(save(token, 1), save(token, 1), save(token, 2), save(token, 1), open_it)
    assert errors == []
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(ScormData)) == 1
        assert session.scalar(select(func.count()).select_from(ScormCommit)) == 2
        assert session.scalar(select(func.count()).select_from(LessonCompletion)) == 1
        assert session.scalar(select(func.count()).select_from(ContentPackage)) == 1


def void(_: object) -> None:
    """Makes an expression an act."""


def test_a_commit_is_small_in_the_log_when_little_changed(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_location="p1", suspend_data="long" * 1000)
    played.commit(lesson_location="p2", suspend_data="long" * 1000)
    sizes = [len(json.dumps(row.payload)) for row in school.session.scalars(select(ScormCommit))]
    assert sizes[0] > 4000
    assert sizes[1] < 200
