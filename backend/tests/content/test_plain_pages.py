"""Plain web pages: taken in when the author says so, viewed when shown, done when somebody says so."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from app.content.packages.archive import Archive
from app.content.packages.recognition import read_package
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.enrollment import service as enrollment
from tests.content.conftest import Played, School, Stage, completions, subject_of
from tests.factories.packages import zipped
from tests.factories.xapi import xapi_course

PAGES = {
    "hands/index.html": "<!doctype html><title>Clean &amp; dry</title><h1>Hands</h1><a href='more.html'>More</a>",
    "hands/more.html": "<h1>More</h1>",
}


def upload(school: School, *, plain_pages: bool = True) -> None:
    from app.content import service

    service.import_package(
        school.session,
        subject_of(school.instructor),
        school.files,
        school.lesson.id,
        io.BytesIO(zipped(PAGES)),
        file_name="hands.zip",
        max_bytes=school.settings.max_upload_bytes,
        plain_pages=plain_pages,
    )


def test_pages_are_taken_in_only_when_the_author_says_so(
    school: School, signed_in: Callable[..., TestClient]
) -> None:
    address = f"/lessons/{school.lesson.id}/content"
    staff, files = signed_in(school.instructor), {"package": ("a.zip", zipped(PAGES), "application/zip")}
    refused = staff.post(address, files=files)
    assert refused.status_code == 422
    assert "check “Plain web pages”" in refused.text
    assert staff.post(address, files=files, data={"plain_pages": "yes"}).status_code == 303
    assert "Clean &amp; dry" in staff.get(address).text
    nothing = {"package": ("a.zip", zipped({"a.txt": "b"}), "application/zip")}
    assert "no index.html" in staff.post(address, files=nothing, data={"plain_pages": "yes"}).text


def test_a_package_of_a_standard_stays_one(school: School) -> None:
    with io.BytesIO(xapi_course()) as file:
        assert read_package(Archive(file), plain_pages=True).manifest.standard == "xapi"
    for marker, said in (("h5p.json", "faults in the H5P content"), ("lesson.crs", "cannot be played yet")):
        with pytest.raises(Invalid, match=said):
            read_package(Archive(io.BytesIO(zipped({"index.html": "<p>", marker: "x"}))), plain_pages=True)


@pytest.mark.parametrize("newer_reports", [True, False])
def test_who_marks_is_asked_of_the_version_that_the_student_is_on(
    school: School, host: TestClient, newer_reports: bool
) -> None:
    def take_in(reports: bool) -> None:
        if reports:
            school.upload()
        else:
            upload(school)

    def mark() -> None:
        enrollment.mark_lesson(
            school.session,
            subject_of(school.student),
            enrollment_id=school.enrollment.id,
            lesson_id=school.lesson.id,
            at=clock.now(),
        )

    take_in(not newer_reports)
    played = Played(host, school.launch(), school.settings.content_origin)
    school.session.commit()
    begun = {"seconds": 1, "shown": True} if newer_reports else {"core": {"lesson_status": "incomplete"}}
    assert played.send({"seq": 1, "cmi": begun}).status_code == 200
    take_in(newer_reports)
    school.session.commit()
    if newer_reports:
        mark()
        assert [one.source for one in completions(school)] == ["student"]
    else:
        with pytest.raises(Conflict, match="automatically"):
            mark()


def test_shown_is_viewed_and_not_done_until_somebody_says_so(
    school: School, host: TestClient, signed_in: Callable[..., TestClient]
) -> None:
    upload(school)
    played = Played(host, school.launch(), school.settings.content_origin)
    school.session.commit()
    assert played.boot()["address"].endswith("/files/index.html")
    with pytest.MonkeyPatch.context() as patch:
        later = clock.now() + timedelta(minutes=3)
        patch.setattr(clock, "now", lambda: later)
        answer = played.send({"seq": 1, "cmi": {"seconds": 100, "shown": True}}).json()
    assert answer["lesson_status"] == "browsed"
    assert not answer["complete"]
    attempt = school.attempt()
    assert (attempt.cmi_core_lesson_status, attempt.total_seconds) == ("browsed", 100)
    for seconds in (-1, "x", True, None, 1e300):
        played.seq += 2
        assert played.send({"seq": played.seq, "cmi": {"seconds": seconds}}).status_code == 200
    assert completions(school) == []

    student = signed_in(school.student)
    assert "Mark as done" in student.get(f"/learn/lessons/{school.lesson.id}").text
    marked = student.post(
        f"/learn/materials/{school.lesson.id}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        follow_redirects=True,
    )
    assert marked.status_code == 200
    assert "Mark as done" not in marked.text
    assert "Completed" in marked.text
    (done,) = completions(school)
    assert done.source == "student"


def test_a_course_that_reports_is_not_marked_by_its_student(school: School) -> None:
    school.upload()
    with pytest.raises(Conflict, match="marked as done automatically"):
        enrollment.mark_lesson(
            school.session,
            subject_of(school.student),
            enrollment_id=school.enrollment.id,
            lesson_id=school.lesson.id,
            at=clock.now(),
        )


@pytest.mark.browser
def test_pages_play_on_a_phone_and_are_marked(stage: Stage) -> None:
    with stage.server.database.begin() as session:
        upload(stage._school(session))
    page = stage.page()
    lesson = stage.open(page)
    lesson.get_by_role("link", name="More").click()
    expect(lesson.get_by_role("heading", name="More")).to_be_visible()
    stage.wait_for(lambda found: found[0].cmi_core_lesson_status == "browsed", page)
    page.get_by_role("button", name="Mark as done").click()
    expect(page.locator("#lesson-status")).to_have_text("Completed")
    assert len(stage.completions()) == 1
