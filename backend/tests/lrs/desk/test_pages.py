"""The pages of the LRS, through the program."""

import csv
import io
import json
import re
from collections.abc import Callable

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import SYSTEM
from app.db.models import User
from app.lrs.desk.browser.presentation import outcome
from app.lrs.desk.browser.service import recent_for_user
from app.lrs.engine import values
from app.web import formats
from tests import projecting
from tests.conftest import LiveServer, sign_in_directly
from tests.lrs.desk.conftest import Scene, agent_of, keep, make_scene, payloads
from tests.lrs.examples import statement
from tests.projecting import ZONE, everything_stated
from tests.student_page import whole_page

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def recorded(session: Session, scene: Scene) -> Scene:
    everything_stated(session, scene)
    session.commit()
    return scene


def test_the_list_says_who_did_what_and_can_be_narrowed(
    recorded: Scene, signed_in: SignedIn, session: Session
) -> None:
    staff = signed_in(recorded.admin)
    page = staff.get("/lrs/statements")
    assert page.status_code == 200, page.text[:500]
    assert page.text.count("Ana Ruiz</a>") == 18
    assert "<strong>attended</strong> Dental Assistant Professional: clock hours" in page.text
    assert "2\u00a0h\u00a05\u00a0min" in page.text
    for query, count in {
        f"person={recorded.student.id}": 18,
        "person=ana+r": 18,
        f"person={recorded.student.email}": 18,
        "person=nobody+of+this+name": 0,
        "verb=http://adlnet.gov/expapi/verbs/passed": 1,
        f"activity=http://localhost:8000/lessons/{recorded.lesson.id}": 10,
        "since=2020-01-01": 18,
        "until=2020-01-01": 0,
        "registration=" + payloads(session)[0]["context"]["registration"]: 18,
        "registration=7d444840-9dc0-11d1-b245-5ffdce74fad2": 0,
        f"person={recorded.student.id}&verb=http://adlnet.gov/expapi/verbs/attended&since=2020-01-01": 2,
    }.items():
        found = staff.get(f"/lrs/statements?{query}")
        assert found.status_code == 200
        assert found.text.count("Ana Ruiz</a>") == count, query


@pytest.mark.parametrize(
    ("query", "is_followed", "leads_back"),
    [("", True, False), ("since=2020-01-01", True, False), ("until=2020-01-01", False, False),
     ("until=2999-01-01", False, False), ("before=1", False, True)],
)  # fmt: skip
def test_only_a_later_page_leads_back_to_the_newest(
    query: str, is_followed: bool, leads_back: bool, recorded: Scene, signed_in: SignedIn
) -> None:
    page = signed_in(recorded.admin).get(f"/lrs/statements?{query}").text
    assert ("Follow live" in page) == is_followed
    assert ("Newest</a>" in page) == leads_back
    assert ("statements on this page" in page) == leads_back


@pytest.mark.parametrize(
    "query",
    ["verb=passed", "activity=%00", "since=2026-05-04&until=2026-05-03",
     "since=yesterday", "until=2026-13-01", "since=0001-01-01",
     "registration=7", 'person={"mbox":1}', "person={", "before=-1", "before=x", "person=%00", "verb=%00",
     "before=99999999999999999999", "person=" + "a" * 3000],
)  # fmt: skip
def test_filters_that_make_no_sense_are_answered_with_a_sentence(
    query: str, recorded: Scene, signed_in: SignedIn
) -> None:
    staff = signed_in(recorded.admin)
    for path in ("/lrs/statements", "/lrs/statements.csv", "/lrs/statements/tail"):
        answer = staff.get(f"{path}?{query}")
        if path == "/lrs/statements" or not query.startswith("before"):
            assert answer.status_code == 422, (path, answer.status_code)


