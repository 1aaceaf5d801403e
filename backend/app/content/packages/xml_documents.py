"""XML from strangers: parsed without entities, whatever encoding it claims, its elements found by their local names."""

import codecs
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")


def parsed(document: bytes) -> Element:
    """Parse, trusting the bytes over a declaration that contradicts them (common after an editor re-saved
    it).
    """
    try:
        return _safely(document.lstrip() if document[:1].isspace() else document)
    except DefusedXmlException:
        raise
    except (ParseError, ValueError, LookupError) as first:
        for encoding in _likely_encodings(document):
            try:
                plain = _DECLARATION.sub("", document.decode(encoding).lstrip("\ufeff"), count=1)
                return _safely(plain.encode())
            except DefusedXmlException:
                raise
            except (ParseError, ValueError):
                continue
        raise first


def _safely(document: bytes) -> Element:
    root: Element = fromstring(document, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    return root


def _likely_encodings(document: bytes) -> list[str]:
    if document.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    if document[:2] == b"<\0":
        return ["utf-16-le"]
    if document[:2] == b"\0<":
        return ["utf-16-be"]
    return ["utf-8-sig", "cp1252"]


def local(tag: object) -> str:
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    return (below for below in element if local(below.tag) == name)


def child(element: Element, name: str) -> Element | None:
    return next(children(element, name), None)


def text(element: Element | None, name: str) -> str:
    found = None if element is None else child(element, name)
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def verbatim(element: Element, name: str) -> str:
    found = child(element, name)
    return "" if found is None else "".join(found.itertext()).strip()


def attribute(element: Element, name: str) -> str:
    for key, value in element.attrib.items():
        if local(key) == name:
            return value.strip()
    return ""
