"""What goes to a rendering process and what comes back. Imported on both sides, so it imports nothing heavy."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

FONTS = Path(__file__).parent.parent / "fonts"
"""The fonts of documents, fetched by script/assets."""


class Fault(StrEnum):
    """Why a document was not rendered."""

    CHARACTER = "character"
    """A text has a character that no font of the document has."""
    LAYOUT = "layout"
    """Typst refuses the layout, or warns of it."""
    SLOW = "slow"
    """It took longer than the time limit."""
    DIED = "died"
    """The rendering process ended, or could not be started."""


@dataclass(frozen=True, slots=True)
class Job:
    """One document to render.

    `layout` is the name of a file in the layouts, such as `enrollment-letter.typ`; `data` the JSON that it reads from
    `sys.inputs.data`; `files` what it reads as `/files/<name>`. `replacements` is the directory whose files
    take the place of shipped ones. `seconds` is the time limit.
    """

    layout: str
    data: str
    files: dict[str, bytes] = field(default_factory=dict)
    replacements: Path | None = None
    seconds: float = 20.0
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Rendered:
    """The PDF as Typst wrote it."""

    pdf: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong: for CHARACTER the text in question, else the message of Typst or of the system."""

    fault: Fault
    message: str
    replaced: bool = False
    """Whether one of the layouts used came from the directory of replacements."""
