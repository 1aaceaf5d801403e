"""imsmanifest.xml: the table of contents of a SCORM package.

SCORM 1.2 CAM 2.3 and IMS Content Packaging 1.1.2; SCORM 2004 CAM keeps the same bones and adds sequencing. Authoring
tools differ in namespaces, upper and lower case, encodings and declared versions, so elements are found by local name.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from pydantic import TypeAdapter

from app.content.packages.faults import Faults
from app.content.packages.imsss import SequencingReader, completed_by
from app.content.packages.manifest_links import Files, Link, joined
from app.content.packages.model import Item, Manifest
from app.content.packages.xml_documents import attribute, child, children, local, parsed, text, verbatim
from app.core.errors import Invalid
from app.rules.sequencing.model import Sequencing

NAME = "imsmanifest.xml"
SCORM_2004 = "scorm2004"
MAX_BYTES = 5 * 1024**2
_MAX_ITEMS = 2_000
_MAX_DEPTH = 20
_MAX_WARNINGS = 20
_MOST_STORES = 250
_LONGEST_TARGET = 4_000
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_SEQUENCING: TypeAdapter[Sequencing] = TypeAdapter(Sequencing)
_HIDDEN = frozenset(("previous", "continue", "exit", "exitAll", "abandon", "abandonAll", "suspendAll"))


def parse(document: bytes, files: Iterable[str]) -> Manifest:
    """The manifest as typed data, every page checked against `files` (paths relative to the manifest).

    Raises `Invalid` when the XML is unsafe or broken, when nothing can be opened, or with every page that an item
    opens and the package does not have. Files that are merely listed and missing become warnings.
    """
    return _Reader(_root(document), Files(files)).manifest()


def _root(document: bytes) -> Element:
    if len(document) > MAX_BYTES:
        raise Invalid(f"{NAME} is larger than {MAX_BYTES // 1024**2} MB.")
    try:
        root: Element = parsed(document)
    except DefusedXmlException as error:
        raise Invalid(
            f"{NAME} has a document type or entity declarations in it, which are not accepted."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise Invalid(f"{NAME} is not well-formed XML: {error}.") from error
    if local(root.tag) != "manifest":
        raise Invalid(f"{NAME} does not begin with a <manifest> element.")
    return root


def _namespaces(root: Element) -> set[str]:
    found: set[str] = set()
    for element in root.iter():
        for name in (element.tag, *element.attrib):
            if isinstance(name, str) and name.startswith("{"):
                found.add(name[1:].partition("}")[0].lower())
    return found


def _standard(edition: str, root: Element) -> str:
    """`scorm12` or `scorm2004`, from the declared version or, failing that, from the namespaces in use."""
    words = edition.lower()
    if "2004" in words or "1.3" in words:
        return SCORM_2004
    if words.startswith(("1.2", "1.1", "scorm 1.2", "v1.2", "version 1.2")):
        return "scorm12"
    namespaces = _namespaces(root)
    if any("adlcp_v1p3" in name for name in namespaces):
        return SCORM_2004
    if any("adlcp_rootv1p2" in name for name in namespaces):
        return "scorm12"
    said = f"“{edition[:40]}”" if edition else "no version"
    raise Invalid(
        f"{NAME} names {said} as its SCORM version; SCORM 1.2 or SCORM 2004 is expected. Publish the course as one of "
        "them."
    )


class _Reader:
    """One pass over one manifest."""

    def __init__(self, root: Element, files: Files) -> None:
        self._root = root
        self._files = files
        self._faults = Faults(NAME)
        self._warnings: list[str] = []
        self._ids: set[str] = set()
        self._count = 0
        self._standard = ""
        self._sequencing = SequencingReader(root, self._warn)
        resources = child(root, "resources")
        self._bases = (root.get(_XML_BASE, ""), "" if resources is None else resources.get(_XML_BASE, ""))
        self._resources: dict[str, Element] = {}
        for resource in children(resources, "resource") if resources is not None else ():
            identifier = attribute(resource, "identifier")
            if identifier in self._resources:
                self._faults.add(f"{NAME} has two resources with the identifier “{identifier[:80]}”.")
            self._resources[identifier] = resource

    def manifest(self) -> Manifest:
        metadata = child(self._root, "metadata")
        edition = text(metadata, "schemaversion")
        self._standard = standard = _standard(edition, self._root)
        organization = self._organization()
        if organization is None:
            items = tuple(self._resource_items())
        else:
            items = tuple(self._item(element, 1) for element in children(organization, "item"))
        title = (
            text(organization, "title") or next((i.title for i in items if i.title), "") or "Untitled course"
        )
        self._check_listed_files()
        self._faults.refuse()
        manifest = Manifest(
            standard=standard,
            edition=edition,
            identifier=attribute(self._root, "identifier")[:255],
            title=title[:255],
            items=items,
            details={} if organization is None else self._details(organization, title),
            warnings=tuple(self._warnings[:_MAX_WARNINGS]),
        )
        if not manifest.launchable():
            if any(item.external_url for item in manifest.walk()):
                raise Invalid(
                    "Every page of the package lives on another server; the course must bring its own pages."
                )
            raise Invalid(f"{NAME} names no page that can be opened.")
        return manifest

    def _organization(self) -> Element | None:
        organizations = child(self._root, "organizations")
        if organizations is None:
            return None
        found = list(children(organizations, "organization"))
        default = attribute(organizations, "default")
        chosen = next((o for o in found if attribute(o, "identifier") == default), None)
        return chosen if chosen is not None else (found[0] if found else None)

    def _item(self, element: Element, depth: int) -> Item:
        self._count += 1
        if depth > _MAX_DEPTH:
            raise Invalid(f"{NAME} nests its items more than {_MAX_DEPTH} deep.")
        if self._count > _MAX_ITEMS:
            raise Invalid(f"{NAME} has more than {_MAX_ITEMS:,} items.")
        identifier = attribute(element, "identifier") or f"item-{self._count}"
        if len(identifier) > 255:
            self._faults.add(f"{NAME} has an item identifier longer than 255 characters.")
        if identifier in self._ids:
            self._faults.add(f"{NAME} has two items with the identifier “{identifier[:80]}”.")
        self._ids.add(identifier)
        title = text(element, "title") or identifier
        resource = self._resource_of(element, title)
        if resource is not None and self._standard == SCORM_2004 and child(element, "item") is not None:
            self._warn(f"“{title[:80]}” has parts below it, so SCORM 2004 opens no page of its own for it.")
            resource = None
        if self._standard == SCORM_2004 and resource is None and child(element, "item") is None:
            self._warn(f"“{title[:80]}” has neither a page nor parts below it, so the course passes it by.")
        link = None if resource is None else self._link(resource, attribute(element, "parameters"), title)
        return Item(
            id=identifier,
            title=title[:255],
            visible=attribute(element, "isvisible").lower() not in ("false", "0", "no"),
            path=None if link is None else link.path,
            query="" if link is None else link.query,
            fragment="" if link is None else link.fragment,
            external_url=None if link is None else link.external,
            is_sco=resource is not None and _is_sco(resource),
            mastery_score=self._mastery_score(element, title),
            max_time_allowed=text(element, "maxtimeallowed"),
            time_limit_action=text(element, "timelimitaction"),
            data_from_lms=verbatim(element, "datafromlms"),
            prerequisites=text(element, "prerequisites"),
            details=self._details(element, title),
            children=tuple(self._item(child, depth + 1) for child in children(element, "item")),
        )

    def _details(self, holder: Element, title: str) -> dict[str, Any]:
        """What SCORM 2004 adds: sequencing, and the buttons that the content does not want shown."""
        if self._standard != SCORM_2004:
            return {}
        given = text(holder, "completionthreshold")
        sequencing = completed_by(
            self._sequencing.read(holder, title), child(holder, "completionthreshold"), given
        )
        details: dict[str, Any] = {}
        asked = _SEQUENCING.dump_python(sequencing, mode="json", exclude_defaults=True)
        if asked:
            details["sequencing"] = asked
        presentation = child(holder, "presentation")
        interface = None if presentation is None else child(presentation, "navigationinterface")
        hidden = (
            [] if interface is None else [(e.text or "").strip() for e in children(interface, "hidelmsui")]
        )
        if _HIDDEN.intersection(hidden):
            details["hidden"] = sorted(_HIDDEN.intersection(hidden))
        if attribute(holder, "objectivesglobaltosystem").lower() in ("false", "0"):
            details["forgets_objectives"] = True
        if attribute(holder, "shareddataglobaltosystem").lower() in ("false", "0"):
            details["forgets_data"] = True
        if stores := _shared_data(holder):
            details["shared_data"] = stores
        return details

    def _resource_of(self, element: Element, title: str) -> Element | None:
        reference = attribute(element, "identifierref")
        if not reference:
            return None
        resource = self._resources.get(reference)
        if resource is None:
            self._faults.add(
                f"The item “{title[:80]}” opens the resource “{reference[:80]}”, which {NAME} does not have."
            )
        return resource

    def _resource_items(self) -> Iterator[Item]:
        """A package without a table of contents: its SCOs, or its pages if it has none, in their order."""
        resources = [r for r in self._resources.values() if attribute(r, "href")]
        for resource in [r for r in resources if _is_sco(r)] or resources:
            identifier = attribute(resource, "identifier") or f"resource-{self._count}"
            self._count += 1
            link = self._link(resource, "", identifier)
            if link is not None:
                yield Item(
                    id=identifier[:255],
                    title=identifier[:255],
                    path=link.path,
                    query=link.query,
                    fragment=link.fragment,
                    external_url=link.external,
                    is_sco=_is_sco(resource),
                )

    def _link(self, resource: Element, parameters: str, title: str) -> Link | None:
        href = attribute(resource, "href")
        if not href:
            return None
        link = self._resolve(joined((*self._bases, resource.get(_XML_BASE, "")), href), parameters)
        if link is None:
            return None
        if link.external is not None:
            self._warn(
                f"“{title[:80]}” is a page on another server ({link.external[:120]}); it "
                "cannot be opened here."
            )
        elif link.path is None:
            self._faults.add(f"The item “{title[:80]}” opens “{href[:120]}”, which is not in the package.")
        return link

    def _resolve(self, address: str, parameters: str) -> Link | None:
        """Where an address leads; None for one that is not accepted, which is a fault."""
        try:
            return self._files.resolve(address, parameters)
        except Invalid as error:
            self._faults.add(error.detail)
            return None

    def _mastery_score(self, element: Element, title: str) -> float | None:
        given = text(element, "masteryscore")
        if not given:
            return None
        if re.fullmatch(r"\d{1,3}(\.\d+)?", given) and float(given) <= 100:
            return float(given)
        self._warn(
            f"The mastery score “{given[:20]}” of “{title[:80]}” is not a number from 0 to "
            "100 and is not used."
        )
        return None

    def _check_listed_files(self) -> None:
        for resource in self._resources.values():
            bases = (*self._bases, resource.get(_XML_BASE, ""))
            for element in children(resource, "file"):
                href = attribute(element, "href")
                link = self._resolve(joined(bases, href), "") if href else None
                if link is not None and link.external is None and link.path is None:
                    self._warn(f"“{href[:120]}” is listed in {NAME} but is not in the package.")

    def _warn(self, sentence: str) -> None:
        if len(self._warnings) == _MAX_WARNINGS - 1:
            sentence = "There are more notes of this kind."
        if len(self._warnings) < _MAX_WARNINGS:
            self._warnings.append(sentence)


def _shared_data(holder: Element) -> list[dict[str, Any]]:
    """The stores that parts of a course share (`adlcp:data`, CAM 3.4.1.19), each once."""
    data = child(holder, "data")
    found: dict[str, dict[str, Any]] = {}
    for one in [] if data is None else list(children(data, "map"))[:_MOST_STORES]:
        target = attribute(one, "targetid")
        if target and len(target) <= _LONGEST_TARGET:
            reads, writes = (
                attribute(one, name).lower() not in ("false", "0")
                for name in ("readshareddata", "writeshareddata")
            )
            found[target] = {"target": target, "reads": reads, "writes": writes}
    return list(found.values())


def _is_sco(resource: Element) -> bool:
    return attribute(resource, "scormtype").lower() == "sco"
