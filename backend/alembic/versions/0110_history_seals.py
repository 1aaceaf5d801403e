"""Seals of the history: a hash over each stretch of it, bound to the one before

Revision ID: 0110
Revises: 0101
"""

from alembic import op

revision = "0110"
down_revision = "0101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE history_seals (
            number bigint NOT NULL,
            generation integer NOT NULL,
            first_xid xid8 NOT NULL,
            end_xid xid8 NOT NULL,
            entries integer NOT NULL,
            last_entry_id bigint NOT NULL,
            root bytea NOT NULL,
            -- Hashes do not compress.
            leaves bytea STORAGE EXTERNAL NOT NULL,
            previous bytea NOT NULL,
            hash bytea NOT NULL,
            sealed_at timestamptz DEFAULT now() NOT NULL,
            CONSTRAINT pk_history_seals PRIMARY KEY (number),
            -- Two seals cannot follow the same one, whoever makes them.
            CONSTRAINT uq_history_seals_previous UNIQUE (previous)
        )
        """
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON history_seals FROM aada_app")


def downgrade() -> None:
    op.drop_table("history_seals")
