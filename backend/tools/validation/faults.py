"""Files that break a rule on purpose: an engine that accepts one of them says nothing of the others."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf


@dataclass(frozen=True, slots=True)
class Fault:
    """What is spoiled in a good file, and the profiles that must object."""

    name: str
    profiles: frozenset[str]
    spoil: Callable[[pikepdf.Pdf], None]


def _tags(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/StructTreeRoot"]
    del pdf.Root["/MarkInfo"]


def _alternative(pdf: pikepdf.Pdf) -> None:
    for one in pdf.objects:
        if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure" and "/Alt" in one:
            del one["/Alt"]


def _language(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Lang"]


def _attachment(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/AF"]


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _font(pdf: pikepdf.Pdf) -> None:
    for one in pdf.objects:
        if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor":
            for name in ("/FontFile", "/FontFile2", "/FontFile3"):
                if name in one:
                    del one[name]


def _title(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/ViewerPreferences"]


_A, _UA = frozenset({"3a"}), frozenset({"ua1"})
FAULTS = (
    Fault("no tags", _A | _UA, _tags),
    Fault("no alternative text", _UA, _alternative),
    Fault("no language", _UA, _language),
    Fault("attachment that is not associated", _A, _attachment),
    Fault("JavaScript", _A, _script),
    Fault("font that is not embedded", _A | _UA, _font),
    Fault("title not shown", _UA, _title),
)


def plant(fault: Fault, good: bytes, path: Path) -> Path:
    """A file with this fault, at a path."""
    with pikepdf.open(BytesIO(good)) as pdf:
        fault.spoil(pdf)
        pdf.save(path)
    return path
