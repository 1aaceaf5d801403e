"""A zip from a stranger, inspected whole before a single entry is opened.

Python's `zipfile` mends what it finds: it renames `../` entries, cuts names at NUL, ignores bytes that no
entry owns, and its behaviour differs between versions. A file that two programs can read differently is how
bad content passes a check, so this reader accepts only archives in which every byte is accounted for and the
central directory and the local headers say the same. Nothing is ever unpacked to a path name.

Format: PKWARE APPNOTE 6.3.10. Methods: stored and deflated, the two that authoring tools write.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.content.packages.zip_entries import (
    DEFLATED,
    DESCRIPTOR,
    ENCRYPTED,
    MAX16,
    MAX32,
    STORED,
    Limits,
    Record,
    check_kind,
    check_names_together,
    checked_name,
    extra_fields,
    fill_zip64,
    shown,
    written_with_backslashes,
)
from app.core.errors import Invalid

_END = b"PK\x05\x06"
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_CENTRAL = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"

_CHUNK = 256 * 1024
# Deflate needs two bytes to say nothing, five where the empty block is a stored one.
_MAX_PACKED_NOTHING = 5
_NO_GAP = (0,)
# A data descriptor may follow an entry: with or without signature, with 32- or 64-bit sizes.
_DESCRIPTOR_GAPS = (0, 12, 16, 20, 24)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive. `path` is relative, NFC, with `/` between the parts."""

    path: str
    size: int
    packed: int
    crc: int
    method: int
    data_offset: int


