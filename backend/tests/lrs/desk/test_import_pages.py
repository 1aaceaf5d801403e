"""The pages of the imports, through the program."""

import csv
import io
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import AuditEntry, User, XapiImport
from app.lrs.desk.imports.ingest import NO_BYTES
from tests.lrs.desk.conftest import Scene

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
        ({"stored": 2, "refused": 19}, "warn", "19 of its entries could not be imported."),
        ({"refused": 19}, "warn", "19 of its entries could not be imported."),
        ({}, "warn", "it contains no statements."),
        ({"status": "failed", "error": "Line 7: It ends.", "stored": 3}, "bad", "Line 7: It ends."),
    ],
)
def test_the_page_says_how_it_ended_in_its_tone(
    given: dict[str, object], tone: str, said: str, scene: Scene, session: Session, signed_in: SignedIn
) -> None:
    page = signed_in(scene.admin).get(f"/lrs/imports/{_ended(session, **given).id}").text
    assert f'class="notice notice-{tone}"' in page
    assert said in page
    assert "every 2s" not in page


def test_the_list_is_paged_searched_sorted_and_a_file(
    scene: Scene, session: Session, signed_in: SignedIn
) -> None:
    for number in range(60):
        _ended(session, file_name=f"page {number:02}.ndjson", stored=number, created_by=scene.admin.id)
    _ended(session, file_name="=by hand.json", sha256="", status="failed", error="Line 2: It ends.")
    admin = signed_in(scene.admin)
    first = admin.get("/lrs/imports").text
    assert "61" in first
    assert "page 59.ndjson" in first
    assert "page 10.ndjson" not in first
    assert "page 10.ndjson" in admin.get("/lrs/imports?page=3").text
    assert "page 00.ndjson" in admin.get("/lrs/imports?sort=new").text
    found = admin.get("/lrs/imports?q=NDJSON+07").text
    assert "page 07.ndjson" in found
    assert "page 08.ndjson" not in found
    assert "Nothing matches" in admin.get("/lrs/imports?q=100%25").text
    assert admin.get("/lrs/imports?sort=sha256").status_code == 422
    file = admin.get("/lrs/imports?format=csv&sort=-sent").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert len(rows) == 61
    by_hand = next(row for row in rows if row["File"] == "'=by hand.json")
    assert (by_hand["Status"], by_hand["Reason"], by_hand["Sent by"]) == (
        "failed",
        "Line 2: It ends.",
        "Command",
    )
    assert {row["Sent by"] for row in rows} == {"Grace Office", "Command"}


def test_refusals_are_a_file_and_those_not_kept_are_counted(
    scene: Scene, session: Session, signed_in: SignedIn
) -> None:
    faults = [{"line": line, "reason": "=It has no id."} for line in range(1, 1001)]
    record = _ended(session, refused=1234, faults=faults)
    admin = signed_in(scene.admin)
    page = admin.get(f"/lrs/imports/{record.id}").text
    assert "The first 1,000 are listed; 234 more were refused and are not kept." in page
    assert "bytes of attachments" not in page
    file = admin.get(f"/lrs/imports/{record.id}/refused.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert len(rows) == 1000
    assert rows[999] == {"Line": "1000", "Reason": "'=It has no id."}


def test_attachments_without_their_bytes_are_explained_once(
    scene: Scene, session: Session, signed_in: SignedIn
) -> None:
    faults = [{"line": line, "reason": f"$.attachments: {NO_BYTES}"} for line in (1, 2)]
    record = _ended(session, refused=2, faults=faults)
    page = signed_in(scene.admin).get(f"/lrs/imports/{record.id}").text
    assert page.count("A file does not include attachments") == 1


def test_an_import_that_has_ended_can_be_removed(scene: Scene, session: Session, signed_in: SignedIn) -> None:
    own = _ended(session, sha256="a" * 64, refused=3)
    other = _ended(session, sha256="b" * 64)
    still = _ended(session, sha256="b" * 64, status="waiting")
    by_hand = _ended(session, sha256="")
    for user in (scene.student, scene.school.instructor()):
        assert signed_in(user).post(f"/lrs/imports/{own.id}/remove").status_code == 403
    admin = signed_in(scene.admin)
    assert "Remove import" in admin.get(f"/lrs/imports/{own.id}").text
    assert "Remove import" not in admin.get(f"/lrs/imports/{still.id}").text
    for record in (own, other, by_hand):
        gone = admin.post(f"/lrs/imports/{record.id}/remove")
        assert (gone.status_code, gone.headers["location"]) == (303, "/lrs/imports")
        assert admin.get(f"/lrs/imports/{record.id}").status_code == 404
        assert admin.post(f"/lrs/imports/{record.id}/remove").status_code == 404
    assert admin.post(f"/lrs/imports/{still.id}/remove").status_code == 409
    acts = session.execute(
        select(AuditEntry.action, AuditEntry.target_id, AuditEntry.details["refused"].as_integer()).where(
            AuditEntry.action == "statements.import_removed"
        )
    ).all()
    assert [tuple(act) for act in acts] == [
        ("statements.import_removed", str(own.id), 3),
        ("statements.import_removed", str(other.id), 0),
        ("statements.import_removed", str(by_hand.id), 0),
    ]


def test_a_file_for_import_needs_an_administrator_and_something_in_it(
    scene: Scene, signed_in: SignedIn
) -> None:
    some = {"statements": ("a.ndjson", b"{}", "application/json")}
    for user in (scene.student, scene.school.instructor()):
        assert signed_in(user).post("/lrs/imports", files=some).status_code == 403
    admin = signed_in(scene.admin)
    nothing = {"statements": ("a.ndjson", b"", "application/json")}
    assert admin.post("/lrs/imports", files=nothing).status_code == 422
    assert admin.post("/lrs/imports", data={"statements": "text"}).status_code == 422
    sent = admin.post("/lrs/imports", files=some)
    assert sent.status_code == 303
    assert "waiting to be imported" in admin.get(sent.headers["location"]).text
