"""What of a film or document counts, at the host: acknowledged is kept, forged is refused or waits for the clock."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from app.content import service
from app.core import clock
from app.core.errors import Forbidden, Invalid, NotFound
from app.db.models import ContentType, Enrollment, Launch, LessonCompletion, ScormCommit
from app.lrs import service as record_store
from tests.content.conftest import Play, Played, School, subject_of
from tests.content.test_media_importing import upload
from tests.factories.media import captions, media
from tests.factories.pdfs import pdf


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """`time(30)` lets thirty seconds pass by the server's clock."""
    passed = timedelta()
    real = clock.now

    def later(seconds: float) -> None:
        nonlocal passed
        passed += timedelta(seconds=seconds)

    monkeypatch.setattr(clock, "now", lambda: real() + passed)
    return later


Time = Callable[[float], None]


def say(played: Played, *, seq: int | None = None, leaving: bool = False, **model: Any) -> Any:
    played.seq = seq if seq is not None else played.seq + 1
    return played.send({"seq": played.seq, "leaving": leaving, "cmi": model})


def film(school: School, *, percent: int | None = None) -> None:
    upload(school, "film.mp4", media("film.mp4"), ("film.vtt", captions((1, 2, "Hi"))))
    school.lesson.required_percent = percent
    school.session.commit()


def seen(school: School) -> list[list[int]]:
    return school.attempt().cmi.get("seen", [])  # type: ignore[no-any-return]


def test_skipping_is_not_watching_and_ninety_percent_completes(
    school: School, play: Play, time: Time
) -> None:
    film(school)
    played = play()
    time(20)
    # To the last second by the slider.
    assert (
        say(played, seen=[[0, 1_000], [11_000, 12_000]], place=12_000, seconds=2).json()["complete"] is False
    )
    assert (
        say(played, seen=[[0, 6_000], [11_000, 12_000]], place=6_000, seconds=7).json()["complete"] is False
    )
    answer = say(played, seen=[[0, 10_000], [11_000, 12_000]], place=10_000, seconds=11, leaving=True).json()
    assert (answer["complete"], answer["lesson_status"]) == (True, "completed")
    school.session.expire_all()
    enrollment = school.session.get(Enrollment, school.enrollment.id)
    assert enrollment is not None
    assert enrollment.progress_pct == 100
    assert school.session.scalars(select(LessonCompletion)).one().source == "content"
    attempt = school.attempt()
    assert (attempt.total_seconds, attempt.location, attempt.score_pct) == (11, "10000", None)
    # Again at the beginning: nothing is taken back, and the student goes on where they were.
    again = play()
    assert again.boot()["cmi"]["place"] == 10_000
    assert say(again, seen=[[0, 500]], place=500).json()["complete"] is True


def test_the_rule_is_the_instructors_and_counts_from_the_next_report(
    school: School, play: Play, time: Time, signed_in: Callable[..., TestClient]
) -> None:
    film(school)
    played = play()
    time(20)
    assert say(played, seen=[[0, 6_000]]).json()["complete"] is False
    teacher = signed_in(school.instructor)
    url = f"/lessons/{school.lesson.id}"
    assert teacher.post(f"{url}/share", data={"required_percent": "0"}).status_code == 422
    assert teacher.post(f"{url}/share", data={"required_percent": "50"}).status_code == 303
    assert "50" in teacher.get(f"{url}/content").text
    assert "50% is watched" in teacher.get(url).text
    assert (
        signed_in(school.student).put(f"/api/v1{url}/share", json={"required_percent": 1}).status_code == 403
    )
    assert say(played, seen=[[0, 6_100]]).json()["complete"] is True
    with pytest.raises(Forbidden):
        service.require_share(school.session, subject_of(school.student), school.lesson.id, 1)
    school.lesson.content_type = "scorm"  # type: ignore[assignment]
    with pytest.raises(Invalid):
        service.require_share(school.session, subject_of(school.instructor), school.lesson.id, 1)


