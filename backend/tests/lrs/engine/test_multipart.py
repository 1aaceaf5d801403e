"""multipart/mixed as a stream: the same parts however the bytes are cut."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lrs.engine import multipart
from app.lrs.engine.refusal import Refusal


def body_of(parts: list[tuple[dict[str, str], bytes]], boundary: str = "b0") -> bytes:
    pieces = []
    for headers, content in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        pieces.append(f"\r\n--{boundary}\r\n{lines}\r\n".encode() + content)
    return b"".join(pieces) + f"\r\n--{boundary}--\r\n".encode()


def read(body: bytes, cuts: list[int]) -> list[tuple[dict[str, str], bytes, str]]:
    reader = multipart.Reader(b"b0", 10_000, 10_000)
    try:
        last = 0
        for cut in [*sorted(cuts), len(body)]:
            reader.feed(body[last:cut])
            last = max(last, cut)
        return [(dict(part.headers), part.content(), part.sha2) for part in reader.finish()]
    finally:
        reader.close()


contents = st.lists(st.binary(max_size=200).filter(lambda raw: b"\r\n--b0" not in raw), max_size=4)


@given(contents, st.lists(st.integers(0, 600), max_size=8))
def test_parts_come_back_whole_however_they_are_cut(blobs: list[bytes], cuts: list[int]) -> None:
    parts = [({"content-type": "text/plain", "x-n": str(n)}, blob) for n, blob in enumerate(blobs)]
    body = body_of(parts)
    found = read(body, [min(cut, len(body)) for cut in cuts])
    assert [(headers, content) for headers, content, _ in found] == parts
    assert [digest for _, _, digest in found] == [hashlib.sha256(blob).hexdigest() for blob in blobs]


def test_preamble_and_epilogue_say_nothing() -> None:
    body = b"before\r\n--b0\r\nA: 1\r\n\r\nx\r\n--b0--\r\nafter"
    assert [(headers, content) for headers, content, _ in read(body, [])] == [({"a": "1"}, b"x")]


@pytest.mark.parametrize("cut", [0, 1, 4, 9, 30])
def test_blanks_after_a_boundary_and_folded_headers_are_read(cut: int) -> None:
    body = b"--b0 \t\r\nContent-Type: text/plain;\r\n charset=utf-8\r\nA: 1\r\n\r\nx\r\n--b0  \r\n\r\ny\r\n--b0-- \r\n"
    headers = {"content-type": "text/plain; charset=utf-8", "a": "1"}
    assert [(found, content) for found, content, _ in read(body, [cut])] == [(headers, b"x"), ({}, b"y")]


def test_the_hash_has_the_length_that_was_announced() -> None:
    sha512 = hashlib.sha512(b"x").hexdigest()
    body = body_of([({"X-Experience-API-Hash": sha512}, b"x")])
    assert read(body, [])[0][2] == sha512


@pytest.mark.parametrize(
    "body", [b"", b"--b0\r\nA: 1\r\n\r\nx", b"--b0\r\nno colon\r\n\r\nx\r\n--b0--", b"nothing of the kind"]
)
def test_a_broken_body_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        read(body, [])
    assert caught.value.status == 400


def test_a_part_beyond_its_limit_is_too_large() -> None:
    with pytest.raises(Refusal) as caught:
        read(body_of([({"A": "1"}, b"x" * 10_001)]), [])
    assert caught.value.status == 413


def test_the_boundary() -> None:
    assert multipart.boundary_of('multipart/mixed; boundary="a b"') == b"a b"
    assert multipart.boundary_of("multipart/mixed;boundary=abc") == b"abc"
    with pytest.raises(Refusal):
        multipart.boundary_of("multipart/mixed")


@given(contents)
def test_what_is_written_is_read_again(blobs: list[bytes]) -> None:
    files = {hashlib.sha256(blob).hexdigest(): blob for blob in blobs}
    given_files = [multipart.File(name, name, len(blob), "text/plain") for name, blob in files.items()]
    written = list(multipart.written("b0", b"[]", given_files))
    body = b"".join(piece if isinstance(piece, bytes) else files[piece.sha256] for piece in written)
    first, *rest = read(body, [])
    assert first[:2] == ({"content-type": "application/json"}, b"[]")
    assert [(digest, content) for _, content, digest in rest] == list(files.items())
    assert all(headers["x-experience-api-hash"] == digest for headers, _, digest in rest)


def test_a_type_with_a_line_end_begins_no_header() -> None:
    file = multipart.File("0" * 64, "0" * 64, 1, 'text/plain; a="\r\nX-Evil: 1\r\n\r\nb"')
    _, _, head, *_ = multipart.written("b0", b"[]", [file])
    assert b'Content-Type: text/plain; a="X-Evil: 1b"\r\n' in head
