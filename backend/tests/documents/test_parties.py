"""Documents that several parties sign: exactly their signatures are accepted, and nothing beside them."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec

from app.core import clock
from app.documents.cms import PyHankoSigner
from app.documents.keys.service import OwnKey
from app.documents.pades import sign_for, with_fields
from app.documents.signing import PARTIES
from app.documents.verification import inspect
from tests.documents.conftest import own_key
from tests.documents.poppler import signatures

Key = tuple[OwnKey, bytes]


def signed_by(pdf: bytes, key: Key, fields: tuple[str, ...], until: int) -> bytes:
    """Signed in the first `until` fields."""
    for field in fields[:until]:
        pdf = sign_for(
            pdf,
            key[0],
            None,
            field=field,
            fields=fields,
            name=f"Ada {field}",
            reason="Typed the name and agreed",
            place="192.0.2.1",
        ).pdf
    return pdf


@pytest.mark.parametrize("fields", PARTIES)
def test_each_party_signs_and_only_the_whole_set_is_accepted(
    fields: tuple[str, ...], unsigned: bytes, key: Key, tmp_path: Path
) -> None:
    shown = with_fields(unsigned, fields)
    assert shown.startswith(unsigned)
    for until in range(len(fields)):
        # Half signed it is no document of the school's yet.
        partly = signed_by(shown, key, fields, until)
        assert partly.startswith(shown)
        assert not inspect(partly, [key[1]], at=clock.now()).sound
    whole = signed_by(shown, key, fields, len(fields))
    found = inspect(whole, [key[1]], at=clock.now())
    assert found.sound, found.findings
    assert found.sha256 == hashlib.sha256(whole).hexdigest()
    path = tmp_path / "agreement.pdf"
    path.write_bytes(whole)
    said = signatures(path)
    assert said.count("Signature is Valid") == len(fields)
    assert said.count("Signer Certificate Common Name") == len(fields)
    assert "Ada Student" in said or "Student" in said
    assert said.count("Total document signed") == 1


def test_what_is_added_changed_or_signed_by_others_is_refused(unsigned: bytes, key: Key) -> None:
    fields = PARTIES[0]
    shown = with_fields(unsigned, fields)
    whole = signed_by(shown, key, fields, 2)

    def refused(pdf: bytes, roots: list[bytes] | None = None) -> bool:
        return not inspect(pdf, roots or [key[1]], at=clock.now()).sound

    overlay = IncrementalPdfFileWriter(BytesIO(whole))
    overlay.root["/Changed"] = overlay.add_object(overlay.root["/Pages"].get_object().__class__())
    overlay.update_root()
    added = BytesIO()
    overlay.write(added)
    other, root = own_key()
    once = signed_by(shown, key, fields, 1)
    stranger = sign_for(
        once, other, None, field="School", fields=fields, name="x", reason="x", place=None
    ).pdf
    third = BytesIO()
    # pyHanko does not stop a third signature after the lock.
    writer = IncrementalPdfFileWriter(BytesIO(whole))
    try:
        signed = signers.PdfSigner(
            signers.PdfSignatureMetadata(field_name="Third", md_algorithm="sha256"),
            PyHankoSigner(key[0]),
            new_field_spec=SigFieldSpec("Third"),
        ).sign_pdf(writer)
        third.write(signed.getvalue())
    except Exception:
        third.write(b"")
    flipped = bytearray(whole)
    flipped[len(unsigned) // 2] ^= 1
    cases = {
        "flipped": bytes(flipped),
        "appended": whole + b"\n% more",
        "overlay": added.getvalue(),
        "third": third.getvalue(),
        "stranger": stranger,
        "the wrong way round": sign_for(
            signed_by(with_fields(unsigned, ("School", "Student")), key, ("School", "Student"), 1),
            key[0], None, field="Student", fields=("School", "Student"), name="x", reason="x", place=None,
        ).pdf,
        "cut": whole[: len(whole) // 2],
    }  # fmt: skip
    assert {name for name, pdf in cases.items() if not refused(pdf)} == set()
    assert refused(whole, [root])
    assert not refused(whole)
