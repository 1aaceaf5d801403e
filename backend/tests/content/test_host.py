"""Two hosts: the content host knows nobody and has nothing else; the school's host never serves a course."""

import io
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from app.content.byte_ranges import window_of
from app.content.launches import commits
from app.content.player import ASSETS
from app.db.models import EnrollmentStatus
from tests.content.conftest import Played, School
from tests.factories.packages import Sco, course

Play = Callable[..., Played]


def test_the_player_page_brings_the_state_and_loads_its_parts(play: Play) -> None:
    played = play()
    page = played.host.get(played.launch.player_url)
    assert page.status_code == 200
    assert played.boot()["address"].endswith("/files/pages/course.html")
    for name in ("scorm12.min.js", *ASSETS):
        part = played.host.get(f"{played.base}/vendor/{name}")
        assert part.status_code == 200, name
    assert played.host.get(f"{played.base}/vendor/player.py").status_code == 404
    assert played.host.get(f"{played.base}/vendor/..%2Fhost.py").status_code == 404


def test_nothing_in_the_state_can_end_the_script_element(school: School, play: Play) -> None:
    evil = "</script><script>alert(1)</script><!--"
    played = play()
    played.commit(suspend_data=evil, lesson_location=evil)
    text = played.host.get(played.launch.player_url).text
    assert evil not in text
    assert played.boot()["cmi"]["suspend_data"] == evil


def test_files_come_with_their_types(school: School, play: Play) -> None:
    names = {
        "a.js": "text/javascript",
        "a.wasm": "application/wasm",
        "a.woff2": "font/woff2",
        "a.svg": "image/svg+xml",
        "a.mp4": "video/mp4",
        "a.html": "text/html",
        "no-extension": "application/octet-stream",
        "leer zeichen ü#1.txt": "text/plain",
    }
    school.upload(course(files=dict.fromkeys(names, b"content")))
    played = play()
    for name, media_type in names.items():
        quoted = name.replace("#", "%23")
        answer = played.host.get(f"{played.base}/files/{quoted}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type), name
        assert answer.content == b"content"


def test_a_name_is_found_in_every_form_that_pages_write_it(school: School, play: Play) -> None:
    decomposed = "me\u0301dias/Za\u0308hne.png"
    school.upload(course(files={decomposed: b"teeth", "a//b.html": b"page"}))
    played = play()
    for name, content in (
        (decomposed, b"teeth"),
        ("m\u00e9dias/Z\u00e4hne.png", b"teeth"),
        ("m\u00e9dias//Z\u00e4hne.png", b"teeth"),
        ("/m\u00e9dias/Z\u00e4hne.png", b"teeth"),
        ("ME\u0301DIAS/za\u0308hne.PNG", b"teeth"),
        ("a/b.html", b"page"),
        ("a//b.html", b"page"),
        ("a/%2E/b.html", b"page"),
    ):
        answer = played.host.get(f"{played.base}/files/{name}")
        assert (answer.status_code, answer.content) == (200, content), name
    assert played.host.get(f"{played.base}/files/a/%2E%2E/a/b.html").status_code == 404


def test_a_name_is_found_in_another_case_but_never_by_its_last_part(play: Play) -> None:
    played = play()
    assert played.host.get(f"{played.base}/files/PAGES/Course.HTML").status_code == 200
    wrong = (
        "course.html",
        "other/course.html",
        "pages/course.htm",
        "",
        "pages/",
        "pages%2F..%2Fpages",
        "%00",
        "a%00b",
    )
    for path in wrong:
        assert played.host.get(f"{played.base}/files/{path}").status_code == 404, path


def test_videos_are_sent_in_pieces(school: School, play: Play) -> None:
    content = bytes(range(256)) * 4
    school.upload(course(files={"a.mp4": content, "empty.mp4": b""}))
    played = play()
    url = f"{played.base}/files/a.mp4"

    def get(asked: str, **headers: str) -> object:
        answer = played.host.get(url, headers={"Range": asked, **headers})
        return answer.status_code, answer.headers.get("content-range"), answer.content

    assert get("bytes=0-9") == (206, "bytes 0-9/1024", content[:10])
    assert get("bytes=1000-") == (206, "bytes 1000-1023/1024", content[1000:])
    assert get("bytes=-5") == (206, "bytes 1019-1023/1024", content[-5:])
    assert get("bytes=1024-") == (416, "bytes */1024", b"")
    assert get("bytes=0-1,5-6") == (200, None, content)
    etag = played.host.get(url).headers["etag"]
    assert get("bytes=0-9", **{"If-Range": etag}) == (206, "bytes 0-9/1024", content[:10])
    assert get("bytes=0-9", **{"If-Range": '"old"'}) == (200, None, content)
    assert played.host.get(url, headers={"If-None-Match": etag}).status_code == 304
    head = played.host.head(url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "1024", b"")
    assert played.host.get(f"{played.base}/files/empty.mp4").content == b""


@given(st.text(max_size=30) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), st.integers(0, 2000))
def test_no_range_asks_for_bytes_that_are_not_there(asked: str, size: int) -> None:
    window = window_of(asked, None, "hash", size)
    if window is not None:
        assert 0 <= window.start <= window.start + window.length <= size
        assert not window.partial or window.length > 0


