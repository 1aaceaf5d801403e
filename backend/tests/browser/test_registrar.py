"""The registrar in a real Chromium: the queue, a class that graduates, and a student who receives their whole file."""

import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.core import clock
from app.core.permissions import Duty
from app.db.models import User, UserSession
from app.documents import service as documents
from tests.browser.conftest import Seen
from tests.browser.test_grades import SignIn
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser


def _proved(live_server: LiveServer) -> None:
    """Everybody who is signed in has just confirmed who they are."""
    with live_server.database.begin() as session:
        session.execute(update(UserSession).values(proved_at=clock.now()))


def _people(live_server: LiveServer) -> tuple[User, User, int]:
    with live_server.database.begin() as session:
        documents.ensure_keys(session, live_server.settings)
        school = School(session)
        registrar = school.with_duty(Duty.REGISTRAR, full_name="Rita Registrar")
        program = school.program(name="Dental Assistant", clock_hours=2)
        lesson = school.lesson(school.module(program))
        students = [school.student(full_name=name) for name in ("Ann Ready", "Bo Short")]
        seats = [school.enrollment(one, program, progress_pct=100) for one in students]
        for hours, seat in zip((2, 1), seats, strict=True):
            school.completion(seat, lesson)
            school.attendance(seat, minutes=hours * 60)
        today = clock.now().date()
        made = school.school_class(
            program,
            code="DA-G",
            students=seats,
            starts_on=today - timedelta(days=90),
            ends_on=today + timedelta(days=30),
        )
        return registrar, students[0], made.id


def test_a_class_graduates_and_a_student_receives_their_file(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn, tmp_path: Path
) -> None:
    registrar, student, class_id = _people(live_server)
    signed_in_as(registrar)
    page.goto("/queue")
    expect(page.get_by_role("link", name="Ann Ready")).to_be_visible()
    seen("queue")
    page.goto(f"/classes/{class_id}/graduation")
    expect(page.get_by_role("checkbox", name="Ann Ready")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Bo Short")).to_have_count(0)
    seen("graduation-preview")
    page.get_by_role("button", name="Graduate the chosen students").click()
    expect(page.get_by_text("1 of 1 graduated")).to_be_visible()
    seen("graduation-results")
    page.get_by_role("link", name="Checklist of Bo Short").click()
    expect(page.get_by_label("Reason for the exception")).to_be_visible()
    seen("graduation-checklist")

    signed_in_as(student)
    page.goto("/account/privacy")
    seen("records")
    page.get_by_label("Which records").fill("Everything that the school keeps about me")
    page.get_by_role("button", name="Request to see them").click()
    expect(page.get_by_text("Open", exact=True)).to_be_visible()

    signed_in_as(registrar)
    _proved(live_server)
    page.goto("/queue?kind=access_requests")
    page.get_by_role("link", name="Wants to see their records").click()
    page.get_by_label("Answer to the student").fill("Here is everything.")
    seen("access-request")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("link", name="Download the copy")).to_be_visible()
    page.goto(f"/people/{student.id}/privacy")
    seen("privacy-of-a-student")

    signed_in_as(student)
    page.goto("/account/privacy")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the copy").click()
    saved = tmp_path / "file.zip"
    download.value.save_as(saved)
    with zipfile.ZipFile(saved) as archive:
        assert {"index.pdf", "manifest.json", "manifest.json.sig"} <= set(archive.namelist())
        assert archive.testzip() is None
