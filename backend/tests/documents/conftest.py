"""A signed document to try things with."""

from collections.abc import Callable
from datetime import datetime

import pytest

from app.core import clock
from app.documents.keys import certificates
from app.documents.keys.service import OwnKey
from app.documents.pades import sign
from app.documents.render.service import render
from app.settings import Settings
from tests.documents.test_render import FACTS, LETTER


def own_key(school: str = "Peachtree Dental Academy", at: datetime | None = None) -> tuple[OwnKey, bytes]:
    """A registrar's key under a fresh authority, and the authority's certificate (DER)."""
    from cryptography.hazmat.primitives.serialization import Encoding

    now = at or clock.now()
    root = certificates.make_root(school, now)
    pair = certificates.make_registrar(school, root, now)
    der = root.certificate.public_bytes(Encoding.DER)
    lists = (certificates.make_crl(root, 1, [], now).public_bytes(Encoding.DER),)
    return OwnKey(
        1, pair.certificate.public_bytes(Encoding.DER), (der,), certificates.ecdsa(pair), lists
    ), der


@pytest.fixture(scope="session")
def unsigned() -> bytes:
    """A rendered letter."""
    settings = Settings(_env_file=None, secret_key="x" * 32)  # type: ignore[call-arg, arg-type]
    return render(settings, LETTER, FACTS)


@pytest.fixture(scope="session")
def key() -> tuple[OwnKey, bytes]:
    return own_key()


@pytest.fixture(scope="session")
def signed(unsigned: bytes, key: tuple[OwnKey, bytes]) -> bytes:
    """The letter, signed."""
    return sign(unsigned, key[0], reason="Issued", school="Peachtree Dental Academy")


Resign = Callable[[bytes], bytes]
