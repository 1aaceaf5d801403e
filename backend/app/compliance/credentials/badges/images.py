"""Pictures of a credential: the round badge, the wide one that other sites show with a link. Drawn by the system."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from app.core.later import later
from app.documents.service import FONTS

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont
else:
    Image, ImageDraw, ImageFont = later("PIL.Image"), later("PIL.ImageDraw"), later("PIL.ImageFont")

BADGE = 600
"""The badge's width and height in pixels."""
CARD = (1200, 630)
"""The size that social networks ask for."""
_WHITE, _INK, _QUIET, _PAPER = "#ffffff", "#1f2933", "#52606d", "#f7f9fb"


def badge_png(school: str, name: str, level: str, color: str) -> bytes:
    """A disc in the school's color with the credential's name."""
    image = Image.new("RGBA", (BADGE, BADGE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((6, 6, BADGE - 6, BADGE - 6), fill=color)
    draw.ellipse((34, 34, BADGE - 34, BADGE - 34), fill=_WHITE)
    draw.ellipse((46, 46, BADGE - 46, BADGE - 46), outline=color, width=4)
    _centered(draw, level.upper(), "Semibold", 30, color, top=130, width=330)
    bottom = _centered(draw, name, "Bold", 52, _INK, top=200, width=420, most=4)
    _centered(draw, school, "Regular", 28, _QUIET, top=max(bottom + 16, 420), width=360, most=2)
    return _png(image)


def card_png(school: str, name: str, holder: str, line: str, color: str, *, valid: bool) -> bytes:
    """What a link to a shared credential looks like elsewhere."""
    image = Image.new("RGB", CARD, _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 28, CARD[1]), fill=color)
    draw.text((90, 70), school, font=_font("Semibold", 36), fill=color)
    bottom = _lines(draw, holder, "Bold", 68, _INK, left=90, top=170, width=1020, most=2)
    bottom = _lines(draw, name, "Regular", 48, _INK, left=90, top=bottom + 24, width=1020, most=2)
    draw.text((90, max(bottom + 24, 470)), line, font=_font("Regular", 32), fill=_QUIET)
    words = "Verified" if valid else "No longer valid"
    font = _font("Semibold", 32)
    width = draw.textlength(words, font=font)
    draw.rounded_rectangle((90, 540, 90 + width + 48, 596), 28, fill="#1a7f4b" if valid else "#b3261e")
    draw.text((114, 548), words, font=font, fill=_WHITE)
    return _png(image)


@lru_cache(maxsize=32)
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / f"SourceSans3-{weight}.ttf"), size)


def _wrapped(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and draw.textlength(longer, font=font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fitting(
    draw: ImageDraw.ImageDraw, text: str, weight: str, size: int, width: int, most: int
) -> tuple[list[str], ImageFont.FreeTypeFont, int]:
    """The text in at most so many lines, smaller where it would not fit; the rest is cut at last."""
    while True:
        font = _font(weight, size)
        lines = _wrapped(draw, text, font, width)
        fits = len(lines) <= most and all(draw.textlength(line, font=font) <= width for line in lines)
        if fits or size <= 20:
            return lines[:most], font, size
        size -= 4


def _centered(
    draw: ImageDraw.ImageDraw,
    text: str,
    weight: str,
    size: int,
    fill: str,
    *,
    top: int,
    width: int,
    most: int = 1,
) -> int:
    lines, font, size = _fitting(draw, text, weight, size, width, most)
    for line in lines:
        draw.text(((BADGE - draw.textlength(line, font=font)) / 2, top), line, font=font, fill=fill)
        top += int(size * 1.2)
    return top


def _lines(
    draw: ImageDraw.ImageDraw,
    text: str,
    weight: str,
    size: int,
    fill: str,
    *,
    left: int,
    top: int,
    width: int,
    most: int,
) -> int:
    lines, font, size = _fitting(draw, text, weight, size, width, most)
    for line in lines:
        draw.text((left, top), line, font=font, fill=fill)
        top += int(size * 1.2)
    return top


def _png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
