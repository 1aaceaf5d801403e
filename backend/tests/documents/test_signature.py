"""Signatures, and each way to tamper with one: what our own rule says, and what poppler says."""

import asyncio
import shutil
import subprocess
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import time_machine
from asn1crypto import x509
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.general import SigningError

from app.core import clock
from app.documents.cms import PyHankoSigner
from app.documents.keys import certificates
from app.documents.keys.service import OwnKey
from app.documents.pades import sign
from app.documents.signing import FIELD
from app.documents.verification import Inspection, inspect
from tests.documents.conftest import own_key
from tests.documents.poppler import signatures, structure

Key = tuple[OwnKey, bytes]


def look(pdf: bytes, key: Key) -> Inspection:
    return inspect(pdf, [key[1]], at=clock.now())


def failed(inspection: Inspection) -> set[str]:
    return {finding.question for finding in inspection.findings if not finding.passed}


@pytest.fixture
def trusted(key: Key, tmp_path: Path) -> Path | None:
    """NSS's store with the school's root in it, as poppler reads it; None without certutil."""
    if shutil.which("certutil") is None:
        return None
    store = tmp_path / "nss"
    store.mkdir()
    (tmp_path / "root.der").write_bytes(key[1])
    database = f"sql:{store}"
    subprocess.run(["certutil", "-N", "-d", database, "--empty-password"], check=True)
    subprocess.run(
        ["certutil", "-A", "-d", database, "-n", "Root", "-t", "CT,C,C", "-i", str(tmp_path / "root.der")],
        check=True,
    )
    return store


def poppler(pdf: bytes, folder: Path, trusted: Path | None = None) -> str:
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    return signatures(path, trusted)


def test_the_signature_is_good_for_us_and_for_poppler(
    signed: bytes, unsigned: bytes, key: Key, tmp_path: Path, trusted: Path | None
) -> None:
    inspection = look(signed, key)
    assert inspection.sound
    assert inspection.signer_fingerprint == certificates.fingerprint(
        certificates.x509.load_der_x509_certificate(key[0].certificate)
    )
    said = poppler(signed, tmp_path, trusted)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    if trusted is not None:
        assert "Certificate is Trusted" in said
    # What Typst wrote is the beginning of the file, and its metadata is the file's.
    assert signed.startswith(unsigned)
    assert b"%%EOF\n" in signed[len(unsigned) - 5 : len(unsigned) + 1]


