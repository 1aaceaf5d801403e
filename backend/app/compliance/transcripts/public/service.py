"""What anybody may find out about a transcript: little by its number, more with its code or its file.

By the number alone: issued, replaced, revoked, or not known. With the code of the QR, or with the file itself: whose
initials, which program, when it was issued, and whether the file is the issued one to the last byte. Names and courses
are shown by a link that the student gave (`deliveries.open_link`), and by nothing here.

A number that nobody has, one whose student opted out of directory information, and a wrong code get one and the same
answer, by the same statements. No number is ever locked: a code has 80 bits, the pace is kept by network address, and a
lock would let anybody make a genuine transcript look forged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.transcripts import codes, content, queries
from app.core.permissions import internal
from app.documents import service as documents

_SHA256 = re.compile(r"[0-9a-f]{64}")
Private = Callable[[Session, int], bool]
"""Whether the student does not want it to be known that they were at the school (34 CFR 99.37)."""

_private: dict[str, Private] = {}


@internal("wiring at the start")
def register_privacy(name: str, private: Private) -> None:
    """Let a room say that a student opted out: then the number alone says nothing."""
    _private[name] = private


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown to who has the code or the file."""

    initials: str
    program: str
    school: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class Answer:
    """What the public page answers. `status` is issued, replaced, void, or None for a number that is not known."""

    number: str
    status: str | None
    replacement: str | None = None
    shown: Shown | None = None
    file_fits: bool | None = None
    """Whether the file is the issued one; None where no file was asked about."""


@internal("open to everybody, and says what everybody may know")
def look(session: Session, number: str, code: str, sha256: str) -> Answer:
    """What may be said. Any of the three may be empty; what is no number, code or hash is as good as empty."""
    wanted, given = codes.read_number(number) or "", documents.read_code(code)
    file = sha256.lower() if _SHA256.fullmatch(sha256.lower()) else ""
    if file and not wanted:
        wanted = queries.number_of_file(session, file) or ""
    row = queries.for_public(session, wanted, documents.hash_code(given or ""), file)
    opted_out = _opted_out(session, row.student_id if row is not None else 0)
    if row is None:
        return Answer(number=number.strip()[:40], status=None, file_fits=False if file else None)
    proved = (bool(row.code_fits) and given is not None) or bool(row.file_fits)
    if not proved and (opted_out or code.strip() or row.status == "reserved"):
        return Answer(number=number.strip()[:40], status=None, file_fits=False if file else None)
    return Answer(
        row.number,
        row.status,
        row.replacement,
        _shown(row) if proved else None,
        bool(row.file_fits) if file else None,
    )


def _opted_out(session: Session, student_id: int) -> bool:
    """Asked of every room, whatever the others say."""
    answers = [private(session, student_id) for private in _private.values()]
    return any(answers)


def _shown(row: Row[tuple[object, ...]]) -> Shown:
    found = content.read(row.content)
    return Shown(
        initials_of(row.student_name),
        found["program"]["name"],
        found["school"]["legal_name"],
        date.fromisoformat(found["issued_on"]),
    )


@internal("looks at a name alone")
def initials_of(name: str) -> str:
    """`M. L.` of `Maria Lopez`."""
    return " ".join(f"{part[0].upper()}." for part in name.split())
