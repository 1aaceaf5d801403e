"""What a file is, by its content; programs are never taken, whatever they are called."""

import io
import zipfile

import pytest
from PIL import Image

from app.content.assignments import kinds
from app.core.errors import Invalid
from app.web import scans
from tests.factories.pdfs import pdf
from tests.factories.skills import picture

ALL = list(kinds.NAMES)


def named(value: object) -> str:
    """How a case is called: its bytes have the time of day in them."""
    return "bytes" if isinstance(value, bytes) else str(value)


MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(40)


def packed(*parts: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts:
            archive.writestr(name, data)
    return file.getvalue()


WORD = packed(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))


@pytest.mark.parametrize(
    ("name", "data", "family", "kept"),
    [
        ("tray.jpg", picture(), "picture", "tray.jpg"),
        ("tray", picture("PNG"), "picture", "tray.png"),
        ("tray.gif", picture(), "picture", "tray.gif.jpg"),
        ("essay.pdf", pdf("Hello"), "pdf", "essay.pdf"),
        ("essay.docx", WORD, "office", "essay.docx"),
        ("essay.zip", WORD, "office", "essay.zip.docx"),
        (
            "essay.odt",
            packed(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b"<x/>")),
            "office",
            "essay.odt",
        ),
        ("notes.txt", "Ünïcode\n".encode(), "text", "notes.txt"),
        ("film.mp4", MP4, "film", "film.mp4"),
    ],
    ids=named,
)
def test_known_kinds(name: str, data: bytes, family: str, kept: str) -> None:
    found = kinds.recognize(name, io.BytesIO(data), ALL)
    assert (found.family, found.name) == (family, kept)
    if found.content is not None:
        found.content.close()
    with pytest.raises(Invalid, match="not a kind of file that is accepted here"):
        kinds.recognize(name, io.BytesIO(data), [one for one in ALL if one != family])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("setup.exe", b"MZ" + bytes(100)),
        ("photo.jpg", b"MZ" + bytes(100)),
        ("photo.jpg.exe", picture()),
        ("photo.scr", picture()),
        ("essay.pdf", b"\x7fELF" + bytes(100)),
        ("notes.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("notes.bat", b"del *.*\n"),
        ("page.js", b"alert(1)\n"),
        ("app.pdf", b"\xca\xfe\xba\xbe" + bytes(100)),
        ("essay.docm", WORD),
        (
            "essay.docx",
            packed(("[Content_Types].xml", b""), ("word/d.xml", b""), ("word/vbaProject.bin", b"")),
        ),
    ],
    ids=named,
)
def test_programs_are_never_accepted(name: str, data: bytes) -> None:
    with pytest.raises(Invalid, match="program") as refused:
        kinds.recognize(name, io.BytesIO(data), ALL)
    assert name in refused.value.detail


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.pdf", b"", "empty"),
        ("x.zip", packed(("a.txt", b"a")), "archive"),
        ("x.docx", WORD[:40], "archive"),
        ("x.jpg", b"\xff\xd8\xff" + bytes(50), "damaged"),
        ("x.heic", b"\x00\x00\x00\x18ftypheic" + bytes(40), "HEIC"),
        ("x.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old format"),
        ("x.txt", b"text \xff\xfe", "not a kind"),
        ("x.bmp", b"BM" + bytes(60), "not a kind"),
    ],
    ids=named,
)
def test_others_are_refused_with_what_to_do(name: str, data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        kinds.recognize(name, io.BytesIO(data), ALL)


def test_a_photo_loses_its_place() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Telephone Works"
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif)
    assert b"Telephone" in file.getvalue()
    found = kinds.recognize("a.jpg", file, ALL)
    assert found.content is not None
    with found.content:
        assert b"Telephone" not in found.content.read()


def test_a_photo_with_a_second_picture_behind_it_is_taken_as_the_first() -> None:
    file = io.BytesIO()
    first, second = (Image.new("RGB", (8, 8), color) for color in ("red", "blue"))
    first.save(file, "MPO", save_all=True, append_images=[second])
    with Image.open(file) as opened:
        assert opened.format == "MPO"
    found = kinds.recognize("a.jpg", file, ALL)
    assert (found.family, found.media_type) == ("picture", "image/jpeg")
    assert found.content is not None
    with found.content, Image.open(found.content) as kept:
        assert (kept.format, kept.getpixel((4, 4))[0] > 200) == ("JPEG", True)  # type: ignore[index]
    assert scans.read(file.getvalue(), "file").media_type == "image/jpeg"


def crafted(method: int) -> bytes:
    """An OpenDocument whose first part is compressed, and broken."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", b"application/vnd.oasis.opendocument.text" * 9, compress_type=method)
    data = bytearray(file.getvalue())
    at = data.index(b"mimetype") + len("mimetype")
    data[at : at + 12] = b"\xff" * 12
    return bytes(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_crafted_document_is_refused(method: int) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        kinds.recognize("essay.odt", io.BytesIO(crafted(method)), ALL)
