"""Large bodies: taken where files are uploaded and from whom it is allowed, nowhere else and from nobody else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.types import Message

from app.db.models import User
from app.settings import Settings
from tests.factories.school import School


@pytest.fixture
def school(session: Any) -> School:
    return School(session)


async def _answered(app: FastAPI, path: str, cookies: str, chunk: bytes, chunks: int) -> tuple[int, int]:
    """POST a multipart body that comes in chunks; the status, and how many bytes were taken before it."""
    taken, status = 0, 0
    left = chunks

    async def receive() -> Message:
        nonlocal taken, left
        taken += len(chunk)
        left -= 1
        return {"type": "http.request", "body": chunk, "more_body": left > 0}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"localhost:8000"),
            (b"content-type", b"multipart/form-data; boundary=b"),
            (b"cookie", cookies.encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8000),
        "state": {},
    }
    await app(scope, receive, send)
    return status, taken


@pytest.mark.parametrize("path", ["/lessons/1/content", "/api/v1/lessons/1/packages"])
def test_nobody_and_no_student_gets_a_byte_in(
    app: FastAPI,
    client: TestClient,
    school: School,
    signed_in: Callable[[User], TestClient],
    path: str,
) -> None:
    assert client.portal is not None
    student = signed_in(school.student())
    cookie = f"aada_session={student.cookies['aada_session']}"
    begin = b'--b\r\nContent-Disposition: form-data; name="package"; filename="x.zip"\r\n\r\n'
    for cookies, status in (("", 401 if path.startswith("/api") else 303), (cookie, 403)):
        assert client.portal.call(_answered, app, path, cookies, begin, 100) == (status, 0)


def test_only_uploads_may_be_large(client: TestClient, settings: Settings) -> None:
    beyond = b"{" + b" " * settings.max_body_bytes
    for method, path in (
        ("PATCH", "/api/v1/lessons/1"),
        ("POST", "/api/v1/lessons"),
        ("POST", "/api/v1/lessons/1/launches"),
        ("POST", "/lessons/1/edit"),
        ("POST", "/lessons/1/2/content"),
    ):
        assert client.request(method, path, content=beyond).status_code == 413, path
    for path in ("/api/v1/lessons/1/packages", "/lessons/1/content"):
        assert client.post(path, content=beyond).status_code in (401, 303), path


def test_a_form_that_grows_too_large_is_no_fault_of_ours(client: TestClient, settings: Settings) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"email="
        yield b"x" * (settings.max_body_bytes // 2)
        yield b"x" * settings.max_body_bytes

    with structlog.testing.capture_logs() as logs:
        answer = client.post(
            "/forgot", content=chunks(), headers={"content-type": "application/x-www-form-urlencoded"}
        )
    assert answer.status_code == 413
    assert logs == []


def test_an_upload_without_a_file_is_a_sentence(
    school: School, signed_in: Callable[[User], TestClient]
) -> None:
    lesson = school.lesson(school.module(school.program()))
    answer = signed_in(school.instructor()).post(
        f"/api/v1/lessons/{lesson.id}/packages", data={"package": "x"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "package", "message": "Choose the file of the lesson."}]


def test_the_upload_is_described(client: TestClient) -> None:
    described = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/lessons/{lesson_id}/packages"][
        "post"
    ]
    schema = described["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["properties"]["package"]["format"] == "binary"
