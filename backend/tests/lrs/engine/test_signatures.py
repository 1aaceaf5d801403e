"""Signatures that are none: whatever stands in them, the answer is a refusal that names the attachment."""

import base64
import datetime as dt
import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from app.lrs.engine import jsonio, signatures
from app.lrs.engine.refusal import Refusal
from tests.lrs.examples import statement

PLACE = "$.attachments[0]"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "sha2", "x"]), inner),
    max_leaves=4,
)


def check(header: Any, payload: Any, whole: dict[str, Any] | None = None) -> None:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, payload)]
    jws = b".".join([*parts, b"c2lnbmVk"])
    signatures.check(whole or statement(), jws, "application/octet-stream", PLACE)


def refused(header: Any, payload: Any, whole: dict[str, Any] | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        check(header, payload, whole)
    assert (caught.value.status, caught.value.path) == (400, PLACE)
    return caught.value.detail


@pytest.mark.parametrize("attachments", [[1], 5, "x", None, {"usageType": 1}, [[]], [{"usageType": []}]])
def test_attachments_in_the_payload_that_are_none(attachments: Any) -> None:
    whole = statement()
    assert "not this statement" in refused({"alg": "RS256"}, {**whole, "attachments": attachments}, whole)


@pytest.mark.parametrize("algorithm", [["x"], {}, None, 1, "none", "rs256"])
def test_an_algorithm_that_is_none(algorithm: Any) -> None:
    assert "RS256" in refused({"alg": algorithm}, statement())


@given(st.sampled_from(list(statement())), values)
def test_any_payload_is_compared(name: str, value: Any) -> None:
    whole = statement()
    with suppress(Refusal):
        check({"alg": "RS256"}, {**whole, name: value}, whole)


@given(values)
def test_any_header_is_read(chain: Any) -> None:
    whole = statement()
    # What the store takes nowhere (NUL, half of a surrogate pair) ends the header before its certificate is looked at.
    try:
        jsonio.loads(json.dumps(chain).encode())
        word = "certificate"
    except Refusal:
        word = "header is not a JSON object"
    assert word in refused({"alg": "RS256", "x5c": chain}, whole, whole)


def test_a_header_with_nul_is_no_header() -> None:
    whole = statement()
    assert "header is not a JSON object" in refused({"alg": "RS256", "x5c": "\x00"}, whole, whole)


def certificate(bits: int = 2048) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "school.example")])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(begin).not_valid_after(begin + dt.timedelta(days=9))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_a_key_of_a_kind_that_nobody_knows() -> None:
    whole = statement()
    rsa_key, no_key = bytes.fromhex("06092a864886f70d010101"), bytes.fromhex("06092a864886f70d01017f")
    known = certificate()
    assert rsa_key in known
    for chain, word in ((known.replace(rsa_key, no_key), "not known"), (known, "does not match")):
        x5c = [base64.b64encode(chain).decode()]
        assert word in refused({"alg": "RS256", "x5c": x5c}, whole, whole)
