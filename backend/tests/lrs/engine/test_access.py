"""Scopes, secrets, limits, launch tokens, and what the database role may do."""

import json
import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.core.errors import Invalid, NotFound
from app.core.permissions import SYSTEM
from app.db.models import LimitCounter, XapiCredential
from app.db.session import libpq_url
from app.lrs.desk.keys import service
from app.lrs.engine import http
from app.lrs.engine.scopes import SCOPES
from app.lrs.host.service import WRONG_KEYS
from tests.factories.accounts import UserFactory
from tests.lrs.examples import statement
from tests.lrs.serving import Client, Running

AGENT = '{"mbox":"mailto:a@school.example"}'
DEEDS = {
    "write": ("POST", "/statements"),
    "read": ("GET", "/statements?limit=1"),
    "read state": ("GET", f"/activities/state?activityId=urn:a:b&agent={AGENT}"),
    "write state": ("POST", f"/activities/state?activityId=urn:a:b&agent={AGENT}&stateId=s"),
    "read profile": ("GET", f"/agents/profile?agent={AGENT}"),
    "write profile": ("POST", "/activities/profile?activityId=urn:a:b&profileId=p"),
    "look up": ("GET", f"/agents?agent={AGENT}"),
}
READS = {"read", "read state", "read profile", "look up"}
ALLOWED = {
    "all": set(DEEDS),
    "all/read": READS,
    "statements/read": {"read", "look up"},
    "statements/read/mine": {"read", "look up"},
    "statements/write": {"write"},
    "state": {"read state", "write state", "look up"},
    "profile": {"read profile", "write profile", "look up"},
    "define": {"look up"},
}


def test_every_scope_is_tried() -> None:
    assert ALLOWED.keys() == SCOPES.keys()


@pytest.mark.parametrize("scope", list(SCOPES))
def test_a_scope_allows_what_it_says_and_nothing_else(store: Running, scope: str) -> None:
    client = store.client(scope)
    for deed, (method, path) in DEEDS.items():
        body = {"json": statement() if deed == "write" else {}} if method == "POST" else {}
        answer = client.ask(method, path, **body)
        if deed in ALLOWED[scope]:
            assert answer.status_code in (200, 204), (deed, answer.text)
        else:
            assert answer.status_code == 403, deed
            assert "scope" in answer.json()["detail"]


def test_mine_means_what_this_key_wrote(store: Running, xapi: Client) -> None:
    mine = store.client("statements/read/mine", "statements/write")
    (other,) = xapi.stored(statement())
    own = mine.stored(*[statement() for _ in range(3)])
    assert [one["id"] for one in mine.statements()] == own[::-1]
    assert mine.get("/statements", statementId=other).status_code == 404
    assert mine.get("/statements", statementId=own[0]).status_code == 200
    # A more link of somebody else does not widen it.
    more = xapi.get("/statements", limit="1").json()["more"].removeprefix("/xapi")
    assert {one["id"] for one in mine.ask("GET", more).json()["statements"]} <= set(own)


def test_only_define_changes_definitions(store: Running, xapi: Client) -> None:
    iri = f"https://school.example/{uuid4()}"
    described = statement(object={"id": iri, "definition": {"name": {"en": "Described"}}})
    store.client("statements/write").stored(described)
    assert "definition" not in xapi.get("/activities", activityId=iri).json()
    store.client("statements/write", "define").stored(statement(object=described["object"]))
    assert xapi.get("/activities", activityId=iri).json()["definition"] == {"name": {"en": "Described"}}


