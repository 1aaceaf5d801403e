"""The record store: whole statements, what they are found by, documents, attachments, credentials

Rows that are there already become statements: their columns are put into a payload, and their key becomes
the moment they were written. Statements are forever: `aada_app` may add them and mark them voided, and nothing
else.

Revision ID: 0020
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0011"
branch_labels = None
depends_on = None

NOW = sa.func.now()
STAMP = sa.DateTime(timezone=True)
MICROSECONDS = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


def upgrade() -> None:
    _credentials()
    _statements()
    _links()
    _parties()
    _documents()
    _forwarding()
    op.execute("REVOKE UPDATE, DELETE ON xapi_statements FROM aada_app")
    op.execute("GRANT UPDATE (is_voided) ON xapi_statements TO aada_app")
    op.execute("REVOKE UPDATE, DELETE ON xapi_statement_actors, xapi_statement_activities FROM aada_app")
    op.execute("REVOKE UPDATE, DELETE ON xapi_attachments FROM aada_app")


def _statements() -> None:
    table = "xapi_statements"
    op.add_column(
        table,
        sa.Column("statement_id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
    )
    op.add_column(table, sa.Column("stored", STAMP, server_default=NOW, nullable=False))
    op.add_column(table, sa.Column("payload", postgresql.JSON()))
    op.add_column(table, sa.Column("version", sa.Text()))
    op.add_column(table, sa.Column("registration", sa.Uuid()))
    op.add_column(table, sa.Column("credential_id", sa.Integer()))
    op.add_column(
        table, sa.Column("is_voided", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute(
        """
        UPDATE xapi_statements s SET
            id = k.id,
            stored = s.created_at,
            version = '1.0.0',
            payload = json_strip_nulls(json_build_object(
                'id', s.statement_id,
                'actor', json_build_object('objectType', 'Agent', 'account', json_build_object(
                    'homePage', 'urn:aada:users', 'name', coalesce(s.user_id::text, 'unknown'))),
                'verb', json_build_object('id', s.verb),
                'object', json_build_object('objectType', 'Activity', 'id', s.object_id),
                'result', s.result,
                'context', s.context,
                'timestamp', to_char(s.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                'stored', to_char(s.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                'version', '1.0.0'))
        FROM (
            -- Strictly growing even where several rows were written in one microsecond.
            SELECT old, rank + max(micro - rank) OVER (ORDER BY rank) AS id
            FROM (
                SELECT id AS old, (extract(epoch FROM created_at) * 1000000)::bigint AS micro,
                       row_number() OVER (ORDER BY created_at, id) AS rank
                FROM xapi_statements
            ) numbered
        ) k
        WHERE k.old = s.id
        """
    )
    op.alter_column(table, "payload", nullable=False)
    op.alter_column(table, "version", nullable=False)
    op.alter_column(table, "id", server_default=sa.text(MICROSECONDS))
    op.create_unique_constraint("uq_xapi_statements_statement_id", table, ["statement_id"])
    op.create_foreign_key(
        "fk_xapi_statements_credential_id", table, "xapi_credentials", ["credential_id"], ["id"]
    )
    op.create_index("idx_xapi_verb", table, ["verb", "id"])
    op.create_index(
        "idx_xapi_registration",
        table,
        ["registration", "id"],
        postgresql_where=sa.text("registration IS NOT NULL"),
    )
    op.create_index("idx_xapi_credential_id", table, ["credential_id", "id"])
    # lz4 packs a long statement in a third of pglz's time; a server built without it keeps pglz.
    op.execute(
        """
        DO $$ BEGIN
            ALTER TABLE xapi_statements ALTER COLUMN payload SET COMPRESSION lz4;
        EXCEPTION WHEN feature_not_supported THEN NULL;
        END $$
        """
    )


def _links() -> None:
    for table, noun in (("xapi_statement_actors", "actor"), ("xapi_statement_activities", "activity")):
        op.create_table(
            table,
            sa.Column(f"{noun}_id", sa.Integer(), nullable=False),
            sa.Column("direct", sa.Boolean(), nullable=False),
            sa.Column("statement_id", sa.BigInteger(), nullable=False),
            sa.Column("subject_id", sa.BigInteger(), nullable=False),
            sa.Column("usage", sa.SmallInteger(), nullable=False),
            sa.PrimaryKeyConstraint(f"{noun}_id", "direct", "statement_id", "subject_id", name=f"pk_{table}"),
        )
    op.create_table(
        "xapi_statement_refs",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Uuid(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("voids", sa.Boolean(), nullable=False),
        sa.Column("subject_id", sa.BigInteger()),
        sa.Column("verb", sa.Text()),
        sa.Column("registration", sa.Uuid()),
        sa.PrimaryKeyConstraint("statement_id", "target", name="pk_xapi_statement_refs"),
    )
    op.create_index("idx_xapi_statement_refs_target", "xapi_statement_refs", ["target"])
    op.create_index("idx_xapi_statement_refs_verb", "xapi_statement_refs", ["verb", "statement_id"])
    op.create_index(
        "idx_xapi_statement_refs_registration", "xapi_statement_refs", ["registration", "statement_id"]
    )


def _parties() -> None:
    op.create_table(
        "xapi_actors",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("agent", postgresql.JSONB(), nullable=False),
        sa.Column("names", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_actors"),
        sa.UniqueConstraint("identity", name="uq_xapi_actors_identity"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_xapi_actors_user_id", ondelete="SET NULL"
        ),
    )
    op.create_index("idx_xapi_actors_user_id", "xapi_actors", ["user_id"])
    op.create_table(
        "xapi_activities",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("iri", sa.Text(), nullable=False),
        sa.Column("definition", postgresql.JSONB()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("updated_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_activities"),
        sa.UniqueConstraint("iri", name="uq_xapi_activities_iri"),
    )


def _documents() -> None:
    op.create_table(
        "xapi_documents",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer()),
        sa.Column("activity_id", sa.Integer()),
        sa.Column("registration", sa.Uuid()),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("updated_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_documents"),
        sa.ForeignKeyConstraint(["actor_id"], ["xapi_actors.id"], name="fk_xapi_documents_actor_id"),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["xapi_activities.id"], name="fk_xapi_documents_activity_id"
        ),
        sa.CheckConstraint(
            "kind = 'state' AND actor_id IS NOT NULL AND activity_id IS NOT NULL"
            " OR kind = 'agent_profile' AND actor_id IS NOT NULL AND activity_id IS NULL"
            " AND registration IS NULL"
            " OR kind = 'activity_profile' AND actor_id IS NULL AND activity_id IS NOT NULL"
            " AND registration IS NULL",
            name="check_xapi_documents_key",
        ),
    )
    op.create_index(
        "uq_xapi_documents_key",
        "xapi_documents",
        ["kind", "actor_id", "activity_id", "registration", "document_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("idx_xapi_documents_actor_id", "xapi_documents", ["actor_id"])
    op.create_index("idx_xapi_documents_activity_id", "xapi_documents", ["activity_id"])
    op.create_table(
        "xapi_attachments",
        sa.Column("sha2", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("sha2", name="pk_xapi_attachments"),
    )


def _credentials() -> None:
    op.create_table(
        "xapi_credentials",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("authority", postgresql.JSONB(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("agent", sa.Text()),
        sa.Column("activity", sa.Text()),
        sa.Column("registration", sa.Uuid()),
        sa.Column("rate_limit_per_minute", sa.Integer()),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("rotated_at", STAMP),
        sa.Column("expires_at", STAMP),
        sa.Column("revoked_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_credentials"),
        sa.UniqueConstraint("key", name="uq_xapi_credentials_key"),
        sa.CheckConstraint("kind IN ('client', 'launch')", name="check_xapi_credentials_kind"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_xapi_credentials_user_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_xapi_credentials_created_by", ondelete="SET NULL"
        ),
    )
    op.create_index("idx_xapi_credentials_user_id", "xapi_credentials", ["user_id"])
    op.create_index("idx_xapi_credentials_created_by", "xapi_credentials", ["created_by"])


def _forwarding() -> None:
    op.create_table(
        "xapi_forwarders",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_sealed", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("after_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("last_success_at", STAMP),
        sa.Column("next_attempt_at", STAMP),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_xapi_forwarders"),
    )
    op.create_table(
        "xapi_dead_letters",
        sa.Column("forwarder_id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("forwarder_id", "statement_id", name="pk_xapi_dead_letters"),
        sa.ForeignKeyConstraint(
            ["forwarder_id"],
            ["xapi_forwarders.id"],
            name="fk_xapi_dead_letters_forwarder_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.execute("GRANT UPDATE, DELETE ON xapi_statements TO aada_app")
    for table in ("xapi_dead_letters", "xapi_forwarders", "xapi_attachments", "xapi_documents"):
        op.drop_table(table)
    for table in ("xapi_statement_refs", "xapi_statement_activities", "xapi_statement_actors"):
        op.drop_table(table)
    op.drop_table("xapi_activities")
    op.drop_table("xapi_actors")
    table = "xapi_statements"
    for index in ("idx_xapi_credential_id", "idx_xapi_registration", "idx_xapi_verb"):
        op.drop_index(index, table)
    op.drop_constraint("fk_xapi_statements_credential_id", table)
    op.drop_constraint("uq_xapi_statements_statement_id", table)
    op.alter_column(table, "id", server_default=sa.text("nextval('xapi_statements_id_seq'::regclass)"))
    for column in (
        "is_voided",
        "credential_id",
        "registration",
        "version",
        "payload",
        "stored",
        "statement_id",
    ):
        op.drop_column(table, column)
    op.drop_table("xapi_credentials")
