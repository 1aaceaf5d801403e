"""Classes: their weekly meetings and the changes to them, who teaches them, and who sits in them

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
DAYS = sa.func.daterange(sa.text("starts_on"), sa.text("ends_on"), sa.text("'[]'"))


def upgrade() -> None:
    op.create_table(
        "classes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("module_id", sa.Integer()),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("room", sa.String(80)),
        sa.Column("capacity", sa.Integer()),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_classes"),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name="fk_classes_program_id", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["module_id"], ["modules.id"], name="fk_classes_module_id", ondelete="RESTRICT"
        ),
        sa.CheckConstraint("ends_on >= starts_on", name="check_classes_days"),
        sa.CheckConstraint("capacity > 0", name="check_classes_capacity"),
    )
    op.create_index("idx_classes_program_id", "classes", ["program_id"])
    op.create_index("idx_classes_module_id", "classes", ["module_id"])
    op.create_index("uq_classes_code", "classes", [sa.text("lower(code)")], unique=True)

    op.create_table(
        "class_meetings",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=False),
        sa.Column("ends_at", sa.Time(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_class_meetings"),
        _of_class("class_meetings"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="check_class_meetings_weekday"),
        sa.CheckConstraint("ends_at > starts_at", name="check_class_meetings_times"),
    )
    op.create_index("idx_class_meetings_class_id", "class_meetings", ["class_id"])

    op.create_table(
        "class_changes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("new_day", sa.Date()),
        sa.Column("starts_at", sa.Time()),
        sa.Column("ends_at", sa.Time()),
        sa.Column("room", sa.String(80)),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_class_changes"),
        _of_class("class_changes"),
        sa.CheckConstraint("kind IN ('cancelled', 'moved', 'extra')", name="check_class_changes_kind"),
        sa.CheckConstraint(
            "(kind = 'moved') = (new_day IS NOT NULL)"
            " AND (kind = 'cancelled') = (starts_at IS NULL) AND (starts_at IS NULL) = (ends_at IS NULL)",
            name="check_class_changes_shape",
        ),
        sa.CheckConstraint("ends_at > starts_at", name="check_class_changes_times"),
    )
    op.create_index("idx_class_changes_class_id", "class_changes", ["class_id"])
    op.create_index(
        "uq_class_changes_one_a_day",
        "class_changes",
        ["class_id", "day"],
        unique=True,
        postgresql_where=sa.text("kind <> 'extra'"),
    )

    op.create_table(
        "class_instructors",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_class_instructors"),
        _of_class("class_instructors"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_class_instructors_user_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("ends_on >= starts_on", name="check_class_instructors_days"),
        postgresql.ExcludeConstraint(
            ("class_id", "="), ("user_id", "="), (DAYS, "&&"), name="ex_class_instructors_once", using="gist"
        ),
    )
    op.create_index("idx_class_instructors_class_id", "class_instructors", ["class_id"])
    op.create_index("idx_class_instructors_user_id", "class_instructors", ["user_id"])

    op.create_table(
        "class_seats",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("class_id", sa.Integer(), nullable=False),
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.Column("created_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_class_seats"),
        _of_class("class_seats", "RESTRICT"),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollments.id"], name="fk_class_seats_enrollment_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("ends_on >= starts_on", name="check_class_seats_days"),
        postgresql.ExcludeConstraint(
            ("class_id", "="), ("enrollment_id", "="), (DAYS, "&&"), name="ex_class_seats_once", using="gist"
        ),
    )
    op.create_index("idx_class_seats_class_id", "class_seats", ["class_id"])
    op.create_index("idx_class_seats_enrollment_id", "class_seats", ["enrollment_id"])


def _of_class(table: str, on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["class_id"], ["classes.id"], name=f"fk_{table}_class_id", ondelete=on_delete
    )


def downgrade() -> None:
    for table in ("class_seats", "class_instructors", "class_changes", "class_meetings", "classes"):
        op.drop_table(table)
