"""One document from its facts, or one sentence that says why there is none."""

import re
from collections.abc import Mapping
from typing import Any

import structlog

from app.core.errors import Invalid, Unavailable
from app.core.permissions import internal
from app.documents.render.job import Failed, Fault, Job
from app.documents.render.printable import NOTHING_SAVED, canonical, checked, describe
from app.documents.render.processes import Renderer, renderer
from app.settings import Settings

SECONDS = 20.0
"""How long one document may take. Measured: 60 ms for a letter, 0.3 s for a record of 700 days."""
_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
log = structlog.get_logger(__name__)


class LayoutBroken(Unavailable):
    """A layout cannot be used. The sentence has Typst's message, for the operator."""

    slug = "document-layout-broken"


@internal("draws what it is given")
def render(
    settings: Settings,
    layout: str,
    facts: Mapping[str, Any],
    *,
    files: Mapping[str, bytes] | None = None,
    seconds: float = SECONDS,
    using: Renderer | None = None,
) -> bytes:
    """The PDF that `layout` makes of `facts`: PDF/A-3a and PDF/UA-1, the same bytes for the same facts.

    `facts` are texts, whole numbers, lists and mappings. Raises Invalid for a character that cannot be printed,
    LayoutBroken for a layout that Typst refuses or warns of, Unavailable when it takes too long.
    """
    job = Job(
        layout,
        canonical(checked(facts)),
        dict(files or {}),
        settings.document_templates_dir,
        seconds,
    )
    return _rendered(using or renderer(), job)


def render_loosely(settings: Settings, layout: str, data: str, *, seconds: float = SECONDS) -> bytes:
    """A PDF with tags that nobody keeps: neither PDF/A nor PDF/UA is claimed, and no name is refused.

    `data` is JSON. Raises LayoutBroken, Unavailable.
    """
    job = Job(layout, data, {}, settings.document_templates_dir, seconds, lasting=False)
    return _rendered(renderer(), job)


def _rendered(using: Renderer, job: Job) -> bytes:
    answer = using.run(job)
    if isinstance(answer, Failed):
        raise _problem(answer, job.layout)
    return answer.pdf


def _problem(failed: Failed, layout: str) -> Invalid | Unavailable:
    log.warning("document.not_rendered", layout=layout, fault=failed.fault.value, message=failed.message)
    match failed.fault:
        case Fault.CHARACTER:
            text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), failed.message)
            return Invalid(
                f"The fonts of the school’s documents have no {describe(text)}. {NOTHING_SAVED} Write the name or text "
                "in letters that they have, or ask the operator to add a font to the documents."
            )
        case Fault.LAYOUT:
            where = (
                "Correct the files in DOCUMENT_TEMPLATES_DIR, or take them out to use the shipped ones."
                if failed.replaced
                else "Report it: this layout comes with the system."
            )
            message = " ".join(failed.message.split())
            return LayoutBroken(
                f"The layout {layout} cannot be used. {NOTHING_SAVED} {where} Typst says: {message}"
            )
        case Fault.SLOW:
            return Unavailable(
                f"The document took too long to make and was given up. {NOTHING_SAVED} Try again with a shorter period."
            )
        case Fault.DIED:
            return Unavailable(
                f"The document could not be made: {failed.message}. {NOTHING_SAVED} Try again in a minute."
            )
