"""The closure archive under way: a folder for each student, an index that opens from a disk, checksums, a letter.

GNPEC takes transcripts of all former students and the academic records of active ones, electronic preferred; for each
student transcript, credential and financial ledger (Standard 6, closure procedures). Students are read a few at a time,
each in one pass, and every file goes straight into the ZIP: memory does not grow with the school.
"""

import csv
import json
import ssl
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import IO, Any, BinaryIO

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.closure import queries
from app.compliance.transcripts import service as transcripts
from app.core import clock, student_records
from app.core.errors import Problem
from app.core.files import FileMissing, FileStore
from app.core.offline_pages import Cell, Link, OfflinePage, slug
from app.core.permissions import SYSTEM, internal
from app.core.zip_archive import Folder, ZipArchive, copy_into, sha256_of
from app.db.session import Database
from app.documents import service as documents
from app.documents.service import Letterhead
from app.school import service as school
from app.settings import Settings
from app.web.reports.files import csv_cell, csv_chunks

AT_A_TIME = 40
"""Students in memory at once."""
LEDGER = "money/"
"""The ledger is what finance registers with `app.core.student_records` in this folder."""
_FOLDERS = {"transcript": "transcripts", "credential": "credentials", "enrollment_agreement": "agreements"}
_HEADS = (
    "Student number",
    "Name",
    "Former names",
    "Birth date",
    "Program",
    "Status",
    "Enrolled",
    "Completed",
    "Transcript",
    "Credential",
    "Folder",
)
Report = Callable[[int, int], None]
"""Called with how many students are done, and of how many."""