def test_a_limit_answers_429_and_says_when(store: Running) -> None:
    client = store.client("all/read", limit=3)
    answers = [client.get("/statements", limit="1") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 21


def fresh(store: Running) -> None:
    """As if a second had passed since the last look at the API keys."""
    store.app.runtime.access_checker._known.clear()


def test_a_rotated_secret_and_a_revoked_key_stop(store: Running) -> None:
    client = store.client("all")
    with store.database.begin() as session:
        row = session.query(XapiCredential).filter_by(key=client.key).one()
        made = service.rotate(session, SYSTEM, row.id)
    fresh(store)
    assert client.get("/statements", limit="1").status_code == 401
    again = Client(client.http, client.key, made.secret)
    assert again.get("/statements", limit="1").status_code == 200
    with store.database.begin() as session:
        service.revoke(session, SYSTEM, row.id)
    fresh(store)
    assert again.get("/statements", limit="1").status_code == 401
    with store.database.begin() as session, pytest.raises(NotFound):
        service.rotate(session, SYSTEM, row.id)


@pytest.mark.parametrize("withdrawn", [True, False])
def test_an_api_key_must_hold_until_the_body_is_complete(
    store: Running, monkeypatch: pytest.MonkeyPatch, *, withdrawn: bool
) -> None:
    monkeypatch.setattr(http, "REMEMBERED_SECONDS", 0.0)
    client = store.client("all", limit=1)
    sent = statement()

    def slow() -> Iterator[bytes]:
        body = json.dumps(sent).encode()
        yield body[:10]
        while not any(seen[1].limit == 1 for seen in store.app.runtime.access_checker._known.values()):
            time.sleep(0.01)
        with store.database.begin() as session:
            row = session.query(XapiCredential).filter_by(key=client.key).one()
            if withdrawn:
                service.revoke(session, SYSTEM, row.id)
        yield body[10:]

    fresh(store)
    kind = {"Content-Type": "application/json"}
    answer = client.ask("POST", "/statements", content=slow(), headers=kind)
    assert answer.status_code == (401 if withdrawn else 200), answer.text
    found = store.client().get("/statements", statementId=sent["id"])
    assert found.status_code == (404 if withdrawn else 200)


def test_a_launch_speaks_of_its_learner_alone(store: Running) -> None:
    learner = {"objectType": "Agent", "mbox": "mailto:learner@school.example"}
    with store.database.begin() as session:
        made = service.launch_token(
            session,
            store.settings.app_origin,
            user_id=_someone(session),
            agent=learner,
            activity="urn:lesson:1",
            registration=uuid4(),
        )
        number, key = made.api_key.id, made.api_key.key
    client = Client(store.http, key, made.secret)
    assert client.post(statement(actor=learner)).status_code == 200
    refused = client.post(statement())
    assert (refused.status_code, refused.json()["path"]) == (403, "$.actor")
    where = {"activityId": "urn:lesson:1", "stateId": "s"}
    own = client.ask(
        "POST", "/activities/state", params={**where, "agent": json.dumps(learner)}, json={"at": 3}
    )
    assert own.status_code == 204
    assert client.ask("GET", "/activities/state", params={**where, "agent": AGENT}).status_code == 403
    assert len(client.statements()) == 1
    with store.database.begin() as session:
        service.end_launch(session, number)
    fresh(store)
    assert client.get("/statements").status_code == 401


def _someone(session: Session) -> int:
    user = UserFactory.build()
    session.add(user)
    session.flush()
    return int(user.id)


def test_a_secret_is_kept_as_a_hash(store: Running) -> None:
    client = store.client("all")
    kept = store.value("SELECT secret_hash FROM xapi_credentials WHERE key = %s", client.key)
    assert client.secret not in kept
    assert len(kept) == 64


@pytest.mark.parametrize(
    ("label", "scopes", "limit"), [("", ["all"], None), ("x" * 300, ["all"], None), ("x", [], None),
                                   ("x", ["everything"], None), ("x", ["all"], 0)],
)  # fmt: skip
def test_an_api_key_needs_a_name_scopes_and_a_sensible_limit(
    session: Session, label: str, scopes: list[str], limit: int | None
) -> None:
    with pytest.raises(Invalid):
        service.create(session, SYSTEM, "http://x", label=label, scopes=scopes, rate_limit_per_minute=limit)


def test_the_actor_is_matched_to_their_account(store: Running, xapi: Client) -> None:
    import hashlib

    with store.database.begin() as session:
        user = UserFactory.build(email=f"{uuid4().hex}@school.example")
        session.add(user)
        session.flush()
        user_id, email = user.id, user.email
    digest = hashlib.sha1(f"mailto:{email}".encode()).hexdigest()  # noqa: S324
    account = {"homePage": store.settings.app_origin, "name": str(user_id)}
    for actor in ({"mbox": f"mailto:{email}"}, {"mbox_sha1sum": digest}, {"account": account}):
        (name,) = xapi.stored(statement(actor=actor))
        assert store.value("SELECT user_id FROM xapi_statements WHERE statement_id = %s", name) == user_id
    (name,) = xapi.stored(statement(actor={"account": {**account, "homePage": "https://else.example"}}))
    assert store.value("SELECT user_id FROM xapi_statements WHERE statement_id = %s", name) is None


@pytest.mark.parametrize(
    "command",
    ["DELETE FROM xapi_statements", "UPDATE xapi_statements SET payload = '{}'", "TRUNCATE xapi_statements",
     "UPDATE xapi_statements SET stored = now()", "DELETE FROM xapi_statement_actors",
     "UPDATE xapi_statement_activities SET usage = 0", "DELETE FROM xapi_attachments", "DROP TABLE xapi_statements"],
)  # fmt: skip
def test_the_program_cannot_change_what_was_stored(store: Running, xapi: Client, command: str) -> None:
    xapi.stored(statement())
    with (
        psycopg.connect(libpq_url(store.settings.app_database_url)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(command)  # type: ignore[arg-type]


@pytest.fixture
def uncounted(store: Running) -> Iterator[None]:
    """No wrong key counted before the test, nor after it: the tests share an address."""

    def forget() -> None:
        with store.database.begin() as session:
            session.execute(delete(LimitCounter))

    forget()
    yield
    forget()


@pytest.mark.usefixtures("uncounted")
def test_wrong_keys_are_slowed_by_address_and_a_right_one_beside_them_is_not(store: Running) -> None:
    right = store.client("all/read")
    wrong = Client(right.http, right.key, "not the secret")
    for _ in range(WRONG_KEYS.most):
        assert wrong.get("/statements", limit="1").status_code == 401
    refused = wrong.get("/statements", limit="1")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 15
    assert "wrong key or secret from this address" in refused.json()["detail"]
    nobody = Client(right.http, "nobody", "nothing").get("/statements", limit="1")
    assert nobody.status_code == 429
    fresh(store)
    assert right.get("/statements", limit="1").status_code == 200
