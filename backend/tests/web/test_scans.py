"""Photos lose what says where, when and with what they were taken, and nothing of the picture."""

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from app.core.errors import Invalid
from app.web import scans

SECRET = b"SECRET-DEVICE"


def _picture() -> Image.Image:
    image = Image.new("RGB", (64, 48), "teal")
    image.putpixel((1, 2), (250, 10, 10))
    return image


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = SECRET.decode(), orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (33.0, 45.0, 0.0), 3: "W", 4: (84.0, 23.0, 0.0)})
    return exif


def _jpeg(orientation: int = 6, *, progressive: bool = False, behind: bytes = b"") -> bytes:
    file = BytesIO()
    _picture().save(
        file, "JPEG", exif=_exif(orientation), comment=SECRET, progressive=progressive, xmp=b"<x>" + SECRET,
        icc_profile=b"\0" * 128,
    )  # fmt: skip
    return file.getvalue() + behind


def _png() -> bytes:
    file, text = BytesIO(), PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    _picture().save(file, "PNG", exif=_exif(1), pnginfo=text)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [_jpeg(), _jpeg(1), _jpeg(progressive=True), _jpeg(behind=_jpeg()), _png(), _png() + SECRET],
    ids=["turned", "upright", "progressive", "a second picture behind", "png", "bytes behind a png"],
)
def test_a_photo_keeps_its_picture_and_loses_place_time_and_device(content: bytes) -> None:
    assert SECRET in content
    kept = scans.read(content, "photo").content
    assert SECRET not in kept
    before, after = Image.open(BytesIO(content)), Image.open(BytesIO(kept))
    assert after.tobytes() == before.tobytes(), "the picture itself is untouched"
    exif = after.getexif()
    assert not exif.get_ifd(0x8825), "no place"
    orientation = before.getexif().get(0x0112)
    assert dict(exif) == ({0x0112: orientation} if orientation != 1 else {}), "it lies as it did"
    assert after.info.get("icc_profile") == before.info.get("icc_profile")
    assert scans.read(kept, "photo").content == kept, "a second time changes nothing"


def test_a_damaged_photo_is_refused_in_words() -> None:
    for content in (_png()[:60], _jpeg()[:40], _png().replace(b"IDAT", b"IDAX", 1)):
        with pytest.raises(Invalid):
            scans.read(content, "photo")
