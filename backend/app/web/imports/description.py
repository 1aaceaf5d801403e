"""The description of an import: which fields a row has, how they are read, and what the owner room does with rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core.permissions import Actor
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row.

    `read` takes the cell's text, without white space around it and never empty, and gives the value; it raises
    ValueError with a sentence that says what is wrong and what to do. `aliases` are other headings of the column.
    """

    name: str
    label: str
    read: Callable[[str], Any]
    required: bool = True
    aliases: tuple[str, ...] = ()
    help: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose fields could be read. `number` is the line of the sheet, the header being line 1."""

    number: int
    values: dict[str, Any]

    def get(self, name: str) -> Any:
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one row, with what to do about it."""

    row: int
    field: str
    value: str
    message: str

    def as_json(self) -> dict[str, Any]:
        return {"row": self.row, "field": self.field, "value": self.value, "message": self.message}


@dataclass(frozen=True, slots=True)
class Made:
    """A record that was made, and a mark of how it was then."""

    record_id: int
    mark: str


@dataclass(frozen=True)
class ImportKind:
    """What an owner room registers for its records.

    `require` raises unless this person may import them. `check` names the rows that the records of today refuse
    (unknown, taken, twice in the file); it runs again under a lock right before `insert`, which makes the records of
    all rows in the caller's transaction, with their history and mail. `undo` takes unchanged records away again and
    raises Conflict with a sentence, having changed nothing, where one was changed or is used. `ask` raises where
    these rows need more of whoever has them imported than `require`: a job does the rest, which knows neither the
    session nor the API token it was asked in.
    """

    name: str
    title: str
    noun: str
    """One of the records, in the plural: “people”."""
    fields: tuple[Field, ...]
    require: Callable[[Actor], None]
    check: Callable[[Session, Actor, Settings, Sequence[Row]], Iterable[Fault]]
    insert: Callable[[Session, Actor, Settings, Sequence[Row]], list[Made]]
    undo: Callable[[Session, Actor, Sequence[Made]], None]
    ask: Callable[[Actor, Sequence[Row]], None] | None = None
    back: str = "/imports"
    """Where the records are listed."""
    note: str = ""
    """What happens besides, in a sentence for the page that asks."""


_kinds: dict[str, ImportKind] = {}


def register(kind: ImportKind) -> None:
    """Let files of these records be imported."""
    _kinds[kind.name] = kind


def kinds() -> list[ImportKind]:
    """Everything that can be imported, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def find(name: str) -> ImportKind | None:
    return _kinds.get(name)


LoadActor = Callable[[Session, Settings, int], Actor | None]
_loaders: list[LoadActor] = []


def register_actor(load: LoadActor) -> None:
    """How a job finds the person it works for, with the duties in force: the accounts room knows."""
    _loaders[:] = [load]


def actor_of(session: Session, settings: Settings, user_id: int) -> Actor | None:
    """The person with this account, or None if it is deleted."""
    return _loaders[0](session, settings, user_id) if _loaders else None
