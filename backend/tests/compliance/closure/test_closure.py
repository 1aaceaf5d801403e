"""The closure archive: everybody's records, verified by sha256sum, whole or under no name, and flat in memory."""

import csv
import io
import json
import re
import subprocess
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select, text

import app.finance.student_records  # noqa: F401 - the ledger is registered there
from app.compliance.closure import archive, service
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.permissions import SYSTEM, Subject
from app.db.models import AuditEntry, ClosureArchive, IssuedDocument, Refund, Withdrawal
from tests.compliance.transcripts.conftest import World, clock, issued, world  # noqa: F401 - fixtures
from tests.documents import poppler
from tests.factories.school import School, subject_of


@pytest.fixture
def admin(world: World) -> Subject:  # noqa: F811
    with world.database.begin() as session:
        return subject_of(School(session).admin())


def test_the_archive_holds_everybody_and_verifies_without_the_system(
    world: World,  # noqa: F811
    issued: IssuedDocument,  # noqa: F811
    tmp_path: Path,
) -> None:
    with world.database.begin() as session:
        gone = School(session).student(full_name="Zoë “Zo” Ünal-O'Hara", email="zoe@example.org")
        School(session).enrollment(gone)
        gone.deleted_at = issued.issued_at
        gone_id = gone.id
        left = Withdrawal(
            user_id=world.omar.user_id, enrollment_id=world.enrollments["omar"], requested_at=issued.issued_at
        )
        session.add(left)
        session.flush()
        session.add(Refund(withdrawal_id=left.id, amount_cents=123_400))
    seen: list[tuple[int, int]] = []
    path, made = service.export_to(
        world.database,
        SYSTEM,
        world.files,
        world.settings,
        tmp_path,
        report=lambda done, total: seen.append((done, total)),
    )
    assert path == tmp_path / "closure-2026-05-04.zip"
    assert path.stat().st_mode & 0o077 == 0, "everybody's records, for the operator alone"
    assert {one.name for one in tmp_path.iterdir()} - {"data"} == {path.name}
    assert (made.students, made.transcripts, made.record_copies, made.missing) == (3, 1, 2, [])
    assert seen[0] == (0, 3)
    assert seen[-1] == (3, 3)
    out = tmp_path / "opened"
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        opened.extractall(out)
        names = set(opened.namelist())
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], cwd=out, check=True)
    listed = {line.split("  ", 1)[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
    assert names - {"SHA256SUMS"} == listed

    # The issued file is the one that was signed, byte by byte; the copy says what it is.
    rows = list(csv.DictReader(io.StringIO((out / "index.csv").read_text("utf-8-sig"))))
    by_number = {int(row["Student number"]): row for row in rows}
    maria, omar = by_number[world.maria.user_id or 0], by_number[world.omar.user_id or 0]
    assert (out / maria["Transcript"]).read_bytes() == world.pdf(issued)
    assert "record-copy" in omar["Transcript"]
    text = poppler.text_of(out / omar["Transcript"])
    assert "Omar Haddad" in text
    assert "Record copy" in text
    assert "123400" in (out / omar["Folder"] / "ledger" / "refunds.csv").read_text("utf-8-sig")
    assert made.ledger_rows == 1
    assert by_number[gone_id]["Name"] == "Zoë “Zo” Ünal-O'Hara"
    # The page needs nothing from elsewhere, and its links lead to files of the archive.
    page = (out / "index.html").read_text()
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    links = set(re.findall(r'href="([^"]+)"', page)) - {f"{one['Folder']}" for one in rows}
    assert links <= names
    assert "Zoë" in page
    readme = (out / "README.txt").read_text()
    assert "sha256sum -c SHA256SUMS" in readme
    assert "Georgia Nonpublic Postsecondary Education Commission" in readme
    with world.database.begin() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "closure.exported"))
        assert (entry.details["students"], entry.details["sha256"]) == (3, made.sha256)


def test_a_file_that_is_missing_is_named_and_one_that_fails_leaves_nothing(
    world: World,  # noqa: F811
    issued: IssuedDocument,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(b"the archive of last year")
    with monkeypatch.context() as broken:
        broken.setattr(
            archive, "_ledger", lambda *_given: (_ for _ in ()).throw(OSError(28, "No space left"))
        )
        with pytest.raises(OSError, match="No space"):
            service.export_to(world.database, SYSTEM, world.files, world.settings, path)
    assert path.read_bytes() == b"the archive of last year"
    assert {one.name for one in tmp_path.iterdir()} - {"data"} == {path.name}
    world.files.delete(issued.sha256 or "")
    _path, made = service.export_to(world.database, SYSTEM, world.files, world.settings, path)
    assert not made.whole
    assert issued.number in made.missing[0]
    with zipfile.ZipFile(path) as opened:
        assert issued.number in opened.read("README.txt").decode()
        assert issued.number in opened.read("index.html").decode()


def test_the_job_makes_one_at_a_time_with_progress_and_a_download_that_ends(
    world: World,  # noqa: F811
    issued: IssuedDocument,  # noqa: F811
    admin: Subject,
) -> None:
    with world.database.begin() as session:
        row = service.start(session, admin)
        archive_id = row.id
        with pytest.raises(Conflict, match="at this moment"):
            service.start(session, admin)
        with pytest.raises(NotFound):
            service.open_archive(session, admin, archive_id, world.files)
        with pytest.raises(Forbidden):
            service.start(session, world.registrar)
    service.work(world.database, world.files, world.settings, archive_id)
    service.work(world.database, world.files, world.settings, archive_id)
    with world.database.begin() as session:
        row = session.get_one(ClosureArchive, archive_id)
        assert (row.students_done, row.students_total, row.problem, row.missing) == (2, 2, None, [])
        found = service.open_archive(session, admin, archive_id, world.files)
        with zipfile.ZipFile(io.BytesIO(world.files.read_bytes(found.sha256 or ""))) as opened:
            assert json.loads(opened.read("closure.json"))["transcripts"] == 1
        again = service.start(session, admin)
        assert again.id > archive_id
        # A job that took its worker with it too often blocks nobody.
        session.execute(text("UPDATE procrastinate_jobs SET status = 'failed'"))
        assert service.start(session, admin).id > again.id
        assert "stopped" in (session.get_one(ClosureArchive, again.id).problem or "")


def test_memory_does_not_grow_with_the_school(
    world: World,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With drawing and signing left out: what is kept of a student is a line of the ZIP's own directory."""
    monkeypatch.setattr(archive.transcripts, "draw_record_copy", lambda *_given: b"%PDF" + bytes(50_000))

    def peak(students: int) -> int:
        with world.database.begin() as session:
            school = School(session)
            program = school.program()
            for _ in range(students):
                school.enrollment(school.student(), program)
        service.export_to(world.database, SYSTEM, world.files, world.settings, tmp_path / "warm.zip")
        tracemalloc.start()
        service.export_to(world.database, SYSTEM, world.files, world.settings, tmp_path / "all.zip")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few = peak(60)
    many = peak(240)
    # 240 copies of 50 kB would be 12 MB more.
    assert many < few + 4 * 1024 * 1024, (few, many)
