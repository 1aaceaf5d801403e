"""Badges that others verify: by a second implementation of the proof, written from the W3C's text for this test."""

import base64
import gzip
import hashlib
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openbadgeslib import baking
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3 import OB3LdpVerifier
from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.badges import keys
from app.compliance.credentials.holders import service as holders
from app.compliance.credentials.public import service as public
from app.core import clock
from app.core.permissions import SYSTEM
from app.db.models import SigningKey
from app.documents.keys import service as signing

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def decoded(text: str) -> bytes:
    """Multibase, base 58."""
    assert text[0] == "z"
    number = 0
    for letter in text[1:]:
        number = number * 58 + _ALPHABET.index(letter)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def canonical_hash(document: Any) -> bytes:
    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": document_loader(),
    }
    return hashlib.sha256(jsonld.normalize(document, options).encode()).digest()


def independently(badge: dict[str, Any], did: dict[str, Any]) -> None:
    """vc-di-eddsa, section 3.3 (eddsa-rdfc-2022). Raises InvalidSignature, KeyError or AssertionError."""
    proof = dict(badge["proof"])
    signature = decoded(proof.pop("proofValue"))
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    assert proof["verificationMethod"] in did["assertionMethod"]
    assert badge["issuer"] == did["id"] or badge["issuer"]["id"] == did["id"]
    method = {one["id"]: one for one in did["verificationMethod"]}[proof["verificationMethod"]]
    raw = decoded(method["publicKeyMultibase"])
    assert raw[:2] == b"\xed\x01"
    unsigned = {name: value for name, value in badge.items() if name != "proof"}
    data = canonical_hash(proof | {"@context": badge["@context"]}) + canonical_hash(unsigned)
    Ed25519PublicKey.from_public_bytes(raw[2:]).verify(signature, data)


