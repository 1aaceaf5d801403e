"""PAdES B-LT: what a stamped document is verified by stands in it, and nothing else may be added to it."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import time_machine
from asn1crypto import crl, tsp, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.ades import ades_with_time_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from app.core import clock, timestamps
from app.core.revocation import Evidence
from app.core.timestamps import Authority
from app.documents import evidence, pades
from app.documents.cms import PyHankoSigner
from app.documents.keys.service import OwnKey
from app.documents.pades import Signed, sign_and_stamp, sign_for, with_fields
from app.documents.signing import PARTIES
from app.documents.verification import inspect
from tests.core.authority import Tsa, running
from tests.documents.conftest import own_key
from tests.documents.poppler import signatures

Key = tuple[OwnKey, bytes]
REQUIRED = RevocationCheckingRule.CRL_REQUIRED


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tsa]:
    with running(tmp_path_factory.mktemp("tsa")) as found:
        yield found


@pytest.fixture(scope="module")
def authority(tsa: Tsa) -> Authority:
    return Authority(tsa.url, timestamps.certificates(tsa.roots))


@pytest.fixture(scope="module")
def made(unsigned: bytes, key: Key, authority: Authority) -> Signed:
    return sign_and_stamp(unsigned, key[0], authority, reason="Issued", school="A school")


def sound(pdf: bytes, key: Key) -> bool:
    return inspect(pdf, [key[1]], at=clock.now()).sound


def agreed(unsigned: bytes, key: Key, authority: Authority, fields: Sequence[str]) -> bytes:
    pdf = with_fields(unsigned, fields)
    for field in fields:
        pdf = sign_for(
            pdf, key[0], authority, field=field, fields=fields, name="Ada", reason="Agreed", place=None
        ).pdf
    return pdf


# What the file proves


def with_time(pdf: bytes, key: Key, tsa: Tsa, at: datetime, lists: Sequence[bytes]) -> object:
    """What pyHanko's validator of signatures with time (ETSI EN 319 102-1, 5.5) finds; every list is required."""

    def policy(roots: Sequence[bytes]) -> CertValidationPolicySpec:
        return CertValidationPolicySpec(
            SimpleTrustManager.build(trust_roots=[x509.Certificate.load(der) for der in roots]),
            CertRevTrustPolicy(RevocationCheckingPolicy(REQUIRED, REQUIRED)),
        )

    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    spec = SignatureValidationSpec(
        policy([key[1]]),
        RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
        policy(timestamps.certificates(tsa.roots)),
        local_knowledge=LocalKnowledge(
            known_crls=[CRLContainer(crl.CertificateList.load(der)) for der in lists]
        ),
    )
    found = ades_with_time_validation(
        signature.signed_data,
        spec,
        timing_info=ValidationTimingInfo(at, at, False),
        raw_digest=signature.compute_digest(),
    )
    return asyncio.run(found).ades_subindic


def as_of_the_stamp(pdf: bytes, key: Key, tsa: Tsa, at: datetime, lists: Sequence[bytes]) -> bool:
    """Whether pyHanko trusts both the stamp and, as of its moment, the signer; every list is required."""

    def context(roots: Sequence[bytes]) -> ValidationContext:
        return ValidationContext(
            trust_roots=[x509.Certificate.load(der) for der in roots],
            crls=[crl.CertificateList.load(der) for der in lists],
            moment=at,
            allow_fetching=False,
            revocation_mode="require",
        )

    (signature,) = PdfFileReader(BytesIO(pdf)).embedded_signatures
    status = asyncio.run(
        async_validate_pdf_signature(
            signature, context([key[1]]), context(timestamps.certificates(tsa.roots))
        )
    )
    return bool(status.bottom_line)


