"""Issuing transcripts: what they say, that they stay as they are, that none is lost, and who gets none."""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pikepdf
import psycopg
import pytest
import sqlalchemy as sa
from defusedxml.ElementTree import fromstring
from sqlalchemy.exc import DBAPIError

from app.compliance.transcripts import service
from app.compliance.transcripts.holds import service as holds
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM
from app.db.models import FormerName, IssuedDocument, SchoolSignatory, Transcript, TranscriptContent, User
from app.documents import numbers
from app.documents.numbers import Wanted
from tests.compliance.transcripts.conftest import World
from tests.documents.poppler import signatures, text_of
from tests.factories.school import School


def test_a_transcript_says_what_a_regulator_asks_for_and_is_kept(world: World, tmp_path: Path) -> None:
    issued = world.issue()
    assert issued.number == "TR-2026-000001"
    pdf = world.pdf(issued)
    path = tmp_path / "transcript.pdf"
    path.write_bytes(pdf)
    text = text_of(path, "-layout")
    for words in (
        "Official transcript", "Peachtree Dental Academy", "1 Peachtree Street", "Atlanta, GA 30303", "Maria Lopez",
        "Dental Assistant Professional", "Enrolled", "January 5, 2026", "DA-101", "Anatomy of teeth", "May 1, 2026",
        "3.00", "Dental anatomy 3h", "Outside class meetings 1h", "Total 4h", "Midtown Smiles 80 h April 30, 2026",
        "TR-2026-000001",
    ):  # fmt: skip
        assert words in " ".join(text.split()), (words, text)
    assert "Unverified Site" not in text
    assert "PREVIEW" not in text
    said = signatures(path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    with pikepdf.open(BytesIO(pdf)) as opened:
        metadata = opened.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
        assert metadata["pdfuaid:part"] == "1"
        record = opened.attachments["document.json"].get_file().read_bytes()
        exchanged = fromstring(opened.attachments["transcript.xml"].get_file().read_bytes())
    assert [one.text for one in exchanged.iter("DocumentID")] == [issued.number]
    assert [one.text for one in exchanged.iter("CourseCreditEarned")] == ["3.00", "80"]
    assert hashlib.sha256(record).hexdigest() == issued.facts_sha256
    clr = json.loads(record)
    assert clr["type"] == ["VerifiableCredential", "ClrCredential"]
    program, course = clr["credentialSubject"]["verifiableCredential"]
    results = {
        one["name"]: two["value"]
        for one, two in zip(
            program["credentialSubject"]["achievement"]["resultDescription"],
            program["credentialSubject"]["result"],
            strict=True,
        )
    }
    assert results["Grade point average"] == "3.00"
    assert results["Clock hours attended, in minutes"] == "240"
    assert results["Clock hours in Dental anatomy, in minutes"] == "180"
    assert course["credentialSubject"]["achievement"]["humanCode"] == "DA-101"
    assert course["credentialSubject"]["result"][0]["value"] == "B"
    with world.database.begin() as session:
        row = session.scalars(sa.select(Transcript)).one()
        assert (row.user_id, row.program_id) == (world.maria.user_id, world.program_id)
        assert str(row.gpa) == "3.00"
        assert row.pdf_url == f"/documents/{issued.id}/file"
        assert service.verify(session, SYSTEM, pdf).accepted
        # Permanent: the claim can never be given up.
        with pytest.raises(DBAPIError):
            session.execute(sa.text("DELETE FROM file_claims WHERE retention = 'permanent'"))


REDRAW = """
import sys, hashlib
from app.compliance.transcripts import service
from app.core.files import open_store
from app.db.session import Database
from app.settings import Settings
settings = Settings(_env_file=None)
database = Database(settings)
with database.begin() as session:
    pdf = service.redraw(session, open_store(settings), settings, int(sys.argv[1]))
database.close()
print(hashlib.sha256(pdf).hexdigest())
"""


def test_what_is_stored_draws_the_same_file_in_another_process(world: World, issued: IssuedDocument) -> None:
    with world.database.begin() as session:
        here = service.redraw(session, world.files, world.settings, issued.id)
    assert world.pdf(issued).startswith(here.rstrip(b"\n"))
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": str(world.settings.database_url),
        "SECRET_KEY": world.settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": world.settings.aada_app_password.get_secret_value(),
        "DATA_DIR": str(world.settings.data_dir),
        "ENVIRONMENT": "test",
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "7",
    }
    there = subprocess.run(
        [sys.executable, "-c", REDRAW, str(issued.id)], env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert there.stdout.strip() == hashlib.sha256(here).hexdigest(), there.stderr


def test_the_database_refuses_to_change_or_delete_what_was_issued(
    world: World, issued: IssuedDocument
) -> None:
    for statement in (
        "UPDATE transcripts SET gpa = 4.0",
        "DELETE FROM transcripts",
        "UPDATE transcript_contents SET content = '{}'",
        "DELETE FROM transcript_contents",
        "TRUNCATE transcripts CASCADE",
        "UPDATE issued_documents SET sha256 = repeat('0', 64)",
        "DELETE FROM issued_documents",
        "DELETE FROM transcript_deliveries",
    ):
        with pytest.raises(DBAPIError), world.database.begin() as session:
            session.execute(sa.text(statement))
    # Not even whoever owns the tables, by mistake.
    url = world.settings.owner_database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as owner:
        for statement in ("UPDATE transcripts SET gpa = 4.0", "DELETE FROM transcript_contents"):
            with pytest.raises(psycopg.errors.RestrictViolation), owner.transaction():
                owner.execute(statement)
        with pytest.raises(psycopg.errors.ForeignKeyViolation), owner.transaction():
            owner.execute("DELETE FROM users WHERE id = %s", [world.maria.user_id])


def test_numbers_have_no_gap_and_no_twin_under_fifty_at_once_with_rollbacks(world: World) -> None:
    class Undone(Exception):
        pass

    def one(place: int) -> None:
        try:
            with world.database.begin() as session:
                wanted = Wanted("transcript", world.maria.user_id, world.enrollments["maria"], uuid4())
                numbers.reserve(session, world.registrar, 2026, [wanted])
                if place % 5 == 0:
                    raise Undone
        except Undone:
            pass

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(one, range(200)))
    with world.database.begin() as session:
        serials = session.scalars(sa.select(IssuedDocument.serial).order_by(IssuedDocument.serial)).all()
    assert list(serials) == list(range(1, 161))


