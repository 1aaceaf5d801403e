"""What a file is that a student hands in: by its content, never by its name alone, and never a program."""

import lzma
import zipfile
import zlib
from codecs import getincrementaldecoder
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO

from app.content.packages.media import kinds as media
from app.core.errors import FieldError, Invalid
from app.core.files.store import CHUNK
from app.web import scans
from app.web.photo_metadata import without_metadata

FIELD = "files"
LARGEST_PICTURE = 40 * 1024**2
"""A phone’s largest photos have half of it; one at a time is held in memory while its place and time are taken out."""
LARGEST_DOCUMENT = 200 * 1024**2
MOST_PARTS = 20_000
"""Parts of an office document."""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of files that an assignment may take: its name, its words for people, what a file field offers."""

    name: str
    label: str
    accept: str


FAMILIES = (
    Family("picture", "Photos and pictures (JPEG, PNG)", "image/jpeg,image/png"),
    Family("pdf", "PDF", "application/pdf,.pdf"),
    Family(
        "office",
        "Office documents (Word, Excel, PowerPoint, OpenDocument)",
        ".docx,.xlsx,.pptx,.odt,.ods,.odp",
    ),
    Family("text", "Plain text", "text/plain,.txt,.md,.csv"),
    Family("film", "Video (MP4, WebM)", "video/mp4,video/webm,.mp4,.m4v,.webm"),
    Family("sound", "Audio (MP3, M4A, Ogg)", "audio/mpeg,audio/mp4,audio/ogg,.mp3,.m4a,.ogg"),
)
NAMES = tuple(one.name for one in FAMILIES)

# What systems run, or run with the help of something that stands on most of them.
_PROGRAM_ENDINGS = """
    apk app appimage bash bat bin cmd com command cpl csh deb dll dmg elf exe gadget hta inf ipa iso jar js jse ksh
    lnk mjs msc msi msp ocx pif pkg pl ps1 psm1 py pyc rb reg rpm run scf scr sct sh sys url vb vbe vbs wasm ws wsf
    wsh xll zsh docm dotm xlsm xltm xlam pptm potm ppsm ppam
"""
_PROGRAMS = frozenset(_PROGRAM_ENDINGS.split())
_PROGRAM_HEADS = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\x00asm",
    b"dex\n",
    b"L\x00\x00\x00\x01\x14\x02\x00",
    b"!<arch>\n",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")
_MEDIA = {
    media.MP4: ("film", "video/mp4"),
    media.WEBM: ("film", "video/webm"),
    media.MP3: ("sound", "audio/mpeg"),
    media.M4A: ("sound", "audio/mp4"),
    media.OGG: ("sound", "audio/ogg"),
    media.PDF: ("pdf", "application/pdf"),
    media.JPEG: ("picture", "image/jpeg"),
    media.PNG: ("picture", "image/png"),
}
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OFFICE = {
    "word/": ("docx", f"{_OPEN_XML}wordprocessingml.document"),
    "xl/": ("xlsx", f"{_OPEN_XML}spreadsheetml.sheet"),
    "ppt/": ("pptx", f"{_OPEN_XML}presentationml.presentation"),
}
_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
_NO_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    KeyError,
)
"""What a damaged or crafted archive raises when its list or a part of it is read."""
_TEXT = {"txt": "text/plain", "md": "text/markdown", "csv": "text/csv"}
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it is kept: its name with the ending of its kind, its family, its media type, and its bytes where
    they are not the file’s own (a photo without its place and time: a temporary file, which the caller closes)."""

    name: str
    family: str
    media_type: str
    content: BinaryIO | None = None


def label_of(family: str) -> str:
    """The words for a family."""
    return next(one.label for one in FAMILIES if one.name == family)


def accept_of(families: list[str]) -> str:
    """What a file field offers for these families."""
    return ",".join(one.accept for one in FAMILIES if one.name in families)


def recognize(name: str, file: BinaryIO, families: list[str], field: str = FIELD) -> Found:
    """What a file is, if it is of one of these families. Raises Invalid at `field` with a sentence that names it.

    `file` is seekable and stands at its beginning afterwards.
    """
    try:
        found = _look(name, file, field)
    finally:
        file.seek(0)
    if found.family not in families:
        if found.content is not None:
            found.content.close()
        wanted = "; ".join(label_of(one) for one in families)
        raise _wrong(
            field, f"“{name}” is not a kind of file that is accepted here. Send one of these: {wanted}."
        )
    return found


