"""Statements are kept packed, and once

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


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("octets", sa.Integer()))
    op.add_column(TABLE, sa.Column("actor_id", sa.Integer()))
    op.add_column(TABLE, sa.Column("packed", sa.LargeBinary()))
    # Nothing is left in it to compress.
    op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN packed SET STORAGE EXTERNAL")
    # A system of the version before is not served by this schema; the constraint takes the place of this one.
    op.execute(f"-- squawk-ignore ban-drop-not-null\nALTER TABLE {TABLE} ALTER COLUMN payload DROP NOT NULL")
    op.execute(
        f"ALTER TABLE {TABLE} ADD CONSTRAINT check_xapi_statements_kept_once"
        " CHECK (num_nonnulls(payload, packed) = 1) NOT VALID"
    )
    # The sums behind charts know an actor without an account by another name from now on.
    op.execute("UPDATE xapi_rollup_state SET rolled_to = NULL")


def downgrade() -> None:
    _unpack()
    op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT check_xapi_statements_kept_once")
    op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN payload SET NOT NULL")
    op.execute("UPDATE xapi_rollup_state SET rolled_to = NULL")
    for column in ("packed", "actor_id", "octets"):
        op.drop_column(TABLE, column)


def _unpack() -> None:
    connection = op.get_bind()
    last = -(2**63)
    while True:
        rows = connection.execute(
            sa.text(
                f"SELECT id, packed FROM {TABLE} WHERE id > :last AND packed IS NOT NULL ORDER BY id LIMIT 1000"
            ),
            {"last": last},
        ).all()
        if not rows:
            return
        connection.execute(
            sa.text(f"UPDATE {TABLE} SET payload = CAST(:text AS json), packed = NULL WHERE id = :id"),
            [{"id": row[0], "text": unpack(row[1]).decode()} for row in rows],
        )
        last = rows[-1][0]