def test_paging_goes_through_all_of_them_once(recorded: Scene, signed_in: SignedIn, session: Session) -> None:
    for _ in range(6):
        everything_stated(session, recorded)
    session.commit()
    staff = signed_in(recorded.admin)
    address, seen = "/lrs/statements", []
    while address:
        page = staff.get(address).text
        seen += re.findall(r'/lrs/statements/([0-9a-f-]{36})"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&") if found else ""
    assert seen == [one["id"] for one in reversed(payloads(session))]


def test_the_tail_gives_what_is_new(recorded: Scene, signed_in: SignedIn, session: Session) -> None:
    staff = signed_in(recorded.admin)
    first = staff.get("/lrs/statements/tail?after=0")
    assert first.headers["x-count"] == "18"
    after = first.headers["x-last-key"]
    assert staff.get(f"/lrs/statements/tail?after={after}").headers["x-count"] == "0"
    projecting.clock_in(session, recorded)
    projecting.project(session)
    session.commit()
    new = staff.get(f"/lrs/statements/tail?after={after}")
    assert new.headers["x-count"] == "1"
    assert new.text.count("<tr") == 1


def test_one_statement_in_words_and_as_json(recorded: Scene, signed_in: SignedIn, session: Session) -> None:
    staff = signed_in(recorded.admin)
    one = payloads(session)[3]
    page = staff.get(f"/lrs/statements/{one['id']}")
    assert "Grace Office" in page.text
    raw = re.search(r"<pre[^>]*>(.*?)</pre>", page.text, re.S)
    assert raw
    assert json.loads(raw[1].replace("&#34;", '"').replace("&amp;", "&")) == one
    assert staff.get("/lrs/statements/not-a-uuid").status_code == 404
    assert staff.get("/lrs/statements/7d444840-9dc0-11d1-b245-5ffdce74fad2").status_code == 404


def test_a_persons_stream(recorded: Scene, session: Session) -> None:
    lines = recent_for_user(session, SYSTEM, recorded.student.id, 5)
    assert len(lines) == 5
    assert lines[0].did == "withdrew from"
    assert not recent_for_user(session, SYSTEM, recorded.admin.id, 5)


def test_the_stream_names_who_else_spoke_of_the_student(
    recorded: Scene, signed_in: SignedIn, session: Session
) -> None:
    withdrawal = payloads(session)[-1]
    comment = statement(
        actor=agent_of(recorded.admin),
        verb={"id": "http://adlnet.gov/expapi/verbs/commented", "display": {"en": "commented on"}},
        object={"objectType": "StatementRef", "id": withdrawal["id"]},
        result={"response": "Well done"},
    )
    keep(session, comment)
    staff = signed_in(recorded.admin)
    page = whole_page(staff, recorded.student.id)
    assert f">Grace Office commented on the statement {withdrawal['id']}</a>" in page
    assert ">Withdrew from Dental Assistant Professional</a>" in page
    for path in ("/lrs/statements", f"/lrs/statements/{comment['id']}"):
        assert (
            f'<a href="/lrs/statements/{withdrawal["id"]}">the statement {withdrawal["id"]}</a>'
            in staff.get(path).text
        )


def test_the_list_says_when_it_happened_and_the_statement_when_it_was_stored(
    scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    late = statement(timestamp="2019-03-04T15:05:00Z")
    keep(session, late)
    staff = signed_in(scene.admin)
    page = staff.get("/lrs/statements").text
    assert ">Happened<" in page
    assert "Mar 4, 2019, 10:05 AM EST" in page
    stored = values.instant(payloads(session)[0]["stored"])
    one = staff.get(f"/lrs/statements/{late['id']}").text
    assert "Mar 4, 2019, 10:05 AM EST" in one
    assert formats.local_time(stored, ZONE) in one


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        ("PT27600S", "7\u00a0h\u00a040\u00a0min"), ("PT5000S", "1\u00a0h\u00a023\u00a0min"),
            ("PT90M", "1\u00a0h\u00a030\u00a0min"), ("PT1.5H", "1\u00a0h\u00a030\u00a0min"),
        ("P1DT2H", "26\u00a0h"), ("P3W", "504\u00a0h"), ("PT1H0M0S", "1\u00a0h"),
            ("PT0.5S", "less than 1 s"), ("PT0S", "0\u00a0s"),
        ("PT12M30.5S", "12\u00a0min\u00a030\u00a0s"), ("P" + "9" * 400 + "D", "P" + "9" * 400 + "D"),
    ],
)  # fmt: skip
def test_durations_read_as_everywhere_else(duration: str, text: str) -> None:
    assert outcome({"duration": duration}) == text


