"""What all details have in common, and those that several actions share."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

Percent = Decimal | None


class Details(BaseModel):
    """Base of all details: nothing unknown, nothing converted, nothing changed afterwards.

    What holds them against their description is built with the first row of the kind: a process writes few of the two
    hundred kinds, and each start would build all of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Nothing(Details):
    """The action says it all."""


class Named(Details):
    """What it happened to, by name."""

    name: str


class Labeled(Details):
    """An API key or a target of the LRS, by its label."""

    label: str


class Counted(Details):
    """How many things it happened to."""

    count: int


class Changed(Details):
    """Columns that changed: the old and the new value, as text."""

    changed: dict[str, list[str | None]]


class FieldsChanged(Details):
    """Any fields by name: the old and the new value of each."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    __pydantic_extra__: dict[str, list[Any]]
