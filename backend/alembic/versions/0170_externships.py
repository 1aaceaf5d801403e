"""Externships: sites with agreements, supervisors, placements, daily hours, links to confirm them, evaluations

The documented row of an externship stays as it is. For one with a placement the database sees to it that `total_hours`
is what supervisors have confirmed in its log, that `verified`, `verified_at` and `verification_doc_url` come together
and with a document on file, and that the log of a verified one is not changed.

Revision ID: 0170
Revises: 0160
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0170"
down_revision = "0160"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
NOW = sa.func.now()
TABLES = (
    "externship_evaluations",
    "externship_hours",
    "externship_links",
    "externship_placements",
    "externship_rubrics",
    "externship_supervisors",
    "externship_agreements",
    "externship_sites",
)
FUNCTIONS = ("sum_externship_hours", "keep_verified_hours", "hold_externship_to_log", "externship_log_hours")


def _fk(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete=ondelete)


def _pk(table: str, column: str = "id") -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(column, name=f"pk_{table}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"idx_{table}_{columns[0]}", table, list(columns))


def upgrade() -> None:
    _sites()
    _placements()
    _hours()
    op.execute("REVOKE DELETE ON externship_agreements, externship_links FROM aada_app")
    # What a supervisor evaluated, and by which rubric, stays as it was said.
    op.execute("REVOKE UPDATE, DELETE ON externship_evaluations, externship_rubrics FROM aada_app")
    _triggers()
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'externship', 1, DATE '2000-01-01', '{
            "location": "not_asked", "link_days": 14
        }'::jsonb, 'System default', 'What the system goes by until the school sets its own.'
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'externship')
        """
    )


