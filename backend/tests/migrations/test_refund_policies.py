"""Which of the refund policies that were filed for the past are in use: those that agreements or refunds went by."""

import pytest

from app.settings import Settings
from tests.migrations.alembic_commands import upgrade
from tests.migrations.conftest import SchoolAt, connected

pytestmark = pytest.mark.xdist_group("migrations")


GONE_BY = ("refund_computations", "agreement_links", "agreement_signatures", "enrollment_agreements")
"""What refunds went by, or were agreed by."""


def used(settings: Settings) -> dict[tuple[str, int], bool]:
    with connected(settings) as connection:
        rows = connection.execute(
            "SELECT kind, version, used_at IS NOT NULL FROM school_policies WHERE kind IN ('refund', 'refund_settings')"
        ).fetchall()
    return {(kind, version): in_use for kind, version, in_use in rows}


@pytest.mark.parametrize("older", [False, True], ids=["as today", "also under Standard Nine"])
def test_a_version_that_something_went_by_is_in_use_and_no_other(school_at: SchoolAt, older: bool) -> None:
    database = school_at(school_at.before("0490"))
    if older:
        with connected(database) as connection:
            connection.execute(
                """
                INSERT INTO refund_computations (refund_id, number, computed_by, case_file, result, assumptions, payees,
                                                 amount_cents, other_cents)
                    SELECT refund_id, number + 1, computed_by, '{"policy": "standard-nine"}', result, assumptions,
                           payees, amount_cents, other_cents FROM refund_computations WHERE number = 1
                """
            )
    upgrade(database, "0490")
    assert used(database) == {("refund", 1): older, ("refund", 2): True, ("refund_settings", 1): True}
    with connected(database) as connection, pytest.raises(Exception, match="has been used"):
        connection.execute(
            "UPDATE school_policies SET \"values\" = '{}' WHERE kind = 'refund' AND version = 2"
        )


def test_a_school_without_agreements_and_refunds_may_still_change_them(school_at: SchoolAt) -> None:
    database = school_at(school_at.before("0490"))
    with connected(database) as connection:
        for table in GONE_BY:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        connection.execute(f"TRUNCATE {', '.join(GONE_BY)}".encode())
    upgrade(database, "0490")
    assert not any(used(database).values())
