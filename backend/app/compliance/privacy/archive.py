"""A student's whole file as one signed archive: what people read, what computers read, every stored paper, checksums.

The archive is a ZIP that opens without this system. `index.html` shows all of it in a browser; `index.pdf` says what is
in it and is signed (PAdES); each list is there as JSON and as CSV; every stored paper is there as it was received;
`manifest.json` has the SHA-256 of every file, and `manifest.json.sig` the school's signature over it (ECDSA on P-256
with SHA-256), to be verified with openssl and `certificates.pem`. What rooms register with `app.core.student_records`
is in it, and the manifest says what is not.
"""

import base64
import hashlib
import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.privacy import amendments
from app.core import clock, student_records
from app.core.files import FileMissing, FileStore
from app.core.offline_pages import Cell, Link, OfflinePage
from app.core.permissions import internal
from app.core.seals import service as seals
from app.core.student_records import Part
from app.core.zip_archive import Folder, ZipArchive, copy_into, sha256_of
from app.documents import service as documents
from app.documents.service import Signer
from app.school import service as school
from app.settings import Settings
from app.web import formats
from app.web.reports.files import csv_chunks

FORMAT = "aada-student-file/1"
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_IN_MEMORY = 8 * 1024 * 1024
_SHOWN = 200
"""Rows of a list on the page; nobody reads more there, and the spreadsheet has all."""
_README = """\
This is the whole file of one student, taken out of the school's system.

index.html        everything to read, with links to the papers (open it in a browser)
index.pdf         what is in here, and the student's statements; signed by the school (open it in a PDF reader)
data/             every list as JSON and as CSV (UTF-8)
files/            every stored paper, as it was received
manifest.json     the SHA-256 of every file, and what is not in here and why
manifest.json.sig the school's signature over manifest.json

To verify it without the school's system:

  openssl x509 -in certificates.pem -noout -pubkey > key.pem
  openssl dgst -sha256 -verify key.pem -signature manifest.json.sig manifest.json

and compare the SHA-256 of each file (sha256sum FILE) with the one in manifest.json.
"""


@dataclass(slots=True)
class Archive:
    """An archive that was made: the open file, its hash and size, and how many files are in it."""

    file: BinaryIO
    sha256: str
    size: int
    files: int
    name: str


@dataclass(frozen=True, slots=True)
class Written:
    """A student's file that was written into a folder: how many files it has, and the SHA-256 of its manifest."""

    name: str
    files: int
    manifest_sha256: str


@internal("makes the archive for whoever may have it: `access.export_file`, `access.answer_with_copy`")
def build(session: Session, files: FileStore, settings: Settings, student_id: int, made_by: str) -> Archive:
    """The archive of a student. Reads in one pass with few rows in memory; the caller closes the file."""
    made_at = clock.now().astimezone(school.facts(session).zone)
    target: BinaryIO = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    try:
        with ZipArchive(target, made_at) as archive:
            written = write_into(session, archive.folder(), files, settings, student_id, made_by, made_at)
        sha256, size = sha256_of(target)
    except BaseException:
        target.close()
        raise
    return Archive(target, sha256, size, written.files, f"student-file-{student_id}-{made_at:%Y-%m-%d}.zip")


@internal("a part of what somebody may have: one's archive, a packet for an inspector")
def write_into(
    session: Session,
    folder: Folder,
    files: FileStore,
    settings: Settings,
    student_id: int,
    made_by: str,
    made_at: datetime,
) -> Written:
    """A student's whole file, signed, into a folder of an archive."""
    person = accounts.people_by_id(session, [student_id])[student_id]
    facts = school.facts(session)
    key = documents.signing_key(session, settings)
    seal = seals.latest(session)
    statements = amendments.statements_of(session, student_id)
    about: dict[str, Any] = {
        "format": FORMAT,
        "school": facts.legal_name,
        "student": {"number": student_id, "name": person.full_name, "email": person.email},
        "made_at": made_at.isoformat(timespec="seconds"),
        "made_by": made_by,
        "history_seal": f"{seal.number} {seal.hash.hex()}" if seal else None,
        "statements": [{"record": record, "statement": words} for record, words in statements],
    }
    said = _facts(about)
    with OfflinePage(f"Student file of {person.full_name}", said) as page:
        page.links(
            [Link("Signed index (PDF)", "index.pdf"), Link("What is in it, for computers", "manifest.json")]
        )
        about["lists"] = [
            _part(session, folder, page, part, student_id, files) for part in student_records.parts()
        ]
        about["left_out"] = dict(sorted(student_records.left_out().items()))
        with folder.opened("index.html") as handle:
            copy_into(page.finish(), handle)
    folder.add("index.pdf", _index(settings, key, about, said, len(folder.files)), packed=False)
    folder.add("README.txt", _README.encode())
    folder.add("certificates.pem", _certificates(key).encode())
    known = [{"path": one.path, "bytes": one.bytes, "sha256": one.sha256} for one in folder.files]
    manifest = json.dumps(about | {"files": known}, ensure_ascii=False, indent=1).encode()
    folder.add("manifest.json", manifest)
    folder.add("manifest.json.sig", key.sign(manifest), packed=False)
    return Written(person.full_name, len(folder.files), hashlib.sha256(manifest).hexdigest())


