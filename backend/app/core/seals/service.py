"""Sealing the history, reading it against its seals, and noting the newest seal where the database cannot reach."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.core import history, timestamps
from app.core.actions import Action
from app.core.errors import Invalid
from app.core.permissions import SYSTEM, internal
from app.core.seals import merkle, queries
from app.core.seals.comparison import Fault, compare
from app.core.seals.queries import Seal, Span
from app.core.timestamps import Authority, NoTimeStamp, UnknownAuthority

__all__ = ["Fault", "LastCheck", "Seal", "Verified", "verify"]

MOST_ENTRIES = 50_000
"""Entries under one seal, so that sealing never takes long; one transaction's entries stay together."""
MOST_FAULTS = 10
_MOST_UNKNOWN = 200
"""Time stamps by unknown authorities that are read through to find an older one that is known: 10 seconds’ worth."""
_LONGEST_LINE = 2 * timestamps.LARGEST
"""Bytes of a note with a time stamp in it, at most."""
NOTES = "history-seals.jsonl"
"""The file in the data directory that the newest seal is noted in, to go into the backups."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: how many entries stand under how many seals, how many wait for one, the first faults in order."""

    seals: int
    entries: int
    unsealed: int
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True)
class LastCheck:
    """The newest nightly verification: when, how many sealed entries, and what was wrong in words."""

    at: datetime
    entries: int
    faults: Sequence[str]


@internal("the job of every minute")
def seal(session: Session) -> int:
    """Seal what can be sealed, about `MOST_ENTRIES` at most; how many entries they were.

    0 when there is nothing, or while another process is at it. The transaction must be READ COMMITTED: the entries
    are read after it is known which transactions have ended.
    """
    if not queries.take_turn(session):
        return 0
    now = queries.frontier(session)
    number, generation, first, previous = queries.last(session)
    opened = queries.first_open(session, generation, first, now)
    if opened is None:
        return 0
    if opened[0] > generation:
        generation, first = opened[0], 0
    end = now[1] if generation == now[0] else queries.end_of(session, generation)
    cut = queries.cut(session, Span(generation, first, end), MOST_ENTRIES)
    if cut is not None:
        # A transaction's entries stay together, also when it has more of them than a seal.
        end = cut if cut > opened[1] else cut + 1
    span = Span(generation, first, end)
    found = queries.leaves(session, span)
    leaves = [leaf for leaf, _ in found]
    root = merkle.root(leaves)
    queries.add(
        session,
        span,
        number=number + 1,
        entries=len(found),
        last_entry_id=max(entry for _, entry in found),
        root=root,
        leaves=b"".join(leaves),
        previous=previous,
        hash=merkle.link(number + 1, generation, first, end, len(found), root, previous),
    )
    return len(found)


@internal("a seal holds hashes and no record")
def latest(session: Session) -> Seal | None:
    """The newest seal, without the hashes of its entries."""
    return queries.newest(session)


@internal("for the nightly job and the operator's command; names entries by number alone")
def verify(session: Session, outside: Mapping[int, str] | None = None) -> Verified:
    """Read the whole history against its seals.

    `outside` are seals that were noted elsewhere, number to hash (hexadecimal): they show newest seals that were cut
    off, and a chain that was made again from its beginning. The first `MOST_FAULTS` faults are given.
    """
    known: dict[int, str] = {}
    found = compare(queries.seals(session), queries.entries(session), known)
    faults = list(found.faults)
    for number, noted in sorted((outside or {}).items()):
        if number not in known:
            faults.append(Fault(f"Seal {number:,} was noted outside of the database and is gone.", number))
        elif known[number] != noted:
            faults.append(
                Fault(f"Seal {number:,} is not the one that was noted outside of the database.", number)
            )
    return Verified(len(known), found.sealed, found.unsealed, faults[:MOST_FAULTS])


@internal("the nightly job")
def check(session: Session, notes: Path, trusted: Sequence[bytes] = ()) -> Verified:
    """Verify, also against the file of notes if it is there, and record in the history what was found.

    `trusted` are the certificates (DER) that its newest time stamp has to lead to, where an authority is set.

    A file that cannot be read is a fault among the others: what the database has is verified all the same.
    """
    outside, unread = {}, []
    try:
        if notes.exists():
            outside = read_notes(notes)
            newest_stamp(notes, trusted)
    except Invalid as error:
        unread.append(Fault(error.detail, 0))
    found = verify(session, outside)
    found = replace(found, faults=[*unread, *found.faults][:MOST_FAULTS])
    words = [fault.sentence for fault in found.faults]
    history.record(
        session, SYSTEM, Action.HISTORY_VERIFIED, None, entries=found.entries, seals=found.seals, faults=words
    )
    return found


