"""The dated policies of refunds

What refunds went by until now: Standard Nine through 2024, Standards 12 and 13 since, each open point as it reads.

Revision ID: 0490
Revises: 0480
"""

from alembic import op

revision = "0490"
down_revision = "0480"
branch_labels = None
depends_on = None

VERSIONS = (
    (
        "refund",
        1,
        "2000-01-01",
        '{"rule": "standard-nine"}',
        "GNPEC’s older numbering, through 2024. What the system went by before policies had dates.",
    ),
    (
        "refund",
        2,
        "2025-01-01",
        '{"rule": "gnpec-current"}',
        "GNPEC Standards 12 and 13. What the system goes by until the school files its own.",
    ),
    (
        "refund_settings",
        1,
        "2000-01-01",
        "{}",
        "Each open point as it reads. What the system goes by until the school settles one.",
    ),
)


def upgrade() -> None:
    """A school that has agreements had them signed by these versions, so that they are in use."""
    for kind, version, day, values, note in VERSIONS:
        op.execute(
            f"""
            INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note, used_at)
            SELECT '{kind}', {version}, DATE '{day}', '{values}'::jsonb, 'System default', '{note}',
                (SELECT now() WHERE EXISTS (SELECT FROM enrollment_agreements))
            WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = '{kind}' AND version = {version})
            """
        )


def downgrade() -> None:
    """The policies stay: the older code asks for kinds by name."""
