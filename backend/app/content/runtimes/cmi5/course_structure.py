"""cmi5.xml: the course structure, checked whole, all that is wrong with it said at once (cmi5 13, 14)."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException

from app.content.packages.faults import Faults
from app.content.packages.manifest_links import Files
from app.content.packages.model import Item, Manifest
from app.content.packages.xml_documents import attribute, child, children, local, parsed, text
from app.core.errors import Invalid
from app.rules import cmi5

NAME = "cmi5.xml"
MAX_BYTES = 10 * 1024**2
NAMESPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
_MAX_UNITS = 5_000
_MAX_DEPTH = 20
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
# What may stand in a course, a block and an AU (CourseStructure.xsd); elements of other namespaces are extensions.
_IN_COURSE = frozenset(("course", "objectives", "block", "au"))
_IN_BLOCK = frozenset(("title", "description", "objectives", "block", "au"))
_IN_UNIT = ("title", "description", "objectives", "url", "launchparameters", "entitlementkey")


def parse(document: bytes, files: Iterable[str], *, alone: bool) -> Manifest:
    """The course structure as typed data. `alone`: it was uploaded by itself, so nothing can lie beside it.

    Raises Invalid with every fault found, each with the file it is in.
    """
    try:
        root = parsed(document)
    except DefusedXmlException as error:
        raise Invalid(
            f"{NAME} has a document type or entity declarations in it, which are not accepted."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise Invalid(f"{NAME} is not well-formed XML: {error}.") from error
    return _Reader(root, Files(files), alone).manifest()


class _Reader:
    def __init__(self, root: Element, files: Files, alone: bool) -> None:
        self._root = root
        self._files = files
        self._alone = alone
        self._faults = Faults(NAME)
        self._fault = self._faults.add
        self._ids: dict[str, set[str]] = {"au": set(), "block": set(), "objective": set()}
        self._count = {"au": 0, "block": 0}

    def manifest(self) -> Manifest:
        if self._root.tag != f"{{{NAMESPACE}}}courseStructure":
            raise Invalid(f"{NAME} does not begin with a <courseStructure> element of cmi5.")
        self._only(self._root, _IN_COURSE, "The course structure")
        courses = list(children(self._root, "course"))
        if len(courses) != 1:
            raise Invalid(f"{NAME} must have one <course> element.")
        identifier = self._iri(attribute(courses[0], "id"), "The course")
        title = self._words(courses[0], "title", "The course")
        self._objectives(self._root)
        items = tuple(self._items(self._root, 1))
        if not self._faults and not self._count["au"]:
            self._fault("The course has no assignable unit (AU) in it.")
        self._faults.refuse()
        return Manifest("cmi5", "Quartz", identifier[:255], title[:255], items)

    def _items(self, element: Element, depth: int) -> Iterator[Item]:
        if depth > _MAX_DEPTH:
            raise Invalid(f"{NAME} nests its blocks more than {_MAX_DEPTH} deep.")
        for below in element:
            if not (isinstance(below.tag, str) and below.tag.startswith(f"{{{NAMESPACE}}}")):
                continue
            if local(below.tag) == "block":
                yield self._block(below, depth)
            elif local(below.tag) == "au":
                yield self._unit(below)

    def _block(self, element: Element, depth: int) -> Item:
        self._count["block"] += 1
        number = self._count["block"]
        publisher = self._id(element, "block")
        self._only(element, _IN_BLOCK, f"The block “{publisher[:80]}”")
        title = self._words(element, "title", f"The block “{publisher[:80]}”")
        self._objectives(element)
        below = tuple(self._items(element, depth + 1))
        if not below:
            self._fault(f"The block “{publisher[:80]}” has nothing in it.")
        return Item(id=f"block-{number}", title=title[:255], details={"publisher": publisher}, children=below)

    def _unit(self, element: Element) -> Item:
        self._count["au"] += 1
        if self._count["au"] > _MAX_UNITS:
            raise Invalid(f"{NAME} has more than {_MAX_UNITS:,} assignable units.")
        publisher = self._id(element, "au")
        name = f"The AU “{publisher[:80]}”"
        self._in_order(element, name)
        title = self._words(element, "title", name)
        self._objectives(element)
        move_on = attribute(element, "moveon") or "NotApplicable"
        if move_on not in cmi5.MOVE_ONS:
            self._fault(f"{name} has the moveOn “{move_on[:40]}”, which cmi5 does not know.")
        method = attribute(element, "launchmethod") or "AnyWindow"
        if method not in ("AnyWindow", "OwnWindow"):
            self._fault(f"{name} has the launchMethod “{method[:40]}”, which cmi5 does not know.")
        path, external, query, fragment = self._address(text(element, "url"), name)
        return Item(
            id=f"au-{self._count['au']}",
            title=title[:255],
            path=path,
            external_url=external,
            plays_outside=external is not None,
            query=query,
            fragment=fragment,
            is_sco=True,
            details={
                "publisher": publisher,
                "moveOn": move_on,
                "masteryScore": self._mastery(attribute(element, "masteryscore"), name),
                "launchMethod": method,
                "launchParameters": text(element, "launchparameters"),
                "entitlementKey": text(element, "entitlementkey"),
            },
        )

    def _address(self, url: str, name: str) -> tuple[str | None, str | None, str, str]:
        if not url or re.search(r"\s", url):
            self._fault(f"{name} has no address (url) that can be opened.")
            return None, None, "", ""
        try:
            parts = urlsplit(url)
        except ValueError:  # such as http://[
            self._fault(f"{name} has the address “{url[:120]}”, which is not a web address.")
            return None, None, "", ""
        own = {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if own & cmi5.LAUNCH_QUERY:
            self._fault(
                f"{name} has “{min(own & cmi5.LAUNCH_QUERY)}” in its address, which belongs to the launch."
            )
        if parts.scheme:
            if parts.scheme.lower() not in ("http", "https") or not parts.netloc:
                self._fault(f"{name} has the address “{url[:120]}”, which is not a web address.")
            return None, url, "", ""
        if self._alone:
            self._fault(f"{name} opens “{url[:120]}”, which would have to lie in a zip beside {NAME}.")
            return None, None, "", ""
        try:
            link = self._files.resolve(url, "")
        except Invalid as error:
            self._fault(error.detail)
            return None, None, "", ""
        if link.path is None:
            self._fault(f"{name} opens “{url[:120]}”, which is not in the package.")
        return link.path, None, link.query, link.fragment

    def _mastery(self, given: str, name: str) -> str | None:
        if not given:
            return None
        try:
            score = Decimal(given)
        except InvalidOperation:
            score = Decimal(-1)
        if not (score.is_finite() and 0 <= score <= 1):  # NaN is a Decimal that cannot be compared
            self._fault(f"{name} has the masteryScore “{given[:20]}”; it is a number from 0 to 1.")
        return given

    def _id(self, element: Element, kind: str) -> str:
        name = {"au": "An AU", "block": "A block", "objective": "An objective"}[kind]
        identifier = self._iri(attribute(element, "id"), name)
        if identifier in self._ids[kind]:
            self._fault(f"{name} has an id that another has too: “{identifier[:120]}”.")
        self._ids[kind].add(identifier)
        return identifier

    def _iri(self, identifier: str, name: str) -> str:
        if not _IRI.fullmatch(identifier):
            self._fault(
                f"{name} has the id “{identifier[:120]}”, which is not an IRI such as https://example.com/course."
            )
        return identifier

    def _objectives(self, element: Element) -> None:
        listed = child(element, "objectives")
        for objective in children(listed, "objective") if listed is not None else ():
            if objective.get("idref") is None:
                self._id(objective, "objective")

    def _words(self, element: Element, part: str, name: str) -> str:
        found = child(element, part)
        strings = [] if found is None else list(children(found, "langstring"))
        if not strings:
            self._fault(f"{name} has no {part}.")
            return ""
        chosen = next((s for s in strings if attribute(s, "lang").lower().startswith("en")), strings[0])
        return " ".join("".join(chosen.itertext()).split())

    def _only(self, element: Element, allowed: frozenset[str], name: str) -> None:
        for below in element:
            if self._ours(below) and local(below.tag) not in allowed:
                self._fault(f"{name} has an element <{local(below.tag)[:40]}> that does not belong there.")

    def _in_order(self, element: Element, name: str) -> None:
        self._only(element, frozenset(_IN_UNIT), name)
        order = [_IN_UNIT.index(local(e.tag)) for e in element if self._ours(e) and local(e.tag) in _IN_UNIT]
        if order != sorted(order) or len(order) != len(set(order)):
            self._fault(f"{name} has its elements in another order than {', '.join(_IN_UNIT)}, or one twice.")

    @staticmethod
    def _ours(element: Element) -> bool:
        return isinstance(element.tag, str) and element.tag.startswith(f"{{{NAMESPACE}}}")
