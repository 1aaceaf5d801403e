"""Whether a file is a document of the school's, unchanged: a rule of our own over what pyHanko finds.

A validator's single word is not enough. An overlay added as an update leaves pyHanko's `intact`, `valid` and `trusted`
all true; bytes appended behind the end leave even `bottom_line` true; poppler's pdfsig ends with status 0 for a file
that was changed. So a file is accepted only if it holds exactly the one signature in the field we gave it, covering
the whole file, by a certificate of ours, if nothing was added but what it is verified by later (see `evidence`), and
if its SHA-256 stands in the register. A document of several parties holds exactly theirs, in their order: the first
allows no more than the other fields to be filled, each next one does just that, and the last covers the whole file
and locks it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from app.core import timestamps
from app.core.coroutines import completed
from app.core.timestamps import NoTimeStamp
from app.documents.signing import FIELD, PARTIES

# Loaded with the first file: pyHanko takes 13 MB in each process that has it, and most never look at one.
if TYPE_CHECKING:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

MAX_BYTES = 20 * 1024 * 1024
_WHOLE = {
    True: "The signature covers the whole file; nothing was added.",
    False: "The signature covers the document. Only certificates and lists to verify it later were added.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One question about the file, and the answer."""

    question: str
    passed: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the file alone says, whatever stands in the register."""

    sha256: str
    findings: tuple[Finding, ...]
    signer_fingerprint: str | None
    signed_at: datetime | None
    """The time that the signer wrote into the signature; the register's is the one that counts."""

    @property
    def sound(self) -> bool:
        return all(finding.passed for finding in self.findings)


def inspect(
    pdf: bytes, roots: Sequence[bytes], *, at: datetime, stamp_roots: Sequence[bytes] = ()
) -> Inspection:
    """Look at the signature as of the moment `at`, which for a registered file is when it was issued.

    `roots` are the certificates (DER) of all authorities the school has had, `stamp_roots` those that time stamps have
    to lead to. Never raises for what is in the file.
    """
    sha256 = hashlib.sha256(pdf).hexdigest()
    try:
        return _inspected(pdf, roots, stamp_roots, at, sha256)
    except (
        Exception
    ) as error:  # any exception means that this is no document of ours; pyHanko raises many kinds
        kind = type(error).__name__
        finding = Finding(
            "Signature",
            False,
            "This is not a PDF, or it is damaged: no signature can be read."
            if not pdf.startswith(b"%PDF")
            else f"The file or its signature is damaged and cannot be read ({kind}).",
        )
        return Inspection(sha256, (finding,), None, None)


def _inspected(
    pdf: bytes, roots: Sequence[bytes], stamp_roots: Sequence[bytes], at: datetime, sha256: str
) -> Inspection:
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415 - see above

    reader = PdfFileReader(BytesIO(pdf))
    found = list(reader.embedded_signatures)
    if not found:
        return Inspection(sha256, (Finding("Signature", False, "The file has no signature."),), None, None)
    names = tuple(one.field_name for one in found)
    if names in PARTIES:
        return _of_parties(found, pdf, roots, stamp_roots, at, sha256)
    if names != (FIELD,):
        words = (
            f"The file has {len(found)} signatures; the school’s documents have exactly one, or one of each party."
            if len(found) > 1
            else "The signature is not in the place where the school’s documents have it."
        )
        return Inspection(sha256, (Finding("Signature", False, words),), None, None)
    return _judged(found[0], pdf, roots, stamp_roots, at, sha256)


def _of_parties(
    found: "Sequence[EmbeddedPdfSignature]",
    pdf: bytes,
    roots: Sequence[bytes],
    stamp_roots: Sequence[bytes],
    at: datetime,
    sha256: str,
) -> Inspection:
    """Each signature by itself, and that nothing but them was added."""
    from pyhanko.sign.fields import MDPPerm  # noqa: PLC0415 - see above
    from pyhanko.sign.validation import SignatureCoverageLevel  # noqa: PLC0415 - see above

    findings: list[Finding] = []
    fingerprint = ""
    last = found[-1]
    untouched = (
        found[0].docmdp_level == MDPPerm.FILL_FORMS
        and len(found[0].reader.root["/AcroForm"]["/Fields"]) == len(found)
        and last.fieldmdp is not None
        and _is_all(last, pdf)
    )
    for one in found:
        status, stamp = _status(one, roots, at)
        good = bool(status.intact and status.valid and status.bottom_line and status.docmdp_ok)
        whole = status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
        untouched = untouched and good and whole
        findings += _who(status, f"{one.field_name}: ", good)
        if stamp is not None:
            findings.append(_stamp_finding(one, stamp, stamp_roots))
        # A key may have been replaced between the first signature and the last; the register names the last one's.
        fingerprint = status.signing_cert.sha256.hex()
    words = (
        "The file has exactly the signatures of its parties, and nothing was added."
        if untouched
        else "Something besides the signatures of the parties was added to the file, or they allow that."
    )
    findings.append(Finding("Whole file", untouched, words))
    return Inspection(sha256, tuple(findings), fingerprint, last.self_reported_timestamp)