def _sites() -> None:
    table = "externship_sites"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.String(255)),
        sa.Column("contact_email", sa.String(255)),
        sa.Column("contact_phone", sa.String(40)),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("archived_at", STAMP),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        _pk(table),
        sa.CheckConstraint("capacity BETWEEN 1 AND 500", name="check_externship_sites_capacity"),
    )
    op.create_index("uq_externship_sites_name", table, [sa.text("lower(name)")], unique=True)
    table = "externship_agreements"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date()),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reminded_days", sa.SmallInteger()),
        sa.Column("uploaded_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        _pk(table),
        _fk(table, "site_id", "externship_sites.id", "RESTRICT"),
        _fk(table, "uploaded_by", "users.id", "SET NULL"),
        sa.CheckConstraint("expires_on > signed_on", name="check_externship_agreements_days"),
        sa.CheckConstraint("ended_on >= signed_on", name="check_externship_agreements_ended"),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_externship_agreements_sha256"),
    )
    _index(table, "site_id", "expires_on")
    _index(table, "uploaded_by")
    table = "externship_supervisors"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("archived_at", STAMP),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        _pk(table),
        _fk(table, "site_id", "externship_sites.id", "RESTRICT"),
        sa.CheckConstraint("email = lower(email)", name="check_externship_supervisors_email"),
    )
    _index(table, "site_id")
    op.create_index(
        "uq_externship_supervisors_site_id_email",
        table,
        ["site_id", "email"],
        unique=True,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    table = "externship_rubrics"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("skills", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        _pk(table),
        _fk(table, "program_id", "programs.id", "CASCADE"),
        _fk(table, "created_by", "users.id", "SET NULL"),
        sa.CheckConstraint("jsonb_typeof(skills) = 'array'", name="check_externship_rubrics_skills"),
    )
    op.create_index(f"uq_{table}_program_id", table, ["program_id", "effective_from"], unique=True)
    _index(table, "created_by")


def _placements() -> None:
    table = "externship_placements"
    op.create_table(
        table,
        sa.Column("externship_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("supervisor_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("hours_required", sa.Integer(), nullable=False),
        sa.Column("placed_by", sa.Integer()),
        sa.Column("verified_by", sa.Integer()),
        sa.Column("document_sha256", sa.String(64)),
        sa.Column("document_type", sa.Text()),
        sa.Column("document_size", sa.BigInteger()),
        _pk(table, "externship_id"),
        _fk(table, "externship_id", "externships.id", "CASCADE"),
        _fk(table, "enrollment_id", "enrollments.id", "CASCADE"),
        _fk(table, "site_id", "externship_sites.id", "RESTRICT"),
        _fk(table, "supervisor_id", "externship_supervisors.id", "RESTRICT"),
        _fk(table, "placed_by", "users.id", "SET NULL"),
        _fk(table, "verified_by", "users.id", "SET NULL"),
        sa.CheckConstraint("ends_on >= starts_on", name="check_externship_placements_days"),
        sa.CheckConstraint("hours_required BETWEEN 1 AND 5000", name="check_externship_placements_hours"),
        sa.CheckConstraint(
            "num_nonnulls(document_sha256, document_type, document_size) IN (0, 3)",
            name="check_externship_placements_document",
        ),
    )
    _index(table, "enrollment_id")
    _index(table, "site_id", "starts_on")
    for column in ("supervisor_id", "placed_by", "verified_by"):
        _index(table, column)


def _hours() -> None:
    table = "externship_links"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("externship_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("supervisor_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("expires_at", STAMP, nullable=False),
        sa.Column("revoked_at", STAMP),
        sa.Column("opened_at", STAMP),
        sa.Column("used_at", STAMP),
        sa.Column("used_ip", sa.String(45)),
        sa.Column("outcome", postgresql.JSONB()),
        _pk(table),
        _fk(table, "externship_id", "externships.id", "CASCADE"),
        _fk(table, "supervisor_id", "externship_supervisors.id", "RESTRICT"),
        _fk(table, "created_by", "users.id", "SET NULL"),
        sa.CheckConstraint("(used_at IS NULL) = (outcome IS NULL)", name="check_externship_links_used"),
        sa.CheckConstraint("expires_at > created_at", name="check_externship_links_expires_at"),
    )
    op.create_index("uq_externship_links_token_hash", table, ["token_hash"], unique=True)
    _index(table, "externship_id", "week")
    for column in ("supervisor_id", "created_by"):
        _index(table, column)
    table = "externship_hours"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("externship_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", STAMP, nullable=False),
        sa.Column("ends_at", STAMP, nullable=False),
        sa.Column("break_minutes", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "minutes",
            sa.Integer(),
            sa.Computed(
                "floor(extract(epoch FROM ends_at - starts_at) / 60)::integer - break_minutes", persisted=True
            ),
            nullable=False,
        ),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Numeric(8, 5)),
        sa.Column("longitude", sa.Numeric(8, 5)),
        sa.Column("state", sa.String(10), server_default=sa.text("'logged'"), nullable=False),
        sa.Column("dispute", sa.Text()),
        sa.Column("link_id", sa.BigInteger()),
        sa.Column("request", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("changed_at", STAMP, server_default=NOW, nullable=False),
        _pk(table),
        _fk(table, "externship_id", "externships.id", "CASCADE"),
        _fk(table, "user_id", "users.id", "CASCADE"),
        _fk(table, "link_id", "externship_links.id", "CASCADE"),
        sa.CheckConstraint("ends_at > starts_at", name="check_externship_hours_ends_at"),
        sa.CheckConstraint(
            "ends_at <= starts_at + interval '24 hours'", name="check_externship_hours_length"
        ),
        sa.CheckConstraint("break_minutes >= 0 AND minutes > 0", name="check_externship_hours_break"),
        sa.CheckConstraint(
            "state IN ('logged', 'confirmed', 'disputed')", name="check_externship_hours_state"
        ),
        sa.CheckConstraint(
            "(state = 'disputed') = (dispute IS NOT NULL) AND (state = 'logged') = (link_id IS NULL)",
            name="check_externship_hours_decided",
        ),
        sa.CheckConstraint(
            "(latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90 AND 90"
            " AND longitude BETWEEN -180 AND 180",
            name="check_externship_hours_place",
        ),
    )
    op.execute(
        "ALTER TABLE externship_hours ADD CONSTRAINT ex_externship_hours_overlap"
        " EXCLUDE USING gist (user_id WITH =, tstzrange(starts_at, ends_at) WITH &&)"
    )
    _index(table, "externship_id", "day")
    for column in ("user_id", "link_id"):
        _index(table, column)
    op.create_index("uq_externship_hours_request", table, ["externship_id", "request"], unique=True)
    table = "externship_evaluations"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("externship_id", sa.Integer(), nullable=False),
        sa.Column("rubric_id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=False),
        sa.Column("evaluated_on", sa.Date(), nullable=False),
        sa.Column("ratings", postgresql.JSONB(), nullable=False),
        sa.Column("comment", sa.Text()),
        sa.Column("supervisor_name", sa.String(255), nullable=False),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        _pk(table),
        _fk(table, "externship_id", "externships.id", "CASCADE"),
        _fk(table, "rubric_id", "externship_rubrics.id", "RESTRICT"),
        _fk(table, "link_id", "externship_links.id", "CASCADE"),
        sa.CheckConstraint("jsonb_typeof(ratings) = 'array'", name="check_externship_evaluations_ratings"),
    )
    _index(table, "externship_id")
    _index(table, "rubric_id")
    op.create_index("uq_externship_evaluations_link_id", table, ["link_id"], unique=True)


def _triggers() -> None:
    op.execute(
        """
        CREATE FUNCTION externship_log_hours(number integer) RETURNS integer LANGUAGE sql STABLE AS $$
            SELECT (coalesce(sum(minutes), 0) / 60)::integer FROM externship_hours
            WHERE externship_id = number AND state = 'confirmed'
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION hold_externship_to_log() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            number integer;
            kept externships;
            placement externship_placements;
        BEGIN
            IF TG_TABLE_NAME = 'externships' THEN number := NEW.id; ELSE number := NEW.externship_id; END IF;
            SELECT * INTO placement FROM externship_placements WHERE externship_id = number;
            IF NOT FOUND THEN
                RETURN NULL;
            END IF;
            SELECT * INTO kept FROM externships WHERE id = number;
            IF kept.total_hours IS DISTINCT FROM externship_log_hours(number) THEN
                RAISE EXCEPTION 'externship % would have % hours, and its log has %',
                    number, kept.total_hours, externship_log_hours(number)
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'check_externships_log';
            END IF;
            IF kept.verified IS DISTINCT FROM (kept.verified_at IS NOT NULL)
               OR kept.verified IS DISTINCT FROM (kept.verification_doc_url IS NOT NULL)
               OR (kept.verified AND placement.document_sha256 IS NULL) THEN
                RAISE EXCEPTION 'externship % is verified with its day and its document, or not at all', number
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'check_externships_verification';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER hold_to_log AFTER UPDATE ON externships"
        " FOR EACH ROW EXECUTE FUNCTION hold_externship_to_log()"
    )
    op.execute(
        "CREATE TRIGGER hold_to_log AFTER INSERT OR UPDATE ON externship_placements"
        " FOR EACH ROW EXECUTE FUNCTION hold_externship_to_log()"
    )
    op.execute(
        """
        CREATE FUNCTION keep_verified_hours() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            number integer;
        BEGIN
            IF TG_OP = 'INSERT' THEN number := NEW.externship_id; ELSE number := OLD.externship_id; END IF;
            -- With its student an externship goes whole, and by then its own row is gone.
            IF EXISTS (SELECT FROM externships WHERE id = number AND verified) THEN
                RAISE EXCEPTION 'the hours of externship % are verified', number
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'check_externship_hours_verified';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER keep_verified BEFORE INSERT OR UPDATE OR DELETE ON externship_hours"
        " FOR EACH ROW EXECUTE FUNCTION keep_verified_hours()"
    )
    op.execute(
        """
        CREATE FUNCTION sum_externship_hours() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            number integer;
        BEGIN
            IF TG_OP = 'INSERT' THEN number := NEW.externship_id; ELSE number := OLD.externship_id; END IF;
            -- Locked first: a sum that was read before another transaction ended would leave its hours out.
            PERFORM FROM externships WHERE id = number FOR NO KEY UPDATE;
            UPDATE externships SET total_hours = externship_log_hours(number)
            WHERE id = number AND total_hours IS DISTINCT FROM externship_log_hours(number);
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER sum_hours AFTER INSERT OR UPDATE OR DELETE ON externship_hours"
        " FOR EACH ROW EXECUTE FUNCTION sum_externship_hours()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER hold_to_log ON externships")
    for table in TABLES:
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
