"""tincan.xml: the activities of an xAPI package, and the pages that some of them are launched by.

Source: http://tincanapi.com "Packaging" with its schema tincan.xsd (Rustici Software, 2012).
"""

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException

from app.content.packages.faults import Faults
from app.content.packages.manifest_links import Files
from app.content.packages.model import Item, Manifest
from app.content.packages.xml_documents import attribute, child, children, local, parsed
from app.core.errors import Invalid

NAME = "tincan.xml"
MAX_BYTES = 10 * 1024**2
_MAX_LAUNCHED = 5_000
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def parse(document: bytes, files: Iterable[str]) -> Manifest:
    """The activities that can be launched, each page checked against `files` (paths relative to tincan.xml).

    Raises `Invalid` when the XML is unsafe or broken, or with everything that is wrong with it.
    """
    return _Reader(_root(document), Files(files)).manifest()


def _root(document: bytes) -> Element:
    try:
        root = parsed(document)
    except DefusedXmlException:
        raise Invalid(f"{NAME} has a document type or entities in it, which is not accepted.") from None
    except (ParseError, ValueError, LookupError):
        raise Invalid(f"{NAME} is not well-formed XML.") from None
    if local(root.tag) != "tincan":
        raise Invalid(f"{NAME} begins with “{local(root.tag)[:40]}”, not with “tincan”.")
    return root


class _Reader:
    """One tincan.xml. The order of its activities is that of the table of contents."""

    def __init__(self, root: Element, files: Files) -> None:
        self._root = root
        self._files = files
        self._faults = Faults(NAME)

    def manifest(self) -> Manifest:
        activities = child(self._root, "activities")
        launched = [
            one
            for one in (children(activities, "activity") if activities is not None else ())
            if _said(one, "launch")
        ]
        if len(launched) > _MAX_LAUNCHED:
            raise Invalid(f"{NAME} has more than {_MAX_LAUNCHED:,} activities to launch.")
        if not launched:
            self._faults.add(f"{NAME} has no activity with a page to launch.")
        seen: set[str] = set()
        items = tuple(self._item(one, number, seen) for number, one in enumerate(launched, start=1))
        self._faults.refuse()
        return Manifest(
            standard="xapi",
            edition="",
            identifier=items[0].details["activity"],
            title=items[0].title,
            items=items,
        )

    def _item(self, activity: Element, number: int, seen: set[str]) -> Item:
        name = attribute(activity, "id")
        title = _said(activity, "name") or name or f"Part {number}"
        if not _IRI.fullmatch(name):
            self._faults.add(f"The activity “{title[:80]}” needs an IRI as its id, not “{name[:80]}”.")
        elif name in seen:
            self._faults.add(f"{NAME} has two activities with the id “{name[:200]}”.")
        seen.add(name)
        href = _said(activity, "launch")
        item = Item(id=f"activity-{number}", title=title, is_sco=True, details={"activity": name})
        try:
            link = self._files.resolve(href, "")
        except Invalid as error:
            self._faults.add(error.detail)
            return item
        if link.external is None and link.path is None:
            self._faults.add(
                f"The activity “{title[:80]}” opens “{href[:120]}”, which is not in the package."
            )
        return Item(
            id=item.id,
            title=title,
            path=link.path,
            query=link.query,
            fragment=link.fragment,
            external_url=link.external,
            is_sco=True,
            plays_outside=link.external is not None,
            details=item.details,
        )


def _said(activity: Element, name: str) -> str:
    """The text of an element that may stand there in several languages: English if it does, else the first."""
    found = list(children(activity, name))
    english = (one for one in found if attribute(one, "lang").lower().startswith("en"))
    chosen = next(english, found[0] if found else None)
    return "" if chosen is None else " ".join("".join(chosen.itertext()).split())