def _part(
    session: Session,
    writing: Folder,
    page: OfflinePage,
    part: Part,
    student_id: int,
    files: FileStore,
) -> dict[str, Any]:
    """One list, as JSON, as CSV and on the page, and the stored papers that its rows name."""
    counted, columns, missing = 0, [], []
    papers: dict[str, str] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        with writing.opened(f"data/{part.name}.json") as target:
            target.write(b"[")
            for row in part.rows(session, student_id):
                plain = {name: _plain(value) for name, value in row.items()}
                text = json.dumps(plain, ensure_ascii=False)
                target.write((",\n" if counted else "\n").encode() + text.encode())
                kept.write(text + "\n")
                counted += 1
                columns += [name for name in plain if name not in columns]
                for paper in part.papers:
                    sha256 = plain.get(paper.sha256)
                    if sha256:
                        kind = paper.media_type if "/" in paper.media_type else plain.get(paper.media_type)
                        papers[str(sha256)] = _ENDINGS.get(str(kind), "bin")
            target.write(b"\n]\n")
        kept.seek(0)
        with writing.opened(f"data/{part.name}.csv") as target:
            rows = (json.loads(line) for line in kept)
            for chunk in csv_chunks(columns, ([_cell(row.get(name)) for name in columns] for row in rows)):
                target.write(chunk)
        kept.seek(0)
        _show(page, part, columns, (json.loads(line) for line in kept), counted, papers)
    for sha256, ending in papers.items():
        try:
            chunks = files.read(sha256)
            with writing.opened(f"files/{part.name}/{sha256}.{ending}", packed=False) as target:
                for chunk in chunks:
                    target.write(chunk)
        except FileMissing:
            missing.append(sha256)
    return {
        "name": part.name,
        "title": part.title,
        "tables": list(part.tables),
        "rows": counted,
        "papers": len(papers) - len(missing),
        "missing_papers": missing,
        "withheld": dict(part.withheld),
    }


def _show(
    page: OfflinePage,
    part: Part,
    columns: Sequence[str],
    rows: Iterator[dict[str, Any]],
    counted: int,
    papers: Mapping[str, str],
) -> None:
    """The list on the page: its first rows, with the papers beside the row that names them."""
    if not counted:
        page.note(f"{part.title}: nothing is on record.")
        return
    with_papers = bool(papers)

    def cells(row: dict[str, Any]) -> list[Cell]:
        found: list[Cell] = [_text(row.get(name)) for name in columns]
        if with_papers:
            named = [str(row.get(one.sha256)) for one in part.papers if row.get(one.sha256)]
            found.append([Link("Open", f"files/{part.name}/{one}.{papers[one]}") for one in named])
        return found

    heads = [name.replace("_", " ").capitalize() for name in columns] + (["Paper"] if with_papers else [])
    page.table(part.title, heads, (cells(row) for row in islice(rows, _SHOWN)))
    page.links([Link("All of it as a spreadsheet (CSV)", f"data/{part.name}.csv")])
    if counted > _SHOWN:
        page.note(f"The first {_SHOWN:,} of {counted:,} are shown. The spreadsheet has all of them.")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _facts(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [
        ("Student", f"{about['student']['name']} ({about['student']['email']})"),
        ("School", about["school"]),
        ("Taken out", f"{about['made_at']} by {about['made_by']}"),
    ]
    if about["history_seal"]:
        facts.append(("History seal", about["history_seal"]))
    facts += [
        (f"The student’s statement about: {one['record']}", one["statement"]) for one in about["statements"]
    ]
    return facts


def _index(
    settings: Settings,
    key: Signer,
    about: Mapping[str, Any],
    said: Sequence[tuple[str, str]],
    count: int,
) -> bytes:
    facts = [*said[:3], ("Files", f"{count:,}, each with its SHA-256 in manifest.json"), *said[3:]]
    rows = [
        [
            part["title"],
            f"data/{part['name']}.json, .csv",
            f"{part['rows']:,}",
            f"{part['papers']:,}"
            + (f" ({len(part['missing_papers'])} missing)" if part["missing_papers"] else ""),
            "; ".join(f"{name}: {why}" for name, why in part["withheld"].items()) or formats.NOTHING,
        ]
        for part in about["lists"]
    ]
    return documents.signed_list(
        settings,
        key,
        title=f"Student file of {about['student']['name']}",
        about=facts,
        headers=["List", "Where", "Rows", "Papers", "Not in it"],
        rows=rows,
        made_on=date.fromisoformat(about["made_at"][:10]),
        school=about["school"],
    )


def _certificates(key: Signer) -> str:
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in (key.certificate, *key.issuers))


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    match value:
        case None | bool() | int() | float() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case timedelta():
            return value.total_seconds()
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple() | set():
            return [_plain(item) for item in value]
    return str(value)


def _cell(value: Any) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