def test_it_is_verified_from_the_file_alone_after_the_signers_certificate_ended(
    made: Signed, unsigned: bytes, key: Key, tsa: Tsa, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made.stamped is not None
    assert made.incomplete is None
    carried = evidence.within(PdfFileReader(BytesIO(made.pdf)))
    roots = timestamps.certificates(tsa.roots)
    assert set(carried.certificates) >= {key[0].certificate, key[1], *roots}
    assert len(carried.crls) == 2
    now = clock.now() + timedelta(seconds=30)
    lists = carried.crls
    monkeypatch.setattr(pades, "_with_evidence", lambda signed, *_: signed)
    bare = sign_and_stamp(unsigned, key[0], authority, reason="Issued", school="A school").pdf
    assert evidence.within(PdfFileReader(BytesIO(bare))) == Evidence((), ())
    # Today: a validator that insists on lists has them in the one file, and not in the other.
    assert with_time(made.pdf, key, tsa, now, lists) == AdESPassed.OK
    assert with_time(bare, key, tsa, now, ()) == AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE
    later = now + timedelta(days=4 * 365)  # the registrar's certificate held for three years
    with time_machine.travel(later):
        assert as_of_the_stamp(made.pdf, key, tsa, made.stamped.at, lists)
        assert not as_of_the_stamp(bare, key, tsa, made.stamped.at, ())
        # Judged as of then, the authority must still say that it was not revoked since.
        assert with_time(made.pdf, key, tsa, later, [*lists, tsa.list()]) == AdESPassed.OK
        assert with_time(made.pdf, key, tsa, later, lists) == AdESIndeterminate.TRY_LATER
    # The end of what B-LT promises: the authority's own certificate. From then on our register is the proof.
    end = now + timedelta(days=11 * 365)
    with time_machine.travel(end):
        found = with_time(made.pdf, key, tsa, end, [*lists, tsa.list()])
        assert found == AdESIndeterminate.OUT_OF_BOUNDS_NO_POE


def test_the_evidence_changes_nothing_of_the_document(
    made: Signed, unsigned: bytes, key: Key, tmp_path: Path
) -> None:
    """pyHanko writes metadata and Info again at each update; a validator refuses its metadata."""
    assert made.pdf.startswith(unsigned.rstrip(b"\n"))
    with pikepdf.open(BytesIO(unsigned)) as before, pikepdf.open(BytesIO(made.pdf)) as after:
        assert before.Root.Metadata.read_bytes() == after.Root.Metadata.read_bytes()
        assert dict(before.trailer.get("/Info", {})) == dict(after.trailer.get("/Info", {}))
        assert set(after.Root.keys()) - set(before.Root.keys()) >= {"/DSS", "/AcroForm"}
        assert "/VRI" not in after.Root.DSS
    found = inspect(made.pdf, [key[1]], at=clock.now())
    assert found.sound, found.findings
    assert "Only certificates and lists" in found.findings[2].answer
    path = tmp_path / "lt.pdf"
    path.write_bytes(made.pdf)
    assert "Signature is Valid" in signatures(path)


@pytest.mark.parametrize("fields", PARTIES)
def test_an_agreement_gets_it_with_the_last_signature(
    fields: tuple[str, ...], unsigned: bytes, key: Key, authority: Authority
) -> None:
    whole = agreed(unsigned, key, authority, fields)
    reader = PdfFileReader(BytesIO(whole))
    assert len(evidence.within(reader).crls) == 2
    # Typst's, the fields, each signature, the evidence.
    assert reader.xrefs.total_revisions == len(fields) + 3
    found = inspect(whole, [key[1]], at=clock.now())
    assert found.sound, found.findings


def test_a_document_is_whole_without_what_the_authority_does_not_give(
    unsigned: bytes, key: Key, tsa: Tsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tsa, "spoil_list", lambda _content: (503, b""))
    alone = Authority(tsa.url, timestamps.certificates(tsa.roots))
    found = sign_and_stamp(unsigned, key[0], alone, reason="Issued", school="A school")
    assert found.stamped is not None
    assert "refused with status 503" in (found.incomplete or "")
    assert sound(found.pdf, key)
    assert len(evidence.within(PdfFileReader(BytesIO(found.pdf))).crls) == 1


# What may not be added


def update(pdf: bytes, *, page: bool = False, catalog: str | None = None, store: str | None = None) -> bytes:
    """A further update that turns the page, sets a key of the catalog, or sets one of the store."""
    writer = evidence.Writer(BytesIO(pdf))
    if page:
        first = writer.root["/Pages"]["/Kids"][0].get_object()
        first["/Rotate"] = generic.NumberObject(180)
        writer.update_container(first)
    if catalog is not None:
        writer.root[generic.pdf_name(catalog)] = generic.pdf_string("x")
        writer.update_root()
    if store is not None:
        writer.root["/DSS"][generic.pdf_name(store)] = generic.ArrayObject()
        writer.update_container(writer.root["/DSS"])
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def together(pdf: bytes, key: Key, change: str) -> bytes:
    """The evidence added to a signed file, with something else in the same update."""
    writer = evidence.Writer(BytesIO(pdf))
    stream = writer.add_object(generic.StreamObject(stream_data=key[1]))
    if change == "no certificate":
        stream = writer.add_object(generic.StreamObject(stream_data=b"no certificate at all"))
    store = generic.DictionaryObject({generic.pdf_name("/Certs"): generic.ArrayObject([stream])})
    match change:
        case "page":
            page = writer.root["/Pages"]["/Kids"][0].get_object()
            page["/Rotate"] = generic.NumberObject(180)
            writer.update_container(page)
        case "catalog":
            writer.root[generic.pdf_name("/PageMode")] = generic.pdf_name("/UseThumbs")
        case "object":
            writer.add_object(generic.pdf_string("nobody refers to it"))
        case "key":
            store[generic.pdf_name("/Extra")] = generic.pdf_string("x")
        case "direct":
            writer.root[generic.pdf_name("/DSS")] = store
    if change != "direct":
        writer.root[generic.pdf_name("/DSS")] = writer.add_object(store)
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def with_bytes(pdf: bytes, before: bytes, added: bytes) -> bytes:
    """The last update with bytes in front of its first `before`, in which everything is found where it now is."""
    start = pdf.rindex(b"%%EOF\n", 0, -6) + 6
    at = pdf.index(before, start)

    def moved(found: re.Match[bytes]) -> bytes:
        place = int(found[1])
        return b"%0*d%s" % (len(found[1]), place + len(added) * (place >= at), found[2])

    table = max(at, pdf.rindex(b"xref\n0 1\n"))
    behind = re.sub(rb"(\d{10})( 00000 n )", moved, pdf[table:])
    return pdf[:at] + added + pdf[at:table] + re.sub(rb"(?<=startxref\n)(\d+)(\n)", moved, behind)


def stamped_as_a_whole(pdf: bytes, tsa: Tsa) -> bytes:
    """The file with a document time stamp behind it (PAdES B-LTA)."""

    class Answers(TimeStamper):
        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            return tsp.TimeStampResp.load(tsa.answer(req.dump()))

    out: BytesIO = signers.PdfTimeStamper(Answers()).timestamp_pdf(
        evidence.Writer(BytesIO(pdf)), md_algorithm="sha256"
    )
    return out.getvalue()


def test_bytes_that_are_not_the_evidence_are_refused_wherever_they_stand(
    made: Signed, unsigned: bytes, key: Key, tsa: Tsa
) -> None:
    """One revision, the same catalog, the same references: what a reader of PDFs finds is not all that is there."""
    pdf = made.pdf
    remark = b"%" + re.sub(rb"[\r\n]+", b"\n%", unsigned) + b"\n"
    first = re.search(rb"\d+ 0 obj\n", pdf[pdf.rindex(b"%%EOF\n", 0, -6) + 6 :])
    assert first is not None
    title = b"/Info <<\n/Title (Another document)\n>>"
    info = re.compile(rb"/Info \d+ 0 R(?=[^/]*/ID[^/]*/Prev \d+\n>>\nstartxref\n\d+\n%%EOF\n\Z)")
    update_id = re.compile(
        rb"(/ID \[ <[0-9a-f]*> <)[0-9a-f]{32}(> \]\n/Prev \d+\n>>\nstartxref\n\d+\n%%EOF\n\Z)"
    )
    place = "a remark"
    cases = {
        f"{place} with another PDF before the first object": with_bytes(pdf, first[0], remark),
        f"{place} in the store": with_bytes(pdf, b"/CRLs", b"% x\n"),
        f"{place} in a stream's dictionary": with_bytes(pdf, b"/Length", b"% x\n"),
        f"{place} before the table": with_bytes(pdf, b"xref\n0 1\n", b"% x\n"),
        f"{place} before the trailer": with_bytes(pdf, b"trailer\n", b"% x\n"),
        f"{place} in the trailer": with_bytes(pdf, b"/Prev", b"% x\n"),
        f"{place} behind the trailer": with_bytes(pdf, b"startxref\n", b"% x\n"),
        "an object that no table names": with_bytes(pdf, b"xref\n0 1\n", b"999 0 obj\n<<\n>>\nendobj\n"),
        "an object of the same number": with_bytes(pdf, first[0], first[0] + b"<<\n>>\nendobj\n"),
        "spaces": with_bytes(pdf, b"/Certs", b" " * 1000),
        "a title of its own": info.sub(title, pdf),
        "a key of its own": with_bytes(pdf, b"/Prev", b"/Extra (x)\n"),
        "no Info": info.sub(b"", pdf).replace(b"R\n\n/ID", b"R\n/ID"),
        "a longer name of the update": update_id.sub(rb"\g<1>" + b"00" * 999 + rb"\2", pdf),
        "a document time stamp behind it": stamped_as_a_whole(pdf, tsa),
    }
    assert {name for name, changed in cases.items() if changed == pdf or sound(changed, key)} == set()
    assert sound(with_bytes(pdf, b"xref\n0 1\n", b""), key)


def test_nothing_but_the_evidence_is_accepted(
    made: Signed, unsigned: bytes, key: Key, authority: Authority, signed: bytes
) -> None:
    pdf = made.pdf
    flipped = bytearray(pdf)
    flipped[len(unsigned) // 2] ^= 1
    metadata = signers.PdfSignatureMetadata(field_name="Third", md_algorithm="sha256")
    third = signers.PdfSigner(metadata, PyHankoSigner(key[0]), new_field_spec=SigFieldSpec("Third"))
    agreement = agreed(unsigned, key, authority, PARTIES[0])
    cases = {
        "flipped byte": bytes(flipped),
        "cut in the evidence": pdf[:-200],
        "a newline": pdf + b"\n",
        "a remark": pdf + b"% a remark\n",
        "a remark that ends as a file does": pdf + b"% a remark\nstartxref\n1\n%%EOF\n",
        "zeros": pdf + bytes(1000),
        "a page turned behind it": update(pdf, page=True),
        "a page turned behind it and an agreement": update(agreement, page=True),
        "a catalog changed behind it": update(pdf, catalog="/Lang"),
        "a store changed behind it": update(pdf, store="/OCSPs"),
        "a second evidence": evidence.added(pdf, Evidence((own_key()[1],), ())),
        "a signature behind an agreement": third.sign_pdf(
            IncrementalPdfFileWriter(BytesIO(agreement))
        ).getvalue(),
        **{
            f"in the same update: {change}": together(signed, key, change)
            for change in ("page", "catalog", "object", "key", "direct", "no certificate")
        },
    }
    assert {name for name, changed in cases.items() if sound(changed, key)} == set()
    assert all(sound(good, key) for good in (pdf, agreement, together(signed, key, "nothing")))
