"""Statements are kept packed, once, and found by smaller indexes

A statement of 1 KB takes 200 bytes. What is written from now on is packed; what is there stays as it is and is read as
before, so that the upgrade rewrites no table. Going back unpacks, a thousand statements at a time.

Revision ID: 0081
Revises: 0080
"""

import sqlalchemy as sa
from alembic import op

from app.lrs.engine.statements.packing import unpack

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

TABLE = "xapi_statements"
INDEXES = {
    "idx_xapi_verb_number": "(hashtext(verb), id)",
    "idx_xapi_credential_key": "(credential_id, id) WHERE credential_id IS NOT NULL",
}
BEFORE = {"idx_xapi_verb": "(verb, id)", "idx_xapi_credential_id": "(credential_id, id)"}


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("octets", sa.Integer()))
    op.add_column(TABLE, sa.Column("actor_id", sa.Integer()))
    op.add_column(TABLE, sa.Column("packed", sa.LargeBinary()))
    # Nothing is left in it to compress.
    op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN packed SET STORAGE EXTERNAL")
    op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN payload DROP NOT NULL")
    op.execute(
        f"ALTER TABLE {TABLE} ADD CONSTRAINT check_xapi_statements_kept_once"
        " CHECK (num_nonnulls(payload, packed) = 1) NOT VALID"
    )
    # The sums behind charts know an actor without an account by another name from now on.
    op.execute("UPDATE xapi_rollup_state SET rolled_to = NULL")
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {TABLE} VALIDATE CONSTRAINT check_xapi_statements_kept_once")
    _indexes(INDEXES, BEFORE)


def downgrade() -> None:
    _unpack()
    op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT check_xapi_statements_kept_once")
    op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN payload SET NOT NULL")
    op.execute("UPDATE xapi_rollup_state SET rolled_to = NULL")
    for column in ("packed", "actor_id", "octets"):
        op.drop_column(TABLE, column)
    _indexes(BEFORE, INDEXES)


def _indexes(made: dict[str, str], dropped: dict[str, str]) -> None:
    """Make what is needed before what was needed goes; statements are stored and read meanwhile."""
    with op.get_context().autocommit_block():
        for name, columns in made.items():
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {TABLE} {columns}")
        for name in dropped:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _unpack() -> None:
    connection = op.get_bind()
    while True:
        rows = connection.execute(
            sa.text(f"SELECT id, packed FROM {TABLE} WHERE packed IS NOT NULL ORDER BY id LIMIT 1000")
        ).all()
        if not rows:
            return
        connection.execute(
            sa.text(f"UPDATE {TABLE} SET payload = CAST(:text AS json), packed = NULL WHERE id = :id"),
            [{"id": row[0], "text": unpack(row[1]).decode()} for row in rows],
        )
