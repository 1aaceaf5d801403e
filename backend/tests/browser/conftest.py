"""A real Chromium on a phone and on a desk, and what must hold of every page that is seen in it.

AADA_SCREENSHOTS=folder keeps a picture of every page that is seen.
"""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.core import clock, tokens
from app.db.models import User, UserSession
from tests.browser.axe import assert_accessible
from tests.conftest import LiveServer

VIEWS = {"phone": ((390, 844), "dark"), "desk": ((1280, 900), "light")}
Seen = Callable[[str], None]


@pytest.fixture(params=VIEWS)
def page(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page of one size and theme; at the end no script may have failed and nothing been blocked."""
    (width, height), theme = VIEWS[request.param]
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=request.param == "phone",
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    # Refusals, and the network that a test has cut, are in the console too.
    expected = ("status of 4", "ERR_INTERNET_DISCONNECTED")
    assert [text for text in complaints if not any(one in text for one in expected)] == []


@pytest.fixture
def seen(page: Page, request: pytest.FixtureRequest) -> Seen:
    """`seen("programs")`: the page as it stands is accessible and no wider than the window."""

    def check(name: str) -> None:
        folder = os.environ.get("AADA_SCREENSHOTS")
        if folder:
            size = request.node.callspec.params["page"]
            page.screenshot(path=Path(folder) / f"{name}-{size}.png", full_page=True)
        assert_accessible(page, where=name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name

    return check


@pytest.fixture
def signed_in_as(page: Page, live_server: LiveServer) -> Callable[[User], None]:
    """`signed_in_as(user)`: from now on the page is that person's."""
    return lambda user: _sign_in(page, live_server, user, proved=False)


@pytest.fixture
def proved(page: Page, live_server: LiveServer) -> Callable[[User], None]:
    """`proved(user)`: the same, of somebody who has just confirmed that it is them."""
    return lambda user: _sign_in(page, live_server, user, proved=True)


def _sign_in(page: Page, live_server: LiveServer, user: User, *, proved: bool) -> None:
    clear, hashed = tokens.new_token()
    now = clock.now()
    with live_server.database.begin() as session:
        session.add(
            UserSession(
                user_id=user.id,
                token_hash=hashed,
                expires_at=now + timedelta(days=1),
                proved_at=now if proved else None,
            )
        )
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "aada_session", "value": clear, "url": live_server.url}])
