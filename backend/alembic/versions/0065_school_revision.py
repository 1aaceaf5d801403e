"""The school's row counts its changes, those of its calendar and of its policies included

Every process that serves remembers them, and sees by this number, with the session of each request, when they are
others.

Revision ID: 0065
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0062"
branch_labels = None
depends_on = None

# A policy that is noted as used says what it said before.
PARTS = {
    "school_holidays": "UPDATE",
    "school_terms": "UPDATE",
    "school_signatories": "UPDATE",
    "school_policies": 'UPDATE OF kind, version, effective_from, "values"',
}


def upgrade() -> None:
    op.add_column(
        "school", sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False)
    )
    op.execute(
        """
        CREATE FUNCTION count_school_revision() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_TABLE_NAME = 'school' THEN
                NEW.revision := OLD.revision + 1;
                RETURN NEW;
            END IF;
            UPDATE school SET revision = revision + 1;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER count_school_revision BEFORE UPDATE ON school "
        "FOR EACH ROW EXECUTE FUNCTION count_school_revision()"
    )
    for table, changes in PARTS.items():
        op.execute(
            f"CREATE TRIGGER count_school_revision AFTER INSERT OR DELETE OR TRUNCATE OR {changes} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION count_school_revision()"
        )


def downgrade() -> None:
    for table in (*PARTS, "school"):
        op.execute(f"DROP TRIGGER count_school_revision ON {table}")
    op.execute("DROP FUNCTION count_school_revision()")
    op.drop_column("school", "revision")
