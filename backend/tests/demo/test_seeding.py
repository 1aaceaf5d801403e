"""Equal numbers make equal demo schools."""

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

from app.db.session import Database, libpq_url
from app.demo import seed_demo_school
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.conftest import _throwaway
from tests.migrations import catalog

# A salted hash, and what the program notes at the moment it really does something.
NEVER_THE_SAME = {
    "users": {"hashed_password"},
    "audit_log": {"at", "occurred_at", "xid"},
    "file_claims": {"claimed_at"},
    "kiosk_pins": {"sealed_hash"},
    "kiosks": {"sealed_key"},
    "stored_files": {"stored_at"},
    "procrastinate_events": {"at"},
    "school": {"updated_at"},
    "school_policies": {"created_at", "used_at"},
    "ledger_transactions": {"created_at", "created_xid"},
}

pytestmark = pytest.mark.xdist_group("demo_school")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 8, 6, 59, tzinfo=UTC),  # a minute before the clocks change
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),  # the hour that comes twice
        datetime(2026, 12, 25, 17, 0, tzinfo=UTC),  # a holiday
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),  # an evening class meets
    ],
)
def test_equal_numbers_make_equal_schools_whatever_the_day(
    postgres: EmbeddedServer, template: str, make_settings: Callable[..., Settings], moment: datetime
) -> None:
    schools = []
    for _ in range(2):
        with _throwaway(postgres, template) as name:
            settings = make_settings(name)
            database = Database(settings)
            seed_demo_school(database, settings, seed=7, students=25, moment=moment)
            database.close()
            with psycopg.connect(libpq_url(settings.owner_database_url)) as owner:
                rows = catalog.rows(owner)
        for table, columns in NEVER_THE_SAME.items():
            rows[table] = [{k: v for k, v in row.items() if k not in columns} for row in rows[table]]
        schools.append(rows)
    assert schools[0] == schools[1]
    assert len(schools[0]["users"]) == 51
