"""PDF: can everybody read it, how many pages has it, and does it run anything. ISO 32000-1."""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

from app.core.errors import Invalid

_IN_MEMORY = 8 * 1024**2
MOST_PAGES = 2_000
_DEPTH = 60
_DAMAGED = "The PDF is damaged or incomplete. Export it again."
_RUNS = (
    "The PDF runs JavaScript, which nobody who reads it can see. Print it to a new PDF and upload that one."
)
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
            count = _count(reader.root)
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


def _count(root: Any) -> int:
    if _runs(root.get("/OpenAction")) or _any_runs(root.get("/AA")):
        raise Invalid(_RUNS)
    names = root.get("/Names")
    if names is not None and "/JavaScript" in names:
        raise Invalid(_RUNS)
    count = 0
    for page in _pages(root["/Pages"], 0):
        count += 1
        if count > MOST_PAGES:
            raise Invalid(f"The PDF has more than {MOST_PAGES:,} pages. Split it into several lessons.")
        if _any_runs(page.get("/AA")):
            raise Invalid(_RUNS)
        for note in page.get("/Annots") or ():
            marked = _resolved(note)
            if isinstance(marked, dict) and (_runs(marked.get("/A")) or _any_runs(marked.get("/AA"))):
                raise Invalid(_RUNS)
    return count


def _pages(node: Any, depth: int) -> Iterator[Any]:
    """The pages below a node of the tree."""
    if depth > _DEPTH:
        raise Invalid(_DAMAGED)
    if "/Kids" not in node:
        yield node
        return
    for kid in node["/Kids"]:
        yield from _pages(_resolved(kid), depth + 1)


def _resolved(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


def _any_runs(actions: Any) -> bool:
    return isinstance(actions, dict) and any(_runs(_resolved(action)) for action in actions.values())


def _runs(action: Any, depth: int = 0) -> bool:
    """Whether an action, or one that follows it, is a script."""
    if not isinstance(action, dict) or depth > _DEPTH:
        return False
    if str(action.get("/S")) == "/JavaScript" or "/JS" in action:
        return True
    after = action.get("/Next")
    following = after if isinstance(after, list) else [after]
    return any(_runs(_resolved(one), depth + 1) for one in following)
