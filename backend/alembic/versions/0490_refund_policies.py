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
        """SELECT 1 FROM enrollment_agreements WHERE terms -> 'refund_policy' ->> 'name' = 'standard-nine'
           UNION ALL SELECT 1 FROM refund_computations WHERE case_file ->> 'policy' = 'standard-nine'""",
    ),
    (
        "refund",
        2,
        "2025-01-01",
        '{"rule": "gnpec-current"}',
        "GNPEC Standards 12 and 13. What the system goes by until the school files its own.",
        """SELECT 1 FROM enrollment_agreements WHERE terms -> 'refund_policy' ->> 'name' = 'gnpec-current'
           UNION ALL SELECT 1 FROM refund_computations WHERE case_file ->> 'policy' = 'gnpec-current'""",
    ),
    (
        "refund_settings",
        1,
        "2000-01-01",
        "{}",
        "Each open point as it reads. What the system goes by until the school settles one.",
        "SELECT 1 FROM enrollment_agreements UNION ALL SELECT 1 FROM refund_computations",
    ),
)


def upgrade() -> None:
    """A version that agreements were prepared under, or refunds computed by, is in use."""
    for kind, version, day, values, note, used in VERSIONS:
        op.execute(
            f"""
            INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note, used_at)
            SELECT '{kind}', {version}, DATE '{day}', '{values}'::jsonb, 'System default', '{note}',
                (SELECT now() WHERE EXISTS ({used}))
            WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = '{kind}' AND version = {version})
            """
        )


def downgrade() -> None:
    """The policies stay: the older code asks for kinds by name."""
