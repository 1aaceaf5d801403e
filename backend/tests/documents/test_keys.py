"""Signing keys: renewed, revoked, ended, lost; what was signed stays proven."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
import time_machine

from app.core import clock
from app.core.errors import Unavailable
from app.core.permissions import SYSTEM
from app.db.models import SigningKey
from app.documents import register
from app.documents.issue import preview
from app.documents.keys import service as keys
from app.documents.pades import sign
from tests.documents.test_issue import _kinds, draft, make, world

__all__ = ["_kinds", "world"]


def test_rotated_keys_still_prove_what_they_signed(world: SimpleNamespace) -> None:
    documents = [make(world)]
    for options in ({}, {"new_root": True}, {"compromised": True}, {"compromised": True, "new_root": True}):
        with world.database.begin() as session:
            keys.rotate(session, world.settings, SYSTEM, **options)
        documents.append(make(world))
    assert len({document.signing_key_id for document in documents}) == 5
    with world.database.begin() as session:
        for document in documents:
            verdict = register.verify(session, world.admin, world.files.read_bytes(document.sha256))
            assert verdict.accepted, verdict.findings
        assert len(keys.roots(session)) == 3
        assert keys.every_certificate_pem(session).count("BEGIN CERTIFICATE") == 11
        # The present root alone does not revoke what an earlier one did: every list stays.
        assert keys.every_crl_pem(session).count("BEGIN X509 CRL") >= 5


def test_a_revoked_key_proves_nothing_signed_afterwards(world: SimpleNamespace) -> None:
    document = make(world)
    with world.database.begin() as session:
        stolen = keys.signing_key(session, world.settings)
        keys.rotate(session, world.settings, SYSTEM, compromised=True)
    forged = sign(
        preview(world.settings, draft(world)(None)),
        stolen,
        reason="x",
        school="x",  # type: ignore[arg-type]
    )
    with world.database.begin() as session:
        verdict = register.verify(session, world.admin, forged)
        assert not verdict.accepted
        assert "revoked" in str(verdict.findings)
        genuine = register.verify(session, world.admin, world.files.read_bytes(document.sha256))
        assert genuine.accepted


def test_documents_outlive_their_certificate(world: SimpleNamespace) -> None:
    document = make(world)
    with time_machine.travel(clock.now() + timedelta(days=365 * 6), tick=True):
        with world.database.begin() as session:
            verdict = register.verify(session, world.admin, world.files.read_bytes(document.sha256))
            assert verdict.accepted, verdict.findings
        # The certificate that has ended was replaced when the next document was made.
        assert make(world).signing_key_id != document.signing_key_id


def test_another_secret_key_opens_no_key_but_verifies_all(world: SimpleNamespace) -> None:
    document = make(world)
    secret = type(world.settings.secret_key)("another key for tests, of good length")
    changed = world.settings.model_copy(update={"secret_key": secret})
    world.settings, original = changed, world.settings
    with pytest.raises(Unavailable, match="--new-root"):
        make(world)
    with world.database.begin() as session, pytest.raises(Unavailable):
        keys.rotate(session, changed, SYSTEM)
    with world.database.begin() as session:
        keys.rotate(session, changed, SYSTEM, new_root=True)
    make(world)
    with world.database.begin() as session:
        verdict = register.verify(session, world.admin, world.files.read_bytes(document.sha256))
        assert verdict.accepted
    assert original is not changed


def test_private_keys_are_never_in_clear(world: SimpleNamespace) -> None:
    make(world)
    with world.database.begin() as session:
        for key in session.scalars(sa.select(SigningKey)):
            assert "PRIVATE" not in str(key.key_sealed)
            assert str(key.key_sealed).partition(".")[2].startswith("gAAAA")


def test_keys_made_at_once_are_made_once(world: SimpleNamespace) -> None:
    def first_start(_number: int) -> int:
        with world.database.begin() as session:
            return keys.signing_key(session, world.settings).id

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(first_start, range(6)))) == 1
