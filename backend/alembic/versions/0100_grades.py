"""Grade books of classes, final grades and changes to them, and the grading policy

The policy's first version is the usual scale, from the year 2000 on, so that every day has a scheme. An approved
final grade is never updated by the system: a change is a row of its own, and the old value stays.

Revision ID: 0100
Revises: 0092
"""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0092"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
NOW = sa.func.now()
TABLES = ("grade_changes", "final_grades", "grade_scores", "grade_items", "grade_categories", "grade_books")


def _fk(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)


def _pk(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=f"pk_{table}")


def upgrade() -> None:
    op.create_table(
        "grade_books",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("gpa_weight", sa.Numeric(6, 2), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", STAMP, server_default=NOW, nullable=False),
        _pk("grade_books"),
        _fk("grade_books", "class_id", "classes", "CASCADE"),
        sa.CheckConstraint("gpa_weight >= 0", name="check_grade_books_gpa_weight"),
    )
    op.create_index("uq_grade_books_class_id", "grade_books", ["class_id"], unique=True)
    op.create_table(
        "grade_categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("weight_pct", sa.Numeric(5, 2), nullable=False),
        sa.Column("drop_lowest", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("order_num", sa.Integer(), nullable=False),
        _pk("grade_categories"),
        _fk("grade_categories", "book_id", "grade_books", "CASCADE"),
        sa.CheckConstraint("weight_pct > 0 AND weight_pct <= 100", name="check_grade_categories_weight_pct"),
        sa.CheckConstraint("drop_lowest BETWEEN 0 AND 20", name="check_grade_categories_drop_lowest"),
    )
    op.create_index(
        "uq_grade_categories_book_id_name",
        "grade_categories",
        ["book_id", sa.text("lower(name)")],
        unique=True,
    )
    op.create_table(
        "grade_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("points_possible", sa.Numeric(7, 2), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("published", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("lesson_id", sa.Integer()),
        sa.Column("order_num", sa.Integer(), nullable=False),
        _pk("grade_items"),
        _fk("grade_items", "book_id", "grade_books", "CASCADE"),
        _fk("grade_items", "category_id", "grade_categories", "RESTRICT"),
        _fk("grade_items", "lesson_id", "lessons", "SET NULL"),
        sa.CheckConstraint(
            "points_possible > 0 AND points_possible <= 10000", name="check_grade_items_points_possible"
        ),
    )
    for column in ("book_id", "category_id", "lesson_id"):
        op.create_index(f"idx_grade_items_{column}", "grade_items", [column])
    op.create_table(
        "grade_scores",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.Numeric(7, 2)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("complete_by", sa.Date()),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("changed_by", sa.Integer()),
        sa.Column("changed_at", STAMP, server_default=NOW, nullable=False),
        _pk("grade_scores"),
        _fk("grade_scores", "item_id", "grade_items", "CASCADE"),
        _fk("grade_scores", "enrollment_id", "enrollments", "CASCADE"),
        _fk("grade_scores", "changed_by", "users", "SET NULL"),
        sa.CheckConstraint(
            "state IN ('graded', 'late', 'missing', 'excused', 'incomplete', 'cleared')",
            name="check_grade_scores_state",
        ),
        sa.CheckConstraint(
            "(state IN ('graded', 'late')) = (points IS NOT NULL)"
            " AND (state = 'incomplete') = (complete_by IS NOT NULL)",
            name="check_grade_scores_shape",
        ),
        sa.CheckConstraint("points >= 0 AND points <= 10000", name="check_grade_scores_points"),
        sa.CheckConstraint("source IN ('hand', 'lesson', 'file')", name="check_grade_scores_source"),
    )
    op.create_index(
        "uq_grade_scores_item_id_enrollment_id", "grade_scores", ["item_id", "enrollment_id"], unique=True
    )
    for column in ("enrollment_id", "changed_by"):
        op.create_index(f"idx_grade_scores_{column}", "grade_scores", [column])
    _final_grades()
    _grade_changes()
    # A final grade that counted once is asked for years later, by students and inspectors.
    op.execute("REVOKE DELETE ON final_grades, grade_changes FROM aada_app")
    op.execute(
        """
        CREATE FUNCTION keep_locked_grade() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a final grade that is locked is not changed'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_final_grades_locked';
        END $$
        """
    )
    # Who submitted or approved it may be deleted one day: then those two columns alone become empty.
    op.execute(
        "CREATE TRIGGER keep_locked_grade BEFORE UPDATE OF class_id, enrollment_id, letter, percent, gpa_weight,"
        " policy_id, graded_on, complete_by, explanation, status, submitted_at, decided_at, note ON final_grades"
        " FOR EACH ROW WHEN (OLD.status = 'approved') EXECUTE FUNCTION keep_locked_grade()"
    )
    op.execute(
        """
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
        SELECT 'grading', 1, DATE '2000-01-01', '{
            "letters": [
                {"letter": "A", "minimum_pct": "90", "points": "4"},
                {"letter": "B", "minimum_pct": "80", "points": "3"},
                {"letter": "C", "minimum_pct": "70", "points": "2"},
                {"letter": "D", "minimum_pct": "60", "points": "1"},
                {"letter": "F", "minimum_pct": "0", "points": "0"}
            ],
            "pass_mark_pct": "70",
            "categories": [
                {"name": "Quizzes", "weight_pct": "30", "drop_lowest": 1},
                {"name": "Practical exams", "weight_pct": "40", "drop_lowest": 0},
                {"name": "Final exam", "weight_pct": "30", "drop_lowest": 0}
            ],
            "incomplete_days": 30, "incomplete_becomes": "F", "repeats": "latest", "withdrawn_letter": "W",
            "incomplete_letter": "I", "transfer_letter": "TR", "passed_letter": "P"
        }'::jsonb, 'System default', 'The usual scale, until the school sets its own.'
        WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'grading')
        """
    )


def _final_grades() -> None:
    op.create_table(
        "final_grades",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("letter", sa.String(4), nullable=False),
        sa.Column("percent", sa.Numeric(5, 2)),
        sa.Column("gpa_weight", sa.Numeric(6, 2), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("graded_on", sa.Date(), nullable=False),
        sa.Column("complete_by", sa.Date()),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("status", sa.String(10), server_default=sa.text("'submitted'"), nullable=False),
        sa.Column("submitted_by", sa.Integer()),
        sa.Column("submitted_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("decided_by", sa.Integer()),
        sa.Column("decided_at", STAMP),
        sa.Column("note", sa.Text()),
        _pk("final_grades"),
        _fk("final_grades", "class_id", "classes", "RESTRICT"),
        _fk("final_grades", "enrollment_id", "enrollments", "CASCADE"),
        _fk("final_grades", "policy_id", "school_policies", "RESTRICT"),
        _fk("final_grades", "submitted_by", "users", "SET NULL"),
        _fk("final_grades", "decided_by", "users", "SET NULL"),
        sa.CheckConstraint(
            "status IN ('submitted', 'returned', 'approved')", name="check_final_grades_status"
        ),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="check_final_grades_percent"),
        sa.CheckConstraint(
            "(status = 'submitted') = (decided_at IS NULL)", name="check_final_grades_decided"
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR decided_by <> submitted_by", name="check_final_grades_two_people"
        ),
    )
    op.create_index(
        "uq_final_grades_class_id_enrollment_id", "final_grades", ["class_id", "enrollment_id"], unique=True
    )
    for column in ("enrollment_id", "policy_id", "submitted_by", "decided_by"):
        op.create_index(f"idx_final_grades_{column}", "final_grades", [column])
    op.create_index("idx_final_grades_status", "final_grades", ["status", "submitted_at"])


def _grade_changes() -> None:
    op.create_table(
        "grade_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("final_grade_id", sa.Integer(), nullable=False),
        sa.Column("old_letter", sa.String(4), nullable=False),
        sa.Column("letter", sa.String(4), nullable=False),
        sa.Column("percent", sa.Numeric(5, 2)),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("complete_by", sa.Date()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Integer()),
        sa.Column("asked_at", STAMP, server_default=NOW, nullable=False),
        sa.Column("decided_by", sa.Integer()),
        sa.Column("decided_at", STAMP),
        sa.Column("outcome", sa.String(10)),
        sa.Column("note", sa.Text()),
        _pk("grade_changes"),
        _fk("grade_changes", "final_grade_id", "final_grades", "CASCADE"),
        _fk("grade_changes", "policy_id", "school_policies", "RESTRICT"),
        _fk("grade_changes", "asked_by", "users", "SET NULL"),
        _fk("grade_changes", "decided_by", "users", "SET NULL"),
        sa.CheckConstraint("outcome IN ('approved', 'declined')", name="check_grade_changes_outcome"),
        sa.CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="check_grade_changes_decided"),
        sa.CheckConstraint("decided_by <> asked_by", name="check_grade_changes_two_people"),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="check_grade_changes_percent"),
    )
    for column in ("final_grade_id", "policy_id", "asked_by", "decided_by"):
        op.create_index(f"idx_grade_changes_{column}", "grade_changes", [column])
    op.create_index(
        "uq_grade_changes_open",
        "grade_changes",
        ["final_grade_id"],
        unique=True,
        postgresql_where=sa.text("decided_at IS NULL"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_locked_grade()")
