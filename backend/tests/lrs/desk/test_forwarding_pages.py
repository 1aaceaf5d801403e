"""The pages of the targets: how far each has got, what it refused, and what may be done about it."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM, Subject
from app.db.models import User, XapiForwarder
from app.db.session import Database
from app.lrs.desk.forwarding import delivery, queries, service
from app.settings import Settings
from tests.lrs.desk.conftest import Scene, payloads
from tests.lrs.desk.other_store import Other, form, store, target_at
from tests.lrs.examples import statement
from tests.projecting import everything_stated

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def recorded(session: Session, scene: Scene) -> Scene:
    everything_stated(session, scene)
    session.commit()
    return scene


def _target(session: Session, subject: Subject, settings: Settings, **fields: Any) -> XapiForwarder:
    made = service.create(session, subject, settings, form(**fields))
    session.flush()
    return made


def _rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _jobs(session: Session) -> list[str]:
    names = session.execute(
        text("SELECT task_name FROM procrastinate_jobs WHERE queue_name = 'lrs' ORDER BY id")
    )
    return list(names.scalars())


def _actions(session: Session) -> list[str]:
    found = session.execute(
        text("SELECT action FROM audit_log WHERE action LIKE 'xapi_forwarder.%' ORDER BY id")
    )
    return [action.partition(".")[2] for action in found.scalars()]


def test_what_waits_is_counted_and_the_count_ends(live_database: Database, live_settings: Settings) -> None:
    verb = {"id": "https://example.org/wanted"}
    store(live_database, *[statement() for _ in range(1500)], *[statement(verb=verb) for _ in range(2)])
    everything = target_at(live_database, live_settings, "http://a.example.org", from_the_beginning=True)
    some = target_at(
        live_database, live_settings, "http://b.example.org", from_the_beginning=True, verb=verb["id"]
    )
    new = target_at(live_database, live_settings, "http://c.example.org")
    with live_database.begin() as session:
        counts = [
            service.progress(session, SYSTEM, service.find(session, SYSTEM, target)).waiting
            for target in (everything, some, new)
        ]
        assert counts == [1502, 2, 0]
        assert queries.count_waiting(session, service.find(session, SYSTEM, everything), 500) == 1001


def test_the_page_tells_how_far_a_target_has_got(
    recorded: Scene,
    session: Session,
    settings: Settings,
    signed_in: SignedIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    target = _target(session, recorded.staff, settings, from_the_beginning=True)
    admin = signed_in(recorded.admin)
    count = len(payloads(session))
    page = admin.get(f"/lrs/forwarding/{target.id}").text
    assert f'<div class="stat-value">{count}</div>' in page
    assert "nothing yet" in page
    monkeypatch.setattr(service, "MOST_COUNTED", 10)
    target.after_id = 1
    session.flush()
    page = admin.get(f"/lrs/forwarding/{target.id}").text
    assert "more than 10" in page
    assert "statements stored until" in page


def test_statements_put_aside_are_counted_whole_searched_paged_and_a_file(
    recorded: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    target = _target(session, recorded.staff, settings, from_the_beginning=True)
    keys = session.execute(text("SELECT id, statement_id FROM xapi_statements ORDER BY id")).all()
    for number, (key, _) in enumerate(keys):
        queries.bury(session, target.id, key, f"=It answers 400: reason({number})")
    admin, here = signed_in(recorded.admin), f"/lrs/forwarding/{target.id}"
    page = admin.get(f"{here}?per_page=2").text
    assert f'<div class="stat-value">{len(keys)}</div>' in page
    assert f"1–2 of {len(keys)}" in page
    assert str(keys[0][1]) in page
    assert str(keys[2][1]) not in page
    assert str(keys[3][1]) in admin.get(f"{here}?q=reason(3)&sort=-when").text
    assert str(keys[0][1]) not in admin.get(f"{here}?q=reason(3)&sort=-when").text
    assert str(keys[4][1]) in admin.get(f"{here}?q={keys[4][1]}").text
    rows = _rows(admin.get(f"{here}?format=csv&sort=-stored"))
    assert [row["Statement"] for row in rows] == [str(name) for _, name in reversed(keys)]
    assert rows[0]["Why"].startswith("'=It")
    assert admin.get(f"{here}?sort=nothing").status_code == 422


def test_the_list_of_targets_is_searched_sorted_and_a_file(
    recorded: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    for label, host in (("Archive", "a.example.org"), ("Ministry", "m.example.org")):
        _target(session, recorded.staff, settings, label=label, endpoint=f"https://{host}/xapi")
    admin = signed_in(recorded.admin)
    page = admin.get("/lrs/forwarding?q=m.example").text
    assert ("Ministry" in page, "Archive" in page) == (True, False)
    page = admin.get("/lrs/forwarding?sort=-name").text
    assert page.index("Ministry") < page.index("Archive")
    rows = _rows(admin.get("/lrs/forwarding?format=csv"))
    assert [(row["Name"], row["Status"], row["Sent"]) for row in rows] == [
        ("Archive", "On", "0"),
        ("Ministry", "On", "0"),
    ]


def test_send_now_ends_the_wait_and_asks_for_the_job(
    recorded: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    target = _target(session, recorded.staff, settings)
    delivery.note_failure(session, target.id, "It is away.")
    admin, here = signed_in(recorded.admin), f"/lrs/forwarding/{target.id}"
    page = admin.get(here).text
    assert "It is away." in page
    assert "unless you choose Send now" in page
    sent = admin.post(f"{here}/now")
    assert sent.status_code == 303
    assert "are being sent" in admin.get(sent.headers["location"]).text
    session.refresh(target)
    assert target.next_attempt_at is None
    assert _jobs(session) == ["lrs.forward_one"]
    admin.post(f"{here}/off")
    assert admin.post(f"{here}/now").status_code == 409
    assert _actions(session) == ["created", "sent_now", "stopped"]


def test_trying_it_out_is_shown_once_and_ends_the_wait_when_it_answers(
    recorded: Scene, session: Session, settings: Settings, signed_in: SignedIn, other: Other
) -> None:
    target = _target(session, recorded.staff, settings, endpoint=other.url)
    delivery.note_failure(session, target.id, "It is away.")
    admin, here = signed_in(recorded.admin), f"/lrs/forwarding/{target.id}"
    other.verdict = lambda _statements: 403
    other.says = (b'{"message": "scope all/read is missing"}',)
    tried = admin.post(f"{here}/try")
    assert (tried.status_code, tried.headers["location"]) == (303, here)
    assert "scope all/read is missing" in admin.get(here).text
    session.refresh(target)
    assert target.failures == 1
    other.verdict = lambda _statements: 200
    admin.post(f"{here}/try")
    page = admin.get(here)
    assert "It answers and accepts the key and secret. Sending resumes now." in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "Connection tested" not in admin.get(here).text
    session.refresh(target)
    assert (target.failures, target.last_error, target.next_attempt_at) == (0, None, None)
    assert admin.get(f"{here}/try").headers["location"] == here
    assert _actions(session) == ["created", "answered_again"]


def test_trying_again_is_audited_and_asks_for_one_job(
    recorded: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    target = _target(session, recorded.staff, settings)
    admin, here = signed_in(recorded.admin), f"/lrs/forwarding/{target.id}"
    assert admin.post(f"{here}/again").status_code == 409
    key = session.scalar(text("SELECT max(id) FROM xapi_statements"))
    assert isinstance(key, int)
    queries.bury(session, target.id, key, "It answers 400: no")
    for _ in range(2):
        assert admin.post(f"{here}/again").status_code == 303
    assert _jobs(session) == ["lrs.redeliver"]
    assert _actions(session) == ["created", "dead_letters_retried", "dead_letters_retried"]


@pytest.mark.parametrize(
    ("endpoint", "needs_secret"),
    [("https://lrs.example.org/other", False), ("https://LRS.example.org:443/xapi", False),
     ("https://evil.example.org/xapi", True), ("http://lrs.example.org/xapi", True),
     ("https://lrs.example.org:8443/xapi", True)],
)  # fmt: skip
def test_a_secret_does_not_follow_the_endpoint_to_another_machine(
    endpoint: str, needs_secret: bool, scene: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    target = _target(session, scene.staff, settings, endpoint="https://lrs.example.org/xapi")
    sealed = target.password_sealed
    admin, here = signed_in(scene.admin), f"/lrs/forwarding/{target.id}/edit"
    given = {"label": "Archive", "endpoint": endpoint, "username": "key", "version": "1.0.3"}
    answer = admin.post(here, data=given)
    assert answer.status_code == (422 if needs_secret else 303)
    session.refresh(target)
    assert target.password_sealed == sealed
    if needs_secret:
        assert "Enter the secret for it" in answer.text
        assert target.endpoint == "https://lrs.example.org/xapi"
        assert admin.post(here, data=given | {"password": "new"}).status_code == 303


def test_a_target_that_fails_is_a_warning_on_the_operations_page(
    scene: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    target = _target(session, scene.staff, settings, label="Archive of the ministry")
    admin = signed_in(scene.admin)
    assert "Archive of the ministry" not in admin.get("/operations").text
    delivery.note_failure(session, target.id, "It answers 503: away <until> noon")
    page = admin.get("/operations").text
    assert "Statements do not reach Archive of the ministry" in page
    assert "away &lt;until&gt; noon" in page
    assert f'href="/lrs/forwarding/{target.id}"' in page


def test_the_audit_trail_speaks_of_targets_in_words(
    scene: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    target = _target(session, scene.staff, settings)
    admin = signed_in(scene.admin)
    admin.post(f"/lrs/forwarding/{target.id}/off")
    page = admin.get("/audit").text
    assert "Forwarding target stopped" in page
    assert "Xapi" not in page


def test_long_addresses_are_taken(
    scene: Scene, session: Session, settings: Settings, signed_in: SignedIn
) -> None:
    given = {"label": "Archive", "endpoint": "https://lrs.example.org/xapi", "username": "key", "password": "x",
             "version": "1.0.3", "activity": "https://example.org/" + "a" * 1000}  # fmt: skip
    assert signed_in(scene.admin).post("/lrs/forwarding/new", data=given).status_code == 303
