"""A one-time link in a message is kept sealed until it is sent, and the outbox shows who asked for it

Links that stand in the text of messages are taken out. One that was not sent yet is made again: it cannot be sealed
here, where the key is not known, and it works for a week at most.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLE = "outbox_messages"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("sealed_link", sa.Text()))
    op.add_column(TABLE, sa.Column("link_expires_at", sa.DateTime(timezone=True)))
    op.add_column(TABLE, sa.Column("requested_by", sa.Integer()))
    op.create_foreign_key(
        "fk_outbox_messages_requested_by", TABLE, "users", ["requested_by"], ["id"], ondelete="SET NULL"
    )
    op.create_index("idx_outbox_messages_requested_by", TABLE, ["requested_by"])
    op.execute(
        "UPDATE outbox_messages SET body_text = "
        "regexp_replace(body_text, 'https?://[^[:space:]]+/set-password/[^[:space:]]+', '[one-time link]', 'g') "
        "WHERE body_text LIKE '%/set-password/%'"
    )


def downgrade() -> None:
    op.drop_constraint("fk_outbox_messages_requested_by", TABLE, type_="foreignkey")
    op.drop_index("idx_outbox_messages_requested_by", TABLE)
    for column in ("requested_by", "link_expires_at", "sealed_link"):
        op.drop_column(TABLE, column)
