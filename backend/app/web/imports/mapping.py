"""Which column of a file a field is read from: guessed from the headings, or as the person chose the last time."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.errors import FieldError, Invalid
from app.web.imports.description import Fault, Field, ImportKind, Row
from app.web.imports.parser import Sheet

FORMULA = "This cell holds a formula. Copy the column, paste it as values, and send the file again."


def plain(heading: str) -> str:
    """A heading without case, accents and punctuation: `E-Mail  Address*` as `email address`."""
    text = unicodedata.normalize("NFKD", heading).casefold().replace("e-mail", "email")
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    # What stands in parentheses is a remark: `Enrolled (month/day/year)`.
    text = re.sub(r"\([^)]*\)", " ", text)
    return " ".join(re.sub(r"[\W_]+", " ", text).split())


def guess(kind: ImportKind, headers: Sequence[str], remembered: Mapping[str, str]) -> dict[str, int]:
    """The columns of the fields: what was chosen before, then the label, the name and the aliases."""
    places: dict[str, int] = {}
    for place, heading in reversed(list(enumerate(headers))):
        places[plain(heading)] = place
    found: dict[str, int] = {}
    for field in kind.fields:
        before = [remembered[field.name]] if field.name in remembered else []
        for heading in (*before, field.label, field.name, *field.aliases):
            guessed = places.get(plain(heading))
            if guessed is not None and guessed not in found.values():
                found[field.name] = guessed
                break
    return found


def checked(kind: ImportKind, headers: Sequence[str], mapping: Mapping[str, Any]) -> dict[str, int]:
    """A mapping that somebody sent. Raises Invalid for an unknown field or column, or one column for two fields."""
    names = {field.name: field for field in kind.fields}
    found: dict[str, int] = {}
    for name, place in mapping.items():
        if name not in names:
            raise Invalid(f"There is no field “{name}”; there are {', '.join(names)}.")
        if place is None or place == "":
            continue
        if not (isinstance(place, int) or (isinstance(place, str) and place.isascii() and place.isdigit())):
            raise _wrong(names[name], "Choose one of the file's columns.")
        number = int(str(place)[:6])
        if number >= len(headers):
            raise _wrong(names[name], "The file does not have this column. Choose another one.")
        if number in found.values():
            raise _wrong(names[name], f"The column “{headers[number]}” is used for another field already.")
        found[name] = number
    return found


def _wrong(field: Field, sentence: str) -> Invalid:
    return Invalid(f"{field.label}: {sentence}", errors=[FieldError(field.name, sentence)])


def read(kind: ImportKind, sheet: Sheet, mapping: Mapping[str, int]) -> tuple[list[Row], list[Fault]]:
    """The rows whose every field can be read, and the faults of the others."""
    missing = [field for field in kind.fields if field.required and field.name not in mapping]
    if missing:
        labels = ", ".join(field.label for field in missing)
        sentence = f"No column of the file holds: {labels}. Choose the columns, or add them to the file."
        raise Invalid(sentence, errors=[FieldError(field.name, sentence) for field in missing])
    fields = [(field, mapping[field.name]) for field in kind.fields if field.name in mapping]
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, cells in sheet.rows:
        values: dict[str, Any] = {}
        before = len(faults)
        for field, place in fields:
            text = cells[place] if place < len(cells) else ""
            try:
                values[field.name] = _value(field, text, formula=(number, place) in sheet.formulas)
            except ValueError as error:
                faults.append(Fault(number, field.label, text[:200], _sentence(error)))
        if len(faults) == before:
            rows.append(Row(number, values))
    return rows, faults


def _value(field: Field, text: str, *, formula: bool) -> Any:
    if formula or text.startswith("="):
        raise ValueError(FORMULA)
    if text:
        return field.read(text)
    if field.required:
        raise ValueError("This is empty. Fill it in, or delete the row.")
    return None


def _sentence(error: ValueError) -> str:
    """What a reader says; pydantic's own prefix left out."""
    return str(error).removeprefix("Value error, ")
