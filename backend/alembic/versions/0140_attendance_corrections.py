"""Requests to correct hours, and closed periods that the database holds

After a period is closed, an attendance record that began in it changes only to what an approved correction says, with
two people who approved it and neither of them the person who asked. Triggers see to it, whatever the code forgets.

Revision ID: 0140
Revises: 0130
"""

import sqlalchemy as sa
from alembic import op

revision = "0140"
down_revision = "0130"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
NOW = sa.func.now()
TABLE = "attendance_corrections"


def _fk(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=f"check_{TABLE}_{name}")


# An approval by two people, neither of them who asked (the table's own constraints see to the three names).
TWO_PEOPLE = "c.outcome = 'approved' AND c.endorsed_by IS NOT NULL AND c.decided_by IS NOT NULL"
REFUSE = """
            RAISE EXCEPTION 'hours of a closed period change only by a correction that two people approve'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_attendance_closed';
"""
FUNCTIONS = (
    """
    CREATE FUNCTION attendance_closed_before() RETURNS timestamptz LANGUAGE sql STABLE AS $$
        SELECT ends_at FROM attendance_closings ORDER BY ends_at DESC LIMIT 1
    $$
    """,
    f"""
    CREATE FUNCTION attendance_keep_closed_insert() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        closed timestamptz := attendance_closed_before();
    BEGIN
        IF closed IS NOT NULL AND EXISTS (
            SELECT FROM came n WHERE n.clock_in < closed AND NOT EXISTS (
                SELECT FROM attendance_corrections c
                WHERE c.enrollment_id = n.enrollment_id AND c.kind IN ('add', 'make_up') AND c.attendance_id IS NULL
                    AND c.clock_in = n.clock_in AND c.clock_out = n.clock_out AND {TWO_PEOPLE}
            )
        ) THEN {REFUSE} END IF;
        RETURN NULL;
    END
    $$
    """,
    f"""
    CREATE FUNCTION attendance_keep_closed_update() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        closed timestamptz := attendance_closed_before();
    BEGIN
        IF closed IS NOT NULL AND EXISTS (
            SELECT FROM went o JOIN came n ON n.id = o.id
            WHERE least(o.clock_in, n.clock_in) < closed
                AND (o.user_id, o.enrollment_id, o.clock_in, o.clock_out, o.missing_clock_out)
                    IS DISTINCT FROM (n.user_id, n.enrollment_id, n.clock_in, n.clock_out, n.missing_clock_out)
                AND NOT EXISTS (
                    SELECT FROM attendance_corrections c
                    WHERE c.attendance_id = n.id AND c.kind = 'change' AND c.enrollment_id = n.enrollment_id
                        AND c.user_id = n.user_id AND c.clock_in = n.clock_in AND c.clock_out = n.clock_out
                        AND c.old_clock_in = o.clock_in AND c.old_clock_out IS NOT DISTINCT FROM o.clock_out
                        AND {TWO_PEOPLE}
                )
        ) THEN {REFUSE} END IF;
        RETURN NULL;
    END
    $$
    """,
    # The records of somebody who is deleted go with them; that is another rule's question.
    f"""
    CREATE FUNCTION attendance_keep_closed_delete() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        closed timestamptz := attendance_closed_before();
    BEGIN
        IF closed IS NOT NULL AND pg_trigger_depth() < 2
            AND EXISTS (SELECT FROM went o WHERE o.clock_in < closed)
        THEN {REFUSE} END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION class_attendance_keep_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.starts_at < attendance_closed_before() THEN
            RAISE EXCEPTION 'the roster of a closed period is final'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_class_attendance_closed';
        END IF;
        RETURN NEW;
    END
    $$
    """,
)
TABLES = {
    "insert": "NEW TABLE AS came",
    "update": "OLD TABLE AS went NEW TABLE AS came",
    "delete": "OLD TABLE AS went",
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("attendance_id", sa.Integer()),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("old_clock_in", STAMP),
        sa.Column("old_clock_out", STAMP),
        sa.Column("old_missing", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("clock_in", STAMP),
        sa.Column("clock_out", STAMP),
        sa.Column("minutes", sa.Integer()),
        sa.Column("origin", sa.String(255)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.String(64)),
        sa.Column("evidence_type", sa.Text()),
        sa.Column("evidence_bytes", sa.BigInteger()),
        sa.Column("asked_by", sa.Integer()),
        sa.Column("asked_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("endorsed_by", sa.Integer()),
        sa.Column("endorsed_at", STAMP),
        sa.Column("decided_by", sa.Integer()),
        sa.Column("decided_at", STAMP),
        sa.Column("outcome", sa.String(10)),
        sa.Column("note", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        _fk(TABLE, "user_id", "users", "CASCADE"),
        _fk(TABLE, "enrollment_id", "enrollments", "CASCADE"),
        _fk(TABLE, "attendance_id", "attendance", "SET NULL"),
        _fk(TABLE, "asked_by", "users", "SET NULL"),
        _fk(TABLE, "endorsed_by", "users", "SET NULL"),
        _fk(TABLE, "decided_by", "users", "SET NULL"),
        _check("kind", "kind IN ('change', 'add', 'make_up', 'transfer')"),
        _check(
            "shape",
            "CASE kind WHEN 'transfer'"
            " THEN minutes <> 0 AND origin IS NOT NULL AND num_nonnulls(clock_in, clock_out, old_clock_in) = 0"
            " ELSE minutes IS NULL AND origin IS NULL AND num_nonnulls(clock_in, clock_out) = 2 END",
        ),
        _check("times", "clock_out >= clock_in"),
        _check("outcome", "outcome IN ('approved', 'declined')"),
        _check("decided", "(decided_at IS NULL) = (outcome IS NULL)"),
        _check("two_people", "decided_by <> asked_by AND decided_by <> user_id"),
        _check(
            "three_people",
            "endorsed_by <> asked_by AND endorsed_by <> user_id"
            " AND (endorsed_by <> decided_by OR outcome <> 'approved')",
        ),
        _check("evidence", "num_nonnulls(evidence_sha256, evidence_type, evidence_bytes) IN (0, 3)"),
    )
    op.create_index(f"idx_{TABLE}_user_id", TABLE, ["user_id", "id"])
    for column in ("enrollment_id", "attendance_id", "asked_by", "endorsed_by", "decided_by"):
        op.create_index(f"idx_{TABLE}_{column}", TABLE, [column])
    waiting = sa.text("decided_at IS NULL")
    op.create_index(f"idx_{TABLE}_waiting", TABLE, ["asked_at"], postgresql_where=waiting)
    op.create_index(f"uq_{TABLE}_open", TABLE, ["attendance_id"], unique=True, postgresql_where=waiting)
    op.create_table(
        "attendance_closings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("ends_at", STAMP, nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("closed_by", sa.Integer()),
        sa.Column("closed_at", STAMP, server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attendance_closings"),
        _fk("attendance_closings", "closed_by", "users", "SET NULL"),
    )
    op.create_index("uq_attendance_closings_through", "attendance_closings", ["through"], unique=True)
    for column in ("ends_at", "closed_by"):
        op.create_index(f"idx_attendance_closings_{column}", "attendance_closings", [column])
    # What was asked and decided, and what is closed, is asked for years later.
    op.execute("REVOKE DELETE ON attendance_corrections FROM aada_app")
    op.execute("REVOKE UPDATE, DELETE ON attendance_closings FROM aada_app")
    op.execute(
        """
        CREATE FUNCTION keep_decided_correction() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a correction that is decided is not changed'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_attendance_corrections_final';
        END $$
        """
    )
    # The record that an approval makes is noted on it afterwards, and people who are deleted become empty.
    op.execute(
        "CREATE TRIGGER keep_decided_correction BEFORE UPDATE OF user_id, enrollment_id, kind, old_clock_in,"
        " old_clock_out, old_missing, clock_in, clock_out, minutes, origin, reason, evidence_sha256, asked_at,"
        " endorsed_at, decided_at, outcome, note ON attendance_corrections"
        " FOR EACH ROW WHEN (OLD.decided_at IS NOT NULL) EXECUTE FUNCTION keep_decided_correction()"
    )
    for function in FUNCTIONS:
        op.execute(function)
    for event, tables in TABLES.items():
        op.execute(
            f"CREATE TRIGGER attendance_closed_{event} AFTER {event.upper()} ON attendance REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION attendance_keep_closed_{event}()"
        )
    op.execute(
        "CREATE TRIGGER class_attendance_closed BEFORE INSERT OR UPDATE OF class_id, enrollment_id, starts_at,"
        " ends_at, mark, arrived_at, left_at ON class_attendance"
        " FOR EACH ROW EXECUTE FUNCTION class_attendance_keep_closed()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER class_attendance_closed ON class_attendance")
    for event in TABLES:
        op.execute(f"DROP TRIGGER attendance_closed_{event} ON attendance")
    op.drop_table(TABLE)
    op.drop_table("attendance_closings")
    for function in (
        "class_attendance_keep_closed", "attendance_keep_closed_delete", "attendance_keep_closed_update",
        "attendance_keep_closed_insert", "attendance_closed_before", "keep_decided_correction",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}()")
