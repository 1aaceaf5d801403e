"""The headers of every kind of answer: each page, redirect, file, refusal and API answer, of both hosts and the LRS."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Connection

from app.main import create_app
from app.settings import Settings
from tests.conftest import OneConnection
from tests.web.walk import Walk

APP, CONTENT = "https://lms.example.edu", "https://content.example.net"
KEPT = ("/school/logo", "/documents/authority/", "/kiosk/worker.js", "/static")
"""What is nobody's record, so that a browser may keep it."""
TEXTS = ("text/", "application/xhtml")


def _wrong(answer: Response) -> list[str]:
    """What is missing or weak in an answer of any kind."""
    headers = answer.headers
    policy = {
        part.split()[0]: part.split()[1:] for part in headers.get("content-security-policy", "").split(";")
    }
    kind = headers.get("content-type", "")
    checks = {
        "frame-ancestors": "frame-ancestors" in policy,
        "nosniff": headers.get("x-content-type-options") == "nosniff",
        "referrer": headers.get("referrer-policy") in ("no-referrer", "same-origin"),
        "request id": bool(headers.get("x-request-id")),
        "type": bool(kind) or not answer.content,
        "charset": not kind.startswith(TEXTS) or "charset=utf-8" in kind.lower(),
        "server": "server" not in headers and "x-powered-by" not in headers,
    }
    return [name for name, fine in checks.items() if not fine]


def _wrong_on_the_schools_host(answer: Response) -> list[str]:
    policy = answer.headers.get("content-security-policy", "")
    checks = {
        "scripts": "unsafe" not in policy
        and ("default-src 'self'" in policy or "default-src 'none'" in policy),
        "base": "base-uri 'none'" in policy,
        "frames": "frame-ancestors 'none'" in policy,
        "cross-origin": "access-control-allow-origin" not in answer.headers,
    }
    return [name for name, fine in checks.items() if not fine]


def test_every_page_file_and_refusal_has_its_headers(walk: Walk) -> None:
    wrong = {}
    for route in walk.routes:
        for who in ("nobody", "student", "administrator"):
            answer = walk.call(who, route, **({} if route.method == "GET" else walk.body(route)))
            found = [*_wrong(answer), *_wrong_on_the_schools_host(answer)]
            if "no-store" not in answer.headers.get("cache-control", "") and not route.path.startswith(KEPT):
                found.append("kept by the browser")
            if found:
                wrong[f"{route.method} {route.path} as {who}: {answer.status_code}"] = found
    assert not wrong


@pytest.fixture
def secure(settings: Settings, connection: Connection) -> Iterator[TestClient]:
    """The system as it is served by https."""
    https = settings.model_copy(update={"app_origin": APP, "content_origin": CONTENT})
    with TestClient(
        create_app(https, OneConnection(connection, https)),
        base_url=APP,
        follow_redirects=False,
        raise_server_exceptions=False,
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", f"{APP}/sign-in"),
        ("GET", f"{APP}/"),
        ("GET", f"{APP}/nowhere"),
        ("POST", f"{APP}/sign-in"),
        ("PUT", f"{APP}/sign-in"),
        ("GET", f"{APP}/static/app.css"),
        ("GET", f"{APP}/static/none.css"),
        ("GET", f"{APP}/healthz"),
        ("GET", f"{APP}/api/v1/openapi.json"),
        ("GET", f"{APP}/api/v1/people"),
        ("GET", f"{APP}/xapi/about"),
        ("GET", f"{APP}/xapi/statements"),
        ("GET", f"{APP}/xapi/nowhere"),
        ("OPTIONS", f"{APP}/xapi/statements"),
        ("GET", f"{CONTENT}/sign-in"),
        ("POST", f"{CONTENT}/sign-in"),
        ("GET", f"{CONTENT}/p/x/player"),
        ("GET", f"{CONTENT}/p/x/files/index.html"),
        ("POST", f"{CONTENT}/p/x/commit"),
        ("GET", f"{CONTENT}/healthz"),
        ("GET", f"{CONTENT}/xapi/about"),
    ],
)
def test_every_kind_of_answer_asks_for_https(secure: TestClient, method: str, address: str) -> None:
    answer = secure.request(method, address)
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert not _wrong(answer)
    if address.startswith(f"{APP}/xapi"):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_every_cookie_is_bound_to_the_host_and_out_of_reach(walk: Walk, settings: Settings) -> None:
    """Whatever sets a cookie, over https its name has the prefix that makes browsers hold it to its host."""
    https = walk.app.state.settings = settings.model_copy(
        update={"app_origin": APP, "content_origin": CONTENT}
    )
    assert https.secure_cookies
    seen = set()
    for route in walk.routes:
        for who in ("nobody", "administrator"):
            answer = walk.call(who, route, **({} if route.method == "GET" else walk.body(route)))
            for cookie in answer.headers.get_list("set-cookie"):
                seen.add(cookie.partition("=")[0])
                assert cookie.startswith("__Host-"), (route, cookie)
                for word in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite="):
                    assert word.lower() in cookie.lower(), (route, cookie)
    assert seen
