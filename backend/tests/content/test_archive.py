"""Zips that lie are refused with a sentence; honest ones are read whole."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.content.packages.archive import Archive
from app.content.packages.recognition import read_package
from app.content.packages.zip_entries import Limits
from app.core.errors import Invalid
from tests.factories.packages import course, zipped


def opened(data: bytes, limits: Limits | None = None) -> Archive:
    return Archive(io.BytesIO(data), limits)


def read_whole(archive: Archive) -> int:
    """Unpack everything; the number of bytes."""
    return sum(len(piece) for path in archive.entries for piece in archive.stream(path))


def imported(path: Path) -> None:
    """All that an upload checks before anything is stored."""
    with path.open("rb") as file:
        archive = Archive(file)
        read_whole(archive)
        read_package(archive)


def refusal(data: bytes, limits: Limits | None = None, read: bool = True) -> str:
    """The sentence with which these bytes are refused, at the latest while reading."""
    with pytest.raises(Invalid) as caught:
        read_whole(opened(data, limits)) if read else opened(data, limits)
    assert caught.value.status == 422
    assert caught.value.detail.endswith(".")
    return caught.value.detail


def named(
    *names: str, content: bytes = b"x", attributes: int | None = None, system: int | None = None
) -> bytes:
    """A zip with these entry names, written as they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            if attributes is not None:
                info.external_attr = attributes
            if system is not None:
                info.create_system = system
            archive.writestr(info, content)
    return buffer.getvalue()


def patched(data: bytes, signature: bytes, offset: int, value: bytes, which: int = 0) -> bytes:
    """`data` with `value` written `offset` bytes behind the n-th occurrence of a header's signature."""
    at = -1
    for _ in range(which + 1):
        at = data.index(signature, at + 1)
    return data[: at + offset] + value + data[at + offset + len(value) :]


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.text("abcdefgh-_ äöü", min_size=1, max_size=8), st.binary(max_size=3000), min_size=1, max_size=6
    ),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_what_was_zipped_is_read_back(files: dict[str, bytes], method: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(f"folder/{name}.bin", content)
    read = opened(buffer.getvalue())
    assert {path: b"".join(read.stream(path)) for path in read.entries} == {
        f"folder/{name}.bin": content for name, content in files.items()
    }


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_a_byte_does_worse_than_a_refusal(data: st.DataObject) -> None:
    original = course()
    at = data.draw(st.integers(0, len(original) - 1))
    changed = original[:at] + bytes([data.draw(st.integers(0, 255))]) + original[at + 1 :]
    try:
        archive = opened(changed)
        read_package(archive)
        for path in archive.entries:
            assert len(b"".join(archive.stream(path))) == archive.entries[path].size
    except Invalid:
        pass


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4000))
def test_a_zip_that_is_cut_off_is_refused(length: int) -> None:
    original = course()
    assert refusal(original[: min(length, len(original) - 1)])


def test_a_written_stream_with_data_descriptors_is_read() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data) -> int:  # type: ignore[no-untyped-def]
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("a.txt", b"a" * 500)
        with archive.open("b.txt", "w", force_zip64=True) as file:
            file.write(b"b" * 500)
    read = opened(pipe.data)
    assert b"".join(read.stream("b.txt")) == b"b" * 500


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd", "absolute"),
        ("../outside.html", "leads out"),
        ("a/../../outside.html", "leads out"),
        ("..", "leads out"),
        ("a\\b.html", "backslash"),
        ("..\\outside.html", "backslash"),
        ("C:/windows.html", "drive letter"),
        ("c:evil", "drive letter"),
        (".", "means a folder"),
        ("a/.", "means a folder"),
        ("a/./../../b.html", "leads out"),
        ("./c:evil", "drive letter"),
        ("a\x00.html", "control"),
        ("a\nb.html", "control"),
        ("right\u202eleft.html", "control"),
        ("", "without a name"),
        ("/".join("abcdefghijklmnopqrstuvwxyz"), "nested"),
        ("x" * 600, "longer than"),
    ],
)
def test_bad_names_are_refused(name: str, words: str) -> None:
    assert words in refusal(named(name, system=3))


