"""What a signature is verified by when its authorities are gone: certificates and lists of revoked ones (PAdES B-LT).

They stand in the document security store (DSS, ISO 32000-2, 12.8.4.3), which is added to the signed file as an update.
That is the one addition that we accept: nothing but the store may be in it, and nothing behind it.
"""

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from asn1crypto import crl, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore

from app.core.revocation import Evidence

_STORE = "/DSS"
_LISTS = {"/Certs": x509.Certificate, "/CRLs": crl.CertificateList}
_STREAM = {"/Length"}
_MAY_DIFFER = {"/Size", "/Prev", "/ID"}
"""Keys of a trailer that an update changes; /Root is the same catalog, written again."""
# The bytes of an update as `Writer` writes them: one separator between two tokens, and no remark anywhere. What stands
# in a token is compared by what it means.
_TOKEN = (
    rb"(?:<<|>>|\[|\]|R|true|false|null|/[^\x00-\x20()<>\[\]{}/%\x7f-\xff]*|-?\d+(?:\.\d+)?"
    rb"|\((?:[^\\()]|\\[^\r\n])*\)|<[0-9A-Fa-f]*>)"
)
_HEAD = re.compile(rb"([1-9]\d{0,9}) 0 obj\n")
_EVIDENCE = re.compile(rb"<<\n/Length ([1-9]\d{0,9})\n>>\nstream\n")
_EVIDENCE_END = b"\nendstream\nendobj\n"
_DICTIONARY = re.compile(rb"<<(?:[ \n]" + _TOKEN + rb")*\nendobj\n")
_NO_OBJECT = b"0 1\n0000000000 65535 f \n"
_PART = re.compile(rb"[1-9]\d{0,9} [1-9]\d{0,9}\n((?:\d{10} 00000 n \n)+)")
_TRAILER = re.compile(rb"trailer\n<<(?:[ \n]" + _TOKEN + rb")*\nstartxref\n(\d{1,10})\n%%EOF\n?\Z")
_ID = re.compile(rb"\n/ID \[ <[0-9A-Fa-f]*> <[0-9A-Fa-f]{32}> \]\n")
_START = re.compile(rb"\nstartxref\n(\d{1,10})\n%%EOF\n?\Z")


class Writer(IncrementalPdfFileWriter):
    """Adds to the file without rewriting its metadata: what Typst wrote there is what validators accept."""

    def _update_meta(self) -> None:
        pass


def added(pdf: bytes, evidence: Evidence) -> bytes:
    """The signed file with the evidence behind it; the bytes given stay as they are at the beginning of it."""
    writer = Writer(BytesIO(pdf))
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        # Without an entry for each signature (VRI): EN 319 142-1 leaves it out, and nothing is read from it.
        None,
        certs=[x509.Certificate.load(der) for der in _once(evidence.certificates)],
        crls=[crl.CertificateList.load(der) for der in _once(evidence.crls)],
    )
    written = BytesIO()
    writer.write(written)  # type: ignore[no-untyped-call]
    return written.getvalue()


def within(reader: PdfFileReader) -> Evidence:
    """What the file carries; nothing where it has no store."""
    if _STORE not in reader.root:
        return Evidence((), ())
    store = reader.root[_STORE]
    certificates, crls = (
        tuple(one.get_object().data for one in store[name]) if name in store else () for name in _LISTS
    )
    return Evidence(certificates, crls)


def alone_was_added(reader: PdfFileReader, pdf: bytes, signed_revision: int, signed_end: int) -> bool:
    """Whether what follows the signed part, which ends at `signed_end`, is one update with a store and no more.

    Each object of it must be new and belong to the store, but for the catalog, which may have gained the store alone.
    Between them, and up to the end of the file, nothing may stand that is not needed to find them.
    """
    last = signed_revision + 1
    if reader.xrefs.total_revisions != last + 1 or not _same_trailer(reader, pdf, signed_end, last):
        return False
    before, now = reader.get_historical_root(signed_revision), reader.root
    if _STORE in before or {key for key in now if key != _STORE} != set(before):
        return False
    if any(now.raw_get(key) != before.raw_get(key) for key in before):
        return False
    changed = _changed(reader, last)
    return _belonging(reader, now.raw_get(_STORE)) == changed and _places(pdf, signed_end) == {
        one.idnum: reader.xrefs.get_historical_ref(one, last) for one in changed
    }


