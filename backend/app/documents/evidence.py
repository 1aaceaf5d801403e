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
_END = re.compile(rb"\nstartxref\n(\d{1,10})\n%%EOF\n?\Z")
_STREAM = {"/Length", "/Filter"}


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
    """
    last = signed_revision + 1
    ends = _END.search(pdf)
    if reader.xrefs.total_revisions != last + 1 or ends is None or int(ends[1]) <= signed_end:
        return False
    before, now = reader.get_historical_root(signed_revision), reader.root
    if _STORE in before or {key for key in now if key != _STORE} != set(before):
        return False
    if any(now.raw_get(key) != before.raw_get(key) for key in before):
        return False
    return _belonging(reader, now.raw_get(_STORE)) == _changed(reader, last)


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
