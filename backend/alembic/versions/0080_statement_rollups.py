"""Statements are added up by quarter hour, for the charts

The tables begin empty and are filled by a job, a batch at a time, so that an upgrade waits for no statements; until
then charts read the statements themselves. What is written later is found by its key, which grows with each commit,
and needs no trigger. A statement that is voided, or that goes away, leaves its mark by the triggers here.

Revision ID: 0080
Revises: 0077
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0080"
down_revision = "0077"
branch_labels = None
depends_on = None

TABLES = ("state", "changes", "verbs", "places", "attempts", "parts", "quarters")


def _sums() -> list[sa.Column[Any]]:
    return [
        sa.Column("statements", sa.Integer(), nullable=False),
        sa.Column("tenth", sa.SmallInteger(), nullable=False),
        sa.Column("seconds", sa.Numeric(), nullable=False),
        sa.Column("counted", sa.Numeric(), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "xapi_rollup_state",
        sa.Column("is_only", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("rolled_to", sa.BigInteger()),
        sa.PrimaryKeyConstraint("is_only", name="pk_xapi_rollup_state"),
        sa.CheckConstraint("is_only", name="check_xapi_rollup_state_is_only"),
    )
    op.create_table(
        "xapi_rollup_changes",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_rollup_changes"),
    )
    op.create_index("idx_xapi_rollup_changes_statement_id", "xapi_rollup_changes", ["statement_id"])
    op.create_table(
        "xapi_rollup_verbs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("iri", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_rollup_verbs"),
        sa.UniqueConstraint("iri", name="uq_xapi_rollup_verbs_iri"),
    )
    op.create_table(
        "xapi_rollup_places",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("activities", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_rollup_places"),
        sa.UniqueConstraint("activities", name="uq_xapi_rollup_places_activities"),
    )
    op.create_table(
        "xapi_rollup_attempts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("first_quarter", sa.Integer()),
        sa.Column("last_quarter", sa.Integer()),
        sa.Column("is_contested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_rollup_attempts"),
        sa.UniqueConstraint("key", name="uq_xapi_rollup_attempts_key"),
    )
    op.create_index(
        "idx_xapi_rollup_attempts_user_id",
        "xapi_rollup_attempts",
        ["user_id"],
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_index(
        "idx_xapi_rollup_attempts_contested",
        "xapi_rollup_attempts",
        ["last_quarter", "first_quarter", "id"],
        postgresql_where=sa.text("is_contested"),
    )
    op.create_table(
        "xapi_rollup_parts",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("verb_id", sa.Integer(), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint(
            "attempt_id", "quarter", "verb_id", "tenth", "place_id", name="pk_xapi_rollup_parts"
        ),
    )
    op.create_index(
        "idx_xapi_rollup_parts_quarter", "xapi_rollup_parts", ["quarter"], postgresql_using="brin"
    )
    op.create_table(
        "xapi_rollup_quarters",
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("verb_id", sa.Integer(), nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("quarter", "verb_id", "tenth", name="pk_xapi_rollup_quarters"),
    )
    # Statements are never taken away by the system itself, and change their account only when an operator deletes one.
    op.execute(
        """
        CREATE FUNCTION xapi_rollup_voided() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO xapi_rollup_changes (statement_id, sign)
            VALUES (NEW.id, CASE WHEN NEW.is_voided THEN -1 ELSE 1 END);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION xapi_rollup_restart() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE xapi_rollup_state SET rolled_to = NULL WHERE rolled_to IS NOT NULL;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER xapi_rollup_voided AFTER UPDATE OF is_voided ON xapi_statements FOR EACH ROW"
        " WHEN (OLD.is_voided IS DISTINCT FROM NEW.is_voided) EXECUTE FUNCTION xapi_rollup_voided()"
    )
    op.execute(
        "CREATE TRIGGER xapi_rollup_account AFTER UPDATE OF user_id ON xapi_statements FOR EACH ROW"
        " WHEN (OLD.user_id IS DISTINCT FROM NEW.user_id) EXECUTE FUNCTION xapi_rollup_restart()"
    )
    op.execute(
        "CREATE TRIGGER xapi_rollup_gone AFTER DELETE OR TRUNCATE ON xapi_statements FOR EACH STATEMENT"
        " EXECUTE FUNCTION xapi_rollup_restart()"
    )
    # A few kilobytes, by which the activities of the statements of a batch are found.
    op.execute(
        "CREATE INDEX idx_xapi_statement_activities_statement_id ON xapi_statement_activities"
        " USING brin (statement_id) WITH (pages_per_range = 32, autosummarize = on)"
    )


def downgrade() -> None:
    op.drop_index("idx_xapi_statement_activities_statement_id", "xapi_statement_activities")
    for trigger in ("voided", "account", "gone"):
        op.execute(f"DROP TRIGGER xapi_rollup_{trigger} ON xapi_statements")
    op.execute("DROP FUNCTION xapi_rollup_restart()")
    op.execute("DROP FUNCTION xapi_rollup_voided()")
    for table in reversed(TABLES):
        op.drop_table(f"xapi_rollup_{table}")