def test_every_answer_carries_the_headers_that_fence_it_in(play: Play, school: School) -> None:
    played = play()
    app_origin = school.settings.app_origin
    for url in (
        played.launch.player_url,
        f"{played.base}/files/pages/course.html",
        f"{played.base}/files/missing",
        f"{played.base}/vendor/shell.js",
        school.settings.content_origin + "/p/wrong/player",
    ):
        headers = played.host.get(url).headers
        policy = headers["content-security-policy"]
        assert "connect-src 'self'" in policy
        assert "form-action 'self'" in policy
        assert f"frame-ancestors 'self' {app_origin}" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        kept = headers["cache-control"]
        assert kept == "no-store" if url == played.launch.player_url else kept.startswith("private")
        assert "set-cookie" not in headers


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "..", "é", "a" * 5000])
def test_a_token_that_was_never_given_out_opens_nothing(host: TestClient, token: str) -> None:
    for path in ("player", "files/index.html", "vendor/shell.js"):
        answer = host.get(f"/p/{token}/{path}")
        assert answer.status_code in (307, 404, 410), path
    posted = host.post(f"/p/{token}/commit", json={"seq": 1, "cmi": {}})
    assert posted.status_code in (403, 404)


def test_a_token_opens_one_package_only(school: School, play: Play) -> None:
    school.upload(course(files={"secret-1.txt": "one"}))
    first = play()
    school.upload(course(files={"secret-2.txt": "two"}))
    second = play(preview=True)  # the student stays on the version that was begun
    assert first.host.get(f"{first.base}/files/secret-1.txt").text == "one"
    assert first.host.get(f"{first.base}/files/secret-2.txt").status_code == 404
    assert second.host.get(f"{second.base}/files/secret-1.txt").status_code == 404


@pytest.mark.parametrize(
    "origin", [None, "null", "http://localhost:8000", "https://evil.example", "http://127.0.0.1:9999"]
)
def test_commits_from_anywhere_else_are_refused(school: School, play: Play, origin: str | None) -> None:
    played = play()
    headers = {} if origin is None else {"Origin": origin}
    answer = played.host.post(f"{played.base}/commit", json={"seq": 1, "cmi": {}}, headers=headers)
    assert answer.status_code == 403
    assert school.attempt().cmi == {}


def test_a_beacon_is_taken_as_plain_text(school: School, play: Play) -> None:
    played = play()
    answer = played.send(
        '{"seq": 1, "leaving": true, "cmi": {"core": {"lesson_location": "p2"}}}',
        **{"Content-Type": "text/plain;charset=UTF-8"},
    )
    assert answer.status_code == 200
    assert school.attempt().location == "p2"


def test_service_workers_are_not_installed(play: Play) -> None:
    played = play()
    url = f"{played.base}/files/shared/api.js"
    assert played.host.get(url).status_code == 200
    assert played.host.get(url, headers={"Service-Worker": "script"}).status_code == 403


def test_the_content_host_has_no_page_of_the_school(
    school: School, host: TestClient, signed_in: Callable[..., TestClient]
) -> None:
    school.upload()
    lesson = school.lesson.id
    cookies = {"Cookie": "aada_session=whatever; __Host-session=whatever"}
    for path in (
        "/",
        "/learn",
        f"/api/v1/lessons/{lesson}/result",
        "/static/app.css",
        f"/lessons/{lesson}/content",
    ):
        answer = host.get(path, headers=cookies)
        # The way to the right host, and nothing of what is there.
        assert answer.status_code in (307, 404), path
        assert answer.headers.get("location", school.settings.app_origin).startswith(
            school.settings.app_origin
        )
    assert host.post(f"/api/v1/lessons/{lesson}/launches", json={}).status_code == 404


def test_the_schools_host_serves_no_course(
    school: School, play: Play, signed_in: Callable[..., TestClient]
) -> None:
    played = play()
    client = signed_in(school.student)
    for suffix in ("player", "files/pages/course.html", "vendor/shell.js"):
        path = played.base.removeprefix(school.settings.content_origin) + "/" + suffix
        assert client.get(path).status_code == 404
    path = played.base.removeprefix(school.settings.content_origin) + "/commit"
    assert client.post(path, json={"seq": 1, "cmi": {}}).status_code == 404
    policy = client.get(f"/learn/lessons/{school.lesson.id}").headers["content-security-policy"]
    assert f"frame-src {school.settings.content_origin}" in policy
    assert "unsafe" not in policy