def test_empty_and_dot_parts_of_a_path_are_left_out() -> None:
    archive = opened(named("./a.html", "media//b.png", "media/./c/././d.png"))
    assert set(archive.entries) == {"a.html", "media/b.png", "media/c/d.png"}
    assert set(opened(zipped({"./": "", "./a.html": "x"})).entries) == {"a.html"}, "the root may be listed"
    assert "twice" in refusal(named("a/b.html", "a//b.html"))
    assert "twice" in refusal(named("b.html", "./b.html"))


def java_folder(packed: bytes, *, crc: int = 0, size: int = 0, method: int = 8) -> bytes:
    """A zip as Java's ZipOutputStream streams it: a folder entry with packed bytes, sizes in a descriptor, a file."""
    descriptor = b"PK\x07\x08" + struct.pack("<3I", crc, len(packed), size)
    name, flags, stamp = b"shared/", 0x0808, 0x5A21
    local = b"PK\x03\x04" + struct.pack("<5H3I2H", 20, flags, method, 0, stamp, 0, 0, 0, len(name), 0) + name
    page = zipped({"shared/page.html": "hello"})
    end, directory = page.index(b"PK\x05\x06"), page.index(b"PK\x01\x02")
    before = local + packed + descriptor
    central = b"PK\x01\x02" + struct.pack(
        "<6H3I5H2I", 20, 20, flags, method, 0, stamp, crc, len(packed), size, len(name), 0, 0, 0, 0, 0, 0
    )
    listed = patched(page[directory:end], b"PK\x01\x02", 42, struct.pack("<I", len(before)))
    whole = central + name + listed
    tail = struct.pack("<4H2IH", 0, 0, 2, 2, len(whole), len(before) + directory, 0)
    return before + page[:directory] + whole + b"PK\x05\x06" + tail


@pytest.mark.parametrize("packed", [b"\x03\x00", b"\x01\x00\x00\xff\xff", b""])
def test_folders_that_were_deflated_are_accepted_when_nothing_is_in_them(packed: bytes) -> None:
    archive = opened(java_folder(packed))
    assert set(archive.entries) == {"shared/page.html"}
    assert b"".join(archive.stream("shared/page.html")) == b"hello"


def test_folders_with_contents_are_refused() -> None:
    hidden = zlib.compress(b"xx", wbits=-15)
    assert len(hidden) == 4
    for data in (
        java_folder(hidden),
        java_folder(hidden, crc=zlib.crc32(b"xx"), size=2),
        java_folder(zlib.compress(b"a hidden file", wbits=-15)),
        java_folder(b"ab", method=0),
        java_folder(b"\x03\x00\x00"),
        java_folder(b"\xff\xff"),
    ):
        assert refusal(data, read=False)


def test_names_in_decomposed_unicode_are_kept_composed() -> None:
    assert set(opened(named("me\u0301dias/Za\u0308hne.png")).entries) == {"m\u00e9dias/Z\u00e4hne.png"}


def test_a_zip_of_an_old_windows_tool_is_understood() -> None:
    archive = opened(named("imsmanifest.xml", "pages\\course.html", system=0))
    assert set(archive.entries) == {"imsmanifest.xml", "pages/course.html"}
    assert "leads out" in refusal(named("..\\course.html", system=0))
    assert "drive" in refusal(named("c:\\course.html", system=0))
    assert "backslash" in refusal(named("a/b", "c\\d", system=0)), "a mixture is a trick"


def test_two_names_for_one_file_are_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = named("a.html", "a.html")
    assert "twice" in refusal(twice)
    assert "spelling" in refusal(named("Page.html", "page.HTML"))
    assert "twice" in refusal(named("\u00e4.html", "a\u0308.html")), "one in composed, one in decomposed form"
    assert "folder" in refusal(named("a", "a/b.html"))
    assert "folder" in refusal(named("A/b.html", "a"))


def test_links_and_special_files_are_refused() -> None:
    assert "link" in refusal(
        named("a", content=b"/etc/passwd", attributes=(stat.S_IFLNK | 0o777) << 16, system=3)
    )
    assert "special" in refusal(named("a", attributes=(stat.S_IFIFO | 0o666) << 16, system=3))


