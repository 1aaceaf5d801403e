"""What a phone fetches: bytes and requests, which do not depend on how busy the machine is."""

import pytest
from playwright.sync_api import Browser

from app.core import clock, tokens
from app.db.models import User, UserSession
from benchmarks.first_visit import FIRST_BYTES, FIRST_REQUESTS, NEXT_BYTES, NEXT_REQUESTS, phone, visit
from tests.conftest import LiveServer

pytestmark = pytest.mark.browser


def test_a_students_first_page_is_light_on_the_first_visit_and_on_the_next(
    browser: Browser, live_server: LiveServer
) -> None:
    clear, hashed = tokens.new_token()
    with live_server.database.begin() as session:
        student = User(
            email="phone@school.example", hashed_password="!", full_name="Ana Phone", role="student"
        )
        session.add(student)
        session.flush()
        over = clock.now().replace(year=clock.now().year + 1, day=1)
        session.add(UserSession(user_id=student.id, token_hash=hashed, expires_at=over))
    context = phone(browser, live_server.url, clear)
    first, _ = visit(context, f"{live_server.url}/")
    again, _ = visit(context, f"{live_server.url}/")
    context.close()
    assert len(first.requests) <= FIRST_REQUESTS, first.requests
    assert first.bytes <= FIRST_BYTES, first.requests
    assert len(again.requests) <= NEXT_REQUESTS, again.requests
    assert again.bytes <= NEXT_BYTES, again.requests