def is_set(bits: bytes, index: int) -> bool:
    return bool(bits[index // 8] & 0x80 >> index % 8)


@pytest.fixture
def issued(world: SimpleNamespace) -> SimpleNamespace:
    """A badge, the issuer's document, and what a downloader of the library's finds on the school's site."""
    number = world.issue()

    def published() -> dict[str, Any]:
        with world.database.begin() as session:
            return public.issuer(session, world.settings)

    def download(url: str) -> bytes:
        with world.database.begin() as session:
            if url.endswith("/.well-known/did.json"):
                return json.dumps(public.issuer(session, world.settings)).encode()
            assert url == "https://lms.example.org/credentials/status/1"
            return public.status_token(session, world.settings, 1).encode()

    with world.database.begin() as session:
        _row, text = holders.badge(session, SYSTEM, number, world.settings.zone)
    world.number, world.text, world.badge = number, text, json.loads(text)
    world.published, world.download = published, download
    return world


def by_library(issued: SimpleNamespace, badge: Any) -> None:
    """The library as a stranger uses it: everything from the school's site, the list's own signature too."""
    OB3LdpVerifier().verify(badge, check_status=True, download=issued.download)


def test_strangers_accept_the_badge_and_refuse_a_changed_or_a_revoked_one(issued: SimpleNamespace) -> None:
    badge = issued.badge
    assert badge["issuer"]["id"] == "did:web:lms.example.org"
    subject = badge["credentialSubject"]
    assert subject["licenseNumber"] == issued.read(issued.number).serial
    assert subject["identifier"][0]["identityHash"] == "Nguyễn Thị Bích Ngọc"
    assert "ngoc@example.org" not in issued.text
    independently(badge, issued.published())
    by_library(issued, issued.text)
    with issued.database.begin() as session:
        assert public.verify_file(session, SYSTEM, issued.settings, issued.text.encode()).accepted

    changed = {
        "another name": lambda b: b["credentialSubject"]["identifier"][0].update(
            identityHash="Somebody Else"
        ),
        "another achievement": lambda b: b["credentialSubject"]["achievement"].update(name="Dentist"),
        "another issuer": lambda b: b["issuer"].update(id="did:web:other.example.org"),
        "no status": lambda b: b.pop("credentialStatus"),
        "another bit": lambda b: b["credentialStatus"].update(statusListIndex="5"),
        "a later end": lambda b: b.update(validUntil="2099-01-01T00:00:00Z"),
    }
    for what, change in changed.items():
        forged = json.loads(issued.text)
        change(forged)
        with pytest.raises((InvalidSignature, AssertionError)):
            independently(forged, issued.published())
        with pytest.raises(LibOpenBadgesException):
            by_library(issued, json.dumps(forged))
        with issued.database.begin() as session:
            verdict = public.verify_file(session, SYSTEM, issued.settings, json.dumps(forged).encode())
            assert not verdict.accepted, what
    # A term that no context defines is not signed: whoever only checks the proof would take it.
    padded = json.loads(issued.text)
    padded["gpaSecret"] = "4.0"
    independently(padded, issued.published())
    with pytest.raises(LibOpenBadgesException):
        by_library(issued, json.dumps(padded))
    with issued.database.begin() as session:
        assert not public.verify_file(session, SYSTEM, issued.settings, json.dumps(padded).encode()).accepted

    with issued.database.begin() as session:
        awards.revoke(session, issued.registrar, issued.number, "A mistake", issued.settings.zone)
    # The proof still holds; the list says what it does not, at once.
    independently(badge, issued.published())
    with pytest.raises(LibOpenBadgesException, match="revocation"):
        by_library(issued, issued.text)
    with issued.database.begin() as session:
        verdict = public.verify_file(session, SYSTEM, issued.settings, issued.text.encode())
    assert [one.passed for one in verdict.findings] == [True, False]
    assert "revoked: A mistake" in verdict.findings[1].answer


def test_the_list_is_signed_in_both_forms_ends_and_has_a_bit_for_each_revoked_badge(
    issued: SimpleNamespace,
) -> None:
    index = int(issued.badge["credentialStatus"]["statusListIndex"])

    def bits(document: dict[str, Any]) -> bytes:
        encoded = document["credentialSubject"]["encodedList"]
        return gzip.decompress(base64.urlsafe_b64decode(encoded[1:] + "==="))

    for revoked in (False, True):
        with issued.database.begin() as session:
            if revoked:
                awards.revoke(session, issued.registrar, issued.number, "A mistake", issued.settings.zone)
            document = public.status_list(session, issued.settings, 1)
            token = public.status_token(session, issued.settings, 1)
        independently(document, issued.published())
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==="))
        for found in (document, claims):
            assert found["id"] == "https://lms.example.org/credentials/status/1"
            assert len(bits(found)) * 8 == 131_072
            assert is_set(bits(found), index) is revoked
            assert sum(bits(found)) == (0x80 >> index % 8 if revoked else 0)
        assert document["validUntil"] > (clock.now() + timedelta(days=6)).isoformat()
    # An old copy, in which nothing was revoked, is of no use after its week.
    with issued.database.begin() as session, time_machine.travel(clock.now() + timedelta(days=8)):
        with pytest.raises(LibOpenBadgesException):
            OB3LdpVerifier().verify(
                issued.text,
                check_status=True,
                download=lambda url: token.encode() if "status" in url else issued.download(url),
            )
        assert session is not None


def test_keys_rotate_and_old_badges_stay_valid_until_their_key_is_revoked(issued: SimpleNamespace) -> None:
    with issued.database.begin() as session:
        row = session.scalars(sa.select(SigningKey).where(SigningKey.role == "badges")).one()
        raw = signing.badge_key(session, issued.settings).key.private_bytes_raw()
        assert raw.hex() not in (row.key_sealed or "")
        assert base64.b64encode(raw).decode() not in (row.key_sealed or "")
        signing.rotate(session, issued.settings, SYSTEM, badges=True)
    did = issued.published()
    assert len(did["verificationMethod"]) == len(did["assertionMethod"]) == 2
    independently(issued.badge, did)
    by_library(issued, issued.text)
    with issued.database.begin() as session:
        signing.rotate(session, issued.settings, SYSTEM, badges=True, compromised=True)
        signing.ensure(session, issued.settings)
        assert session.scalar(sa.select(sa.func.count()).where(SigningKey.role == "registrar")) == 1
    did = issued.published()
    assert [len(did[name]) for name in ("verificationMethod", "assertionMethod")] == [3, 2]
    independently(issued.badge, did)


def test_the_baked_picture_carries_the_badge_and_links_name_ports_as_did_web_does(
    issued: SimpleNamespace,
) -> None:
    with issued.database.begin() as session:
        _row, image = holders.baked(session, SYSTEM, issued.number, issued.settings.zone)
        assert baking.extract_png(image, keyword=baking.ITXT_KEYWORD_OB3) == issued.text
        assert public.verify_file(session, SYSTEM, issued.settings, image).accepted
        for junk in (
            b"",
            b"{}",
            b"[]",
            b"\x89PNG\r\n",
            b"nothing",
            b'{"proof": {}}',
            b"\xff\xfe",
            b"[" * 5000,
        ):
            assert not public.verify_file(session, SYSTEM, issued.settings, junk).accepted
    assert keys.issuer_id("http://localhost:8000") == "did:web:localhost%3A8000"
    assert decoded(keys.multibase(b"\xed\x01" + bytes(range(32)))) == b"\xed\x01" + bytes(range(32))
