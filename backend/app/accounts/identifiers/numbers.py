"""Which numbers can be what they are said to be, and how they are written for comparing."""

import re
from enum import StrEnum


class IdentifierKind(StrEnum):
    """The kinds of numbers by which others know a student."""

    SSN = "ssn"
    ITIN = "itin"
    STATE_ID = "state_id"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The kind as a page names it."""
        return {
            "ssn": "Social Security number",
            "itin": "Individual taxpayer number (ITIN)",
            "state_id": "State ID or driver’s license",
            "other": "Other number",
        }[self.value]


def plain(number: str) -> str:
    """The letters and digits of a number, in capitals: what two ways to write it have in common."""
    return re.sub(r"[^0-9A-Z]", "", number.upper())


def check(kind: IdentifierKind, number: str) -> str:
    """The plain number. Raises ValueError with a sentence for one that cannot be of this kind.

    A Social Security number's area is none of 000, 666 and 900–999, its group is not 00 and its serial not 0000
    (Social Security Administration, randomized since 2011). An ITIN begins with 9 and has a group of 50–65, 70–88,
    90–92 or 94–99 (IRS Publication 1915).
    """
    found = plain(number)
    if kind is IdentifierKind.SSN:
        if not re.fullmatch(r"(?!000|666|9)[0-9]{3}(?!00)[0-9]{2}(?!0000)[0-9]{4}", found):
            raise ValueError(
                "This is not a Social Security number. One has nine digits, such as 123-45-6789."
            )
    elif kind is IdentifierKind.ITIN:
        if not re.fullmatch(r"9[0-9]{2}(5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-2]|9[4-9])[0-9]{4}", found):
            raise ValueError(
                "This is not an ITIN. One has nine digits and begins with 9, such as 912-70-1234."
            )
    elif not 4 <= len(found) <= 40:
        raise ValueError("Enter the number with 4 to 40 letters and digits.")
    return found


def written(kind: IdentifierKind, number: str) -> str:
    """A plain number as people write it: a Social Security number or ITIN in groups, others as they are."""
    if kind in (IdentifierKind.SSN, IdentifierKind.ITIN):
        return f"{number[:3]}-{number[3:5]}-{number[5:]}"
    return number


def last_four(number: str) -> str:
    """What a page shows of a plain number: its last four characters, and of a short one less than half."""
    return number[-4:] if len(number) >= 9 else number[-(len(number) // 3) :]
