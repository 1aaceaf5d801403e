"""What texts a document may hold: composed characters that can be seen, and addresses that lead to a page."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.core.errors import Invalid
from app.core.permissions import internal

# Controls, invisible format characters (among them those that turn the direction of writing), private use, halves of
# a pair: typeset without a word, or worse, differently by each reader.
REFUSED = frozenset({"Cc", "Cf", "Co", "Cs"})
_LINKS = frozenset({"http", "https", "mailto"})

NOTHING_SAVED = "No document was made."


def describe(text: str) -> str:
    """`“ส” (U+0E2A, THAI CHARACTER SO SUA)`; of several characters the first. For invisible ones, the name alone."""
    sign = text[:1]
    name = unicodedata.name(sign, "a character without a name")
    seen = f"“{sign}” " if unicodedata.category(sign) not in REFUSED else ""
    return f"{seen}(U+{ord(sign):04X}, {name})"


def printable(text: str, where: str) -> str:
    """The text in composed form (NFC). Raises Invalid, naming the character, for one that cannot be printed."""
    if text.isascii() and text.isprintable():
        return text
    for sign in dict.fromkeys(text):
        if unicodedata.category(sign) in REFUSED:
            raise Invalid(
                f"{where} contains a character that cannot be printed {describe(sign)}. {NOTHING_SAVED} "
                "Remove the character from the record, then try again."
            )
    return unicodedata.normalize("NFC", text)


def link(address: str, where: str) -> str:
    """The address, if it leads to a page or a mailbox. Typst would write `javascript:` into the PDF as well."""
    if urlsplit(address).scheme.lower() not in _LINKS:
        raise Invalid(f"{where} is not a web or email address. {NOTHING_SAVED}")
    return printable(address, where)


@internal("looks at the value alone")
def checked(value: Any, where: str = "The document") -> Any:
    """The same value with every text in it checked by `printable`; `where` names it for the person who reads this."""
    match value:
        case str():
            return printable(value, where)
        case Mapping():
            return {key: checked(item, _place(where, str(key))) for key, item in value.items()}
        case list() | tuple():
            return [checked(item, where) for item in value]
        case float():
            raise TypeError(
                "a document holds whole numbers and texts: floats read differently by each program"
            )
    return value


@internal("looks at the value alone")
def legible(value: Any) -> Any:
    """The same value composed (NFC), without the characters that `printable` refuses: for a copy of what is on record,
    which one odd character must not stop.
    """
    match value:
        case str():
            seen = "".join(sign for sign in value if unicodedata.category(sign) not in REFUSED)
            return unicodedata.normalize("NFC", seen)
        case Mapping():
            return {key: legible(item) for key, item in value.items()}
        case list() | tuple():
            return [legible(item) for item in value]
    return value


@internal("looks at the value alone")
def canonical(facts: Any) -> str:
    """JSON that is the same text for the same facts: keys in order, no white space, no escapes beyond JSON's own."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _place(where: str, key: str) -> str:
    return f"“{key.replace('_', ' ')}”" if where == "The document" else where
