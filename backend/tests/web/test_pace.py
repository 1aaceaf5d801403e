"""Searches, downloads and public pages: so many for a person, so many for an address, and a sentence beyond."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.core import clock, limits
from app.core.limits import Claim
from app.core.permissions import Role
from app.db.models import LimitCounter, User
from app.settings import Settings, SettingsError, load_settings
from app.web import pace
from app.web.pace import EXPORTS, LINKS, MAILS, PUBLIC, SEARCHES
from tests.factories.accounts import UserFactory
from tests.web.routes import every_route

SignedIn = Callable[[User], TestClient]
HERE = "testclient"


@pytest.fixture
def staff(session: Session) -> User:
    user: User = UserFactory(session=session, role=Role.ADMIN)
    session.commit()
    return user


def use_up(session: Session, claim: Claim, *, but: int = 0) -> None:
    for _ in range(claim[0].most - but):
        assert limits.take(session, [claim]) is None
    session.commit()


def assert_refused(answer: Any, sentence: str) -> None:
    assert answer.status_code == 429, answer.text[:300]
    assert int(answer.headers["retry-after"]) >= 1
    assert sentence in answer.text
    assert "Nothing was done. Wait" in answer.text


@pytest.mark.parametrize(
    ("kind", "path", "sentence"),
    [
        (SEARCHES, "/search?q=ana", "Too many searches."),
        (SEARCHES, "/people?q=ana", "Too many searches."),
        (SEARCHES, "/people?%71=ana", "Too many searches."),
        (SEARCHES, "/api/v1/users?q=ana", "Too many searches."),
        (EXPORTS, "/people?format=csv", "Too many downloads of lists."),
        (EXPORTS, "/people?q=ana&format=csv", "Too many downloads of lists."),
        (EXPORTS, "/lrs/statements.csv", "Too many downloads of lists."),
    ],
)
def test_a_person_over_the_pace_reads_how_long_to_wait_and_others_go_on(
    session: Session, staff: User, signed_in: SignedIn, kind: Any, path: str, sentence: str
) -> None:
    other: User = UserFactory(session=session, role=Role.ADMIN)
    with time_machine.travel(clock.now(), tick=False) as travel:
        use_up(session, (kind.person, str(staff.id)), but=1)
        browser, again = signed_in(staff), signed_in(staff)
        assert browser.get(path).status_code == 200
        refused = again.get(path)
        assert_refused(refused, sentence)
        assert signed_in(other).get(path).status_code == 200
        assert browser.get("/people").status_code == 200
        travel.shift(int(refused.headers["retry-after"]))
        assert browser.get(path).status_code == 200


@pytest.mark.parametrize(
    ("kind", "path", "sentence"),
    [
        (SEARCHES, "/search?q=ana", "Too many searches from your network."),
        (EXPORTS, "/people?format=csv", "Too many downloads from your network."),
        (PUBLIC, "/forgot", "Too many requests from your network."),
        (PUBLIC, "/sign-in", "Too many requests from your network."),
        (PUBLIC, "/documents/authority/root.pem", "Too many requests from your network."),
        (LINKS, "/set-password/nonsense", "Too many links opened from your network."),
    ],
)
def test_an_address_over_the_pace_waits_and_another_does_not(
    app: FastAPI, settings: Settings, session: Session, staff: User, signed_in: SignedIn,
    kind: Any, path: str, sentence: str,
) -> None:  # fmt: skip
    limits_of_here = kind.address
    # As if everybody else there had used it up: as many as there are would take long.
    key = limits._key((limits_of_here, HERE))
    session.add(LimitCounter(key=key, full_at=clock.now() + 2 * limits_of_here.per))
    session.commit()
    browser = signed_in(staff) if kind.person else TestClient(app, base_url=settings.app_origin)
    assert_refused(browser.get(path), sentence)
    elsewhere = TestClient(app, base_url=settings.app_origin, client=("203.0.113.7", 4000))
    if kind.person is None:
        assert elsewhere.get(path).status_code != 429


@pytest.mark.parametrize(
    ("kind", "path", "data"),
    [
        (MAILS, "/forgot", {"email": "a@example.org"}),
        (MAILS, "/api/v1/password-resets", {"email": "a@example.org"}),
        (LINKS, "/set-password/nonsense", {"password": "mulberry lantern gravel"}),
        (LINKS, "/api/v1/passwords", {"secret": "x", "password": "mulberry lantern gravel"}),
        (PUBLIC, "/sign-in/passkey/options", {}),
    ],
)
def test_what_writes_for_nobody_known_has_a_pace(
    client: TestClient, session: Session, kind: Any, path: str, data: dict[str, str]
) -> None:
    session.add(
        LimitCounter(key=limits._key((kind.address, HERE)), full_at=clock.now() + 2 * kind.address.per)
    )
    session.commit()
    how = {"json": data} if path.startswith("/api/") else {"data": data}
    assert_refused(client.post(path, **how), "from your network.")


def test_an_ordinary_page_counts_nothing(session: Session, staff: User, signed_in: SignedIn) -> None:
    browser = signed_in(staff)
    for path in ("/", "/people", "/people?page=1&sort=name", "/people?q=&format=html", "/account"):
        assert browser.get(path).status_code == 200
    assert session.scalar(select(func.count()).select_from(LimitCounter)) == 0


def test_nobody_is_counted_who_is_not_signed_in(client: TestClient, session: Session) -> None:
    assert client.get("/people?q=ana").status_code == 303
    assert client.get("/api/v1/users?format=csv").status_code == 401
    assert session.scalar(select(func.count()).select_from(LimitCounter)) == 0


def test_a_request_is_counted_before_it_takes_a_connection(app: FastAPI) -> None:
    """A request that counted in the middle would hold two: with all of them held by such, nobody would go on."""
    counted = [
        [getattr(part.call, "__name__", "") for part in route.dependants]
        for route in every_route(app)
        if any(getattr(part.call, "__name__", "") == "paced" for part in route.dependants)
    ]
    assert len(counted) >= 10
    for names in counted:
        assert "database_session" not in names[: names.index("paced")]


def test_the_pace_can_be_raised_for_tests_under_load(
    app: FastAPI, session: Session, staff: User, signed_in: SignedIn
) -> None:
    assert SEARCHES.person is not None
    app.state.settings = app.state.settings.model_copy(update={"pace_factor": 10})
    use_up(session, (SEARCHES.person, str(staff.id)), but=1)
    client = signed_in(staff)
    assert [client.get("/search?q=ana").status_code for _ in range(5)] == [200] * 5


# Behind a proxy


def test_a_forwarded_address_counts_from_a_trusted_proxy_alone(
    app: FastAPI, settings: Settings, session: Session
) -> None:
    behind = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1, 10.0.0.0/8")

    def counted(peer: str, forwarded: str) -> str:
        with TestClient(behind, base_url=settings.app_origin, client=(peer, 4000)) as client:
            client.get("/forgot", headers={"X-Forwarded-For": forwarded})
        keys = session.scalars(select(LimitCounter.key)).all()
        for address in ("203.0.113.1", "203.0.113.2", "192.0.2.9"):
            if limits._key((pace.PUBLIC.address, address)) in keys:
                limits.forget(session, [(pace.PUBLIC.address, address)])
                session.commit()
                return address
        return ""

    # The proxy has added the address it saw; whatever stands before it was claimed by the sender.
    assert counted("127.0.0.1", "203.0.113.1, 203.0.113.2") == "203.0.113.2"
    assert counted("127.0.0.1", "203.0.113.2, 10.1.2.3") == "203.0.113.2"
    # Nobody else's word counts.
    assert counted("192.0.2.9", "203.0.113.1") == "192.0.2.9"


def test_production_does_not_believe_everybody() -> None:
    https = {"app_origin": "https://lms.example.edu", "content_origin": "https://content.example.edu"}
    with pytest.raises(SettingsError, match="FORWARDED_ALLOW_IPS must name the proxies"):
        load_settings(
            _env_file=None, secret_key="a key for tests alone, of good length", environment="production",
            forwarded_allow_ips="*", **https,
        )  # fmt: skip
