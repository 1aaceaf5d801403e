"""PDF signatures as PAdES B-B, B-LT with a time-stamp authority: one per document, certified, so that nothing may be
added to it; or one for each party of an agreement, of which the first allows the others alone and the last nothing.

Five things that validators found and that are put right here: the newline at the end of Typst's file, the name and the
place of the invisible field, the metadata that is left as Typst wrote it; there is no visible stamp of pyHanko's (its
font would not be embedded: the layout draws what a person sees) and no document timestamp.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO

from pyhanko.sign import signers
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    InvisSigSettings,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)

from app.core import timestamps
from app.core.coroutines import completed
from app.core.revocation import Evidence
from app.core.timestamps import Authority, NoTimeStamp, TimeStamp
from app.documents import evidence
from app.documents.cms import PyHankoSigner
from app.documents.evidence import Writer
from app.documents.signing import FIELD, Signer

READABLE_FIELD = "Signature of the registrar"
_MORE_THAN_CERTIFICATES = 2048
"""Bytes of a signature beside its certificates: signed attributes and the signature itself take some 700."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed document, with its time stamp or the reason why it has none."""

    pdf: bytes
    stamped: TimeStamp | None
    unstamped: str | None
    """None where no authority was asked, too."""
    incomplete: str | None = None
    """Why evidence of the authority is missing in the file (which then is B-T), if it is."""


def sign(pdf: bytes, signer: Signer, *, reason: str, school: str) -> bytes:
    """The document with its signature; the bytes given stay as they are at the beginning of it."""
    return sign_and_stamp(pdf, signer, None, reason=reason, school=school).pdf


def sign_and_stamp(
    pdf: bytes, signer: Signer, authority: Authority | None, *, reason: str, school: str
) -> Signed:
    """The same with a time stamp of the signature and what both are verified by later (PAdES B-LT).

    Without a time stamp (B-B) if the authority gives none.
    """
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        name=school,
        reason=reason,
    )
    made = _signed(pdf, signer, authority, metadata, _field(FIELD, READABLE_FIELD))
    return _with_evidence(made, signer, authority)


def with_fields(pdf: bytes, fields: Sequence[str]) -> bytes:
    """The document with an empty signature field for each party, in the order in which they sign.

    The signature in the last field locks all others: whoever comes later finds none to sign.
    """
    writer = _writer(pdf)
    for number, name in enumerate(fields, 1):
        append_signature_field(writer, _field(name, f"Signature: {name}", last=number == len(fields)))
    written = BytesIO()
    writer.write(written)  # type: ignore[no-untyped-call]
    return written.getvalue()


def sign_for(
    pdf: bytes,
    signer: Signer,
    authority: Authority | None,
    *,
    field: str,
    fields: Sequence[str],
    name: str,
    reason: str,
    place: str | None,
) -> Signed:
    """The signature of one party in its field of `with_fields`, whose `fields` these are.

    `name`, `reason` and `place` are what readers of PDFs show: who signed, how, and from where. The first one
    certifies the document and allows nothing but the other fields to be filled.
    """
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=field == fields[0],
        docmdp_permissions=MDPPerm.FILL_FORMS,
        name=name,
        reason=reason,
        location=place,
    )
    made = _signed(pdf, signer, authority, metadata, None)
    # Nothing may be added between the signatures, so the evidence of all comes with the last one.
    return _with_evidence(made, signer, authority) if field == fields[-1] else made


def _field(name: str, readable: str, *, last: bool = False) -> SigFieldSpec:
    return SigFieldSpec(
        name,
        readable_field_name=readable,
        # Invisible for PDF/A means printed, not hidden, and outside of the page.
        invis_sig_settings=InvisSigSettings(
            set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True
        ),
        field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL) if last else None,
        doc_mdp_update_value=MDPPerm.NO_CHANGES if last else None,
    )


def _writer(pdf: bytes) -> Writer:
    # Typst ends without a newline, and the update must begin on a line of its own.
    return Writer(BytesIO(pdf.rstrip(b"\n") + b"\n"))


def _signed(
    pdf: bytes,
    signer: Signer,
    authority: Authority | None,
    metadata: signers.PdfSignatureMetadata,
    new_field: SigFieldSpec | None,
) -> Signed:
    stamped: list[TimeStamp] = []
    unstamped: list[str] = []

    def stamp(digest: bytes) -> bytes | None:
        if authority is None:
            return None
        try:
            stamped.append(authority.stamp(digest))
        except NoTimeStamp as error:
            unstamped.append(str(error))
            return None
        return stamped[0].token

    made = signers.PdfSigner(metadata, PyHankoSigner(signer, stamp), new_field_spec=new_field)
    # Said beforehand: to find it out, pyHanko puts the whole signature together once more, half of the time it takes.
    room = 2 * (len(signer.certificate) + sum(len(der) for der in signer.issuers) + _MORE_THAN_CERTIFICATES)
    if authority is not None:
        room += 2 * timestamps.LARGEST
    signed: BytesIO = completed(made.async_sign_pdf(_writer(pdf), bytes_reserved=room))
    return Signed(signed.getvalue(), stamped[0] if stamped else None, unstamped[0] if unstamped else None)


def _with_evidence(made: Signed, signer: Signer, authority: Authority | None) -> Signed:
    if authority is None or made.stamped is None:
        return made
    theirs, missing = authority.evidence(made.stamped)
    found = Evidence(
        (signer.certificate, *signer.issuers, *theirs.certificates), (*signer.crls, *theirs.crls)
    )
    return replace(made, pdf=evidence.added(made.pdf, found), incomplete=" ".join(missing) or None)
