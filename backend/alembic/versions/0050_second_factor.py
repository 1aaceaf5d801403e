"""A second factor: passkeys, authenticator apps, recovery codes, proofs, resets, and the policy that asks for it

The first version of the policy holds what the system has gone by so far: nobody needs a second factor. The second
one begins with this migration: everyone but students needs one, after two weeks.

Revision ID: 0050
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0050"
down_revision = "0043"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
TABLES = ("factor_resets", "factor_challenges", "recovery_codes", "authenticators", "passkeys")


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id", ondelete="CASCADE")


def _created() -> sa.Column[object]:
    return sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False)


def upgrade() -> None:
    # Without a default first: whoever is signed in now has not proved anything, and is asked.
    op.add_column("user_sessions", sa.Column("proved_at", STAMP))
    op.alter_column("user_sessions", "proved_at", server_default=sa.func.now())
    op.add_column("user_sessions", sa.Column("factor_due_on", sa.Date()))
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.Text()), nullable=False),
        _created(),
        sa.Column("last_used_at", STAMP),
        sa.Column("copied_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        _owner("passkeys"),
        sa.CheckConstraint("sign_count >= 0", name="check_passkeys_sign_count"),
    )
    op.create_index("uq_passkeys_credential_id", "passkeys", ["credential_id"], unique=True)
    op.create_index("idx_passkeys_user_id", "passkeys", ["user_id"])
    op.create_table(
        "authenticators",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _created(),
        sa.Column("last_used_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_authenticators"),
        _owner("authenticators"),
    )
    op.create_index("idx_authenticators_user_id", "authenticators", ["user_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        _created(),
        sa.Column("used_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        _owner("recovery_codes"),
    )
    op.create_index(
        "uq_recovery_codes_user_id_code_hash", "recovery_codes", ["user_id", "code_hash"], unique=True
    )
    op.create_table(
        "factor_challenges",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        _created(),
        sa.Column("expires_at", STAMP, nullable=False),
        sa.Column("used_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_factor_challenges"),
        _owner("factor_challenges"),
        sa.CheckConstraint(
            "purpose IN ('register', 'sign_in', 'prove', 'second_step')",
            name="check_factor_challenges_purpose",
        ),
        sa.CheckConstraint("(purpose = 'sign_in') = (user_id IS NULL)", name="check_factor_challenges_user"),
    )
    op.create_index("uq_factor_challenges_secret_hash", "factor_challenges", ["secret_hash"], unique=True)
    op.create_index("idx_factor_challenges_user_id", "factor_challenges", ["user_id"])
    op.create_index("idx_factor_challenges_expires_at", "factor_challenges", ["expires_at"])
    op.create_table(
        "factor_resets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Integer()),
        sa.Column("asked_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("expires_at", STAMP, nullable=False),
        sa.Column("closed_by", sa.Integer()),
        sa.Column("closed_at", STAMP),
        sa.Column("outcome", sa.String(10)),
        sa.PrimaryKeyConstraint("id", name="pk_factor_resets"),
        _owner("factor_resets"),
        *(
            sa.ForeignKeyConstraint(
                [column], ["users.id"], name=f"fk_factor_resets_{column}", ondelete="SET NULL"
            )
            for column in ("asked_by", "closed_by")
        ),
        sa.CheckConstraint(
            "asked_by <> user_id AND closed_by <> user_id", name="check_factor_resets_another"
        ),
        sa.CheckConstraint(
            "outcome <> 'approved' OR closed_by <> asked_by", name="check_factor_resets_two_people"
        ),
        sa.CheckConstraint(
            "outcome IN ('approved', 'declined', 'expired')", name="check_factor_resets_outcome"
        ),
        sa.CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name="check_factor_resets_closed"),
    )
    op.create_index("idx_factor_resets_user_id", "factor_resets", ["user_id"])
    op.create_index("idx_factor_resets_asked_by", "factor_resets", ["asked_by"])
    op.create_index("idx_factor_resets_closed_by", "factor_resets", ["closed_by"])
    op.create_index(
        "uq_factor_resets_open",
        "factor_resets",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    # Who agreed to open whose account is asked years later.
    op.execute("REVOKE DELETE ON factor_resets FROM aada_app")
    # The day is the school's: in the evening in Atlanta, the server's own is tomorrow.
    # An older schema keeps these rows: they are there already after a way down and up.
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'second_factor', version, effective_from, "values", 'System default', note
        FROM (VALUES
            (1, DATE '2000-01-01', '{"required_of": "nobody", "grace_days": 14}'::jsonb,
             'What the system went by before it knew a second factor.'),
            (2, (now() AT TIME ZONE coalesce((SELECT time_zone FROM school LIMIT 1), 'America/New_York'))::date,
             '{"required_of": "staff", "grace_days": 14}'::jsonb,
             'What the system goes by until the school sets its own.')
        ) AS first (version, effective_from, "values", note)
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'second_factor')
        """
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("user_sessions", "factor_due_on")
    op.drop_column("user_sessions", "proved_at")
