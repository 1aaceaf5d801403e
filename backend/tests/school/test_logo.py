"""A logo is a picture and nothing else."""

import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.school.logo import LARGEST_BYTES, NoLogo, clean

GOOD_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    b'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" viewBox="0 0 10 10" inkscape:version="1">'
    b'<!-- made by hand --><metadata>who made it</metadata><defs><linearGradient id="a"><stop offset="0" '
    b'stop-color="#fff"/></linearGradient></defs><inkscape:grid/><rect id="r" width="10" height="10" '
    b'fill="url(#a)"/><use xlink:href="#r"/><text x="1" y="2">AADA</text></svg>'
)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int = 2, height: int = 2, *extra: bytes) -> bytes:
    rows = b"".join(b"\0" + b"\xff\0\0" * width for _ in range(height)) if width * height < 100 else b""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + b"".join(extra)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def jpeg(*segments: bytes, width: int = 8, height: int = 8) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    scan = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x3f\x00"
    return b"\xff\xd8" + b"".join(segments) + frame + scan + b"\x12\x34\xff\x00\x56\xff\xd9"


def test_an_svg_keeps_what_it_draws_and_loses_the_rest() -> None:
    found = clean(GOOD_SVG)
    assert found.media_type == "image/svg+xml"
    for gone in (b"inkscape", b"metadata", b"who made it", b"made by hand"):
        assert gone not in found.content
    for kept in (b"<rect", b'fill="url(#a)"', b'href="#r"', b"AADA", b"linearGradient", b"viewBox"):
        assert kept in found.content
    assert clean(found.content).content == found.content


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<SCRIPT>alert(1)</SCRIPT>",
        '<rect onload="alert(1)"/>',
        '<rect ONCLICK="alert(1)"/>',
        "<foreignObject><p/></foreignObject>",
        '<image href="https://evil.example/x.png"/>',
        '<image href="data:image/png;base64,AAAA"/>',
        '<a href="https://evil.example"><rect/></a>',
        '<use href="https://evil.example/x.svg#a"/>',
        '<use xlink:href="//evil.example/x.svg#a"/>',
        '<rect fill="url(https://evil.example/x)"/>',
        "<rect style=\"fill:url( 'https://evil.example/x' )\"/>",
        '<rect style="background:url(//evil.example"/>',
        '<rect style="background:u\\72l(https://evil.example)"/>',
        '<rect style="x:expression(alert(1))"/>',
        "<style>@import url(https://evil.example);</style>",
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        "<iframe/>",
        '<feImage href="https://evil.example"/>',
    ],
)
def test_an_svg_that_could_act_is_refused(inside: str) -> None:
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        + inside
        + "</svg>"
    )
    with pytest.raises(NoLogo):
        clean(text.encode())


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
        b"<svg>no namespace</svg>",
        b"<svg",
        b'<?xml version="1.0" encoding="nonsense"?><svg/>',
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 200 + b"</g>" * 200 + b"</svg>",
        b"GIF89a",
        b"",
        b"%PDF-1.7",
        b"<html><body>no picture</body></html>",
    ],
)
def test_what_is_no_logo_is_refused(content: bytes) -> None:
    with pytest.raises(NoLogo):
        clean(content)


def test_a_png_loses_its_comments_and_what_stands_behind_it() -> None:
    made = png(2, 2, chunk(b"tEXt", b"Author\0somebody"), chunk(b"eXIf", b"a place"))
    found = clean(made + b"<script>alert(1)</script>")
    assert found.media_type == "image/png"
    assert found.content == png()


@pytest.mark.parametrize(
    "content",
    [
        png(5000, 2),
        png(0, 2),
        png()[:-12],
        png()[:40],
        png().replace(b"IDAT", b"IDAX"),
        png(2, 2, chunk(b"CgBI", b"")),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_a_png_that_is_damaged_or_too_large_is_refused(content: bytes) -> None:
    with pytest.raises(NoLogo):
        clean(content)


def test_a_jpeg_loses_camera_data_and_what_stands_behind_it() -> None:
    exif = b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0GPS!"
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"note"
    jfif = b"\xff\xe0" + struct.pack(">H", 9) + b"JFIF\0\1\1"
    found = clean(jpeg(jfif, exif, comment) + b"<?php")
    assert found.media_type == "image/jpeg"
    assert found.content == jpeg(jfif)


@pytest.mark.parametrize("content", [jpeg(width=5000), jpeg()[:10], jpeg()[:-2], b"\xff\xd8\xff\xe0"])
def test_a_jpeg_that_is_damaged_or_too_large_is_refused(content: bytes) -> None:
    with pytest.raises(NoLogo):
        clean(content)


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(NoLogo, match="512 KB"):
        clean(png() + b"\0" * LARGEST_BYTES)


@given(st.binary(max_size=200), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"<svg ", b"<?xml "]))
def test_whatever_comes_is_cleaned_or_refused(rest: bytes, start: bytes) -> None:
    with suppress(NoLogo):
        cleaned = clean(start + rest)
        assert clean(cleaned.content) == cleaned, "what is clean stays as it is"