class Archive:
    """A zip that has passed every check that can be made without unpacking it.

    `file` must be seekable and stay open as long as the archive is read. Raises `Invalid` with a sentence
    naming what is wrong. The entries' contents are checked as they are read, see `read` and `stream`.
    """

    def __init__(self, file: BinaryIO, limits: Limits | None = None) -> None:
        self._file = file
        self._limits = limits or Limits()
        records = self._central_directory()
        backslashes = written_with_backslashes(records)
        for record in records:
            record.path = checked_name(record, self._limits, backslashes)
            check_kind(record)
        self._check_sizes(records)
        self._check_layout(records)
        for record in records:
            if record.path.endswith("/") and record.packed:
                self._check_empty(record)
        self.entries: dict[str, Entry] = {
            r.path: Entry(r.path, r.size, r.packed, r.crc, r.method, r.data_offset)
            for r in records
            if not r.path.endswith("/")
        }
        check_names_together([r.path for r in records])

    def stream(self, path: str) -> Iterator[bytes]:
        """The unpacked bytes of one file, in pieces; never more of them than the directory declares."""
        entry = self.entries[path]
        seen, crc = 0, 0
        for piece in self._inflated(entry) if entry.method == DEFLATED else self._packed(entry):
            seen += len(piece)
            if seen > entry.size:
                raise _wrong_size(path)
            crc = zlib.crc32(piece, crc)
            yield piece
        if seen != entry.size:
            raise _wrong_size(path)
        if crc != entry.crc:
            raise _damaged(path)

    def _packed(self, entry: Entry) -> Iterator[bytes]:
        left, at = entry.packed, entry.data_offset
        while left:
            # Sought again each time: several files may be read in turns.
            self._file.seek(at)
            packed = self._file.read(min(_CHUNK, left))
            if not packed:
                raise _damaged(entry.path)
            left -= len(packed)
            at += len(packed)
            yield packed

    def _inflated(self, entry: Entry) -> Iterator[bytes]:
        if entry.packed == 0 and entry.size == 0:
            return
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for packed in self._packed(entry):
                while packed:
                    yield inflater.decompress(packed, _CHUNK)
                    packed = inflater.unconsumed_tail  # noqa: PLW2901 - the rest of this very piece
            yield inflater.flush()
        except zlib.error as error:
            raise _damaged(entry.path) from error
        if not inflater.eof:
            raise _damaged(entry.path)
        if inflater.unused_data:
            raise _wrong_size(entry.path)

    def read(self, path: str, at_most: int) -> bytes:
        """One file whole; `Invalid` if it is larger than `at_most` bytes."""
        if self.entries[path].size > at_most:
            raise Invalid(f"The file {shown(path)} is larger than {at_most:,} bytes.")
        return b"".join(self.stream(path))

    def _bytes(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) != length:
            raise Invalid("The zip file is incomplete. Upload it again, or create the zip file again.")
        return data

    def _end_of_directory(self) -> tuple[int, int, int]:
        """(entries, size, offset) of the central directory, which must reach right up to its end record."""
        length = self._file.seek(0, 2)
        tail_at = max(0, length - 22 - MAX16)
        tail = self._bytes(tail_at, length - tail_at)
        at = tail.rfind(_END)
        if at < 0 or length < 22:
            if self._bytes(0, min(4, length)) in (_LOCAL, _END64):
                raise Invalid("The zip file is incomplete. Upload it again, or create the zip file again.")
            raise Invalid("The file is not a zip.")
        if len(tail) - at < 22:
            raise Invalid("The zip file is incomplete. Upload it again, or create the zip file again.")
        disk, start_disk, here, entries, size, offset, comment = struct.unpack(
            "<4H2IH", tail[at + 4 : at + 22]
        )
        end_at = tail_at + at
        if end_at + 22 + comment != length:
            raise Invalid("There are bytes after the end of the zip. Create the zip file again.")
        if (disk, start_disk, here) != (0, 0, entries) and MAX16 not in (disk, start_disk, here, entries):
            raise Invalid("The zip is one part of several; upload it as a single file.")
        locator = self._bytes(end_at - 20, 20) if end_at >= 20 else b""
        if locator.startswith(_LOCATOR64):
            entries, size, offset, end_at = self._end64(locator, end_at - 20)
        if offset + size != end_at:
            raise Invalid(
                "The zip contains data that belongs to no file (is there one zip inside or after another?)."
            )
        return entries, size, offset

    def _end64(self, locator: bytes, locator_at: int) -> tuple[int, int, int, int]:
        disk, at, disks = struct.unpack("<IQI", locator[4:])
        if at + 56 > locator_at or disk or disks != 1:
            raise Invalid("The zip's directory contradicts itself. Create the zip file again.")
        record = self._bytes(at, 56)
        length = int.from_bytes(record[4:12], "little")
        on_disk, on_start, here, entries, size, offset = struct.unpack("<2I4Q", record[16:])
        if (
            not record.startswith(_END64)
            or at + 12 + length != locator_at
            or on_disk
            or on_start
            or here != entries
        ):
            raise Invalid("The zip's directory contradicts itself. Create the zip file again.")
        return entries, size, offset, at

    def _central_directory(self) -> list[Record]:
        entries, size, offset = self._end_of_directory()
        self._directory_at = offset
        if entries == 0:
            raise Invalid("The zip is empty.")
        if entries > self._limits.entries:
            raise Invalid(f"The zip has {entries:,} entries; at most {self._limits.entries:,} are accepted.")
        if size > self._limits.directory_bytes:
            raise Invalid("The zip's directory is too large.")
        directory = self._bytes(offset, size)
        records: list[Record] = []
        at = 0
        while at < len(directory):
            if directory[at : at + 4] != _CENTRAL or at + 46 > len(directory):
                raise Invalid("The zip's directory is damaged. Create the zip file again.")
            fields = struct.unpack("<BBHHHHHIII5HII", directory[at + 4 : at + 46])
            _, system, _, flags, method, _, _, crc, packed, unpacked, names, extras, comments = fields[:13]
            attributes, header = fields[15:]
            name_at = at + 46
            at = name_at + names + extras + comments
            if at > len(directory):
                raise Invalid("The zip's directory is damaged. Create the zip file again.")
            raw = directory[name_at : name_at + names]
            extra = extra_fields(directory[name_at + names : name_at + names + extras], raw)
            record = Record(raw, system, flags, method, crc, packed, unpacked, attributes, header, extra)
            if MAX32 in (packed, unpacked, header):
                fill_zip64(record)
            records.append(record)
        if len(records) != entries:
            raise Invalid(f"The zip says it has {entries:,} entries and lists {len(records):,}.")
        return records

    def _check_sizes(self, records: list[Record]) -> None:
        total = 0
        for record in records:
            total += record.size
            if record.path.endswith("/") and (record.size or record.packed > _MAX_PACKED_NOTHING):
                raise _folder_with_contents(record.path)
            if record.method == STORED and record.size != record.packed:
                raise Invalid(f"The zip gives the wrong size for {shown(record.path)}.")
            if record.size > self._limits.file_bytes:
                raise Invalid(f"The file {shown(record.path)} is too large.")
            if (
                record.size > self._limits.ratio_from_bytes
                and record.size > record.packed * self._limits.ratio
            ):
                raise Invalid(
                    f"The file {shown(record.path)} would unpack to "
                    f"{record.size // max(1, record.packed):,} times "
                    "its packed size; such a file is refused as a zip bomb."
                )
        if total > self._limits.total_bytes:
            raise Invalid(f"The package would unpack to {total / 1024**3:,.1f} GiB; that is too large.")

    def _check_empty(self, record: Record) -> None:
        """Tools written in Java deflate folders too: then the few bytes must be those of nothing at all."""
        nothing = Entry(record.path, 0, record.packed, 0, record.method, record.data_offset)
        if any(self._inflated(nothing)):
            raise _folder_with_contents(record.path)

    def _check_layout(self, records: list[Record]) -> None:
        """Walk the local headers: they repeat the directory, touch one another and leave no gap."""
        at = 0
        allowed: tuple[int, ...] = _NO_GAP
        for record in sorted(records, key=lambda r: r.offset):
            self._check_gap(record.offset - at, allowed)
            at = self._check_local_header(record)
            allowed = _DESCRIPTOR_GAPS if record.flags & DESCRIPTOR else _NO_GAP
        self._check_gap(self._directory_at - at, allowed)

    def _check_gap(self, gap: int, allowed: tuple[int, ...]) -> None:
        if gap < 0:
            raise Invalid("Files inside the zip overlap one another; such a zip is refused as a zip bomb.")
        if gap not in allowed:
            raise Invalid("The zip holds bytes that its directory does not list. Create the zip file again.")

    def _check_local_header(self, record: Record) -> int:
        """Compare the entry's own header with the directory; the offset of the first byte after the entry."""
        header = self._bytes(record.offset, 30)
        if not header.startswith(_LOCAL):
            raise Invalid(
                f"The zip's directory points to no file for {shown(record.path)}. Create the zip file again."
            )
        flags, method, _, _, crc, packed, size, names, extras = struct.unpack("<HHHHIIIHH", header[6:30])
        name = self._bytes(record.offset + 30, names)
        differs = name != record.raw_name or method != record.method or (flags ^ record.flags) & ENCRYPTED
        if differs:
            raise Invalid(
                f"The zip names one file twice in different ways: {shown(record.path)} and {shown(name)}."
            )
        stated = not flags & DESCRIPTOR and MAX32 not in (packed, size)
        if stated and (crc, packed, size) != (record.crc, record.packed, record.size):
            raise Invalid(f"The zip gives two different sizes for {shown(record.path)}.")
        record.data_offset = record.offset + 30 + names + extras
        return record.data_offset + record.packed


def _folder_with_contents(path: str) -> Invalid:
    return Invalid(f"The folder {shown(path)} claims to have contents of its own.")


def _wrong_size(path: str) -> Invalid:
    return Invalid(
        f"The file {shown(path)} does not have the size the zip declares for it. Create the zip file again."
    )


def _damaged(path: str) -> Invalid:
    return Invalid(f"The file {shown(path)} is damaged inside the zip. Create the zip file again.")
