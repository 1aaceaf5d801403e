"""The transcript as signed credentials: a second implementation accepts it, and refuses whatever was changed."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3 import OB3LdpVerifier
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld
from sqlalchemy import select

from app.compliance.credentials.badges import status
from app.compliance.credentials.public import service as published
from app.compliance.transcripts import service, signed_record
from app.core.actions import Action
from app.core.errors import Conflict, NotFound, Unavailable
from app.db.models import AuditEntry, IssuedDocument
from app.documents import register
from tests.compliance.credentials.test_badges import decoded
from tests.compliance.transcripts.conftest import World


def canonical(document: Any) -> str:
    """The statements that a proof covers (RDF Dataset Canonicalization), with no context from the network."""
    loader = document_loader(bundled_clr_contexts())
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": loader}
    found: str = jsonld.normalize(document, options)
    return found


def accept(credential: dict[str, Any], did: dict[str, Any]) -> None:
    """vc-di-eddsa, section 3.3, written from the W3C's text. Raises InvalidSignature or AssertionError."""
    proof = dict(credential["proof"])
    signature = decoded(proof.pop("proofValue"))
    assert (proof["cryptosuite"], credential["issuer"]["id"]) == ("eddsa-rdfc-2022", did["id"])
    assert proof["verificationMethod"] in did["assertionMethod"]
    (key,) = [one for one in did["verificationMethod"] if one["id"] == proof["verificationMethod"]]
    unsigned = {name: value for name, value in credential.items() if name != "proof"}
    hashes = [
        hashlib.sha256(canonical(part).encode()).digest()
        for part in (proof | {"@context": credential["@context"]}, unsigned)
    ]
    Ed25519PublicKey.from_public_bytes(decoded(key["publicKeyMultibase"])[2:]).verify(
        signature, b"".join(hashes)
    )


def downloader(world: World) -> Callable[[str], bytes]:
    """What a verifier finds on the school's site: whose keys, and the list of revoked credentials."""

    def download(url: str) -> bytes:
        with world.database.begin() as session:
            if url.endswith("/did.json"):
                return json.dumps(published.issuer(session, world.settings)).encode()
            number = int(url.rpartition("/credentials/status/")[2])
            return published.status_token(session, world.settings, number).encode()

    return download


def words(value: Any) -> Iterator[str]:
    """Every text that a credential says, but for contexts, types and proofs."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in ("@context", "type", "proof"):
                yield from words(item)
    elif isinstance(value, list):
        for item in value:
            yield from words(item)
    elif isinstance(value, str):
        yield value


@pytest.fixture
def issued(world: World) -> IssuedDocument:
    return world.issue()


def test_a_stranger_accepts_the_record_and_each_course_and_refuses_a_changed_grade(
    world: World, issued: IssuedDocument
) -> None:
    made = service.signed_record(world.database, world.maria, world.settings, issued.id)
    record = json.loads(made.text)
    with world.database.begin() as session:
        did = published.issuer(session, world.settings)
    accept(record, did)
    parts = record["credentialSubject"]["verifiableCredential"]
    assert len(parts) > 1
    for one in parts:
        accept(one, did)
        OB3LdpVerifier().verify(one, check_status=True, download=downloader(world))
        assert one["credentialStatus"] == record["credentialStatus"]
        assert one["description"] == f"Part of: {record['description']}"
    assert record["name"] == f"Transcript {issued.number}"
    # Nothing that it says is left out of what is signed: a term that no context defines would be.
    signed = canonical({name: value for name, value in record.items() if name != "proof"})
    assert [word for word in words(record) if json.dumps(word, ensure_ascii=False)[1:-1] not in signed] == []

    def changed(act: Any) -> dict[str, Any]:
        other = copy.deepcopy(record)
        act(other["credentialSubject"]["verifiableCredential"])
        return other

    place = len(parts) - 1
    forged = changed(lambda them: them[place]["credentialSubject"]["result"][0].update(value="A+"))
    for credential in (
        forged,
        forged["credentialSubject"]["verifiableCredential"][place],
        changed(lambda them: them.pop()),
        record | {"name": "Transcript of somebody else"},
    ):
        with pytest.raises(InvalidSignature):
            accept(credential, did)


@pytest.mark.parametrize("how", ["void", "replaced"])
def test_what_was_signed_is_revoked_with_its_transcript(
    world: World, issued: IssuedDocument, how: str
) -> None:
    """What somebody keeps of a record is refused once the transcript is void or replaced, and nothing else is."""
    other = world.issue(whose="omar")
    kept, others = (
        json.loads(service.signed_record(world.database, world.registrar, world.settings, one.id).text)
        for one in (issued, other)
    )
    if how == "void":
        with world.database.begin() as session:
            register.void(session, world.registrar, issued.id, "Issued in error")
    else:
        world.issue(replaces=issued.id)
    for one in kept["credentialSubject"]["verifiableCredential"]:
        with pytest.raises(LibOpenBadgesException, match="'revocation' is set"):
            OB3LdpVerifier().verify(one, check_status=True, download=downloader(world))
    for one in others["credentialSubject"]["verifiableCredential"]:
        OB3LdpVerifier().verify(one, check_status=True, download=downloader(world))
    with world.database.begin() as session:
        for missing in (2, status.FIRST_OF_TRANSCRIPTS - 1, status.FIRST_OF_TRANSCRIPTS + 1, 2**31 - 1):
            with pytest.raises(NotFound):
                published.status_list(session, world.settings, missing)


def test_the_history_has_what_was_handed_out_alone(
    world: World, issued: IssuedDocument, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither what could not be signed, nor what was made void meanwhile, was downloaded by anybody."""

    def refused(*_given: Any) -> str:
        raise Unavailable("The record could not be signed.")

    def late(*given: Any) -> str:
        with world.database.begin() as session:
            register.void(session, world.registrar, issued.id, "Issued in error")
        return sign(*given)

    def downloads() -> list[str | None]:
        with world.database.begin() as session:
            rows = session.scalars(
                select(AuditEntry.target_id).where(AuditEntry.action == Action.DOCUMENT_DOWNLOADED.value)
            )
            return list(rows)

    sign = signed_record.sign
    service.signed_record(world.database, world.maria, world.settings, issued.id)
    for act, error in ((refused, Unavailable), (late, Conflict)):
        monkeypatch.setattr(signed_record, "sign", act)
        with pytest.raises(error):
            service.signed_record(world.database, world.maria, world.settings, issued.id)
        assert downloads() == [str(issued.id)]


def test_who_may_have_it_and_only_while_it_is_valid(world: World, issued: IssuedDocument) -> None:
    with pytest.raises(NotFound):
        service.signed_record(world.database, world.omar, world.settings, issued.id)
    with pytest.raises(NotFound):
        service.signed_record(world.database, world.registrar, world.settings, 999_999)
    assert (
        service.signed_record(world.database, world.registrar, world.settings, issued.id).number
        == issued.number
    )
    with world.database.begin() as session:
        register.void(session, world.registrar, issued.id, "Issued in error")
    with pytest.raises(Conflict, match="no longer valid"):
        service.signed_record(world.database, world.maria, world.settings, issued.id)