def test_a_signed_file_still_says_what_it_is(signed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    with pikepdf.open(path) as pdf:
        metadata = pdf.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
        assert metadata["pdfuaid:part"] == "1"
        (field,) = pdf.Root.AcroForm.Fields
        assert str(field.TU) == "Signature of the registrar"
        assert int(field.F) == 4 + 128  # printed, locked; not hidden
        assert float(field.Rect[0]) < 0
        assert "document.json" in pdf.attachments
    assert "Enrollment verification" in structure(path)


def test_signing_works_inside_a_running_event_loop(unsigned: bytes, key: Key) -> None:
    async def within() -> bytes:
        return sign(unsigned, key[0], reason="Issued", school="x")

    assert look(asyncio.run(within()), key).sound


def test_a_failing_signer_leaves_no_half_document(unsigned: bytes, key: Key) -> None:
    class Token:
        certificate = key[0].certificate
        issuers = key[0].issuers

        def sign(self, data: bytes) -> bytes:
            raise OSError("the token was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        sign(unsigned, Token(), reason="Issued", school="x")

    async def within() -> bytes:
        return sign(unsigned, Token(), reason="Issued", school="x")

    with pytest.raises(OSError, match="pulled out"):
        asyncio.run(within())


# Tampering


def test_a_flipped_byte(signed: bytes, key: Key, tmp_path: Path) -> None:
    changed = bytearray(signed)
    changed[signed.index(b"stream") + 40] ^= 1
    assert "Signature" in failed(look(bytes(changed), key))
    said = poppler(bytes(changed), tmp_path)
    assert "Signature is Valid" not in said


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(signed: bytes, key: Key, share: float) -> None:
    assert not look(signed[: int(len(signed) * share)], key).sound


def test_an_overlay_added_as_an_update(signed: bytes, key: Key, tmp_path: Path) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Rotate"] = NumberObject(180)
    writer.update_container(page)
    out = BytesIO()
    writer.write(out)
    changed = out.getvalue()
    assert changed.startswith(signed)
    assert failed(look(changed, key)) == {"Whole file"}
    assert "Not total document signed" in poppler(changed, tmp_path)


@pytest.mark.parametrize("added", [b"\n", b"% a remark\n", b"\0" * 1000, b"<script>"])
def test_bytes_appended_behind_the_end(signed: bytes, key: Key, added: bytes) -> None:
    assert not look(signed + added, key).sound


@pytest.mark.parametrize("step", [1, 20, 60, 200, 2500])
def test_a_damaged_signature(signed: bytes, key: Key, step: int) -> None:
    """Bytes of it that nothing covers, such as the root certificate, are covered by the hash in the register."""
    begin = signed.index(b"/Contents <") + len(b"/Contents <")
    damaged = bytearray(signed)
    for place in range(begin + step, begin + step + 40):
        damaged[place] = ord("0")
    inspection = look(bytes(damaged), key)
    assert not inspection.sound
    assert inspection.findings[0].answer


def test_a_file_saved_again(signed: bytes, key: Key) -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(signed)) as pdf:
        pdf.save(out)
    assert not look(out.getvalue(), key).sound


@pytest.mark.parametrize("length", [70, 71, 72])
def test_the_envelope_is_what_pyhanko_puts_together(key: Key, length: int) -> None:
    """All but the hash and the raw signature is kept between two documents: the bytes must not show it."""

    class Fixed:
        certificate, issuers = key[0].certificate, key[0].issuers

        def sign(self, data: bytes) -> bytes:
            return sha256(data).digest().ljust(length, b".")

    signer = PyHankoSigner(Fixed())
    for digest in (sha256(b"one").digest(), bytes(32)):
        kept = asyncio.run(signer.async_sign(digest, "sha256", use_pades=True))
        again = asyncio.run(signers.Signer.async_sign(signer, digest, "sha256", use_pades=True))
        assert kept.dump() == again.dump()


def test_a_further_signature(unsigned: bytes, key: Key) -> None:
    def add(pdf: bytes, field: str) -> bytes:
        metadata = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256")
        signer = signers.PdfSigner(metadata, PyHankoSigner(key[0]), new_field_spec=SigFieldSpec(field))
        out: BytesIO = signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)))
        return out.getvalue()

    one = add(unsigned + b"\n", FIELD)
    three = add(add(one, "Second"), "Third")
    assert "exactly one" in look(three, key).findings[0].answer
    # Not certified: somebody could add to it, so it is none of ours either.
    assert not look(one, key).sound
    assert not look(add(unsigned + b"\n", "Elsewhere"), key).sound


def test_pyhanko_itself_refuses_to_sign_a_second_time(signed: bytes, key: Key) -> None:
    metadata = signers.PdfSignatureMetadata(field_name="Second", md_algorithm="sha256")
    signer = signers.PdfSigner(metadata, PyHankoSigner(key[0]), new_field_spec=SigFieldSpec("Second"))
    with pytest.raises(SigningError, match="forbids all changes"):
        signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(signed)))


def test_another_signer(unsigned: bytes, key: Key, tmp_path: Path, trusted: Path | None) -> None:
    stranger, _root = own_key("Peachtree Dental Academy")
    forged = sign(unsigned, stranger, reason="Issued", school="Peachtree Dental Academy")
    assert "Signer" in failed(look(forged, key))
    if trusted is not None:
        assert "isn't Trusted" in poppler(forged, tmp_path, trusted)


def test_no_pdf_at_all(key: Key, unsigned: bytes) -> None:
    for content in (b"", b"hello", b"%PDF-1.7", b"\0" * 10_000):
        assert not look(content, key).sound
    assert look(unsigned, key).findings[0].answer == "The file has no signature."


# Time


def test_an_expired_certificate_still_proves_what_was_signed_in_its_time(unsigned: bytes) -> None:
    then = clock.now() - timedelta(days=4 * 365)
    with time_machine.travel(then, tick=True):
        old, root = own_key(at=then)
        signed = sign(unsigned, old, reason="Issued", school="x")
    assert inspect(signed, [root], at=then + timedelta(minutes=1)).sound
    # Without the register's word on when it was issued, the certificate has simply ended.
    assert "Signer" in failed(inspect(signed, [root], at=clock.now()))


def test_the_certificate_is_what_validators_ask_for(key: Key) -> None:
    certificate = x509.Certificate.load(key[0].certificate)
    assert certificate.key_usage_value.native == {"digital_signature", "non_repudiation"}
    assert certificate.ca is False
    assert x509.Certificate.load(key[1]).ca is True