def test_the_pages_and_routes_of_a_lesson(school: School, signed_in: Callable[..., TestClient]) -> None:
    student, staff = signed_in(school.student), signed_in(school.instructor)
    lesson = school.lesson.id
    assert student.get(f"/learn/lessons/{lesson}").status_code == 404, "nothing to play yet"
    page = staff.get(f"/lessons/{lesson}/content")
    assert "no package yet" in page.text
    upload = f"/lessons/{lesson}/content"
    refused = staff.post(upload, files={"package": ("a.zip", b"text", "application/zip")})
    assert refused.status_code == 422
    assert "The file is not a zip." in refused.text
    empty = staff.post(upload, files={"package": ("", b"", "application/octet-stream")})
    assert empty.status_code == 422
    assert "This field is required." in empty.text
    assert staff.post(upload, data={"package": "text"}).status_code in (415, 422)
    assert student.post(upload, files={"package": ("a.zip", course(), "application/zip")}).status_code == 403
    taken = staff.post(upload, files={"package": ("golf <1>.zip", course(), "application/zip")})
    assert taken.status_code == 303
    page = staff.get(f"/lessons/{lesson}/content").text
    assert "golf &lt;1&gt;.zip" in page
    assert "Ina Structor" in page

    lesson_page = student.get(f"/learn/lessons/{lesson}")
    assert lesson_page.status_code == 200
    assert "sandbox=" in lesson_page.text
    assert staff.get(f"/lessons/{lesson}/preview").status_code == 200
    assert student.get(f"/lessons/{lesson}/preview").status_code == 403
    assert signed_in(school.stranger).get(f"/learn/lessons/{lesson}").status_code == 404

    opened = student.post(f"/api/v1/lessons/{lesson}/launches", json={})
    assert opened.status_code == 201
    assert opened.json()["player_url"].startswith(school.settings.content_origin + "/p/")
    assert student.post(f"/api/v1/lessons/{lesson}/launches", json={"sco_id": "none"}).status_code == 422
    assert student.post(f"/api/v1/lessons/{lesson}/launches", json={"preview": True}).status_code == 403
    result = student.get(f"/api/v1/lessons/{lesson}/result").json()
    assert (result["complete"], result["source"]) == (False, "reported by content")
    assert len(student.get(f"/api/v1/users/{school.student.id}/attempts").json()) == 1
    school.enrollment.status = EnrollmentStatus.COMPLETED
    school.session.commit()
    assert (
        "Your program is completed: nothing more is recorded." in student.get(f"/learn/lessons/{lesson}").text
    )
    school.enrollment.status = EnrollmentStatus.ACTIVE
    school.session.commit()
    assert signed_in(school.stranger).get(f"/api/v1/users/{school.student.id}/attempts").status_code == 404


def test_a_lesson_of_several_parts_has_a_menu(
    school: School, signed_in: Callable[..., TestClient], samples: Path
) -> None:
    school.upload((samples / "scorm12" / "golf-minimum-calls-multi-sco.zip").read_bytes())
    page = signed_in(school.student).get(f"/learn/lessons/{school.lesson.id}").text
    assert page.count("data-open=") == 9
    assert "Playing the Game" in page


def test_an_address_with_a_query_reaches_the_course(school: School, play: Play) -> None:
    school.upload(
        course(
            Sco("a", "A", href="pages/a%20b%23.html?x=ü&y=1#top", parameters="&quiz=Über 1"),
            files={"pages/a b#.html": "page"},
        )
    )
    played = play()
    address = played.boot()["address"]
    assert address == f"{played.base}/files/pages/a%20b%23.html?x=%C3%BC&y=1&quiz=%C3%9Cber%201#top"
    assert played.host.get(address).text == "page"


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("select 1", {}, io.UnsupportedOperation("gone")),
        psycopg.OperationalError("gone"),  # of a statement that goes to libpq past SQLAlchemy
    ],
)
def test_the_database_away_is_said_and_not_called_saved(
    school: School, play: Play, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    played = play()

    def down(*_: object) -> None:
        raise error

    monkeypatch.setattr(commits, "commit", down)
    answer = played.send({"seq": 1, "cmi": {}})
    assert answer.status_code == 503
    assert answer.json()["result"] is False
    monkeypatch.setattr("app.content.host.sessions.find_launch", down)
    page = played.host.get(f"{played.base}/player")
    assert page.status_code == 503
    assert "Nothing was lost; try again in a minute." in page.text
