"""How much room uploaded files have: the first version of the storage policy

50 GB, or twice what a school has already: an upgrade stops nobody's uploads.

Revision ID: 0077
Revises: 0076
"""

from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An older schema keeps this row: it is there already after a way down and up.
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'storage', 1, DATE '2000-01-01',
               jsonb_build_object(
                   'school_gigabytes',
                   greatest(50, (SELECT ceil(coalesce(sum(size_bytes), 0) * 2 / 1073741824.0) FROM stored_files)::int),
                   'package_megabytes', 3072,
                   'file_megabytes', 1024
               ),
               'System default', 'What the system goes by until the school sets its own.'
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'storage')
        """
    )


def downgrade() -> None:
    """The row stays: the older schema has the table, and its code asks for kinds by name."""
