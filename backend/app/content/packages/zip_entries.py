"""One entry of a zip's directory: what it says of itself, and whether that may be believed."""

import stat
import struct
import unicodedata
import zlib
from dataclasses import dataclass

from app.core.errors import Invalid

STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIPTOR, PATCHED, STRONG, UTF8, MASKED = 0x1, 0x8, 0x20, 0x40, 0x800, 0x2000
MAX32, MAX16 = 0xFFFFFFFF, 0xFFFF
_ZIP64, _UNICODE_PATH, _AES = 0x0001, 0x7075, 0x9901
_WINDOWS = 0
_SYSTEMS_WITH_MODES = (3, 19)  # Unix, macOS


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a package may be. Sizes in bytes; `ratio` is unpacked size over packed size."""

    entries: int = 20_000
    total_bytes: int = 4 * 1024**3
    file_bytes: int = 2 * 1024**3
    ratio: int = 250
    """Deflate cannot exceed 1,032; honest text stays below 50."""
    ratio_from_bytes: int = 4 * 1024**2
    """Below this size a ratio says nothing: a small file of blanks is no attack."""
    directory_bytes: int = 16 * 1024**2
    depth: int = 20
    path_characters: int = 512


@dataclass(slots=True)
class Record:
    """An entry as the central directory has it, before it is believed."""

    raw_name: bytes
    system: int
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int
    extra: dict[int, list[bytes]]
    path: str = ""
    data_offset: int = 0


def shown(name: str | bytes) -> str:
    """A name as it may stand in a sentence: printable and short."""
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f"“{text if len(text) <= 80 else text[:77] + '…'}”"


def extra_fields(data: bytes, name: bytes) -> dict[int, list[bytes]]:
    fields: dict[int, list[bytes]] = {}
    at = 0
    while at + 4 <= len(data):
        tag, length = struct.unpack("<HH", data[at : at + 4])
        if at + 4 + length > len(data):
            raise Invalid(f"The zip's directory is damaged at {shown(name)}. Create the zip file again.")
        fields.setdefault(tag, []).append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return fields


def fill_zip64(record: Record) -> None:
    """Fill in the sizes and the offset that did not fit into 32 bits."""
    values = record.extra.get(_ZIP64, [])
    if len(values) != 1:
        raise Invalid(
            f"The zip's directory is damaged at {shown(record.raw_name)}. Create the zip file again."
        )
    numbers = list(struct.unpack(f"<{len(values[0]) // 8}Q", values[0][: len(values[0]) // 8 * 8]))
    for name in ("size", "packed", "offset"):
        if getattr(record, name) == MAX32:
            if not numbers:
                raise Invalid(
                    f"The zip's directory is damaged at {shown(record.raw_name)}. Create the zip file again."
                )
            setattr(record, name, numbers.pop(0))


def _decoded_name(record: Record) -> str:
    """The entry's name as text. Most tools write UTF-8, not all of them say so; old ones write code page
    437.
    """
    raw = record.raw_name
    if not raw:
        raise Invalid("The zip has an entry without a name.")
    if b"\0" in raw or any(byte < 0x20 or byte == 0x7F for byte in raw):
        raise Invalid(f"The zip has a file name with control characters in it: {shown(raw)}.")
    alternatives = record.extra.get(_UNICODE_PATH, [])
    if alternatives:
        field = alternatives[0]
        named = len(alternatives) == 1 and len(field) > 5 and field[0] == 1
        if not named or struct.unpack("<I", field[1:5])[0] != zlib.crc32(raw):
            raise Invalid(
                f"The zip gives {shown(raw)} a second name that does not belong to it. Create the zip "
                "file again."
            )
        raw, must_be_utf8 = field[5:], True
    else:
        must_be_utf8 = bool(record.flags & UTF8)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if must_be_utf8:
            raise Invalid(f"The zip has a file name that is not valid UTF-8: {shown(raw)}.") from error
        return raw.decode("cp437")


def written_with_backslashes(records: list[Record]) -> bool:
    """Whether an old Windows tool made this zip, with a backslash wherever the format wants `/`.

    Only a zip that says it comes from Windows and has no `/` at all is believed; elsewhere a backslash is a
    trick.
    """
    return all(r.system == _WINDOWS and b"/" not in r.raw_name for r in records)


def checked_name(record: Record, limits: Limits, backslashes: bool) -> str:
    """The path under which the entry may be kept: relative, without tricks, NFC. Folders end in `/`; the root, which
    some tools list as `./`, is `/` alone.
    """
    name = unicodedata.normalize("NFC", _decoded_name(record))
    if backslashes:
        name = name.replace("\\", "/")
    if any(not c.isprintable() and c != "\u200d" for c in name):
        raise Invalid(f"The zip has a file name with control characters in it: {shown(name)}.")
    if "\\" in name:
        raise Invalid(
            f"The file name {shown(name)} has a backslash in it; zip the package with a tool that "
            "writes “/” between "
            "folders."
        )
    if name.startswith("/"):
        raise Invalid(f"The zip has an absolute path in it: {shown(name)}.")
    folder = name.endswith("/")
    parts = name.split("/")
    if ".." in parts:
        raise Invalid(f"The zip has a path that leads out of the package: {shown(name)}.")
    if parts[-1] == ".":
        raise Invalid(f"The zip has a file name that means a folder: {shown(name)}.")
    # `a//b` and `a/./b` are what careless tools write for `a/b`; browsers and servers read them so.
    parts = [part for part in parts if part not in ("", ".")]
    name = "/".join(parts) + ("/" if folder else "")
    if len(name) > 1 and name[1] == ":" and name[0].isalpha():
        raise Invalid(f"The zip has a path with a drive letter in it: {shown(name)}.")
    if len(parts) > limits.depth:
        raise Invalid(f"The zip has folders nested more than {limits.depth} deep: {shown(name)}.")
    if len(name) > limits.path_characters:
        raise Invalid(f"The zip has a path longer than {limits.path_characters} characters: {shown(name)}.")
    return name


def check_kind(record: Record) -> None:
    if record.flags & (ENCRYPTED | STRONG | MASKED) or _AES in record.extra:
        raise Invalid(f"The file {shown(record.path)} is encrypted; zip the package without a password.")
    if record.flags & PATCHED or record.method not in (STORED, DEFLATED):
        raise Invalid(
            f"The file {shown(record.path)} is packed with an unusual method; zip the package with "
            "the ordinary one "
            "(Deflate)."
        )
    if record.system in _SYSTEMS_WITH_MODES:
        kind = stat.S_IFMT(record.attributes >> 16)
        if kind == stat.S_IFLNK:
            raise Invalid(
                f"The zip has a link in it: {shown(record.path)}; only files and folders are accepted."
            )
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise Invalid(
                f"The zip has a special file in it: {shown(record.path)}; only files and "
                "folders are accepted."
            )


def check_names_together(paths: list[str]) -> None:
    """No two names may mean the same file on any system, and no file may be a folder as well."""
    seen: dict[str, str] = {}
    for path in paths:
        key = unicodedata.normalize("NFKC", path.removesuffix("/")).casefold()
        other = seen.setdefault(key, path)
        if other is path:
            continue
        if path.endswith("/") and other.endswith("/"):
            if path == other:
                raise Invalid(f"The zip has {shown(path)} twice.")
            continue  # folders that differ in case only: their files decide
        if path.endswith("/") != other.endswith("/"):
            raise Invalid(f"The zip has {shown(path.removesuffix('/'))} both as a file and as a folder.")
        if path == other:
            raise Invalid(f"The zip has the file {shown(path)} twice.")
        raise Invalid(
            f"The zip has two files whose names differ only in spelling: {shown(other)} and {shown(path)}."
        )
    files = {key for key, path in seen.items() if not path.endswith("/")}
    for key in seen:
        folder = key
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if folder in files:
                raise Invalid(f"The zip has {shown(seen[folder])} both as a file and as a folder.")