def test_eight_issued_at_once_are_eight_transcripts_and_one_request_is_one(world: World) -> None:
    request = uuid4()

    def one(place: int) -> str | None:
        try:
            return world.issue(request=request if place % 2 else None).number
        except (Conflict, DBAPIError):
            return None

    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(one, range(8))) - {None}
    assert len(made) == 5
    assert world.issue(request=request).number in made
    with world.database.begin() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Transcript)) == 5


def test_a_correction_supersedes_and_a_name_is_that_of_its_day(world: World, issued: IssuedDocument) -> None:
    with world.database.begin() as session:
        # Married on May 1: the records of today have the new name, whatever comes later.
        person = session.get_one(User, world.maria.user_id)
        person.full_name = "Maria Haddad"
        session.add(
            FormerName(
                user_id=person.id,
                full_name="Maria Lopez",
                used_until=date(2026, 5, 1),
                reason="Marriage",
                document_sha256="a" * 64,
                document_type="application/pdf",
            )
        )
    newer = world.issue(replaces=issued.id)
    with world.database.begin() as session:
        names = session.execute(
            sa.select(TranscriptContent.document_id, TranscriptContent.student_name)
        ).tuples()
        assert dict(names.all()) == {issued.id: "Maria Lopez", newer.id: "Maria Haddad"}
        old = service.find(session, world.registrar, issued.number)
        assert (old.status, old.replacement) == ("replaced", newer.number)
        assert not service.verify(session, SYSTEM, world.pdf(issued)).accepted
        assert service.verify(session, SYSTEM, world.pdf(newer)).accepted
    with pytest.raises(Conflict, match="no longer valid"):
        world.issue(replaces=issued.id)
    with world.database.begin() as session:
        made = School(session)
        person = session.get_one(User, world.maria.user_id)
        world.enrollments["other"] = made.enrollment(person, made.program(name="Radiography")).id
    with pytest.raises(Conflict, match="another enrollment"):
        world.issue(whose="other", replaces=newer.id)


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("Nguyễn Thị Bích", None),
        ("王小明 Wang", r"U\+738B"),
        ('#panic("x") $x^2$ [a] @ref *b* // \\ ~', None),
        ("Somchai สมชาย", r"U\+0E2A"),
        ("Smile 😀", r"U\+1F600"),
        ("Maria \u202eLopez", r"U\+202E"),
        ("Private \ue000", r"U\+E000"),
    ],
)
def test_names_as_they_are_or_a_sentence(
    world: World, name: str, refused: str | None, tmp_path: Path
) -> None:
    with world.database.begin() as session:
        session.get_one(User, world.maria.user_id).full_name = name
    if refused is not None:
        with pytest.raises(Invalid, match=refused):
            world.issue()
        with world.database.begin() as session:
            assert session.scalars(sa.select(Transcript)).all() == []
        assert list(world.files.listed()) == []
        return
    path = tmp_path / "name.pdf"
    path.write_bytes(world.pdf(world.issue()))
    assert name in text_of(path, "-layout").replace("\u00a0", " ")
    # The next student's file has nothing of it.
    path.write_bytes(world.pdf(world.issue(whose="omar")))
    other = text_of(path, "-layout")
    assert "Omar Haddad" in other
    assert name.split(maxsplit=1)[0] not in other
    assert "DA-101" not in other.split("Clock hours")[0].split("Courses and grades")[1].replace(
        "In progress", ""
    ).replace("DA-101", "", 1)


