"""Kinds of input that every room meets, for schemas of the API and of forms."""

import unicodedata
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from starlette.datastructures import UploadFile

from app.core.errors import FieldError, Invalid

LARGEST_ID = 2_147_483_647
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""With these a name can be made to read as another one."""
_JOINERS = frozenset("\u200c\u200d")
"""Invisible, and part of names in Persian and in the scripts of India."""
_UNSHOWN = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Controls, invisible format characters, private use: in nobody's name, and no document prints them."""
EARLIEST_DAY, LATEST_DAY = date(2000, 1, 1), date(2100, 12, 31)
EARLIEST_BIRTH = date(1900, 1, 1)
"""The first day that a date of somebody's life may have."""


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("This contains a character that cannot be saved.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("This contains an incomplete character, which cannot be saved.") from None
    # A terminal obeys some of them, and no page shows them.
    if any(unicodedata.category(sign) == "Cc" and not sign.isspace() for sign in text):
        raise ValueError("This contains an invisible control character. Type the text instead of pasting it.")
    return text


def one_line(text: str) -> str:
    """One line: runs of white space become one space, none at the ends. Raises ValueError for what is no name."""
    tidy = " ".join(_storable(text).split())
    if not tidy:
        raise ValueError("This field is required.")
    if any(sign in _TURNING for sign in tidy):
        raise ValueError(
            "This contains an invisible character that reverses the direction of text. Remove it."
        )
    if all(unicodedata.category(sign)[0] in "CZ" for sign in tidy):
        raise ValueError("This contains only invisible characters.")
    if any(_is_unshown(sign) for sign in tidy):
        raise ValueError("This contains an invisible character. Type the text instead of pasting it.")
    return tidy


def _is_unshown(sign: str) -> bool:
    # The last two of each plane are no characters, whatever Unicode adds; XML cannot hold them.
    return sign not in _JOINERS and (unicodedata.category(sign) in _UNSHOWN or ord(sign) & 0xFFFE == 0xFFFE)


def _text(text: str) -> str:
    return _storable(text).replace("\r\n", "\n").strip()


def _https(text: str) -> str:
    address = _storable(text).strip()
    wrong = ValueError("Enter a web address that begins with https://, such as https://example.org/video.")
    if not address.isascii() or any(character <= " " for character in address) or "\\" in address:
        raise wrong
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme.lower() != "https" or not host:
        raise wrong
    if parts.username is not None or parts.password is not None:
        raise ValueError("The web address contains a user name or password. Remove it.")
    return address


def blank_is_none(value: object) -> object:
    """A field of a search form that was left empty asks for nothing."""
    return None if isinstance(value, str) and not value.strip() else value


def days_in_order(first: date | None, last: date | None) -> None:
    """Raises Invalid at `to` where the last day of a list is before its first."""
    if first is not None and last is not None and last < first:
        sentence = "The last day is before the first day."
        raise Invalid(sentence, errors=[FieldError("to", sentence)])


def chosen(otherwise: str) -> BeforeValidator:
    """For a field that takes a file: the sentence for a form in which none was chosen."""

    def check(value: object) -> object:
        if not isinstance(value, UploadFile) or not value.filename:
            raise ValueError(otherwise)
        return value

    return BeforeValidator(check)


def _no_file(value: object) -> object:
    """A form in which no file was chosen sends an empty one."""
    return None if isinstance(value, str) or (isinstance(value, UploadFile) and not value.filename) else value


OptionalFile = Annotated[UploadFile | None, BeforeValidator(_no_file), WithJsonSchema({"type": "null"})]
"""A file that may come with a form."""
PathId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
"""A record's number in an address; one that no record can have is 404."""
RecordId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""A record's number in the input."""
Line = Annotated[str, StringConstraints(max_length=255), AfterValidator(one_line)]
"""One line of text that is not empty, such as a name; as long as the columns for names are."""
Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_text)]
"""Text of several lines, without white space around it."""
HttpsUrl = Annotated[str, StringConstraints(max_length=512), AfterValidator(_https)]
"""An https address, as typed; javascript:, data:, http: and addresses with passwords are refused."""
Day = Annotated[date, Field(ge=EARLIEST_DAY, le=LATEST_DAY)]
"""A date that the school can have to do with; others overflow when they become instants."""
OptionalDay = Annotated[Day | None, BeforeValidator(blank_is_none)]
"""A day in a query string; left empty, none."""
OptionalId = Annotated[RecordId | None, BeforeValidator(blank_is_none)]
"""A record's number in a query string; left empty, none."""