def test_reports_late_doubled_and_out_of_order_come_to_the_same(
    school: School, play: Play, time: Time
) -> None:
    film(school, percent=100)
    played = play()
    time(20)
    assert say(played, seq=3, seen=[[0, 2_000], [4_000, 5_000]], place=5_000).status_code == 200
    assert say(played, seq=1, seen=[[0, 1_000]], place=1_000).status_code == 200
    assert say(played, seq=3, seen=[[0, 2_000], [4_000, 5_000]], place=5_000).status_code == 200
    assert say(played, seq=2, seen=[[0, 2_500]], place=2_500).status_code == 200
    assert seen(school) == [[0, 2_500], [4_000, 5_000]]
    assert school.attempt().location == "5000"
    refused = say(played, seq=2, seen=[[0, 9_000]])
    assert (refused.status_code, refused.json()["slug"]) == (409, "sequence-conflict")
    assert len(school.session.scalars(select(ScormCommit)).all()) == 3


def test_nobody_watches_faster_than_the_clock(school: School, play: Play, time: Time) -> None:
    film(school)
    played = play()
    time(1)
    whole = {"seen": [[0, 12_000]], "place": 12_000, "seconds": 4_000}
    assert say(played, **whole).json()["complete"] is False
    (piece,) = seen(school)
    assert piece[0] == 0
    assert 4_000 <= piece[1] <= 5_000
    assert school.attempt().total_seconds <= 2
    time(10)
    assert say(played, **whole, speed=2).json()["complete"] is True
    assert school.attempt().total_seconds <= 12


def _total(pieces: list[list[int]]) -> int:
    return sum(end - start for start, end in pieces)


def test_opening_a_film_often_gains_nothing(school: School, play: Play, time: Time) -> None:
    film(school)
    begun = clock.now()

    def within_the_clock(answer: dict[str, Any]) -> bool:
        passed = (clock.now() - begun).total_seconds()
        assert answer["counted"] == seen(school)
        return (
            _total(answer["counted"]) <= 2_000 * passed + 2_000 and school.attempt().total_seconds <= passed
        )

    for start in range(0, 12_000, 2_000):
        assert within_the_clock(say(play(), seen=[[start, start + 2_000]], seconds=60).json())
    launches = [play() for _ in range(5)]
    time(1)
    # From the oldest on: each is taken as long as no newer one has saved.
    for played in launches:
        answer = say(played, seen=[[0, 12_000]], seconds=60).json()
        assert within_the_clock(answer)
    assert _total(answer["counted"]) >= 4_000, "a second at double speed, and two that a player may be ahead"
    # What was claimed and acknowledged counts with any later report, as soon as time has passed.
    time(10)
    last = say(launches[-1], seen=[[8_000, 12_000]], seconds=60).json()
    assert (last["complete"], last["counted"]) == (True, [[0, 12_000]])
    assert within_the_clock(last)


def test_one_piece_behind_the_end_keeps_nothing_from_being_saved(
    school: School, play: Play, time: Time
) -> None:
    film(school, percent=100)
    played = play()
    time(20)
    answer = say(played, seen=[[0, 3_000], [11_000, 15_000], [20_000, 40_000]]).json()
    assert (answer["result"], answer["counted"]) == (True, [[0, 3_000], [11_000, 12_000]])


