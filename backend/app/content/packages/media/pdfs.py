"""PDF: can everybody read it, how many pages has it, and does it run anything. ISO 32000-1."""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

from app.core.errors import Invalid

_IN_MEMORY = 8 * 1024**2
MOST_PAGES = 2_000
_MOST_STEPS = 10_000
"""Nodes of the tree of pages and actions behind others; a document of 2,000 pages has some hundreds."""
_MOST_NOTES = 200_000
"""Links and other marks on all pages together."""
_DEPTH = 60
_DAMAGED = "The PDF is damaged or incomplete. Export it again."
_RUNS = (
    "The PDF runs JavaScript, which nobody who reads it can see. Print it to a new PDF and upload that one."
)
_ENDLESS = "The PDF is built so that reading it would never end. Print it to a new PDF and upload that one."
PROTECTED = "The PDF is protected with a password. Save a copy without one and upload that."


def pages_in(pieces: Iterable[bytes]) -> int:
    """How many pages the document has. Raises Invalid for one that is damaged, protected, empty or runs scripts."""
    # Loading it takes half a second, which only an import of a document needs to spend.
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415

    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
        try:
            reader = PdfFileReader(file, strict=False)
            if "/Encrypt" in reader.trailer:
                raise Invalid(PROTECTED)
            count = _Walk().count(reader.root)
        except Invalid:
            raise
        except RecursionError as error:
            raise Invalid(_DAMAGED) from error
        except Exception as error:
            # The reader raises whatever Python does for what it did not expect.
            raise Invalid(_DAMAGED) from error
    if not count:
        raise Invalid("The PDF has no pages.")
    return count


class _Walk:
    """A document from its catalog to its last page. What refers to something often is followed so often, so that a
    small file can be endless: every step is counted."""

    def __init__(self) -> None:
        self._steps = 0
        self._notes = 0

    def count(self, root: Any) -> int:
        """The pages. Raises Invalid for a document that runs scripts or is endless."""
        self._refuse_scripts(_get(root, "/OpenAction"), _get(root, "/AA"))
        if _get(_get(root, "/Names"), "/JavaScript") is not None:
            raise Invalid(_RUNS)
        count = 0
        for page in self._pages(_get(root, "/Pages"), 0):
            count += 1
            if count > MOST_PAGES:
                raise Invalid(f"The PDF has more than {MOST_PAGES:,} pages. Split it into several lessons.")
            self._refuse_scripts(None, _get(page, "/AA"))
            for note in _list(_get(page, "/Annots")):
                self._notes += 1
                if self._notes > _MOST_NOTES:
                    raise Invalid(_ENDLESS)
                self._refuse_scripts(_get(note, "/A"), _get(note, "/AA"))
        return count

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise Invalid(_ENDLESS)

    def _pages(self, node: Any, depth: int) -> Iterator[Any]:
        """The pages below a node of the tree."""
        self._step()
        if depth > _DEPTH or not isinstance(node, dict):
            raise Invalid(_DAMAGED)
        if "/Kids" not in node:
            yield node
            return
        for kid in _list(_get(node, "/Kids")):
            yield from self._pages(kid, depth + 1)

    def _refuse_scripts(self, action: Any, by_event: Any) -> None:
        """Raises Invalid if an action, one that follows it, or one that an event starts is a script."""
        if self._runs(action, 0):
            raise Invalid(_RUNS)
        if isinstance(by_event, dict):
            for event in by_event:
                self._step()
                if self._runs(_get(by_event, event), 0):
                    raise Invalid(_RUNS)

    def _runs(self, action: Any, depth: int) -> bool:
        if not isinstance(action, dict):
            return False
        if depth:
            self._step()
        if str(_get(action, "/S")) == "/JavaScript" or "/JS" in action:
            return True
        after = _get(action, "/Next")
        if depth >= _DEPTH and after is not None:
            raise Invalid(_ENDLESS)
        following = _list(after) if isinstance(after, list) else [after]
        return any(self._runs(one, depth + 1) for one in following)


def _get(holder: Any, key: str) -> Any:
    """What a dictionary holds, never a reference to it; None if it holds nothing."""
    # Not `holder[key]` alone: it follows one reference, and `get` follows none.
    return _resolved(holder.get(key)) if isinstance(holder, dict) else None


def _list(value: Any) -> Iterator[Any]:
    """What a list holds, never references to it."""
    return (_resolved(one) for one in value) if isinstance(value, list) else iter(())


def _resolved(value: Any) -> Any:
    for _ in range(_DEPTH):
        found = value.get_object() if hasattr(value, "get_object") else value
        if found is value:
            return value
        value = found
    raise Invalid(_DAMAGED)
