"""How files of a package are answered: to be shown, to be read, with a storage of their own; and that one is there."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.content.content_policy import is_allowed
from app.core import clock
from app.core.permissions import SYSTEM
from app.db.models import Launch
from app.school import service as policies
from tests.content.conftest import Played, School
from tests.factories.packages import course
from tests.factories.pdfs import pdf

Play = Callable[..., Played]
PAGES = {
    "doc.pdf": pdf("Read"),
    "head.html": "<!DOCTYPE html><html><HEAD lang=en><script>1</script></head>",
    "bare.html": "<p>",
    "work.js": "1",
    "a.png": b"1",
    "wide.html": "<html><head></head>".encode("utf-16"),
}


@pytest.fixture
def played(school: School, play: Play) -> Played:
    school.upload(course(files=PAGES))
    return play()


def test_a_pdf_is_shown_to_readers_and_given_to_programs(played: Played) -> None:
    address = f"{played.base}/files/doc.pdf"
    for shown in ("iframe", "document", "embed"):
        answer = played.host.get(address, headers={"Sec-Fetch-Dest": shown})
        assert "pdf_viewer.js" in answer.text
        assert answer.headers["Vary"] == "Sec-Fetch-Dest"
        assert answer.headers["Cache-Control"] == "no-store"
    for asked in ({"Sec-Fetch-Dest": "empty"}, {}):
        answer = played.host.get(address, headers=asked)
        assert answer.content == PAGES["doc.pdf"]
        assert answer.headers["Vary"] == "Sec-Fetch-Dest"
    answer = played.host.get(f"{address}?original", headers={"Sec-Fetch-Dest": "document"})
    assert answer.content == PAGES["doc.pdf"]
    assert answer.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("head.html", b"<!DOCTYPE html><html><HEAD lang=en><script src="),
        ("bare.html", b"<script src="),
        ("wide.html", PAGES["wide.html"]),
        ("doc.pdf", PAGES["doc.pdf"]),
    ],
)
def test_a_storage_comes_before_all_scripts_of_a_page(played: Played, name: str, begins: bytes) -> None:
    given = played.host.get(f"{played.base}/kept/files/{name}").content
    assert given.startswith(begins)
    as_it_is = PAGES[name] if isinstance(PAGES[name], bytes) else str(PAGES[name]).encode()
    assert played.host.get(f"{played.base}/files/{name}").content == as_it_is


def test_an_allowed_server_stays_allowed_when_the_browser_asks_again(school: School, played: Played) -> None:
    policies.policies.add(
        school.session,
        SYSTEM,
        policies.PolicyKind.LESSON_CONTENT,
        effective_from=date(2026, 1, 1),
        values={"outside_hosts": ["films.example.net"]},
        approved_by="Director",
        today=date(2026, 11, 26),
    )
    school.session.commit()
    for name, governed in (("bare.html", True), ("doc.pdf", True), ("work.js", True), ("a.png", False)):
        address = f"{played.base}/files/{name}"
        first = played.host.get(address)
        again = played.host.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        for answer in (first, again):
            allowed = "https://films.example.net" in answer.headers["Content-Security-Policy"]
            assert allowed == governed, (name, answer.status_code)


def test_who_only_looks_is_still_there(school: School, played: Played) -> None:
    record = school.session.scalars(select(Launch)).one()
    record.last_seen_at = clock.now() - timedelta(minutes=119)
    school.session.commit()
    address = f"{played.base}/alive"
    assert played.host.post(address).status_code == 403, "a page of another host"
    assert played.host.post(address, headers={"Origin": played.origin}).status_code == 204
    school.session.refresh(record)
    assert clock.now() - record.last_seen_at < timedelta(minutes=5)
    record.last_seen_at = clock.now() - timedelta(hours=3)
    school.session.commit()
    assert played.host.post(address, headers={"Origin": played.origin}).status_code == 410


def test_names_of_servers() -> None:
    allowed = ["player.vimeo.com", "*.example.org"]
    assert is_allowed("player.vimeo.com", allowed)
    assert is_allowed("a.b.example.org", allowed)
    for other in ("vimeo.com", "example.org", "evilexample.org", "player.vimeo.com.evil.net"):
        assert not is_allowed(other, allowed)
