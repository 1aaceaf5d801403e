"""`aada user reset-factors`, and the mail that follows from the history."""

from sqlalchemy import select

from app.core.permissions import Role
from app.db.models import AuditEntry, OutboxMessage, Passkey
from app.db.session import Database
from app.projections.service import SUBSCRIBERS
from tests.factories.accounts import UserFactory
from tests.ops.conftest import Aada
from tests.projecting import project


def test_the_operator_resets_what_the_last_administrator_lost(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        user = UserFactory(session=session, role=Role.ADMIN, email="ada@example.org", full_name="Ada Office")
        session.add(
            Passkey(
                user_id=user.id, name="Phone", credential_id=b"x", public_key=b"", sign_count=0, transports=[]
            )
        )
    status, shown = aada("user", "reset-factors", "ada@example.org", "--reason", "Phone lost")
    assert status == 0
    assert "1 passkeys and 0 authenticator apps removed" in shown
    status, shown = aada("user", "reset-factors", "ada@example.org", "--reason", "Phone lost")
    assert status == 1
    assert "has no second factor" in shown
    with live_database.begin() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "factors.reset"))
        assert (entry.actor_id, entry.reason) == (None, "Phone lost")
    with live_database.begin() as session:
        project(session, SUBSCRIBERS["notices"])
        (message,) = session.scalars(select(OutboxMessage))
        assert message.to_address == "ada@example.org"
        assert "were removed from your account" in message.body_text