def _status(
    signature: "EmbeddedPdfSignature", roots: Sequence[bytes], at: datetime
) -> "tuple[Any, _Stamp | None]":
    """What pyHanko finds of a signature, and its time stamp."""
    from asn1crypto import x509  # noqa: PLC0415 - see above
    from pyhanko.sign.validation import async_validate_pdf_signature  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    context = ValidationContext(
        trust_roots=[x509.Certificate.load(der) for der in roots],
        allow_fetching=False,
        moment=at,
        # Which certificates are revoked stands in our own table; see `service.verify`.
        revocation_mode="soft-fail",
    )
    stamp = _stamp_of(signature)
    # Whose time stamp it is, is a question of its own below. An authority that is no longer in the settings must not
    # end the documents that it stamped.
    stamp_context = ValidationContext(
        trust_roots=list(stamp.certificates) if stamp else [],
        allow_fetching=False,
        moment=stamp.at if stamp else at,
        revocation_mode="soft-fail",
    )
    status = completed(
        async_validate_pdf_signature(
            signature, signer_validation_context=context, ts_validation_context=stamp_context
        )
    )
    return status, stamp


def _who(status: Any, prefix: str, good: bool) -> tuple[Finding, ...]:
    """Whether a signature is intact, and by whom it is."""
    subject = status.signing_cert.subject
    name = subject.native.get("common_name", subject.human_friendly)
    return (
        Finding(
            f"{prefix}Signature" if prefix else "Signature",
            good,
            "The signature matches the file."
            if good
            else "The signature does not match the file: the file was changed after it was signed.",
        ),
        Finding(
            f"{prefix}Signer" if prefix else "Signer",
            bool(status.trusted),
            f"Signed by {name}, with a certificate of this school."
            if status.trusted
            else f"Signed by {name}, with a certificate that is not this school’s.",
        ),
    )


def _judged(
    signature: "EmbeddedPdfSignature",
    pdf: bytes,
    roots: Sequence[bytes],
    stamp_roots: Sequence[bytes],
    at: datetime,
    sha256: str,
) -> Inspection:
    from pyhanko.sign.fields import MDPPerm  # noqa: PLC0415 - see above
    from pyhanko.sign.validation import SignatureCoverageLevel  # noqa: PLC0415

    status, stamp = _status(signature, roots, at)
    untouched = (
        status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
        and status.docmdp_ok is True
        and signature.docmdp_level == MDPPerm.NO_CHANGES
        and _is_all(signature, pdf)
    )
    findings: tuple[Finding, ...] = (
        *_who(status, "", status.intact and status.valid),
        Finding(
            "Whole file",
            untouched and bool(status.bottom_line),
            _WHOLE[status.coverage == SignatureCoverageLevel.ENTIRE_FILE]
            if untouched and status.bottom_line
            else "Something was added to the file after it was signed, or the signature allows that.",
        ),
    )
    if stamp is not None:
        findings = (*findings, _stamp_finding(signature, stamp, stamp_roots))
    return Inspection(sha256, findings, status.signing_cert.sha256.hex(), signature.self_reported_timestamp)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """The time stamp of a signature: its bytes, its moment, and every certificate in it."""

    token: bytes
    at: datetime
    certificates: Sequence[Any]


def _stamp_of(signature: "EmbeddedPdfSignature") -> _Stamp | None:
    found = [
        value
        for one in signature.signer_info["unsigned_attrs"]
        if one["type"].native == "signature_time_stamp_token"
        for value in one["values"]
    ]
    if not found:
        return None
    signed = found[0]["content"]
    return _Stamp(
        found[0].dump(),
        signed["encap_content_info"]["content"].parsed["gen_time"].native,
        [one.chosen for one in signed["certificates"] if one.name == "certificate"],
    )


def _stamp_finding(signature: "EmbeddedPdfSignature", stamp: _Stamp, stamp_roots: Sequence[bytes]) -> Finding:
    digest = hashlib.sha256(signature.signer_info["signature"].native).digest()
    try:
        found = timestamps.read(stamp.token, digest, stamp_roots)
    except NoTimeStamp:
        # That it belongs to the signature is part of what was asked above.
        words = (
            f"The signature is stamped {stamp.at:%Y-%m-%d %H:%M:%S} UTC by an authority that is not in the settings. "
            "The moment in the register is the one that counts."
        )
        return Finding("Time stamp", True, words)
    return Finding(
        "Time stamp", True, f"{found.authority} saw the signature on {found.at:%Y-%m-%d at %H:%M:%S} UTC."
    )


def _is_all(signature: "EmbeddedPdfSignature", pdf: bytes) -> bool:
    """Whether the file ends with the signed part, or with the one addition that may follow it.

    pyHanko forgives bytes behind the end, so the signed ranges must begin and end where the file or its revision does.
    """
    from app.documents.evidence import alone_was_added  # noqa: PLC0415 - see above

    ranges = [int(number) for number in signature.byte_range]
    if len(ranges) != 4 or ranges[0] != 0:
        return False
    end = ranges[2] + ranges[3]
    return end == len(pdf) or alone_was_added(signature.reader, pdf, signature.signed_revision, end)
