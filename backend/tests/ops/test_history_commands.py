"""`aada history`, as typed."""

import json

import psycopg

from app.core import history
from app.core.actions import Action
from app.core.permissions import SYSTEM
from app.db.session import Database, libpq_url
from app.settings import Settings
from tests.ops.conftest import Aada


def test_a_change_is_found_by_command(aada: Aada, live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        history.record(session, SYSTEM, Action.PROGRAM_CREATED, 1, name="Dental Assistant")
    status, shown = aada("history", "seal")
    assert status == 0
    assert "sealed.\nNewest seal: 1 " in shown
    status, shown = aada("history", "verify")
    assert status == 0
    assert "The history is as it was sealed." in shown
    assert "under 1 seal: " in shown
    assert "Noted outside of the database: 1 seal." in shown
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as owner:
        owner.execute("UPDATE audit_log SET reason = 'Another' WHERE action = 'program.created'")
    status, shown = aada("history", "verify", "--json")
    assert status == 1
    found = json.loads(shown)
    assert "was changed after it was sealed." in found["faults"][0]["sentence"]
    assert found["newest"]["number"] == 1


def test_the_newest_seal_is_held_against_what_was_noted(
    aada: Aada, live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        history.record(session, SYSTEM, Action.PROGRAM_CREATED, 1, name="Dental Assistant")
    aada("history", "seal")
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as owner:
        owner.execute("DELETE FROM history_seals")
    status, shown = aada("history", "verify")
    assert status == 1
    assert "Seal 1 was noted outside of the database and is gone." in shown
    kept = live_settings.data_dir / "nonsense.txt"
    kept.write_text("nonsense")
    status, shown = aada("history", "verify", "--against", str(kept))
    assert status != 0