@dataclass(slots=True)
class Made:
    """What is in an archive. `missing` names issued files that the store no longer has, and copies that failed."""

    students: int = 0
    transcripts: int = 0
    record_copies: int = 0
    credentials: int = 0
    agreements: int = 0
    ledger_rows: int = 0
    files: int = 0
    bytes: int = 0
    sha256: str = ""
    missing: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.missing

    def said(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


@dataclass(slots=True)
class _Index:
    """The index as CSV, written as students pass, and the rows of the page, read from it again."""

    file: IO[str]

    def add(self, cells: Sequence[str]) -> None:
        csv.writer(self.file).writerow([csv_cell(cell) for cell in cells])


@internal("makes the archive for whoever may have it: the page’s job, the operator’s command")
def write(
    database: Database,
    files: FileStore,
    settings: Settings,
    target: BinaryIO,
    made_by: str,
    report: Report = lambda _done, _total: None,
) -> Made:
    """Write the archive into an open file that can be read again."""
    with database.begin() as session:
        letterhead = school.letterhead(session, files)
        key = documents.signing_key(session, settings)
        total = queries.count_students(session)
    made_at = clock.now().astimezone(letterhead.zone)
    made, after = Made(), 0
    with (
        ZipArchive(target, made_at) as archive,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as lines,
        ThreadPoolExecutor(2) as threads,
    ):
        report(0, total)
        while True:
            with database.begin() as session:
                chunk = queries.students(session, after, AT_A_TIME)
                if not chunk:
                    break
                after = chunk[-1].id
                _chunk(session, files, settings, archive, chunk, made, _Index(lines), letterhead, threads)
            made.students += len(chunk)
            report(made.students, max(total, made.students))
        _indexes(archive, lines, letterhead.legal_name, made_at, made_by, made)
        certificates = (ssl.DER_cert_to_PEM_cert(der) for der in (key.certificate, *key.issuers))
        archive.add("certificates.pem", "".join(certificates).encode())
        archive.add("README.txt", _readme(letterhead.legal_name, made_at, made_by, made).encode())
        about = {"format": "aada-closure/1", "school": letterhead.legal_name, "made_at": made_at.isoformat()}
        counts = {
            name: value for name, value in made.said().items() if name not in ("sha256", "bytes", "files")
        }
        archive.add("closure.json", json.dumps(about | counts, ensure_ascii=False, indent=1).encode())
        archive.add_sums()
        made.files = archive.count
    made.sha256, made.bytes = sha256_of(target)
    return made


def _chunk(
    session: Session,
    files: FileStore,
    settings: Settings,
    archive: ZipArchive,
    chunk: Sequence[Row[Any]],
    made: Made,
    index: _Index,
    letterhead: Letterhead,
    threads: ThreadPoolExecutor,
) -> None:
    """The folders of a few students."""
    numbers = [one.id for one in chunk]
    names = queries.former_names(session, numbers)
    enrollments = _by(queries.enrollments(session, numbers), "user_id")
    issued = _by(queries.documents(session, numbers), "student_id")
    valid = {
        one.enrollment_id
        for each in issued.values()
        for one in each
        if one.kind == "transcript" and one.status == "issued"
    }
    lacking = [one.id for each in enrollments.values() for one in each if one.id not in valid]
    drafts = transcripts.record_copies(session, settings, lacking, letterhead) if lacking else {}

    def drawn(number: int) -> bytes | str:
        try:
            return transcripts.draw_record_copy(settings, drafts[number])
        except Problem as problem:
            return problem.detail

    copies = dict(zip(lacking, threads.map(drawn, lacking), strict=True))
    for one in chunk:
        folder = archive.folder(f"students/{one.id:07}-{slug(one.full_name)}")
        found = _documents(files, folder, issued.get(one.id, []), made)
        for each in enrollments.get(one.id, []):
            copy = copies.get(each.id)
            if isinstance(copy, bytes):
                path = f"transcripts/record-copy-{slug(each.program)}-{each.id}.pdf"
                folder.add(path, copy, packed=False)
                found[each.id, "transcript"] = path
                made.record_copies += 1
            elif copy is not None:
                made.missing.append(f"Record copy of {one.full_name} ({one.id}), {each.program}: {copy}")
        _ledger(session, folder, one.id, made)
        _lines(index, one, names.get(one.id, []), enrollments.get(one.id, []), found, folder.prefix)


def _documents(
    files: FileStore, folder: Folder, rows: Sequence[Row[Any]], made: Made
) -> dict[tuple[int, str], str]:
    """Issued files as they are in the store; of the valid ones, the path by enrollment and kind."""
    found: dict[tuple[int, str], str] = {}
    for one in rows:
        place = _FOLDERS[one.kind] if one.status == "issued" else f"{_FOLDERS[one.kind]}/{one.status}"
        path = f"{place}/{one.number}.pdf"
        try:
            chunks = files.read(one.sha256)
        except FileMissing:
            made.missing.append(f"{one.number} ({one.sha256}) is not in the file store")
            continue
        folder.add_chunks(path, chunks, packed=False)
        if one.kind == "transcript":
            made.transcripts += 1
        elif one.kind == "credential":
            made.credentials += 1
        else:
            made.agreements += 1
        if one.status == "issued":
            found[one.enrollment_id or 0, one.kind] = path
    return found


def _ledger(session: Session, folder: Folder, student_id: int, made: Made) -> None:
    """What finance has of the student, and the credentials on record, with a PDF or without one, as spreadsheets."""
    for part in student_records.parts():
        is_money = part.name.startswith(LEDGER)
        if not is_money and part.tables != ("credentials",):
            continue
        rows = [dict(row) for row in part.rows(session, student_id, SYSTEM)]
        if not rows:
            continue
        columns = list(rows[0])
        path = f"ledger/{part.name.removeprefix(LEDGER)}.csv" if is_money else "credentials/register.csv"
        cells = ([_plain(row[name]) for name in columns] for row in rows)
        folder.add_chunks(path, csv_chunks(columns, cells))
        made.ledger_rows += len(rows) if is_money else 0


def _lines(
    index: _Index,
    one: Row[Any],
    former: Sequence[str],
    enrollments: Sequence[Row[Any]],
    found: Mapping[tuple[int, str], str],
    folder: str,
) -> None:
    """A line for each enrollment; one for a student with documents and none."""
    who = [str(one.id), one.full_name, "; ".join(former), str(one.birth_date or "")]
    loose = found.get((0, "transcript"), ""), found.get((0, "credential"), "")
    for each in enrollments:
        paths = [found.get((each.id, kind), "") for kind in ("transcript", "credential")]
        index.add(
            [
                *who,
                each.program,
                each.status.value,
                str(each.enrolled_at),
                str(each.completed_at or ""),
                *(folder + path if path else "" for path in paths),
                folder,
            ]
        )
    if not enrollments:
        index.add([*who, "", "", "", "", *(folder + path if path else "" for path in loose), folder])


def _indexes(
    archive: ZipArchive, lines: IO[str], name: str, made_at: datetime, made_by: str, made: Made
) -> None:
    """`index.csv` and `index.html`, which is searched without a server."""
    with archive.opened("index.csv") as handle:
        handle.write("\ufeff".encode())
        handle.write((",".join(_HEADS) + "\r\n").encode())
        lines.seek(0)
        while chunk := lines.read(64 * 1024):
            handle.write(chunk.encode())
    lines.seek(0)
    facts = [
        ("School", name),
        ("Made", f"{made_at.isoformat(timespec='seconds')} by {made_by}"),
        ("Students", f"{made.students:,}"),
        ("Issued transcripts", f"{made.transcripts:,}"),
        ("Record copies", f"{made.record_copies:,}"),
        ("Credentials", f"{made.credentials:,}"),
    ]
    with OfflinePage(f"Student records of {name}", facts) as page:
        page.links(
            [
                Link("Read this first", "README.txt"),
                Link("The same list as a spreadsheet (CSV)", "index.csv"),
                Link("Checksums", "SHA256SUMS"),
            ]
        )
        for sentence in made.missing:
            page.note(f"Missing: {sentence}.")
        heads = ("Name", "Number", "Birth date", "Program", "Status", "Enrolled", "Completed", "Records")
        rows = (_shown(row) for row in csv.reader(lines))
        page.table("Students", heads, rows, search="Search by name, former name, number, program or year")
        with archive.opened("index.html") as handle:
            copy_into(page.finish(), handle)


def _shown(row: Sequence[str]) -> Sequence[Cell]:
    number, name, former, born, program, status, enrolled, completed, transcript, credential, folder = row
    links: list[str | Link] = []
    if transcript:
        kind = "Record copy" if "/record-copy-" in transcript else "Transcript"
        links.append(Link(kind, transcript))
    if credential:
        links.append(Link("Credential", credential))
    links.append(Link("Folder", folder))
    shown: Cell = [name, f"formerly {former}"] if former else name
    return [shown, number, born, program, status, enrolled, completed, links]


def _readme(name: str, made_at: datetime, made_by: str, made: Made) -> str:
    missing = "".join(f"\n  - {one}" for one in made.missing) or " nothing"
    return f"""\
Student records of {name}
for the Georgia Nonpublic Postsecondary Education Commission (GNPEC)

Made {made_at.isoformat(timespec="seconds")} by {made_by}. Nothing in here needs the school's system.

index.html        every student; open it in any browser and search by name, former name, number, program or year
index.csv         the same list as a spreadsheet
students/         one folder for each student ({made.students:,}):
  transcripts/    the transcripts that were issued and are valid ({made.transcripts:,} in all), signed PDFs with the
                  same content as data attached; replaced ones stand in transcripts/replaced. For an enrollment without
                  a valid one, a record copy ({made.record_copies:,}): the records as they were on the day above
  credentials/    diplomas and certificates, signed PDFs ({made.credentials:,}); register.csv has every one on record
  agreements/     enrollment agreements with everybody’s signature, signed PDFs ({made.agreements:,})
  ledger/         what the system has of the student's account, as spreadsheets ({made.ledger_rows:,} lines). Where
                  there is none, the ledger was kept elsewhere: send it with this archive
certificates.pem  the certificates of the school's signatures, to verify the PDFs offline
SHA256SUMS        the SHA-256 of every file

To verify every file, on Linux or macOS:   sha256sum -c SHA256SUMS   (macOS: shasum -a 256 -c SHA256SUMS)

Missing:{missing}

What GNPEC asks for at a closure: the transcripts of all former students and the academic records of active ones; for
each student transcript, credential and financial ledger; originals or true copies. GNPEC keeps them permanently.
"""


def _by(rows: Sequence[Row[Any]], name: str) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _plain(value: Any) -> object:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value
