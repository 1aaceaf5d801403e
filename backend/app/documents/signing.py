"""What a signature is made of, apart from the library that puts it into a PDF (`pades`)."""

from collections.abc import Sequence
from typing import Protocol

FIELD = "Registrar"
PARTIES = (("Student", "School"), ("Student", "Cosigner", "School"))
"""The signature fields of a document that several people sign, in the order in which they do. No other set is ours."""


class Signer(Protocol):
    """What makes the raw signature: a key of the school's own, a token (PKCS#11), a key service of a cloud."""

    @property
    def certificate(self) -> bytes:
        """The signer's certificate, DER encoded."""

    @property
    def issuers(self) -> Sequence[bytes]:
        """The certificates above it, DER encoded, up to the root."""

    @property
    def crls(self) -> Sequence[bytes]:
        """The newest list of revoked certificates of each authority above it, DER encoded."""

    def sign(self, data: bytes) -> bytes:
        """ECDSA on P-256 with SHA-256 over `data`, DER encoded."""
