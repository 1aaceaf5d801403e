"""The fees that the state asks for are a dated policy, with GNPEC's fee schedule to begin with

Revision ID: 0320
Revises: 0310
"""

from alembic import op

revision = "0320"
down_revision = "0310"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'state_fees', 1, DATE '2000-01-01',
            '{"authorization_rate_hundredths": 20, "authorization_minimum_dollars": 500,
              "authorization_maximum_dollars": 25000, "trust_fund_rate_hundredths": 10,
              "trust_fund_minimum_dollars": 200, "trust_fund": "owed", "waivers": "stay_in_the_base"}'::jsonb,
            'System default', 'What the system goes by until the school sets its own.'
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'state_fees')
        """
    )


def downgrade() -> None:
    """The policy stays: the older schema has the table, and its code asks for kinds by name."""
