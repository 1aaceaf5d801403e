"""Whatever is sent to accounts, the answer is a clear one and never a 500."""

import json
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.db.models import User

NASTY = [
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202eevil",
    "x" * 5000,
    "' OR 1=1 --",
    "<script>",
    [],
    {},
    [[[[]]]],
    {"name": None},
    "a@b.example",
    "student",
]
JSON_ROUTES = {
    ("POST", "/api/v1/session"): {
        "email": "a@b.example",
        "password": "x",
        "token": {"name": "x", "lifetime_days": 1},
    },
    ("PUT", "/api/v1/me/password"): {"current_password": "x", "new_password": "y"},
    ("POST", "/api/v1/password-resets"): {"email": "a@b.example"},
    ("POST", "/api/v1/passwords"): {"secret": "x", "password": "y"},
    ("POST", "/api/v1/tokens"): {"name": "x", "lifetime_days": 3},
    ("POST", "/api/v1/users"): {"email": "a@b.example", "full_name": "A B", "role": "student"},
    ("PATCH", "/api/v1/users/{own}"): {"email": "a@b.example", "full_name": "A B", "role": "admin"},
}
FORM_ROUTES = {
    "/sign-in": {"email": "a@b.example", "password": "x", "next": "/"},
    "/forgot": {"email": "a@b.example"},
    "/set-password/nonsense": {"password": "x"},
    "/account/password": {"current_password": "x", "new_password": "y"},
    "/account/tokens": {"name": "x", "lifetime_days": "3"},
    "/people/new": {"email": "a@b.example", "full_name": "A B", "role": "student"},
    "/people/{own}/edit": {"email": "a@b.example", "full_name": "A B", "role": "admin"},
}
NUMBERS = ["0", "-1", "1.5", "x", "%00", "2147483648", "9" * 40, "1e3", "null"]


@pytest.fixture
def office(admin: User, signed_in: Callable[[User], TestClient]) -> TestClient:
    return signed_in(admin)


@pytest.mark.parametrize("route", JSON_ROUTES, ids=" ".join)
def test_json_of_every_wrong_kind(office: TestClient, admin: User, route: tuple[str, str]) -> None:
    method, path = route
    good = JSON_ROUTES[route]
    bodies = [json.dumps(value).encode() for value in NASTY]
    bodies += [json.dumps(good | {field: value}).encode() for field in good for value in NASTY]
    bodies += [b"", b"{", b"\xff\xfe", b"[" * 20000, b'{"email": NaN}', b'{"a":1}' * 2]
    for body in bodies:
        answer = office.request(
            method,
            path.format(own=admin.id),
            content=body,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code < 500, body[:100]
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("path", FORM_ROUTES)
def test_forms_of_every_wrong_kind(office: TestClient, admin: User, path: str) -> None:
    good = FORM_ROUTES[path]
    values = [value for value in NASTY if isinstance(value, str) and "\ud800" not in value]
    forms = [good | {field: value} for field in good for value in values]
    forms += [{field: value for field, value in good.items() if field != left_out} for left_out in good]
    for form in forms:
        answer = office.post(path.format(own=admin.id), data=form or {"x": "y"})
        assert answer.status_code < 500, form
    for kind in ("application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x"):
        answer = office.post(
            path.format(own=admin.id), content=b"\xff\x00--x", headers={"content-type": kind}
        )
        assert 400 <= answer.status_code < 500
    field = next(iter(good))
    answer = office.post(path.format(own=admin.id), files={field: ("a.txt", b"a file")})
    assert answer.status_code < 500


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_that_no_record_has(office: TestClient, number: str) -> None:
    for method, path in (
        ("GET", f"/people/{number}/edit"),
        ("POST", f"/people/{number}/delete"),
        ("POST", f"/people/{number}/restore"),
        ("POST", f"/people/{number}/link"),
        ("POST", f"/account/sessions/{number}/revoke"),
        ("POST", f"/account/tokens/{number}/revoke"),
        ("GET", f"/api/v1/users/{number}"),
        ("DELETE", f"/api/v1/users/{number}"),
        ("DELETE", f"/api/v1/tokens/{number}"),
        ("DELETE", f"/api/v1/me/sessions/{number}"),
    ):
        assert office.request(method, path).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "per_page=9999",
        "sort=;drop",
        "role=x",
        "format=docx",
        "q=%00",
        "q=" + "x" * 300,
        "deleted=maybe",
    ],
)
def test_queries_that_make_no_sense(office: TestClient, query: str) -> None:
    problem = office.get(f"/api/v1/users?{query}")
    assert problem.status_code == 422
    assert problem.headers["content-type"] == "application/problem+json"
    assert office.get(f"/people?{query}").status_code in (200, 422)


def test_ten_megabytes_are_refused(office: TestClient) -> None:
    body = b'{"email": "' + b"x" * 10_000_000 + b'"}'
    answer = office.post("/api/v1/users", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
