"""A hand-in that names no length and does not end is cut off at the limit, and leaves nothing."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.core.files import open_store
from app.db.models import HandIn, User
from app.settings import Settings
from tests.content.assignments.conftest import Set

LIMIT = 1024**2
PIECE = b"x" * 64 * 1024
HEAD = (
    b'--b\r\nContent-Disposition: form-data; name="files"; filename="film.mp4"\r\n'
    b"Content-Type: video/mp4\r\n\r\n"
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_hand_in_bytes": LIMIT})


def test_it_is_refused_while_it_comes(
    given: Set, signed_in: Callable[[User], TestClient], settings: Settings
) -> None:
    client = signed_in(given.student())
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield HEAD
        while sent < 64 * LIMIT:  # what three gigabytes would go on with
            sent += len(PIECE)
            yield PIECE

    answer = client.post(
        f"/learn/assignments/{given.lesson.id}",
        content=body(),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413
    assert sent < 4 * LIMIT
    assert given.session.scalar(select(func.count()).select_from(HandIn)) == 0
    scratch = open_store(settings).scratch
    assert list(scratch.glob("*")) == [] if scratch.is_dir() else True
