"""The school's pages in a real Chromium, on a phone and a desk: accessible, and no wider than the window.

AADA_SCREENSHOTS=folder keeps a picture of every page that is seen.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.core import clock, tokens
from app.core.permissions import SYSTEM
from app.db.models import UserSession
from app.demo.institution import write_institution
from app.school import service as school
from tests.browser.axe import assert_accessible
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser

PAGES = {
    "facts": "/school",
    "facts-form": "/school/edit",
    "signatory": "/school/signatories/new",
    "calendar": "/school/calendar",
    "term": "/school/terms/new",
    "policies": "/school/policies",
    "policy": "/school/policies/attendance/new",
}


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1280, "light")])
def test_every_page_is_accessible_and_fits(
    browser: Browser, live_server: LiveServer, width: int, theme: str
) -> None:
    clear, hashed = tokens.new_token()
    with live_server.database.begin() as session:
        admin = School(session).admin(full_name="Ada Office")
        expires = clock.now() + timedelta(days=1)
        session.add(UserSession(user_id=admin.id, token_hash=hashed, expires_at=expires))
        write_institution(session, live_server.settings, clock.now())
        tomorrow = clock.today(school.facts(session).zone) + timedelta(days=1)
        school.policies.add(
            session,
            SYSTEM,
            school.PolicyKind.PASSWORD,
            effective_from=tomorrow,
            values={"minimum_characters": 16},
            approved_by="Board of Directors",
            note="After the audit.",
            today=tomorrow,
        )
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 844},
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.add_cookies([{"name": "aada_session", "value": clear, "url": live_server.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for name, path in PAGES.items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        if name == "policies":
            for summary in page.locator("details.policy-history > summary").all():
                summary.click()
        folder = os.environ.get("AADA_SCREENSHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"school-{name}-{width}.png", full_page=True)
        assert_accessible(page, where=f"{name} at {width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    context.close()
    assert complaints == []