def test_encrypted_and_unusual_entries_are_refused() -> None:
    plain = zipped({"a.txt": "hello"})
    locked = patched(patched(plain, b"PK\x03\x04", 6, b"\x01\x00"), b"PK\x01\x02", 8, b"\x01\x00")
    assert "encrypted" in refusal(locked)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", "hello")
    assert "unusual" in refusal(buffer.getvalue())


def test_lying_sizes_are_refused() -> None:
    plain = zipped({"a.txt": "hello" * 100})
    for size in (1, 499, 501, 100_000):
        said = struct.pack("<I", size)
        assert "two different sizes" in refusal(patched(plain, b"PK\x01\x02", 24, said))
        both = patched(patched(plain, b"PK\x01\x02", 24, said), b"PK\x03\x04", 22, said)
        assert "does not have the size" in refusal(both)


def test_damaged_contents_are_refused() -> None:
    crc = struct.pack("<I", zlib.crc32(b"something else"))
    plain = zipped({"a.txt": "hello" * 100})
    assert "damaged" in refusal(patched(patched(plain, b"PK\x01\x02", 16, crc), b"PK\x03\x04", 14, crc))
    assert "damaged" in refusal(patched(plain, b"PK\x03\x04", 35, b"\xff\xff\xff"))


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    bomb = zipped({"a.bin": b"\0" * 6_000_000})
    assert "bomb" in refusal(bomb, read=False)
    assert "GiB" in refusal(
        zipped({"a": b"ab" * 900, "b": b"cd" * 900}), Limits(total_bytes=2000), read=False
    )
    assert "too large" in refusal(zipped({"a": b"ab" * 900}), Limits(file_bytes=1000), read=False)
    assert "entries" in refusal(named(*(f"f{n}" for n in range(20))), Limits(entries=10), read=False)


def test_overlapping_files_are_refused() -> None:
    data = zipped({"a.txt": b"hello" * 10, "b.txt": b"hello" * 10})
    second = patched(data, b"PK\x01\x02", 42, struct.pack("<I", 0), which=1)
    assert "overlap" in refusal(second)


def test_bytes_that_no_entry_owns_are_refused() -> None:
    data = zipped({"a.txt": b"hello"})
    assert "belongs to no file" in refusal(b"#!/bin/sh\n" + data)
    assert "after the end" in refusal(data + b"\0")
    assert refusal(data + data)
    with_comment = data[:-2] + struct.pack("<H", 4) + b"done"
    assert set(opened(with_comment).entries) == {"a.txt"}


def test_names_that_two_headers_give_differently_are_refused() -> None:
    assert "different ways" in refusal(patched(zipped({"a.txt": b"hello"}), b"PK\x03\x04", 30, b"b"))


def test_no_zip_at_all() -> None:
    assert "not a zip" in refusal(b"")
    assert "not a zip" in refusal(b"Hello, I am a text.")
    assert "incomplete" in refusal(zipped({"a.txt": b"hello"})[:40])
    assert "empty" in refusal(zipped({}))


def test_names_in_old_encodings_are_read() -> None:
    data = named("uebung.html").replace(b"uebung", b"\x81bung2")
    assert set(opened(data).entries) == {"\u00fcbung2.html"}


def test_every_hostile_sample_is_refused_with_a_sentence(samples: Path) -> None:
    files = sorted((samples / "hostile").glob("*.zip"))
    assert len(files) >= 10
    sentences = {}
    for path in files:
        with pytest.raises(Invalid) as caught:
            imported(path)
        sentences[path.name] = caught.value.detail
    assert "absolute" in sentences["yauzl-absolute_path_atxt.zip"]
    assert "leads out" in sentences["yauzl-invalid_relative_path_xt.zip"]
    assert "encrypted" in sentences["yauzl-traditional-encryption.zip"]
    assert "not a zip" in sentences["lts-209-1-not-a-zip.zip"]
    assert "imsmanifest.xml" in sentences["lts-210-1-no-cmi5-xml.zip"]


def test_every_real_package_is_an_acceptable_zip(samples: Path) -> None:
    files = [p for p in samples.glob("*/*") if p.parent.name != "hostile" and p.suffix in (".zip", ".h5p")]
    assert len(files) >= 8
    for path in files:
        with path.open("rb") as file:
            # Those of `found` are small: each is one habit of real courses.
            assert read_whole(Archive(file)) > (100 if path.parent.name == "found" else 100_000), path.name
