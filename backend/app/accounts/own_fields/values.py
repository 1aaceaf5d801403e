"""What can be entered into a field of the school's own: read, tidied, and written as its type is kept."""

import re
from collections.abc import Sequence
from enum import StrEnum

from app.web.field_types import EARLIEST_BIRTH, one_line
from app.web.imports import readers


class FieldType(StrEnum):
    """The types of a field."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"

    @property
    def label(self) -> str:
        """The type as a page names it."""
        return {
            "text": "Text",
            "number": "Number",
            "date": "Date",
            "choice": "Choice from a list",
            "yes_no": "Yes or no",
        }[self.value]


_YES_NO = {
    "yes": "yes",
    "y": "yes",
    "true": "yes",
    "1": "yes",
    "no": "no",
    "n": "no",
    "false": "no",
    "0": "no",
}
_LONGEST = 500


def read(kind: FieldType, choices: Sequence[str], text: str) -> str:
    """The value as it is kept. Raises ValueError with a sentence."""
    tidy = one_line(text)
    if len(tidy) > _LONGEST:
        raise ValueError(f"Use at most {_LONGEST} characters.")
    if kind is FieldType.NUMBER:
        plain = tidy.replace(",", "")
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,6})?", plain):
            raise ValueError("Enter a number such as 12 or 12.5.")
        return plain
    if kind is FieldType.DATE:
        return readers.day(tidy, EARLIEST_BIRTH).isoformat()
    if kind is FieldType.YES_NO:
        return readers.choice(_YES_NO, ("yes", "no"))(tidy)
    if kind is FieldType.CHOICE:
        return readers.choice({" ".join(one.casefold().split()): one for one in choices}, choices)(tidy)
    return tidy
