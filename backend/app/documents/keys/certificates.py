"""Certificates: the school's own authority for twenty years, the registrar's for three, lists of revoked ones.

ECDSA on P-256: pyHanko signs ten times faster with it than with RSA, and poppler reads no Ed25519. Badges are signed
with Ed25519, the one curve that their verifiers have in common; its key has a certificate too, so that it is kept,
renewed, sealed and revoked as the others are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

ROOT_YEARS = 20
REGISTRAR_YEARS = 3
CRL_DAYS = 400
_DAYS_A_YEAR = 365.25
# A clock that runs a little late elsewhere must not find a certificate that does not hold yet.
_EARLIER = timedelta(hours=1)
_LONGEST_NAME = 64  # RFC 5280, upper bound of names


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key: Ed25519 for badges, ECDSA for everything else."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.certificate)


def make_root(school: str, now: datetime) -> Pair:
    """The school's certificate authority, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(school, f"Document authority {now.year}")
    public = key.public_key()
    built = (
        _builder(name, name, public, now, ROOT_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    return Pair(built.sign(key, hashes.SHA256()), key)


def make_registrar(school: str, root: Pair, now: datetime) -> Pair:
    """What the registrar's documents are signed with; never longer than the root holds."""
    return _issued(ec.generate_private_key(ec.SECP256R1()), _name(school, "Registrar"), root, now)


def make_badges(school: str, root: Pair, now: datetime) -> Pair:
    """What badges are signed with; never longer than the root holds."""
    return _issued(Ed25519PrivateKey.generate(), _name(school, "Badges"), root, now)


def _issued(
    key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey, name: x509.Name, root: Pair, now: datetime
) -> Pair:
    public, authority = key.public_key(), ecdsa(root)
    built = (
        _builder(
            name,
            root.certificate.subject,
            public,
            now,
            REGISTRAR_YEARS,
            latest=root.certificate.not_valid_after_utc,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
        )
    )
    return Pair(built.sign(authority, hashes.SHA256()), key)


def ecdsa(pair: Pair) -> ec.EllipticCurvePrivateKey:
    """The private key of whatever signs documents and certificates."""
    if not isinstance(pair.key, ec.EllipticCurvePrivateKey):
        raise TypeError("certificates and documents are signed with ECDSA")
    return pair.key


def make_crl(
    root: Pair, number: int, revoked: Iterable[tuple[x509.Certificate, datetime]], now: datetime
) -> x509.CertificateRevocationList:
    """The list of the root's revoked certificates, each with the moment from which it is."""
    built = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(now)
        .next_update(now + timedelta(days=CRL_DAYS))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ecdsa(root).public_key()), critical=False
        )
    )
    for certificate, at in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(at)
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            .build()
        )
        built = built.add_revoked_certificate(entry)
    return built.sign(ecdsa(root), hashes.SHA256())


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def pem(item: x509.Certificate | x509.CertificateRevocationList) -> str:
    return item.public_bytes(serialization.Encoding.PEM).decode()


def key_to_der(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    """The private key, in clear: seal it before it goes anywhere."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_from_der(der: bytes) -> ec.EllipticCurvePrivateKey | Ed25519PrivateKey:
    key = serialization.load_der_private_key(der, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise TypeError("documents are signed with ECDSA, badges with Ed25519")
    return key


def raw_public(certificate: x509.Certificate) -> bytes:
    """The 32 bytes of an Ed25519 key."""
    public = certificate.public_key()
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError("badges are signed with Ed25519")
    return public.public_bytes_raw()


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey | Ed25519PublicKey,
    now: datetime,
    years: int,
    latest: datetime | None = None,
) -> x509.CertificateBuilder:
    end = now + timedelta(days=years * _DAYS_A_YEAR)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(min(end, latest) if latest else end)
    )


def _name(school: str, what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, school[:_LONGEST_NAME]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{what}, {school}"[:_LONGEST_NAME]),
        ]
    )


def _usage(**on: bool) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: on.get(name, False) for name in every})
