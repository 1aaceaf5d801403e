"""PDF signatures as PAdES B-B, B-T with a time-stamp authority: one per document, certified, so that nothing may be
added to it.

Five things that validators found and that are put right here: the newline at the end of Typst's file, the name and the
place of the invisible field, the metadata that is left as Typst wrote it; there is no visible stamp of pyHanko's (its
font would not be embedded: the layout draws what a person sees) and no document timestamp.
"""

from dataclasses import dataclass
from io import BytesIO

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter

from app.core import timestamps
from app.core.coroutines import completed
from app.core.timestamps import Authority, NoTimeStamp, TimeStamp
from app.documents.cms import PyHankoSigner
from app.documents.signing import FIELD, Signer

READABLE_FIELD = "Signature of the registrar"
_MORE_THAN_CERTIFICATES = 2048
"""Bytes of a signature beside its certificates: signed attributes and the signature itself take some 700."""


class _Writer(IncrementalPdfFileWriter):
    """Adds to the file without rewriting its metadata: what Typst wrote there is what validators accept."""

    def _update_meta(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed document, with its time stamp or the reason why it has none."""

    pdf: bytes
    stamped: TimeStamp | None
    unstamped: str | None
    """None where no authority was asked, too."""


def sign(pdf: bytes, signer: Signer, *, reason: str, school: str) -> bytes:
    """The document with its signature; the bytes given stay as they are at the beginning of it."""
    return sign_and_stamp(pdf, signer, None, reason=reason, school=school).pdf


def sign_and_stamp(
    pdf: bytes, signer: Signer, authority: Authority | None, *, reason: str, school: str
) -> Signed:
    """The same with a time stamp of the signature (PAdES B-T); without one (B-B) if the authority gives none."""
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

    # Typst ends without a newline, and the update must begin on a line of its own.
    writer = _Writer(BytesIO(pdf.rstrip(b"\n") + b"\n"))
    made = signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            name=school,
            reason=reason,
        ),
        PyHankoSigner(signer, stamp),
        new_field_spec=SigFieldSpec(
            FIELD,
            readable_field_name=READABLE_FIELD,
            # Invisible for PDF/A means printed, not hidden, and outside of the page.
            invis_sig_settings=InvisSigSettings(
                set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True
            ),
        ),
    )
    # Said beforehand: to find it out, pyHanko puts the whole signature together once more, half of the time it takes.
    room = 2 * (len(signer.certificate) + sum(len(der) for der in signer.issuers) + _MORE_THAN_CERTIFICATES)
    if authority is not None:
        room += 2 * timestamps.LARGEST
    signed: BytesIO = completed(made.async_sign_pdf(writer, bytes_reserved=room))
    return Signed(signed.getvalue(), stamped[0] if stamped else None, unstamped[0] if unstamped else None)
