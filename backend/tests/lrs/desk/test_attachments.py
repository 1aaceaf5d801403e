"""The attachments of a statement on its page, and their bytes as a file."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.files import open_store
from app.db.models import User
from app.lrs.engine.statements.storage import Attached
from app.settings import Settings
from tests.lrs.desk.conftest import Scene, agent_of, keep
from tests.lrs.examples import statement

SignedIn = Callable[[User], TestClient]
BYTES = b"<script>alert(1)</script>"


def _attachment(content: bytes, **changes: Any) -> dict[str, Any]:
    whole = {
        "usageType": "https://x.example/evidence",
        "display": {"en-US": "Ana’s “evidence”"},
        "contentType": "text/html",
        "length": len(content),
        "sha2": hashlib.sha256(content).hexdigest(),
    }
    return whole | changes


@pytest.fixture
def evidence(scene: Scene, session: Session, settings: Settings) -> dict[str, Any]:
    """A statement with a file that is kept here, and one that is kept elsewhere."""
    stored = open_store(settings).put(BYTES)
    elsewhere = _attachment(b"film", display={"en": "Film"}, fileUrl="https://files.example/film")
    stated = statement(actor=agent_of(scene.student), attachments=[_attachment(BYTES), elsewhere])
    sha2 = stated["attachments"][0]["sha2"]
    keep(session, stated, attached=[Attached(sha2, stored.sha256, stored.size, "text/html")])
    return stated


def _address(stated: dict[str, Any], number: int = 0) -> str:
    return f"/lrs/statements/{stated['id']}/attachments/{stated['attachments'][number]['sha2']}"


def test_the_page_names_the_files_and_links_to_those_kept_here(
    evidence: dict[str, Any], scene: Scene, signed_in: SignedIn
) -> None:
    page = signed_in(scene.admin).get(f"/lrs/statements/{evidence['id']}").text
    assert f'href="{_address(evidence)}"' in page
    assert "Ana’s “evidence”" in page
    assert "text/html, 25 Bytes" in page
    assert "Film" in page
    assert "kept elsewhere: https://files.example/film" in page
    assert _address(evidence, 1) not in page


def test_the_bytes_come_as_a_file_that_nothing_runs(
    evidence: dict[str, Any], scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    answer = signed_in(scene.admin).get(_address(evidence))
    assert answer.status_code == 200
    assert answer.content == BYTES
    assert answer.headers["content-type"] == "application/octet-stream"
    name = "Ana%E2%80%99s%20%E2%80%9Cevidence%E2%80%9D.html"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    row = session.execute(
        text("SELECT actor_id, target_id, details FROM audit_log WHERE action = 'attachment.downloaded'")
    ).one()
    assert row[:2] == (scene.admin.id, evidence["id"])
    assert row[2]["sha2"] == evidence["attachments"][0]["sha2"]


def test_what_is_not_kept_here_is_not_found(
    evidence: dict[str, Any], scene: Scene, signed_in: SignedIn, session: Session, settings: Settings
) -> None:
    other = statement()
    keep(session, other)
    staff = signed_in(scene.admin)
    sha2 = evidence["attachments"][0]["sha2"]
    for path in (
        _address(evidence, 1),
        f"/lrs/statements/{other['id']}/attachments/{sha2}",
        f"/lrs/statements/{evidence['id']}/attachments/{'0' * 64}",
        f"/lrs/statements/nothing/attachments/{sha2}",
    ):
        assert staff.get(path).status_code == 404, path
    assert signed_in(scene.student).get(_address(evidence)).status_code == 403
    open_store(settings).delete(hashlib.sha256(BYTES).hexdigest())
    assert staff.get(_address(evidence)).status_code == 404


def test_the_list_says_that_a_file_of_statements_carries_no_attachments(
    scene: Scene, signed_in: SignedIn
) -> None:
    page = signed_in(scene.admin).get("/lrs/statements").text
    assert "NDJSON does not include attachment files." in page