def _places(pdf: bytes, start: int) -> dict[int, int] | None:
    """Where each object begins, by its number, if the file from `start` on has the form of an update of ours.

    None where anything stands between the objects, in them, in the table of them, or behind it.
    """
    found: dict[int, int] = {}
    at = start
    while head := _HEAD.match(pdf, at):
        number = int(head[1])
        if number in found:
            return None
        found[number] = at
        stream, plain = _EVIDENCE.match(pdf, head.end()), _DICTIONARY.match(pdf, head.end())
        if stream is not None:
            end = stream.end() + int(stream[1])
            at = end + len(_EVIDENCE_END)
            if pdf[end:at] != _EVIDENCE_END:
                return None
        elif plain is not None:
            at = plain.end()
        else:
            return None
    table = at
    if not pdf.startswith(b"xref\n" + _NO_OBJECT, at):
        return None
    at += len(b"xref\n" + _NO_OBJECT)
    entries = 0
    while part := _PART.match(pdf, at):
        entries += part[1].count(b"\n")
        at = part.end()
    trailer = _TRAILER.match(pdf, at)
    if trailer is None or int(trailer[1]) != table or _ID.search(trailer[0]) is None:
        return None
    # As many entries as objects: which entry is whose, the reader has found out, and it is compared above.
    return found if entries == len(found) else None


def _same_trailer(reader: PdfFileReader, pdf: bytes, signed_end: int, last: int) -> bool:
    """Whether the trailer of an update says what the one before it said, and follows that one."""
    former, written = reader.trailer.flatten(last - 1), BytesIO(pdf)
    # Not by `flatten`, which adds what the update left out.
    written.seek(reader.xrefs.get_xref_container_info(last).end_location)
    container = generic.TrailerReference(reader)  # type: ignore[no-untyped-call]
    now = generic.DictionaryObject.read_from_stream(written, container)
    if set(former) | {"/Prev"} != set(now):
        return False
    if any(now.raw_get(key) != former.raw_get(key) for key in former if key not in _MAY_DIFFER):
        return False
    highest = max(one.idnum for one in reader.xrefs.explicit_refs_in_revision(last))
    start = _START.search(pdf[:signed_end])
    if start is None or now["/Prev"] != int(start[1]) or now["/Size"] != highest + 1:
        return False
    # The first part names the document; the second, 16 bytes of chance, the update.
    return bool(now["/ID"][0] == former["/ID"][0] and len(now["/ID"]) == 2)


def _belonging(reader: PdfFileReader, store: Any) -> set[Any]:
    """The references of a store that has the form of ours; an empty set for another."""
    if not isinstance(store, generic.IndirectObject):
        return set()
    held = store.get_object()  # type: ignore[no-untyped-call]
    if not isinstance(held, generic.DictionaryObject) or not set(held) <= set(_LISTS):
        return set()
    found = {store.reference, reader.root_ref}
    for name, kind in _LISTS.items():
        for one in held.raw_get(name) if name in held else ():
            stream = one.get_object()
            if not isinstance(stream, generic.StreamObject) or not set(stream) <= {*map(pdf_name, _STREAM)}:
                return set()
            kind.load(stream.data, strict=True)
            found.add(one.reference)
    return found


def _changed(reader: PdfFileReader, revision: int) -> set[Any]:
    """The objects of a revision; None among them for one that was there before and is not the catalog."""
    container = reader.xrefs.get_xref_container_info(revision).stream_ref
    own = reader.xrefs.explicit_refs_in_revision(revision) - {container}
    earlier = {
        one
        for one in own
        if one != reader.root_ref and reader.xrefs.get_introducing_revision(one) != revision
    }
    return {None, *own} if earlier or reader.xrefs.refs_freed_in_revision(revision) else set(own)


def _once(items: Iterable[bytes]) -> Sequence[bytes]:
    return tuple(dict.fromkeys(items))
