"""The keys that documents are signed with: made at the first start, renewed in time, never forgotten.

They stand in the database, the private ones encrypted under SECRET_KEY: a backup of the database holds all that is
needed to verify every document, and cannot sign one without the SECRET_KEY that is kept elsewhere.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from app.core import clock, history, revocation
from app.core.actions import Action
from app.core.errors import Conflict, NotFound, Unavailable
from app.core.permissions import SYSTEM, Actor, internal
from app.core.sealing import Box, SealedColumn, Unsealable, box
from app.db.models import SigningCrl, SigningKey
from app.documents import policy
from app.documents.keys import certificates, queries
from app.documents.keys.certificates import Pair
from app.documents.keys.queries import BADGES, REGISTRAR, ROOT
from app.settings import Settings

_PURPOSE = "aada documents signing key"
RENEW_BEFORE = timedelta(days=60)
"""So long before its end a certificate is replaced by a new one, and a list of revoked ones is reissued."""

PRIVATE_KEYS = SealedColumn(
    "Keys that sign documents",
    SigningKey.key_sealed,
    SigningKey.id,
    _PURPOSE,
    "No document can be issued until new keys are made: aada signing-keys rotate --new-root. Documents issued so far "
    "stay valid and can be verified.",
)


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of the school's own that signs in this process; see `signing.Signer`."""

    id: int
    certificate: bytes
    issuers: tuple[bytes, ...]
    key: ec.EllipticCurvePrivateKey
    crls: tuple[bytes, ...] = ()

    def sign(self, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data`, DER encoded."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class BadgeKey:
    """The Ed25519 key that badges are signed with."""

    id: int
    key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class PublicBadgeKey:
    """The public part of a key that badges were signed with: 32 bytes; `trusted` unless it was revoked."""

    id: int
    raw: bytes
    trusted: bool


@internal("a step of the start, of a job and of issuing")
def ensure(session: Session, settings: Settings) -> None:
    """Make the keys that are missing and replace those about to end; at the first start all are made."""
    now = clock.now()
    if all(_lasting(session, role, now) for role in (ROOT, REGISTRAR, BADGES)) and _fresh_crl(session, now):
        return
    queries.lock(session)
    root = _lasting(session, ROOT, now)
    if root is None:
        _replace_root(session, settings, SYSTEM, now)
        return
    for role in (REGISTRAR, BADGES):
        if _lasting(session, role, now) is None:
            _replace(session, settings, SYSTEM, role, now)
    if not _fresh_crl(session, now):
        _publish_crl(session, settings, root, now)


@internal("a step of issuing")
def signing_key(session: Session, settings: Settings) -> OwnKey:
    """What documents are signed with now. Raises Unavailable when SECRET_KEY does not open it."""
    ensure(session, settings)
    row = queries.current(session, REGISTRAR)
    root = queries.current(session, ROOT)
    if row is None or root is None:
        raise Unavailable("There is no signing key. Run: aada signing-keys rotate")
    pair = _opened(row, settings)
    certificate = pair.certificate.public_bytes(serialization.Encoding.DER)
    lists = tuple(revocation.der(one.crl_pem) for one in queries.crls(session, root.id)[:1])
    return OwnKey(row.id, certificate, (_der(root),), certificates.ecdsa(pair), lists)


@internal("a step of issuing")
def badge_key(session: Session, settings: Settings) -> BadgeKey:
    """What badges are signed with now. Raises Unavailable when SECRET_KEY does not open it."""
    ensure(session, settings)
    row = queries.current(session, BADGES)
    pair = _opened(row, settings) if row is not None else None
    if row is None or pair is None or not isinstance(pair.key, Ed25519PrivateKey):
        raise Unavailable("There is no key for badges. Run: aada signing-keys rotate --badges")
    return BadgeKey(row.id, pair.key)


@internal("public keys are public")
def badge_keys(session: Session) -> list[PublicBadgeKey]:
    """Every key that badges were signed with, the first one first: what an old one signed stays good."""
    return [
        PublicBadgeKey(row.id, certificates.raw_public(_certificate(row)), row.revoked_at is None)
        for row in queries.every(session)
        if row.role == BADGES
    ]


@internal("certificates are public")
def listed(session: Session) -> Sequence[SigningKey]:
    """Every key there ever was, the first one first."""
    return queries.every(session)


def rotate(
    session: Session,
    settings: Settings,
    subject: Actor,
    *,
    new_root: bool = False,
    compromised: bool = False,
    badges: bool = False,
) -> SigningKey:
    """Sign with a new key from now on. What the old one signed stays good, as its certificate stays here.

    The key of documents, or with `badges` that of badges. `compromised` revokes the old one: somebody else may have
    it. `new_root` makes a new authority with new keys of both kinds, as is needed when SECRET_KEY was lost.
    Raises Unavailable when the root cannot be opened and `new_root` is not asked for.
    """
    policy.require_keys(subject)
    now = clock.now()
    queries.lock(session)
    role = BADGES if badges else REGISTRAR
    former = queries.current(session, role)
    if former is None and not new_root:
        new_root = queries.current(session, ROOT) is None
    if compromised:
        if former is None:
            raise Conflict("There is no signing key yet that could be compromised.")
        former.revoked_at = now
    if new_root:
        authority = queries.current(session, ROOT)
        if compromised and authority is not None:
            session.flush()
            # When SECRET_KEY was lost, the former authority can sign no list any more.
            with suppress(Unavailable):
                _publish_crl(session, settings, authority, now)
        return _replace_root(session, settings, subject, now)
    return _replace(session, settings, subject, role, now)


@internal("certificates are public")
def roots(session: Session) -> list[bytes]:
    """Certificates (DER) of every authority the school has had: documents of all of them are verified."""
    return [_der(row) for row in queries.every(session) if row.role == ROOT]


@internal("certificates are public")
def by_fingerprint(session: Session, fingerprint: str) -> SigningKey | None:
    """The key with this certificate (SHA-256 in hex), if it is the school's."""
    return queries.by_fingerprint(session, fingerprint)


@internal("certificates are public")
def root_pem(session: Session) -> str:
    """The certificate of the present authority, for others to trust. Raises NotFound before the first start."""
    root = queries.current(session, ROOT)
    if root is None:
        raise NotFound("The school has no document authority yet; it is made at the first start.")
    return root.certificate_pem


@internal("certificates are public")
def every_certificate_pem(session: Session) -> str:
    """All certificates, old ones too, as one file."""
    return "".join(row.certificate_pem for row in queries.every(session))


@internal("lists of revoked certificates are public")
def every_crl_pem(session: Session) -> str:
    """All lists of revoked certificates, the newest first, as one file."""
    return "".join(row.crl_pem for row in queries.crls(session))


# Making


def _replace_root(session: Session, settings: Settings, subject: Actor, now: datetime) -> SigningKey:
    former = queries.current(session, ROOT)
    if former is not None:
        former.retired_at = now
        session.flush()
    pair = certificates.make_root(settings.school_name, now)
    root = _keep(session, settings, ROOT, pair, None)
    history.record(
        session, subject, Action.SIGNING_KEY_MADE, root.id, role=ROOT, fingerprint=pair.fingerprint
    )
    _replace(session, settings, subject, BADGES, now)
    return _replace(session, settings, subject, REGISTRAR, now)


_MAKERS = {REGISTRAR: certificates.make_registrar, BADGES: certificates.make_badges}


def _replace(session: Session, settings: Settings, subject: Actor, role: str, now: datetime) -> SigningKey:
    root = queries.current(session, ROOT)
    if root is None:
        raise Unavailable("There is no document authority. Run: aada signing-keys rotate --new-root")
    authority = _opened(root, settings)
    former = queries.current(session, role)
    if former is not None:
        former.retired_at = now
        session.flush()
    pair = _MAKERS[role](settings.school_name, authority, now)
    row = _keep(session, settings, role, pair, root.id)
    history.record(session, subject, Action.SIGNING_KEY_MADE, row.id, role=role, fingerprint=pair.fingerprint)
    if former is not None:
        history.record(
            session,
            subject,
            Action.SIGNING_KEY_REVOKED if former.revoked_at else Action.SIGNING_KEY_RETIRED,
            former.id,
            fingerprint=former.fingerprint,
        )
    _publish_crl(session, settings, root, now)
    return row


def _publish_crl(session: Session, settings: Settings, root: SigningKey, now: datetime) -> None:
    revoked = [
        (_certificate(row), row.revoked_at)
        for row in queries.issued_by(session, root.id)
        if row.revoked_at is not None
    ]
    number = queries.next_crl_number(session, root.id)
    made = certificates.make_crl(_opened(root, settings), number, revoked, now)
    queries.add(
        session,
        SigningCrl(
            issuer_id=root.id,
            number=number,
            crl_pem=certificates.pem(made),
            this_update=made.last_update_utc,
            next_update=made.next_update_utc,
        ),
    )


def _keep(session: Session, settings: Settings, role: str, pair: Pair, issuer_id: int | None) -> SigningKey:
    row = SigningKey(
        role=role,
        issuer_id=issuer_id,
        subject=pair.certificate.subject.rfc4514_string(),
        fingerprint=pair.fingerprint,
        certificate_pem=certificates.pem(pair.certificate),
        key_sealed=_box(settings).seal(certificates.key_to_der(pair.key)),
        not_before=pair.certificate.not_valid_before_utc,
        not_after=pair.certificate.not_valid_after_utc,
    )
    queries.add(session, row)
    return row


# Reading


def _lasting(session: Session, role: str, now: datetime) -> SigningKey | None:
    row = queries.current(session, role)
    return row if row is not None and row.not_after - now > RENEW_BEFORE else None


def _fresh_crl(session: Session, now: datetime) -> bool:
    root = queries.current(session, ROOT)
    lists = queries.crls(session, root.id) if root is not None else ()
    return bool(lists) and lists[0].next_update - now > RENEW_BEFORE


def _opened(row: SigningKey, settings: Settings) -> Pair:
    try:
        der = _box(settings).open(row.key_sealed or "")
    except Unsealable:
        raise Unavailable(
            "The signing key cannot be opened: SECRET_KEY is not the one it was made with. Put the former one into "
            "SECRET_KEY_PREVIOUS, or make new keys with: aada signing-keys rotate --new-root. Documents issued so far "
            "stay valid."
        ) from None
    return Pair(_certificate(row), certificates.key_from_der(der))


def _box(settings: Settings) -> Box:
    return box(settings, _PURPOSE)


def _certificate(row: SigningKey) -> x509.Certificate:
    return x509.load_pem_x509_certificate(row.certificate_pem.encode())


def _der(row: SigningKey) -> bytes:
    return _certificate(row).public_bytes(serialization.Encoding.DER)