@internal("says how many entries there are; the page that shows it asks")
def last_check(session: Session) -> LastCheck | None:
    """What the last nightly verification found; None before the first."""
    found = history.latest(session, Action.HISTORY_VERIFIED)
    return None if found is None else LastCheck(found.at, found.details["entries"], found.details["faults"])


def note_of(seal_: Seal) -> dict[str, Any]:
    """The seal as it is noted outside: its number and hash, when it was made, up to which entry it goes."""
    return {
        "number": seal_.number,
        "hash": seal_.hash.hex(),
        "sealed_at": seal_.sealed_at.isoformat(),
        "last_entry": seal_.last_entry_id,
    }


def write_note(path: Path, seal_: Seal, authority: Authority | None = None) -> None:
    """Write the seal behind the file's last line, unless it stands there, with a time stamp of its hash.

    Where the authority gives none, the line says why, and the next time it is asked again: its time stamp then has
    a line of its own. Raises OSError.
    """
    note = note_of(seal_)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _LONGEST_LINE))
        end = file.read()
        # Without the brace at its end: a line with a time stamp goes on behind the same words.
        last = end.splitlines()[-1] if end.endswith(b"\n") else b""
        noted = last.startswith(json.dumps(note)[:-1].encode())
        if noted and (authority is None or b'"time_stamp"' in last):
            return
        if authority is not None:
            try:
                note["time_stamp"] = b64encode(authority.stamp(seal_.hash).token).decode()
            except NoTimeStamp as error:
                if noted:
                    return
                note["no_time_stamp"] = str(error)
        # A line that a crash cut short ends here, and is not held against anything.
        file.write((b"" if not end or end.endswith(b"\n") else b"\n") + json.dumps(note).encode() + b"\n")


def read_notes(path: Path) -> dict[int, str]:
    """Seals noted in a file, one JSON object a line: number to hash. A line that was cut short is left out.

    Raises Invalid for a file that is none, or that notes two seals under one number.
    """
    found: dict[int, str] = {}
    for note in _notes(path):
        if found.setdefault(note["number"], note["hash"]) != note["hash"]:
            raise Invalid(f"{path} notes two different seals {note['number']:,}.")
    return found


@dataclass(frozen=True, slots=True)
class Stamped:
    """The newest time stamp among the notes: of which seal, when, and by which authority.

    `unknown` are newer ones, by an authority that leads to none of today's certificates.
    """

    number: int
    at: datetime
    authority: str
    unknown: int = 0


def newest_stamp(path: Path, trusted: Sequence[bytes]) -> Stamped | None:
    """The newest seal that an outside authority has stamped: it vouches for every seal before it, too.

    `trusted` are certificates (DER) that the time stamp has to lead to. None where nothing was stamped, or nobody is
    trusted. A school that changed its authority has time stamps that lead to no certificate of today: they prove
    nothing, and are no fault of the history. Raises Invalid for a file that is none, and for a time stamp that is not
    of the hash beside it.
    """
    stamped = [note for note in _notes(path) if isinstance(note.get("time_stamp"), str)] if trusted else []
    unknown = 0
    for note in sorted(stamped, key=lambda note: int(note["number"]), reverse=True):
        try:
            digest = bytes.fromhex(note["hash"])
            found = timestamps.read(b64decode(note["time_stamp"], validate=True), digest, trusted)
        except UnknownAuthority:
            unknown += 1
        except (ValueError, NoTimeStamp) as error:
            raise Invalid(
                f"The time stamp of seal {note['number']:,} in {path} does not hold: {error}"
            ) from error
        else:
            return Stamped(note["number"], found.at, found.authority, unknown)
        if unknown >= _MOST_UNKNOWN:
            break
    return None


def _notes(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} cannot be read as a list of seals.") from error
    for place, line in enumerate(lines, 1):
        try:
            note = json.loads(line)
        except (ValueError, RecursionError) as error:
            if (line.startswith("{") and not line.endswith("}")) or not line.strip():
                continue
            raise Invalid(f"Line {place} of {path} is not a seal.") from error
        if (
            not isinstance(note, dict)
            or not isinstance(note.get("number"), int)
            or not isinstance(note.get("hash"), str)
        ):
            raise Invalid(f"Line {place} of {path} is not a seal.")
        yield note
