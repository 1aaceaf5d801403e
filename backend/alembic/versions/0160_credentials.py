"""Credentials are issued: types, diplomas with a badge, revocation, public pages, reminders; a key for badges

Revision ID: 0160
Revises: 0150
"""

from alembic import op

revision = "0160"
down_revision = "0150"
branch_labels = None
depends_on = None

TABLES = (
    "credential_types",
    "credential_issues",
    "credential_endings",
    "credential_shares",
    "credential_reminders",
    "credential_orders",
)
STATEMENTS = (
    """
    CREATE TABLE credential_types (
        id SERIAL NOT NULL,
        name TEXT NOT NULL,
        prefix TEXT NOT NULL,
        level TEXT NOT NULL,
        program_id INTEGER,
        description TEXT NOT NULL,
        criteria TEXT NOT NULL,
        validity_months INTEGER,
        requires_completion BOOLEAN DEFAULT true NOT NULL,
        archived_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_credential_types PRIMARY KEY (id),
        CONSTRAINT check_credential_types_prefix CHECK (prefix ~ '^[A-Z]{2,6}$'),
        CONSTRAINT check_credential_types_validity CHECK (validity_months BETWEEN 1 AND 240),
        CONSTRAINT uq_credential_types_prefix UNIQUE (prefix),
        CONSTRAINT fk_credential_types_program_id FOREIGN KEY(program_id) REFERENCES programs (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_credential_types_program_id ON credential_types (program_id)",
    "CREATE UNIQUE INDEX uq_credential_types_name ON credential_types (lower(name))",
    """
    CREATE TABLE credential_issues (
        credential_id INTEGER NOT NULL,
        type_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        document_id INTEGER NOT NULL,
        full_name TEXT NOT NULL,
        expires_on DATE,
        code_hash TEXT NOT NULL,
        badge TEXT NOT NULL,
        status_list INTEGER NOT NULL,
        status_index INTEGER NOT NULL,
        replaces_id INTEGER,
        CONSTRAINT pk_credential_issues PRIMARY KEY (credential_id),
        CONSTRAINT uq_credential_issues_document_id UNIQUE (document_id),
        CONSTRAINT uq_credential_issues_code_hash UNIQUE (code_hash),
        CONSTRAINT uq_credential_issues_replaces_id UNIQUE (replaces_id),
        CONSTRAINT uq_credential_issues_status UNIQUE (status_list, status_index),
        CONSTRAINT check_credential_issues_status_index CHECK (status_index BETWEEN 0 AND 131071),
        CONSTRAINT fk_credential_issues_credential_id
            FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE RESTRICT,
        CONSTRAINT fk_credential_issues_type_id
            FOREIGN KEY(type_id) REFERENCES credential_types (id) ON DELETE RESTRICT,
        CONSTRAINT fk_credential_issues_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE RESTRICT,
        CONSTRAINT fk_credential_issues_document_id
            FOREIGN KEY(document_id) REFERENCES issued_documents (id) ON DELETE RESTRICT,
        CONSTRAINT fk_credential_issues_replaces_id
            FOREIGN KEY(replaces_id) REFERENCES credentials (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_credential_issues_enrollment_id ON credential_issues (enrollment_id)",
    "CREATE INDEX idx_credential_issues_expires_on ON credential_issues (expires_on)",
    "CREATE INDEX idx_credential_issues_type_id ON credential_issues (type_id)",
    """
    CREATE TABLE credential_endings (
        credential_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        reason TEXT NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        ended_by INTEGER,
        replaced_by INTEGER,
        CONSTRAINT pk_credential_endings PRIMARY KEY (credential_id),
        CONSTRAINT check_credential_endings_kind CHECK (kind IN ('revoked', 'superseded')),
        CONSTRAINT check_credential_endings_replaced CHECK ((kind = 'superseded') = (replaced_by IS NOT NULL)),
        CONSTRAINT fk_credential_endings_credential_id
            FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE RESTRICT,
        CONSTRAINT fk_credential_endings_ended_by FOREIGN KEY(ended_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_credential_endings_replaced_by
            FOREIGN KEY(replaced_by) REFERENCES credentials (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_credential_endings_ended_by ON credential_endings (ended_by)",
    "CREATE INDEX idx_credential_endings_replaced_by ON credential_endings (replaced_by)",
    """
    CREATE TABLE credential_shares (
        id SERIAL NOT NULL,
        credential_id INTEGER NOT NULL,
        slug TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        views INTEGER DEFAULT 0 NOT NULL,
        last_viewed_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_credential_shares PRIMARY KEY (id),
        CONSTRAINT fk_credential_shares_credential_id
            FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE RESTRICT,
        CONSTRAINT uq_credential_shares_slug UNIQUE (slug)
    )
    """,
    "CREATE INDEX idx_credential_shares_credential_id ON credential_shares (credential_id)",
    "CREATE UNIQUE INDEX uq_credential_shares_open ON credential_shares (credential_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE credential_reminders (
        credential_id INTEGER NOT NULL,
        days INTEGER NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_credential_reminders PRIMARY KEY (credential_id, days),
        CONSTRAINT fk_credential_reminders_credential_id
            FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE RESTRICT
    )
    """,
    """
    CREATE TABLE credential_orders (
        id SERIAL NOT NULL,
        batch UUID NOT NULL,
        type_id INTEGER NOT NULL,
        enrollment_id INTEGER NOT NULL,
        class_id INTEGER,
        asked_by INTEGER,
        asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        state TEXT DEFAULT 'waiting' NOT NULL,
        problem TEXT,
        credential_id INTEGER,
        CONSTRAINT pk_credential_orders PRIMARY KEY (id),
        CONSTRAINT uq_credential_orders_enrollment UNIQUE (batch, enrollment_id),
        CONSTRAINT check_credential_orders_state CHECK (state IN ('waiting', 'issued', 'refused')),
        CONSTRAINT check_credential_orders_issued CHECK ((state = 'issued') = (credential_id IS NOT NULL)),
        CONSTRAINT check_credential_orders_refused CHECK ((state = 'refused') = (problem IS NOT NULL)),
        CONSTRAINT fk_credential_orders_type_id
            FOREIGN KEY(type_id) REFERENCES credential_types (id) ON DELETE RESTRICT,
        CONSTRAINT fk_credential_orders_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE CASCADE,
        CONSTRAINT fk_credential_orders_class_id FOREIGN KEY(class_id) REFERENCES classes (id) ON DELETE SET NULL,
        CONSTRAINT fk_credential_orders_asked_by FOREIGN KEY(asked_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_credential_orders_credential_id
            FOREIGN KEY(credential_id) REFERENCES credentials (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_credential_orders_asked_by ON credential_orders (asked_by)",
    "CREATE INDEX idx_credential_orders_class_id ON credential_orders (class_id)",
    "CREATE INDEX idx_credential_orders_credential_id ON credential_orders (credential_id)",
    "CREATE INDEX idx_credential_orders_enrollment_id ON credential_orders (enrollment_id)",
    "CREATE INDEX idx_credential_orders_type_id ON credential_orders (type_id)",
)
PERMANENT = ("credentials", "credential_issues", "credential_endings", "credential_reminders")
ROLES = "ALTER TABLE signing_keys ADD CONSTRAINT check_signing_keys_role CHECK (role IN ({})) NOT VALID"


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    op.execute("CREATE INDEX idx_credentials_cert_serial ON credentials (cert_serial)")
    # What was awarded stays as it was awarded; that it ended is a row of its own.
    for table in PERMANENT:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM aada_app")
    _change_roles("'root', 'registrar', 'badges'")
    op.execute(
        """
        DO $$
        BEGIN
            IF to_regclass('migration_stash.signing_keys_0160') IS NOT NULL THEN
                UPDATE signing_keys k SET role = s.role, retired_at = s.retired_at
                FROM migration_stash.signing_keys_0160 s WHERE s.id = k.id;
                DROP TABLE migration_stash.signing_keys_0160;
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END $$
        """
    )


def downgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS migration_stash")
    op.execute(
        "CREATE TABLE migration_stash.signing_keys_0160 AS"
        " SELECT id, role, retired_at FROM signing_keys WHERE role = 'badges'"
    )
    # The older system never uses a registrar's key that is retired; it comes back with the way up.
    op.execute(
        "UPDATE signing_keys SET role = 'registrar', retired_at = coalesce(retired_at, now()) WHERE role = 'badges'"
    )
    _change_roles("'root', 'registrar'")
    op.execute("GRANT UPDATE, DELETE ON credentials TO aada_app")
    op.execute("DROP INDEX idx_credentials_cert_serial")
    for table in reversed(TABLES):
        op.drop_table(table)


def _change_roles(roles: str) -> None:
    op.execute("ALTER TABLE signing_keys DROP CONSTRAINT check_signing_keys_role")
    op.execute(ROLES.format(roles))
    op.execute("ALTER TABLE signing_keys VALIDATE CONSTRAINT check_signing_keys_role")
