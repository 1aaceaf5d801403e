"""Launches end with what allowed them; scores are kept exactly; a commit's number stands for its data

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("launches", sa.Column("user_session_id", sa.BigInteger()))
    op.add_column("launches", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.add_column("launches", sa.Column("end_reason", sa.Text()))
    op.add_column("launches", sa.Column("credential_id", sa.Integer()))
    for column, table in (("user_session_id", "user_sessions"), ("credential_id", "xapi_credentials")):
        op.create_foreign_key(
            f"fk_launches_{column}", "launches", table, [column], ["id"], ondelete="SET NULL"
        )
        op.create_index(f"idx_launches_{column}", "launches", [column])
    op.create_check_constraint("check_launches_end", "launches", "(ended_at IS NULL) = (end_reason IS NULL)")
    op.add_column("scorm_data", sa.Column("score_raw", sa.Numeric()))
    op.add_column("scorm_data", sa.Column("score_max", sa.Numeric()))
    # To lift the limits of a NUMERIC rewrites no row.
    op.execute(
        "-- squawk-ignore changing-column-type\nALTER TABLE scorm_data ALTER COLUMN score_min TYPE NUMERIC"
    )
    op.add_column("scorm_commits", sa.Column("digest", sa.String(64)))


def downgrade() -> None:
    op.drop_column("scorm_commits", "digest")
    op.execute(
        "ALTER TABLE scorm_data ALTER COLUMN score_min TYPE NUMERIC(10, 4) "
        "USING CASE WHEN abs(score_min) < 999999 THEN score_min END"
    )
    op.drop_column("scorm_data", "score_max")
    op.drop_column("scorm_data", "score_raw")
    op.drop_constraint("check_launches_end", "launches")
    for column in ("credential_id", "end_reason", "ended_at", "user_session_id"):
        op.drop_column("launches", column)