def test_who_may_and_who_gets_none(world: World) -> None:
    for subject, error in (
        (world.instructor, Forbidden),
        (world.bursar, Forbidden),
        (world.maria, Forbidden),
        (world.omar, Forbidden),
    ):
        with pytest.raises(error):
            world.issue(subject)
    with world.database.begin() as session:
        with pytest.raises(NotFound):
            service.copy(session, world.omar, world.files, world.settings, world.enrollments["maria"])
        with pytest.raises(NotFound):
            service.of_student(session, world.omar, world.maria.user_id)
        hold = holds.set_hold(session, world.bursar, world.maria.user_id, "A balance of $200.00 is due")
        with pytest.raises(Forbidden):
            holds.set_hold(session, world.instructor, world.maria.user_id, "No reason")
    holds.register("test", lambda _session, _user_id: "A library book is missing.")
    try:
        with pytest.raises(Conflict, match=r"A balance of \$200\.00 is due\. A library book is missing\."):
            world.issue()
    finally:
        holds._asks.pop("test")
    with world.database.begin() as session:
        # An unofficial copy is the student's whatever is owed.
        made = service.copy(session, world.maria, world.files, world.settings, world.enrollments["maria"])
        holds.lift(session, world.registrar, hold.id, "Paid")
        with pytest.raises(Conflict, match="lifted already"):
            holds.lift(session, world.registrar, hold.id, None)
        assert session.scalars(sa.select(IssuedDocument)).all() == []
    copy = service.draw_copy(world.settings, made)
    assert world.issue().number.endswith("000001")
    with world.database.begin() as session:
        assert not service.verify(session, SYSTEM, copy).accepted


def test_a_copy_says_on_each_page_that_it_is_not_official(world: World, tmp_path: Path) -> None:
    with world.database.begin() as session:
        made = service.copy(session, world.maria, world.files, world.settings, world.enrollments["maria"])
        actions = session.scalars(
            sa.text("SELECT action FROM audit_log WHERE action LIKE 'transcript%'")
        ).all()
        assert actions == ["transcript.copied"]
    path = tmp_path / "copy.pdf"
    path.write_bytes(service.draw_copy(world.settings, made))
    text = text_of(path)
    assert "Unofficial transcript" in text
    assert "This copy is not official" in text
    assert "/verify/transcript" not in text


def test_a_school_without_an_address_issues_none(world: World) -> None:
    with world.database.begin() as session:
        session.execute(
            sa.text("UPDATE school SET address_lines = '{}', city = '', state = '', zip_code = ''")
        )
    world.database.close()
    with pytest.raises(Conflict, match="address"):
        world.issue()


def test_the_registrar_signs_as_of_the_day(world: World, tmp_path: Path) -> None:
    with world.database.begin() as session:
        session.add(SchoolSignatory(name="Ruth Registrar", title="Registrar", first_day=date(2026, 1, 1)))
    path = tmp_path / "signed.pdf"
    path.write_bytes(world.pdf(world.issue()))
    assert "Ruth Registrar" in text_of(path)
