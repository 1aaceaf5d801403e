"""What a web page from strangers says of itself."""

import codecs
import re
from html import unescape

_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_HEAD_BYTES = 64 * 1024
_LONGEST = 255


def title_of(page: bytes) -> str:
    """Its title in one line; empty where it has none."""
    head = page[:_HEAD_BYTES]
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    found = _TITLE.search(head.decode("utf-16" if wide else "utf-8", "replace"))
    text = unescape(found[1]) if found else ""
    return "".join(one for one in " ".join(text.split()) if one.isprintable())[:_LONGEST]
