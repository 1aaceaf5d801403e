"""The pages of the imports, through the program."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import User, XapiImport
from tests.lrs_desk.conftest import Scene

SignedIn = Callable[[User], TestClient]


def _ended(session: Session, **given: object) -> XapiImport:
    values: dict[str, object] = {
        "file_name": "old store.ndjson",
        "sha256": "0" * 64,
        "size_bytes": 100,
        "bytes_read": 100,
        "status": "done",
        "finished_at": clock.now(),
    }
    record = XapiImport(**(values | given))
    session.add(record)
    session.flush()
    return record


@pytest.mark.parametrize(
    ("given", "tone", "said"),
    [
        ({"stored": 2}, "good", "The whole file has been read."),
        ({"known": 2}, "good", "The whole file has been read."),
        ({"stored": 2, "refused": 19}, "warn", "19 of its entries could not be taken."),
        ({"refused": 19}, "warn", "19 of its entries could not be taken."),
        ({}, "warn", "there is no statement in it."),
        ({"status": "failed", "error": "Line 7: It ends.", "stored": 3}, "bad", "Line 7: It ends."),
    ],
)
def test_the_page_says_how_it_ended_in_its_tone(
    given: dict[str, object], tone: str, said: str, scene: Scene, session: Session, signed_in: SignedIn
) -> None:
    page = signed_in(scene.admin).get(f"/records/imports/{_ended(session, **given).id}").text
    assert f'class="notice notice-{tone}"' in page
    assert said in page
    assert "every 2s" not in page


def test_a_file_for_import_needs_an_administrator_and_something_in_it(
    scene: Scene, signed_in: SignedIn
) -> None:
    some = {"statements": ("a.ndjson", b"{}", "application/json")}
    for user in (scene.student, scene.school.instructor()):
        assert signed_in(user).post("/records/imports", files=some).status_code == 403
    admin = signed_in(scene.admin)
    nothing = {"statements": ("a.ndjson", b"", "application/json")}
    assert admin.post("/records/imports", files=nothing).status_code == 422
    assert admin.post("/records/imports", data={"statements": "text"}).status_code == 422
    sent = admin.post("/records/imports", files=some)
    assert sent.status_code == 303
    assert "waits for its turn" in admin.get(sent.headers["location"]).text
