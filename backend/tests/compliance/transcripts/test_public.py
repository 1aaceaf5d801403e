"""What a stranger may find out: little by a number, more with the code or the file, nothing by guessing."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import zxingcpp
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.compliance.transcripts import codes, service
from app.compliance.transcripts.public import service as public
from app.compliance.transcripts.public.service import Answer, initials_of
from app.core.hash_key import hash_key
from app.db.models import IssuedDocument, TranscriptContent
from app.documents import register
from app.documents import service as documents
from app.main import create_app
from tests.compliance.transcripts.conftest import World
from tests.documents import poppler

NOTHING = "0" * 64


@pytest.fixture
def issued(world: World) -> IssuedDocument:
    return world.issue()


def code_of(world: World, document: IssuedDocument) -> str:
    with world.database.begin() as session:
        return codes.code_for(hash_key(session), document.number)


def look(world: World, number: str = "", code: str = "", sha256: str = "") -> Answer:
    with world.database.begin() as session:
        return public.look(session, number, code, sha256)


def unknown(answer: Answer) -> bool:
    return answer.status is None and answer.shown is None and answer.replacement is None


def test_by_number_by_code_and_by_file(world: World, issued: IssuedDocument) -> None:
    code = code_of(world, issued)
    sha256 = issued.sha256 or ""
    by_number = look(world, issued.number)
    assert (by_number.status, by_number.shown, by_number.file_fits) == ("issued", None, None)
    by_code = look(world, f" {issued.number.lower()} ", documents.as_printed(code).lower())
    assert by_code.shown is not None
    assert (by_code.shown.initials, by_code.shown.program) == ("M. L.", "Dental Assistant Professional")
    by_file = look(world, sha256=sha256)
    assert (by_file.number, by_file.status, by_file.file_fits) == (issued.number, "issued", True)
    assert by_file.shown is not None
    changed = look(world, issued.number, code, NOTHING)
    assert (changed.status, changed.file_fits) == ("issued", False)
    # Another's file does not pass for this one's.
    other = world.issue(whose="omar")
    assert look(world, other.number, "", sha256).file_fits is False
    assert unknown(look(world, other.number, code))
    for wrong in (
        look(world), look(world, "TR-2026-999999"), look(world, issued.number, "ZZZZ-ZZZZ-ZZZZ-ZZZZ"),
        look(world, issued.number, "x"), look(world, sha256=NOTHING), look(world, "'; DROP TABLE users", "🦷", "🦷"),
        look(world, "TR-2026-٠٠٠٠٠١"),
    ):  # fmt: skip
        assert unknown(wrong), wrong
    # What the database keeps of the code is a hash.
    with world.database.begin() as session:
        kept = session.scalars(sa.select(TranscriptContent)).first()
        assert kept is not None
        assert kept.code_hash == hashlib.sha256(code.encode()).hexdigest()
        assert code not in kept.content


def test_the_old_number_says_what_became_of_it(world: World, issued: IssuedDocument) -> None:
    newer = world.issue(replaces=issued.id)
    old = look(world, issued.number)
    assert (old.status, old.replacement) == ("replaced", newer.number)
    with world.database.begin() as session:
        register.void(session, world.registrar, newer.id, "Issued in error")
    assert look(world, newer.number).status == "void"


@pytest.fixture
def opted_out(world: World) -> Iterator[None]:
    public.register_privacy("test", lambda _session, user_id: user_id == world.maria.user_id)
    yield
    public._private.pop("test")


def test_who_opted_out_is_not_known_and_guesses_lock_nobody_out(
    world: World, issued: IssuedDocument, opted_out: None
) -> None:
    code = code_of(world, issued)
    other = world.issue(whose="omar")
    statements: list[int] = []

    def counted(number: str, code: str = "") -> Answer:
        count = 0

        def note(*_arguments: object) -> None:
            nonlocal count
            count += 1

        sa.event.listen(world.database.engine, "before_cursor_execute", note)
        try:
            answer = look(world, number, code)
        finally:
            sa.event.remove(world.database.engine, "before_cursor_execute", note)
        statements.append(count)
        return answer

    hidden, nobody, known = counted(issued.number), counted("TR-2026-999999"), counted(other.number)
    assert unknown(hidden)
    assert unknown(nobody)
    assert known.status == "issued"
    # Who has the code was given it by the student.
    assert look(world, issued.number, code).shown is not None
    # However often somebody guesses at a number, the code that fits is answered: a lock would only serve whoever wants
    # a genuine transcript to look forged.
    wrong, right = documents.as_printed("0" * 16), code_of(world, other)
    for _ in range(120):
        assert unknown(look(world, other.number, wrong))
    assert counted(other.number, right).shown is not None
    assert unknown(counted(other.number, wrong))
    assert unknown(counted("TR-2026-999998", right))
    # The same statements whatever the answer, so that its time says nothing.
    assert len(set(statements[:3])) == 1
    assert len(set(statements[3:])) == 1


def test_codes_can_be_typed_and_numbers_read() -> None:
    code = codes.code_for("key", "TR-2026-000001")
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", code)
    assert codes.code_for("key", "TR-2026-000002") != code != codes.code_for("other", "TR-2026-000001")
    assert documents.read_code("o1il-0000-0000-0000") == "0111000000000000"
    assert documents.read_code("u" * 16) is None
    assert codes.read_number("tr-2026-000001") == "TR-2026-000001"
    assert initials_of("María de la Cruz") == "M. D. L. C."


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_typed_is_a_code_or_none(one: str, other: str) -> None:
    found = documents.read_code(one)
    assert found is None or len(found) == 16
    codes.read_number(other)
    key = codes.code_for("key", other)
    assert documents.read_code(documents.as_printed(key)) == key


@pytest.fixture
def stranger(world: World) -> Iterator[TestClient]:
    app = create_app(world.settings, world.database)
    with TestClient(app, base_url=world.settings.app_origin, follow_redirects=False) as client:
        yield client


def test_the_pages_say_little_and_are_found_by_no_search_engine(
    world: World, issued: IssuedDocument, stranger: TestClient
) -> None:
    page = stranger.get("/verify/transcript")
    assert page.status_code == 200
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert not re.findall(r'(?:src|href)="https?://', page.text)
    said = stranger.post("/verify/transcript", data={"number": issued.number}).text
    assert f"Transcript {issued.number} was issued and is valid" in said
    assert "M. L." not in said
    said = stranger.post(
        "/verify/transcript", data={"number": issued.number, "code": code_of(world, issued)}
    ).text
    assert "M. L." in said
    assert "Lopez" not in said
    # The same page for a number that nobody has and for a wrong code.
    texts = {
        re.sub(r'value="[^"]*"', "", stranger.post("/verify/transcript", data=data).text)
        for data in (
            {"number": "TR-2026-999999"},
            {"number": issued.number, "code": "0000000000000000"},
            {"number": "TR-2026-999999", "code": "0000000000000000"},
        )
    }
    assert len(texts) == 1
    assert "Not known" in texts.pop()
    assert stranger.post("/verify/transcript", data={"number": "x" * 500}).status_code == 422
    assert stranger.post("/verify/transcript", data={"sha256": "\x00"}).status_code == 422


@pytest.mark.parametrize("dots", [100, 150], ids=["a phone’s photo", "a scan"])
def test_the_code_on_the_printed_page_leads_to_the_page_that_confirms_it(
    world: World, issued: IssuedDocument, stranger: TestClient, tmp_path: Path, dots: int
) -> None:
    """Read by a decoder that knows nothing of ours, from the signed file as it was issued, drawn as it prints."""
    path = tmp_path / "transcript.pdf"
    path.write_bytes(world.files.read_bytes(issued.sha256 or ""))
    found = {
        read.text
        for page in poppler.pages(path, dots)
        for read in zxingcpp.read_barcodes(Image.open(page).rotate(4, expand=True, fillcolor="white"))
    }
    (address,) = found
    page, _, behind = address.partition("#")
    assert page == f"{world.settings.app_origin}/verify/transcript"
    number, _, code = behind.partition(".")
    assert stranger.get(page).status_code == 200
    said = stranger.post(page, data={"number": number, "code": code}).text
    assert f"Transcript {issued.number} was issued and is valid" in said
    assert "M. L." in said, "the code shows more than the number"


def test_a_link_shows_the_transcript_to_whom_it_was_given(
    world: World, issued: IssuedDocument, stranger: TestClient
) -> None:
    from app.compliance.transcripts.deliveries import service as deliveries

    with world.database.begin() as session:
        link = deliveries.share(session, world.maria, world.settings, issued.id, "A dentist")
        with pytest.raises(Exception, match="no such transcript"):
            deliveries.share(session, world.omar, world.settings, issued.id, "Omar")
    address, _, token = link.partition("#")
    assert address == f"{world.settings.app_origin}/shared-transcript"
    assert stranger.get("/shared-transcript").status_code == 200
    page = stranger.post("/shared-transcript", data={"token": token})
    assert "Maria Lopez" in page.text
    assert "Anatomy of teeth" in page.text
    file = stranger.post("/shared-transcript/file", data={"token": token})
    assert hashlib.sha256(file.content).hexdigest() == issued.sha256
    assert token not in str(file.request.url)
    with world.database.begin() as session:
        (row,) = deliveries.deliveries(session, world.maria, world.maria.user_id)
        assert (row.TranscriptDelivery.opens, row.TranscriptDelivery.recipient) == (2, "A dentist")
        opened = session.execute(
            sa.text("SELECT details FROM audit_log WHERE action = 'transcript.link_opened' ORDER BY id")
        ).scalars()
        assert [one["downloaded"] for one in opened] == [False, True]
        deliveries.revoke(session, world.maria, row.TranscriptDelivery.id)
    refused = {stranger.post("/shared-transcript", data={"token": one}).text for one in (token, "x" * 43, "")}
    assert len(refused) == 1
    assert "does not lead to a transcript" in refused.pop()
    assert stranger.post("/shared-transcript/file", data={"token": token}).status_code == 404
    with world.database.begin() as session:
        assert service.find(session, world.registrar, issued.number).status == "issued"
