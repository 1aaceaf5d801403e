"""A student's whole file as one signed archive: what people read, what computers read, every stored paper, checksums.

The archive is a ZIP that opens without this system. `index.pdf` says what is in it and is signed (PAdES); each list is
there as JSON and as CSV; every stored paper is there as it was received; `manifest.json` has the SHA-256 of every file,
and `manifest.json.sig` the school's signature over it (ECDSA on P-256 with SHA-256), to be verified with openssl and
`certificates.pem`. What rooms register with `app.core.student_records` is in it, and the manifest says what is not.
"""

import base64
import hashlib
import json
import ssl
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import IO, Any, BinaryIO
from uuid import UUID

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.privacy import amendments
from app.core import clock, student_records
from app.core.files import FileMissing, FileStore
from app.core.permissions import SYSTEM, Actor, internal
from app.core.seals import service as seals
from app.core.student_records import Part
from app.documents import service as documents
from app.documents.service import Signer
from app.school import service as school
from app.settings import Settings
from app.web import formats
from app.web.reports.files import csv_chunks

FORMAT = "aada-student-file/1"
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_IN_MEMORY = 8 * 1024 * 1024
_README = """\
This is the whole file of one student, taken out of the school's system.

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


@dataclass(slots=True)
class _Writing:
    """An archive under way."""

    zip: zipfile.ZipFile
    made_at: datetime
    files: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def opened(self, path: str, *, packed: bool = True) -> Iterator["_Hashing"]:
        info = zipfile.ZipInfo(path, self.made_at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o644 << 16
        with self.zip.open(info, "w", force_zip64=True) as handle:
            hashing = _Hashing(handle)
            yield hashing
        self.files.append({"path": path, "bytes": hashing.size, "sha256": hashing.digest.hexdigest()})

    def add(self, path: str, content: bytes, *, packed: bool = True) -> None:
        with self.opened(path, packed=packed) as handle:
            handle.write(content)


class _Hashing:
    def __init__(self, handle: IO[bytes]) -> None:
        self._handle, self.digest, self.size = handle, hashlib.sha256(), 0

    def write(self, chunk: bytes) -> None:
        self._handle.write(chunk)
        self.digest.update(chunk)
        self.size += len(chunk)


@internal("makes the archive for whoever may have it: `access.export_file`, `access.answer_with_copy`")
def build(
    session: Session,
    files: FileStore,
    settings: Settings,
    student_id: int,
    made_by: str,
    reader: Actor = SYSTEM,
) -> Archive:
    """The archive of a student: with everything for the student, or with what `reader` may have.

    Reads in one pass with few rows in memory, and wants a `Database.snapshot`; the caller closes the file.
    """
    person = accounts.people_by_id(session, [student_id])[student_id]
    facts = school.facts(session)
    made_at = clock.now().astimezone(facts.zone)
    key = documents.signing_key(session, settings)
    target: BinaryIO = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    try:
        with zipfile.ZipFile(target, "w") as made:
            writing = _Writing(made, made_at)
            listed = [
                _part(session, writing, part, student_id, files, reader) for part in student_records.parts()
            ]
            statements = amendments.statements_of(session, student_id)
            seal = seals.latest(session)
            about = {
                "format": FORMAT,
                "school": facts.legal_name,
                "student": {"number": student_id, "name": person.full_name, "email": person.email},
                "made_at": made_at.isoformat(timespec="seconds"),
                "made_by": made_by,
                "history_seal": f"{seal.number} {seal.hash.hex()}" if seal else None,
                "statements": [{"record": record, "statement": words} for record, words in statements],
                "lists": listed,
                "left_out": dict(sorted(student_records.left_out().items())),
            }
            writing.add("index.pdf", _index(settings, key, about, writing.files), packed=False)
            writing.add("README.txt", _README.encode())
            writing.add("certificates.pem", _certificates(key).encode())
            manifest = json.dumps(about | {"files": writing.files}, ensure_ascii=False, indent=1).encode()
            made.writestr("manifest.json", manifest)
            made.writestr("manifest.json.sig", key.sign(manifest))
            count = len(writing.files) + 2
        size = target.tell()
        target.seek(0)
        digest = hashlib.sha256()
        while chunk := target.read(256 * 1024):
            digest.update(chunk)
        target.seek(0)
    except BaseException:
        target.close()
        raise
    name = f"student-file-{student_id}-{made_at:%Y-%m-%d}.zip"
    return Archive(target, digest.hexdigest(), size, count, name)


def _part(
    session: Session, writing: _Writing, part: Part, student_id: int, files: FileStore, reader: Actor
) -> dict[str, Any]:
    """One list, as JSON and as CSV, and the stored papers that its rows name."""
    counted, columns, missing = 0, [], []
    papers: dict[str, str] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        with writing.opened(f"data/{part.name}.json") as target:
            target.write(b"[")
            for row in part.rows(session, student_id, reader):
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
        "withheld": dict(part.withheld)
        | ({"rows": part.limited} if part.limited and reader is not SYSTEM else {}),
    }


def _index(settings: Settings, key: Signer, about: Mapping[str, Any], files: list[dict[str, Any]]) -> bytes:
    facts = [
        ("Student", f"{about['student']['name']} ({about['student']['email']})"),
        ("School", about["school"]),
        ("Taken out", f"{about['made_at']} by {about['made_by']}"),
        ("Files", f"{len(files):,}, each with its SHA-256 in manifest.json"),
    ]
    if about["history_seal"]:
        facts.append(("History seal", about["history_seal"]))
    facts += [
        (f"The student’s statement about: {one['record']}", one["statement"]) for one in about["statements"]
    ]
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
