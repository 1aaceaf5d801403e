"""A logo that is nothing but a picture: checked, and stripped of everything that is not needed to draw it.

PNG and JPEG lose their comments, camera data and whatever stands behind the picture; an SVG is rewritten from a
list of harmless elements and attributes, and refused if it holds anything else that could run or load something.
"""

import re
import zlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, register_namespace, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

LARGEST_BYTES = 512 * 1024
LARGEST_SIDE = 4000
SVG = "http://www.w3.org/2000/svg"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"sBIT"}
_WORD = re.compile(r"\S+")
_ELEMENTS = frozenset(
    _WORD.findall(
        "svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan linearGradient "
        "radialGradient stop clipPath mask pattern"
    )
)
_ATTRIBUTES = frozenset(
    _WORD.findall(
        "id class x y x1 y1 x2 y2 cx cy r rx ry fx fy d points width height viewBox preserveAspectRatio version "
        "transform fill fill-rule fill-opacity stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit "
        "stroke-dasharray stroke-dashoffset stroke-opacity opacity color stop-color stop-opacity offset gradientUnits "
        "gradientTransform spreadMethod clip-path clip-rule clipPathUnits mask maskUnits maskContentUnits "
        "patternUnits patternTransform font-family font-size font-weight font-style text-anchor letter-spacing "
        "dominant-baseline dx dy vector-effect style href"
    )
)
_LOCAL = re.compile(r"#[A-Za-z_][\w.-]*")
_URL = re.compile(r"url\(\s*['\"]?\s*([^)]*?)\s*['\"]?\s*\)", re.IGNORECASE)
_CODE = re.compile(r"javascript:|data:|expression\(|@import|\\|/\*|image\(|image-set\(", re.IGNORECASE)


class NoLogo(ValueError):
    """The file cannot be used; the text is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class CleanLogo:
    """The picture to store, and `image/png`, `image/jpeg` or `image/svg+xml`."""

    content: bytes
    media_type: str


def clean(content: bytes) -> CleanLogo:
    """The picture without what does not belong to it, by its content and not its name. Raises NoLogo."""
    if len(content) > LARGEST_BYTES:
        raise NoLogo("The logo is larger than 512 KB. Save a smaller version and upload that.")
    if content.startswith(_PNG):
        return CleanLogo(_png(content), "image/png")
    if content.startswith(b"\xff\xd8\xff"):
        return CleanLogo(_jpeg(content), "image/jpeg")
    if b"<svg" in content[:4096].lower() or content.lstrip().startswith(b"<?xml"):
        return CleanLogo(_svg(content), "image/svg+xml")
    raise NoLogo("This is not a PNG, JPEG or SVG picture. Save the logo as one of these and upload it again.")


def _check_side(width: int, height: int) -> None:
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise NoLogo(
            f"The logo is {width} × {height} pixels; at most {LARGEST_SIDE} × {LARGEST_SIDE} are allowed."
        )


def _png(content: bytes) -> bytes:
    kinds: list[bytes] = []
    kept, position = [_PNG], len(_PNG)
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4])
        kind = content[position + 4 : position + 8]
        end = position + 12 + length
        body = content[position + 8 : end - 4]
        if end > len(content) or zlib.crc32(kind + body) != int.from_bytes(content[end - 4 : end]):
            raise NoLogo("The PNG picture is damaged. Save it again and upload it once more.")
        if not kinds:
            if kind != b"IHDR" or length != 13:
                raise NoLogo("The PNG picture is damaged. Save it again and upload it once more.")
            _check_side(int.from_bytes(body[:4]), int.from_bytes(body[4:8]))
        kinds.append(kind)
        if kind in _PNG_KEPT:
            kept.append(content[position:end])
        elif kind[:1].isupper():
            raise NoLogo("The PNG picture uses an extension that is not supported. Save it as a plain PNG.")
        position = end
        if kind == b"IEND":
            break
    if b"IDAT" not in kinds or kinds[-1] != b"IEND":
        raise NoLogo("The PNG picture is not complete. Save it again and upload it once more.")
    return b"".join(kept)


def _jpeg(content: bytes) -> bytes:
    damaged = NoLogo("The JPEG picture is damaged. Save it again and upload it once more.")
    kept, position, measured = [b"\xff\xd8"], 2, False
    while True:
        if position + 4 > len(content) or content[position] != 0xFF:
            raise damaged
        marker = content[position + 1]
        length = int.from_bytes(content[position + 2 : position + 4])
        end = position + 2 + length
        if length < 2 or end > len(content):
            raise damaged
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = content[position + 5 : position + 7], content[position + 7 : position + 9]
            _check_side(int.from_bytes(width), int.from_bytes(height))
            measured = True
        # Camera data, thumbnails and comments go; JFIF, the colors' meaning (Adobe) and the tables stay.
        if marker in (0xE0, 0xEE) or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(content[position:end])
        position = end
        if marker == 0xDA:
            break
    finish = content.rfind(b"\xff\xd9")
    if not measured or finish < position:
        raise damaged
    return b"".join([*kept, content[position : finish + 2]])


def _svg(content: bytes) -> bytes:
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise NoLogo(
            "The SVG picture cannot be read, or declares entities. Save it as a plain SVG."
        ) from None
    if root.tag != f"{{{SVG}}}svg":
        raise NoLogo("The SVG picture cannot be read. Save it as a plain SVG.")
    register_namespace("", SVG)
    drawn: str = tostring(_copied(root, 0), encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawn}\n'.encode()


def _copied(element: Element, depth: int) -> Element:
    """The element with what is harmless of it. Editors' own elements are left out; what could act is refused."""
    if depth > 100:
        raise NoLogo("The SVG picture is nested too deeply. Save it as a plain SVG.")
    copy = Element(element.tag)
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2]
        if plain.lower().startswith("on"):
            raise NoLogo(
                f"The SVG picture contains a script ({plain}). Save it as a plain SVG without scripts."
            )
        foreign = name.startswith("{") and plain != "href"
        if foreign or plain not in _ATTRIBUTES:
            continue
        _check_value(plain, value)
        copy.set(plain, value)
    if element.tag in (f"{{{SVG}}}text", f"{{{SVG}}}tspan", f"{{{SVG}}}title", f"{{{SVG}}}desc"):
        copy.text = element.text
    for child in element:
        namespace, _, plain = str(child.tag).rpartition("}")  # a comment's tag is a function
        if namespace != f"{{{SVG}" or plain in ("metadata", "style"):
            if plain == "style":
                raise NoLogo(
                    "The SVG picture has a style sheet. Save it with presentation attributes instead."
                )
            continue
        if plain not in _ELEMENTS:
            raise NoLogo(
                f"The SVG picture contains <{plain}>, which a logo may not have. Save it as a plain SVG."
            )
        kept = _copied(child, depth + 1)
        kept.tail = child.tail if plain == "tspan" else None
        copy.append(kept)
    return copy


def _check_value(name: str, value: str) -> None:
    refused = NoLogo("The SVG picture refers to another file or runs code. Save it as a plain SVG.")
    if name == "href":
        if not _LOCAL.fullmatch(value.strip()):
            raise refused
        return
    if _CODE.search(value) or any(not _LOCAL.fullmatch(target) for target in _URL.findall(value)):
        raise refused
    if "url(" in _URL.sub("", value).lower():
        raise refused