def _look(name: str, file: BinaryIO, field: str) -> Found:
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(media.HEAD_BYTES)
    ending = media.ending_of(name)
    if not size:
        raise _wrong(field, f"“{name}” is empty. Choose it again.")
    if ending in _PROGRAMS:
        raise _wrong(field, f"“{name}” is a program or contains one. Programs are never accepted.")
    if head.startswith(_PROGRAM_HEADS):
        raise _wrong(field, f"“{name}” is a program, whatever its name says. Programs are never accepted.")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        raise _wrong(
            field,
            f"“{name}” is a HEIC photo, which many computers cannot show. Take the photo from this page, or set the "
            "camera to “Most compatible” (JPEG).",
        )
    if head.startswith(_OLE):
        raise _wrong(
            field, f"“{name}” is in an old format that may contain programs. Save it as .docx, .xlsx or PDF."
        )
    kind = media.kind_of(head)
    if kind in _MEDIA:
        family, media_type = _MEDIA[kind]
        content = _picture(name, file, size, media_type, field) if family == "picture" else None
        return Found(_named(name, kind.endings), family, media_type, content)
    if head.startswith(b"PK\x03\x04"):
        return _office(name, file, size, field)
    if size <= LARGEST_DOCUMENT and _is_text(file):
        return Found(_named(name, tuple(_TEXT)), "text", _TEXT.get(ending, "text/plain"))
    raise _wrong(field, f"“{name}” is not a kind of file that is accepted here.")


def _picture(name: str, file: BinaryIO, size: int, media_type: str, field: str) -> BinaryIO:
    """A photo without what the phone wrote into it about the place, the time and the device."""
    if size > LARGEST_PICTURE:
        raise _wrong(field, f"“{name}” is larger than 40 MB. Take the photo at a lower resolution.")
    file.seek(0)
    content = file.read()
    found = scans.picture_size(content)
    if found is None or found[0] != media_type:
        raise _wrong(field, f"“{name}” is damaged. Take the photo again.")
    if found[1] > scans.LARGEST_PIXELS:
        raise _wrong(field, f"“{name}” has too many pixels. Take the photo at a lower resolution.")
    try:
        stripped = without_metadata(content, media_type)
    except ValueError:
        raise _wrong(field, f"“{name}” is damaged. Take the photo again.") from None
    kept = TemporaryFile()  # noqa: SIM115 - the caller closes it
    kept.write(stripped)
    kept.seek(0)
    return kept


def _office(name: str, file: BinaryIO, size: int, field: str) -> Found:
    refused = _wrong(
        field, f"“{name}” is an archive, or a document that cannot be read. Send the files themselves."
    )
    if size > LARGEST_DOCUMENT:
        raise refused
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if len(names) > MOST_PARTS:
                raise refused
            if any(part.lower().endswith(("vbaproject.bin", ".exe", ".dll")) for part in names):
                raise _wrong(field, f"“{name}” contains macros, which are programs. Save it without them.")
            if names and names[0] == "mimetype":
                with archive.open("mimetype") as stream:
                    ending = _OPEN_DOCUMENT.get(stream.read(100))
                if ending is not None:
                    return Found(_named(name, (ending,)), "office", _open_document_type(ending))
            if "[Content_Types].xml" in names:
                for folder, (ending, media_type) in _OFFICE.items():
                    if any(part.startswith(folder) for part in names):
                        return Found(_named(name, (ending,)), "office", media_type)
    except _NO_ARCHIVE:
        raise refused from None
    raise refused


def _open_document_type(ending: str) -> str:
    return next(kind.decode() for kind, known in _OPEN_DOCUMENT.items() if known == ending)


def _is_text(file: BinaryIO) -> bool:
    """Whether the whole file is UTF-8 text; read in pieces."""
    decoder = getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            if _CONTROLS.intersection(chunk):
                return False
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _named(name: str, endings: tuple[str, ...]) -> str:
    """The name with an ending of its kind: what a file is called never decides what it is opened with."""
    return name if media.ending_of(name) in endings else f"{name[:240]}.{endings[0]}"


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
