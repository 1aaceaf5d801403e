"""Whom and what the words in the filters of the statement pages mean, and what is said where they mean nothing."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.models import User
from app.lrs.desk.browser import queries
from app.lrs.engine.statements.filters import Filter
from tests.lrs.desk.conftest import Scene, agent_of, keep, payloads
from tests.lrs.examples import statement
from tests.queries import counted

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def crowd(session: Session, scene: Scene) -> Scene:
    """Twenty-five students called Lopez with a statement each, and one of somebody without an account."""
    students = [scene.school.student(full_name=f"Lopez {number:02d}") for number in range(25)]
    session.flush()
    keep(session, *(statement(actor=agent_of(student)) for student in students), statement())
    return scene


def _rows(page: str) -> int:
    return page.count(">Open</a>")


def test_the_list_says_that_more_people_match_than_it_shows(crowd: Scene, signed_in: SignedIn) -> None:
    staff = signed_in(crowd.admin)
    page = staff.get("/lrs/statements?person=lopez").text
    assert "25 people match “lopez”" in page
    assert "These are the statements of the first 20." in page
    assert _rows(page) == 20
    choices = re.findall(r'href="(/lrs/statements\?person=\d+)">Lopez', page.partition("record-choices")[2])
    assert _rows(staff.get(choices[0]).text) == 1
    few = staff.get("/lrs/statements?person=lopez+1").text
    assert "10 people match “lopez 1”" in few
    assert "of all of them" in few
    assert _rows(few) == 10
    one = staff.get("/lrs/statements?person=lopez+17").text
    assert "people match" not in one
    assert _rows(one) == 1


def test_somebody_without_an_account_can_be_chosen(
    crowd: Scene, signed_in: SignedIn, session: Session
) -> None:
    keep(session, statement(actor={"mbox": "mailto:ruiz@other.example"}))
    staff = signed_in(crowd.admin)
    page = staff.get("/lrs/statements?person=ruiz").text
    assert "3 people match" in page
    links = re.findall(r'href="(/lrs/statements\?person=[^"]+)">', page.partition("record-choices")[2])
    assert [_rows(staff.get(link.replace("&amp;", "&")).text) for link in links[:3]] == [0, 1, 1]


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_a_file_never_leaves_people_out_without_a_word(
    ending: str, crowd: Scene, signed_in: SignedIn
) -> None:
    staff = signed_in(crowd.admin)
    refused = staff.get(f"/lrs/statements.{ending}?person=lopez")
    assert refused.status_code == 422
    assert "25 people match “lopez”; a file can hold the statements of at most 20." in refused.text
    whole = staff.get(f"/lrs/statements.{ending}?person=lopez+1")
    assert whole.text.count("\n") == 10 + (ending == "csv")


def test_people_are_looked_up_with_the_index_of_names_and_addresses(session: Session, crowd: Scene) -> None:
    session.execute(text("SELECT set_config('enable_seqscan', 'off', true)"))
    with counted(session.connection()) as statements:
        assert queries.users_called(session, "lopez 1", 5, None, ())[1] == 10
    wanted = (
        statements[0]
        .partition("WHERE ")[2]
        .partition(" AND ")[0]
        .replace("::VARCHAR", "")
        .replace("%(pattern)s", "'%%lopez%%'")
    )
    plan = session.connection().exec_driver_sql(f"EXPLAIN SELECT id FROM users WHERE {wanted}").scalars()
    assert "idx_users_search_text" in "\n".join(plan)


def test_walks_of_several_people_are_merged_in_order(crowd: Scene, session: Session) -> None:
    accounts, _ = queries.users_called(session, "lopez", 20, None, ())
    known = queries.identities_of_users(session, [account.id for account in accounts])
    agents = [name for names in known.values() for name in names][::-1]
    everything = [found.key for found in queries.page(session, Filter(ascending=True), agents, 51)]
    assert len(everything) == 20
    for limit in (1, 2, 7, 20):
        for ascending in (True, False):
            query = Filter(ascending=ascending)
            page = [found.key for found in queries.page(session, query, agents, limit)]
            assert page == (everything if ascending else everything[::-1])[:limit]


def test_nobody_and_nothing_is_said(crowd: Scene, signed_in: SignedIn) -> None:
    staff = signed_in(crowd.admin)
    for path in ("statements", "charts"):
        for words in ("nobody", "99999999999", "12345678"):
            page = staff.get(f"/lrs/{path}?person={words}")
            assert page.status_code == 200
            assert f"Nobody matches “{words}”" in page.text
        assert "No activity matches “yoga”" in staff.get(f"/lrs/{path}?activity=yoga").text


def test_an_activity_is_found_by_its_name(scene: Scene, signed_in: SignedIn, session: Session) -> None:
    def about(number: int, name: str) -> dict[str, object]:
        return {"id": f"https://x.example/{number}", "definition": {"name": {"en": name}}}

    keep(session, *(statement(object=about(number, name)) for number, name in
                    enumerate(["Bitewings", "Bitewings II", "Sharps"])))  # fmt: skip
    staff = signed_in(scene.admin)
    assert _rows(staff.get("/lrs/statements?activity=sharps").text) == 1
    assert _rows(staff.get("/lrs/statements?activity=BITEWINGS").text) == 1
    several = staff.get("/lrs/statements?activity=bitewing")
    assert "2 activities match “bitewing”" in several.text
    assert "Choose one of them to see its statements" in several.text
    assert "No statement matches" not in several.text
    assert _rows(several.text) == 0
    link = re.search(r'href="([^"]+)">Bitewings II<', several.text)
    assert link
    assert _rows(staff.get(link[1].replace("&amp;", "&")).text) == 1
    refused = staff.get("/lrs/statements.csv?activity=bitewing")
    assert refused.status_code == 422
    assert "2 activities match" in refused.text
    assert staff.get("/lrs/statements.csv?activity=sharps").text.count("\n") == 2
    tail = re.search(r'data-tail="([^"]+)"', staff.get("/lrs/statements?activity=sharps").text)
    assert tail
    assert quote("https://x.example/2", safe="") in tail[1]


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("person=" + "a" * 3000, "person", "Use at most 2000 characters."),
        ("person=%00", "person", "This contains a character that cannot be saved."),
        ("person={", "person", "This is not an Agent"),
        ("verb=passed", "verb", "Choose a verb from the list, or enter its IRI."),
        ("since=yesterday", "since", "Enter a date such as 2026-11-22."),
        ("since=2026-05-04&until=2026-05-03", "until", "This day is before the first day."),
        ("registration=7", "registration", "A registration is a UUID"),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_typed_is_lost(
    query: str, field: str, sentence: str, scene: Scene, signed_in: SignedIn
) -> None:
    page = signed_in(scene.admin).get(f"/lrs/statements?activity=kept+words&{query}")
    assert page.status_code == 422
    box = re.search(rf'<(?:input|select)[^>]* id="f-{field}"[^>]*>', page.text)
    assert box
    assert 'aria-invalid="true"' in box[0]
    assert f'aria-describedby="f-{field}-error"' in box[0]
    assert re.search(rf'id="f-{field}-error">.*{re.escape(sentence)}', page.text)
    assert page.text.count('aria-invalid="true"') == 1
    assert 'value="kept words"' in page.text


def test_an_address_of_no_page_keeps_the_filters(scene: Scene, signed_in: SignedIn) -> None:
    for before in ("x", "-1", "9" * 20, "%00"):
        page = signed_in(scene.admin).get(f"/lrs/statements?person=ana&before={before}")
        assert page.status_code == 422
        assert "This page of the list does not exist." in page.text
        assert 'value="ana"' in page.text


def test_an_agent_is_taken_as_json(crowd: Scene, signed_in: SignedIn, session: Session) -> None:
    staff = signed_in(crowd.admin)
    agent = json.dumps(payloads(session)[0]["actor"])
    assert _rows(staff.get("/lrs/statements", params={"person": agent}).text) == 1


@pytest.mark.parametrize("words", ["nunez", "o’hara", "ohara", "dental x-ray", "cafe"])
def test_names_are_found_without_their_accents_and_with_any_apostrophe(
    scene: Scene, session: Session, words: str
) -> None:
    student = scene.school.student(full_name="Ana Núñez O'Hara")
    session.flush()
    activity = {"id": "https://a.example/x", "definition": {"name": {"en": "Café: Dental X‑ray"}}}
    keep(
        session,
        statement(actor=agent_of(student), object=activity),
        statement(actor={"mbox": "mailto:x@other.example", "name": "Inés Núñez O’Hara"}),
    )
    if words in ("dental x-ray", "cafe"):
        assert queries.activities_called(session, words, 5)[1] == 1
    else:
        assert [one.full_name for one in queries.users_called(session, words, 5, None, ())[0]] == [
            "Ana Núñez O'Hara"
        ]
        assert queries.strangers_called(session, words, 5)[1] == 1
