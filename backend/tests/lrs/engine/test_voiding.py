"""Who may void what: the school's own statements are voided on the school's word alone."""

from typing import Any
from uuid import uuid4

import pytest

from app.lrs.desk.imports.ingest import take_in
from app.lrs.engine import jsonio
from app.lrs.engine.operations import run_sync
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.authority import Author
from app.lrs.engine.statements.preparation import prepare
from app.lrs.engine.statements.storage import Submission, store_statements
from app.lrs.engine.versions import Version
from app.lrs.host.connection import driver
from app.lrs.host.service import directory_of
from tests.lrs.examples import statement
from tests.lrs.serving import Client, Running

SENTENCE = "was recorded by the system itself, and only the system may void it"


def voiding(target: str, **changes: Any) -> dict[str, Any]:
    reference = {"objectType": "StatementRef", "id": target}
    return statement(verb={"id": "http://adlnet.gov/expapi/verbs/voided"}, object=reference, **changes)


def school_stores(store: Running, *statements: dict[str, Any]) -> list[Refusal | None]:
    """Store statements on the school's own word, as its rooms do."""
    origin = store.settings.app_origin
    school = {"objectType": "Agent", "name": "School", "account": {"homePage": origin, "name": "aada-lms"}}
    author = Author(None, jsonio.dumps(school), identity(school) or "", school, may_define=True)
    submission = Submission([prepare(one, Version.TWO) for one in statements], author)
    with store.database.begin() as session:
        return run_sync(driver(session), store_statements([submission], directory_of(origin))).refusals


def stands(xapi: Client, name: str) -> bool:
    status: int = xapi.get("/statements", statementId=name).status_code
    assert status == 200 or xapi.get("/statements", voidedStatementId=name).status_code == 200
    return status == 200


@pytest.mark.parametrize("scopes", [("all",), ("statements/write", "statements/read")])
def test_a_key_may_not_void_the_schools_own_statement(store: Running, scopes: tuple[str, ...]) -> None:
    client, own, beside = store.client(*scopes), statement(), statement()
    assert school_stores(store, own) == [None]
    for sent in ([voiding(own["id"].upper())], [beside, voiding(own["id"])]):
        answer = client.post(*sent)
        assert answer.status_code == 403
        assert SENTENCE in answer.json()["detail"]
        assert own["id"] in answer.json()["detail"]
    put = voiding(own["id"])
    assert client.ask("PUT", "/statements", params={"statementId": put["id"]}, json=put).status_code == 403
    assert stands(client, own["id"])
    assert client.get("/statements", statementId=beside["id"]).status_code == 404


def test_a_key_voids_what_keys_have_stored(store: Running, xapi: Client) -> None:
    mine, others = statement(), statement()
    xapi.stored(mine)
    store.client("all").stored(others)
    xapi.stored(voiding(mine["id"]), voiding(others["id"]))
    assert not stands(xapi, mine["id"])
    assert not stands(xapi, others["id"])


def test_the_school_voids_its_own_and_others(store: Running, xapi: Client) -> None:
    own, others = statement(), statement()
    xapi.stored(others)
    school_stores(store, own)
    assert school_stores(store, voiding(own["id"]), voiding(others["id"])) == [None]
    assert not stands(xapi, own["id"])
    assert not stands(xapi, others["id"])


def test_a_voiding_that_came_before_the_schools_statement_voids_nothing(store: Running, xapi: Client) -> None:
    own, own_too, others = statement(), statement(), statement()
    xapi.stored(voiding(own["id"]), voiding(own_too["id"]), voiding(others["id"]))
    school_stores(store, voiding(own_too["id"]))
    assert school_stores(store, own, own_too) == [None]
    xapi.stored(others)
    assert stands(xapi, own["id"])
    assert not stands(xapi, own_too["id"])
    assert not stands(xapi, others["id"])


@pytest.mark.parametrize("reversed_", [False, True])
def test_an_imported_file_voids_its_own_and_not_the_schools(
    store: Running, xapi: Client, *, reversed_: bool
) -> None:
    authority = {"objectType": "Agent", "account": {"homePage": "https://old.example", "name": "tool"}}
    school = {"objectType": "Agent", "account": {"homePage": store.settings.app_origin, "name": "aada-lms"}}
    own, theirs, restored = statement(), statement(authority=authority), statement(authority=school)
    school_stores(store, own)
    sent = [theirs, restored, *(voiding(one["id"], authority=authority) for one in (theirs, restored, own))]
    lines = [jsonio.dumps(one) + b"\n" for one in (reversed(sent) if reversed_ else sent)]
    tally = take_in(store.database, store.settings.app_origin, iter(lines))
    assert all(SENTENCE in fault["reason"] for fault in tally.faults)
    assert tally.refused == (1 if reversed_ else 2)
    assert stands(xapi, own["id"])
    assert stands(xapi, restored["id"])
    assert not stands(xapi, theirs["id"])


def test_nothing_else_of_a_refused_voiding_is_stored(store: Running, xapi: Client) -> None:
    own, name = statement(), str(uuid4())
    school_stores(store, own)
    assert xapi.post(voiding(own["id"], id=name)).status_code == 403
    assert xapi.get("/statements", statementId=name).status_code == 404
