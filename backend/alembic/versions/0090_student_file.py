"""The student's file: names with their dates, contacts, sealed identifiers, and fields of the school's own

`users` stays as it is documented; what the school knows of a student beside the account has tables of its own.

Revision ID: 0090
Revises: 0082
"""

from alembic import op

revision = "0090"
down_revision = "0082"
branch_labels = None
depends_on = None

TABLES = (
    "student_profiles",
    "former_names",
    "name_requests",
    "student_addresses",
    "student_phones",
    "emergency_contacts",
    "student_identifiers",
    "student_fields",
    "student_field_values",
)
STATEMENTS = (
    """
    CREATE TABLE student_profiles (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        first_name TEXT,
        middle_name TEXT,
        last_name TEXT,
        name_suffix TEXT,
        preferred_name TEXT,
        birth_date DATE,
        photo_sha256 VARCHAR(64),
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_student_profiles PRIMARY KEY (id),
        CONSTRAINT check_student_profiles_photo CHECK (photo_sha256 IS NULL OR photo_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_student_profiles_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_student_profiles_birth_date ON student_profiles (birth_date)",
    "CREATE UNIQUE INDEX uq_student_profiles_user_id ON student_profiles (user_id)",
    """
    CREATE TABLE former_names (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        full_name VARCHAR(255) NOT NULL,
        used_until DATE NOT NULL,
        reason TEXT NOT NULL,
        document_sha256 VARCHAR(64) NOT NULL,
        document_type TEXT NOT NULL,
        changed_by INTEGER,
        changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_former_names PRIMARY KEY (id),
        CONSTRAINT check_former_names_document CHECK (document_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_former_names_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_former_names_changed_by FOREIGN KEY(changed_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_former_names_changed_by ON former_names (changed_by)",
    "CREATE UNIQUE INDEX uq_former_names_user_id ON former_names (user_id, used_until)",
    """
    CREATE TABLE name_requests (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        first_name TEXT,
        middle_name TEXT,
        last_name TEXT NOT NULL,
        name_suffix TEXT,
        counts_from DATE NOT NULL,
        reason TEXT NOT NULL,
        document_sha256 VARCHAR(64) NOT NULL,
        document_type TEXT NOT NULL,
        asked_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        approved BOOLEAN,
        answer TEXT,
        decided_by INTEGER,
        decided_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_name_requests PRIMARY KEY (id),
        CONSTRAINT check_name_requests_decision CHECK ((decided_at IS NULL) = (approved IS NULL)),
        CONSTRAINT check_name_requests_document CHECK (document_sha256 ~ '^[0-9a-f]{64}$'),
        CONSTRAINT fk_name_requests_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_name_requests_decided_by FOREIGN KEY(decided_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_name_requests_decided_by ON name_requests (decided_by)",
    "CREATE INDEX idx_name_requests_user_id ON name_requests (user_id)",
    "CREATE UNIQUE INDEX uq_name_requests_waiting ON name_requests (user_id) WHERE decided_at IS NULL",
    """
    CREATE TABLE student_addresses (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        line1 TEXT NOT NULL,
        line2 TEXT,
        city TEXT NOT NULL,
        state TEXT,
        postal_code TEXT,
        country TEXT DEFAULT 'US' NOT NULL,
        is_primary BOOLEAN DEFAULT false NOT NULL,
        starts_on DATE NOT NULL,
        ends_on DATE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_student_addresses PRIMARY KEY (id),
        CONSTRAINT check_student_addresses_kind CHECK (kind IN ('home', 'mailing', 'billing', 'other')),
        CONSTRAINT check_student_addresses_days CHECK (ends_on >= starts_on),
        CONSTRAINT fk_student_addresses_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_student_addresses_user_id ON student_addresses (user_id)",
    """
    CREATE UNIQUE INDEX uq_student_addresses_primary
        ON student_addresses (user_id) WHERE is_primary AND ends_on IS NULL
    """,
    """
    CREATE TABLE student_phones (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        number TEXT NOT NULL,
        digits TEXT NOT NULL,
        is_primary BOOLEAN DEFAULT false NOT NULL,
        starts_on DATE NOT NULL,
        ends_on DATE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_student_phones PRIMARY KEY (id),
        CONSTRAINT check_student_phones_kind CHECK (kind IN ('mobile', 'home', 'work', 'other')),
        CONSTRAINT check_student_phones_digits CHECK (digits ~ '^[0-9]{7,15}$'),
        CONSTRAINT check_student_phones_days CHECK (ends_on >= starts_on),
        CONSTRAINT fk_student_phones_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_student_phones_digits ON student_phones (digits)",
    "CREATE INDEX idx_student_phones_user_id ON student_phones (user_id)",
    """
    CREATE UNIQUE INDEX uq_student_phones_primary
        ON student_phones (user_id) WHERE is_primary AND ends_on IS NULL
    """,
    """
    CREATE TABLE emergency_contacts (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        relationship TEXT NOT NULL,
        phone TEXT NOT NULL,
        email TEXT,
        starts_on DATE NOT NULL,
        ends_on DATE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_emergency_contacts PRIMARY KEY (id),
        CONSTRAINT check_emergency_contacts_days CHECK (ends_on >= starts_on),
        CONSTRAINT fk_emergency_contacts_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX idx_emergency_contacts_user_id ON emergency_contacts (user_id)",
    """
    CREATE TABLE student_identifiers (
        id SERIAL NOT NULL,
        user_id INTEGER NOT NULL,
        kind TEXT NOT NULL,
        label TEXT DEFAULT '' NOT NULL,
        sealed_value TEXT NOT NULL,
        last_four TEXT NOT NULL,
        blind_index VARCHAR(64) NOT NULL,
        entered_by INTEGER,
        entered_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        ended_by INTEGER,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_student_identifiers PRIMARY KEY (id),
        CONSTRAINT check_student_identifiers_kind CHECK (kind IN ('ssn', 'itin', 'state_id', 'other')),
        CONSTRAINT check_student_identifiers_last_four CHECK (char_length(last_four) <= 4),
        CONSTRAINT fk_student_identifiers_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_student_identifiers_entered_by FOREIGN KEY(entered_by) REFERENCES users (id) ON DELETE SET NULL,
        CONSTRAINT fk_student_identifiers_ended_by FOREIGN KEY(ended_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX idx_student_identifiers_blind_index ON student_identifiers (blind_index)",
    "CREATE INDEX idx_student_identifiers_ended_by ON student_identifiers (ended_by)",
    "CREATE INDEX idx_student_identifiers_entered_by ON student_identifiers (entered_by)",
    "CREATE INDEX idx_student_identifiers_user_id ON student_identifiers (user_id)",
    """
    CREATE UNIQUE INDEX uq_student_identifiers_blind_index
        ON student_identifiers (kind, blind_index) WHERE ended_at IS NULL AND kind <> 'other'
    """,
    """
    CREATE UNIQUE INDEX uq_student_identifiers_kind
        ON student_identifiers (user_id, kind) WHERE ended_at IS NULL AND kind <> 'other'
    """,
    """
    CREATE TABLE student_fields (
        id SERIAL NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        choices TEXT[] DEFAULT '{}'::text[] NOT NULL,
        help TEXT DEFAULT '' NOT NULL,
        position SMALLINT DEFAULT 0 NOT NULL,
        archived_at TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_student_fields PRIMARY KEY (id),
        CONSTRAINT check_student_fields_type CHECK (type IN ('text', 'number', 'date', 'choice', 'yes_no')),
        CONSTRAINT check_student_fields_choices CHECK ((type = 'choice') = (cardinality(choices) > 0))
    )
    """,
    "CREATE UNIQUE INDEX uq_student_fields_name ON student_fields (name)",
    """
    CREATE TABLE student_field_values (
        user_id INTEGER NOT NULL,
        field_id INTEGER NOT NULL,
        value TEXT NOT NULL,
        updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_student_field_values PRIMARY KEY (user_id, field_id),
        CONSTRAINT fk_student_field_values_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
        CONSTRAINT fk_student_field_values_field_id
            FOREIGN KEY(field_id) REFERENCES student_fields (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_student_field_values_field_id ON student_field_values (field_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