def test_an_attempt_keeps_a_bounded_number_of_pieces(
    school: School, play: Play, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    film(school)
    time(20)
    monkeypatch.setattr("app.rules.media.MOST_SPANS", 3)
    played = play()
    assert say(played, seen=[[0, 10], [20, 30], [40, 50]]).status_code == 200
    for again in (played, play()):
        refused = say(again, seen=[[60, 70]])
        assert (refused.status_code, refused.json()["result"]) == (422, False)
    assert say(again, seen=[[5, 70]]).json()["counted"] == [[0, 70]]


@pytest.mark.parametrize(
    "model",
    [
        {"seen": [[-1_000, 4]]},
        {"seen": [[5, 4]]},
        {"seen": [[1, 2, 3]]},
        {"seen": [["a", "b"]]},
        {"seen": [[0, 10**400]]},
        {"seen": [[0, 1]] * 3_000},
        {"seen": "all"},
        {"seen": [], "speed": 16},
        {"seen": [], "place": "end"},
        {"seen": [], "seconds": -5},
        {"seen": [], "events": [{"n": 1, "name": "graduated", "at": 0}]},
        {"seen": [], "events": [{"n": 1, "name": "played", "at": "now"}]},
        {"seen": [], "events": [{"n": 1.5, "name": "played", "at": 0}]},
    ],
)
def test_a_forged_report_is_refused_and_changes_nothing(
    school: School, play: Play, time: Time, model: dict[str, Any]
) -> None:
    film(school)
    played = play()
    time(30)
    assert say(played, seen=[[0, 1_000]]).status_code == 200
    answer = say(played, **model)
    assert (answer.status_code, answer.json()["result"]) == (422, False), answer.text
    assert seen(school) == [[0, 1_000]]
    assert say(played, seen=[[0, 2_000]]).status_code == 200


def test_anothers_launch_one_that_is_over_and_a_preview_leave_no_trace(
    school: School, play: Play, time: Time, host: TestClient
) -> None:
    film(school)
    preview = play(preview=True)
    assert preview.boot()["preview"] is True
    assert say(preview, seen=[[0, 12_000]]).status_code == 200
    assert school.attempts() == []
    with pytest.raises(NotFound):
        service.launch(school.session, subject_of(school.stranger), school.settings, school.lesson.id)
    played = play()
    valid = {"seq": 1, "cmi": {"seen": [[0, 1_000]]}}
    anothers = host.post("/p/not-a-token/commit", json=valid, headers={"Origin": played.origin})
    assert anothers.status_code == 404
    time(3 * 3_600)
    refused = say(played, seen=[[0, 12_000]])
    assert (refused.status_code, refused.json()["result"]) == (401, False)
    assert "seen" not in school.attempt().cmi


def test_a_document_is_read_page_by_page(school: School, play: Play, time: Time) -> None:
    upload(school, "read.pdf", pdf(*"abcdef"), kind="document")
    school.session.commit()
    begun = clock.now()
    played = play()
    assert played.boot()["cmi"]["pages"] == 6
    assert say(played, pages=[7]).status_code == 422
    assert say(played, pages=[0]).status_code == 422
    # Six pages in no time: two, for a clock may be two seconds ahead.
    assert say(played, pages=[1, 2, 3, 4, 5, 6], place=6).json()["complete"] is False
    # Nor does opening it again bring pages; the answer says how many count.
    for _ in range(3):
        played = play()
        counted = say(played, pages=[5, 6], place=6).json()["counted"]
        assert counted == seen(school)
        assert _total(counted) <= 1_000 * (clock.now() - begun).total_seconds() + 2_000
    time(10)
    assert say(played, pages=[6], place=5, seconds=9).json()["complete"] is True
    assert school.attempt().location == "5"


def test_a_film_whose_name_has_accents_apart_from_their_letters_plays(
    school: School, play: Play, host: TestClient
) -> None:
    package = upload(school, "Hygie\u0300ne.mp4", media("film.mp4"))
    school.session.commit()
    path = package.manifest["items"][0]["path"]
    assert host.get(f"{play().base}/files/{path}").status_code == 200


@pytest.mark.parametrize("kind", ["video", "document"])
def test_a_lesson_that_has_nothing_in_it_is_not_done(
    school: School, signed_in: Callable[..., TestClient], kind: str
) -> None:
    school.lesson.content_type = ContentType(kind)
    school.session.commit()
    student = signed_in(school.student)
    place = f"/api/v1/enrollments/{school.enrollment.id}/lessons/{school.lesson.id}/completion"
    answers = (
        student.put(place, json={}),
        student.post(f"/learn/materials/{school.lesson.id}", data={"button": ""}),
    )
    for answer in answers:
        assert answer.status_code == 409
        assert "still preparing this lesson" in answer.text
    assert school.session.scalars(select(LessonCompletion)).all() == []


def test_a_student_does_not_mark_what_is_counted(
    school: School, play: Play, signed_in: Callable[..., TestClient]
) -> None:
    film(school)
    student = signed_in(school.student)
    assert f"/learn/lessons/{school.lesson.id}" in student.get("/learn").text
    place = f"/learn/materials/{school.lesson.id}"
    assert student.get(place).headers["location"] == f"/learn/lessons/{school.lesson.id}"
    answer = student.put(
        f"/api/v1/enrollments/{school.enrollment.id}/lessons/{school.lesson.id}/completion", json={}
    )
    assert answer.status_code == 409, answer.text
    assert school.session.scalars(select(LessonCompletion)).all() == []


def test_the_film_is_served_in_pieces_with_its_type_and_policy(
    school: School, play: Play, host: TestClient
) -> None:
    film(school)
    played = play()
    whole = media("film.mp4")
    part = host.get(f"{played.base}/files/film.mp4", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert part.headers["content-type"] == "video/mp4"
    assert "default-src 'self'" in part.headers["content-security-policy"]
    assert host.get(f"{played.base}/files/film.vtt").headers["content-type"].startswith("text/vtt")
    assert host.get(f"{played.base}/files/film.mp4", headers={"Range": "bytes=999999-"}).status_code == 416


def test_what_a_student_does_with_the_player_is_stated_once(school: School, play: Play, time: Time) -> None:
    film(school)
    played = play()
    time(20)
    at = round(clock.now().timestamp() * 1000)
    events = [
        {"n": 1, "name": "played", "at": at, "place": 0},
        {"n": 2, "name": "seeked", "at": at, "place": 9_000, "from": 3_000},
        {"n": 3, "name": "paused", "at": at + 10**9, "place": 12_000},
    ]
    assert say(played, seen=[[0, 3_000], [9_000, 12_000]], events=events).status_code == 200
    # The same events once more, because the answer was lost.
    assert say(played, seen=[[0, 12_000]], events=events, speed=1.5).json()["complete"] is True
    asked = school.session.scalars(
        text("SELECT args FROM procrastinate_jobs WHERE task_name = 'content.store_statements' ORDER BY id")
    ).all()
    every = [one for args in asked for one in args["statements"]]
    # The worker may take a job twice, and takes what was sent twice.
    assert [record_store.store_own(school.session, [one]) for one in every] == [1, 1, 1, 0, 0, 0, 1]
    said = [*every[:3], every[-1]]
    verbs = [one["verb"]["id"].rpartition("/")[2] for one in said]
    assert sorted(verbs) == ["completed", "paused", "played", "seeked"]
    by_verb = dict(zip(verbs, said, strict=True))
    extension = "https://w3id.org/xapi/video/extensions/"
    assert by_verb["seeked"]["result"]["extensions"] == {f"{extension}time-from": 3, f"{extension}time-to": 9}
    assert by_verb["completed"]["result"]["extensions"][f"{extension}played-segments"] == "0[.]12"
    launch = school.session.scalars(select(Launch)).one()
    for one in said:
        assert one["actor"]["account"]["name"] == str(school.student.id)
        assert one["context"]["contextActivities"]["category"] == [{"id": "https://w3id.org/xapi/video"}]
        assert one["context"]["extensions"][f"{extension}session-id"] == launch.id
    assert by_verb["paused"]["timestamp"] <= clock.now().isoformat(), "a clock that runs ahead is set right"