def test_progress_on_the_way_is_not_called_not_complete() -> None:
    reached = {"extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 64}}
    assert outcome({"completion": False} | reached) == "now 64%"
    assert outcome({"completion": False}) == "not complete"
    assert outcome({"completion": True, "score": {"scaled": 0.8}} | reached) == "80%, complete, now 64%"


def test_students_see_none_of_it(recorded: Scene, signed_in: SignedIn) -> None:
    student = signed_in(recorded.student)
    for path in (
        "statements",
        "statements/tail",
        "statements.csv",
        "charts",
        "keys",
        "imports",
        "forwarding",
    ):
        assert student.get(f"/lrs/{path}").status_code == 403
    instructor = signed_in(recorded.school.instructor())
    assert instructor.get("/lrs/statements").status_code == 200
    for path in ("keys", "imports", "forwarding"):
        assert instructor.get(f"/lrs/{path}").status_code == 403


def test_charts_add_up(recorded: Scene, signed_in: SignedIn, session: Session) -> None:
    projecting.clock_out(session, recorded, 90, clock.now())
    projecting.project(session)
    odd = "UPDATE xapi_statements SET is_voided = false"
    session.execute(text(odd))
    session.commit()
    staff = signed_in(recorded.admin)
    for query in ("", "?days=365", f"?days=90&person={recorded.student.id}", "?days=x&person=y"):
        page = staff.get(f"/lrs/charts{query}")
        assert page.status_code == 200, page.text[:300]
    assert "1\u00a0h\u00a030\u00a0min" in staff.get("/lrs/charts").text


def test_files_hold_what_the_list_shows(live_server: LiveServer) -> None:
    with live_server.database.begin() as session:
        scene = make_scene(session)
        scene.student.full_name = '=Ana, "Ruiz"'
        session.flush()
        everything_stated(session, scene)
        admin = scene.admin
    with httpx2.Client(base_url=live_server.url) as client:
        with live_server.database.begin() as session:
            kept = payloads(session)
            sign_in_directly(session, client, admin)  # type: ignore[arg-type]
        lines = client.get("/lrs/statements.ndjson").text.splitlines()
        assert [json.loads(line) for line in lines] == kept
        table = client.get("/lrs/statements.csv?verb=http://adlnet.gov/expapi/verbs/attended")
        rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
        assert [row["Duration"] for row in rows] == ["PT2H5M", "PT1H"]
        assert rows[0]["Person"] == '\'=Ana, "Ruiz"'
        assert client.get("/lrs/statements.csv?until=2000-01-01").text.count("\n") == 1


def test_addresses_from_before_the_move_lead_to_the_pages(scene: Scene, signed_in: SignedIn) -> None:
    for old, new in (
        ("/records", "/lrs"),
        ("/records/statements?person=ana%20ruiz&verb=", "/lrs/statements?person=ana%20ruiz&verb="),
        ("/records/statements.csv?since=2026-09-01", "/lrs/statements.csv?since=2026-09-01"),
        ("/records/credentials", "/lrs/keys"),
        ("/records/credentials/launches?q=ana", "/lrs/keys/launches?q=ana"),
        ("/records//elsewhere.example/", "/lrs//elsewhere.example/"),
    ):
        answer = signed_in(scene.admin).get(old, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (308, new)
