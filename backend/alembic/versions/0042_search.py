"""People are found without their accents and whatever their apostrophe

`search_fold` gives both sides of a search one form: "Núñez" and "Nunez", "O'Hara", "O’Hara" and "OHara" are the same
to it. It uses built-in functions and a built-in collation alone, so that its results never change with the system's
libraries and may stand in an index.

Revision ID: 0042
Revises: 0041
"""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(
        r"""
        CREATE FUNCTION search_fold(text) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        AS $$
            SELECT pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.lower(pg_catalog.translate(
                pg_catalog.regexp_replace(
                    pg_catalog.normalize($1, 'NFD'),
                    '[\u0300-\u036f\u0027\u0060\u00b4\u02bb\u02bc\u2018\u2019\u201b\u2032\uff07]', '', 'g'
                ),
                'ØøŁłĐđÐðı‐‑–—', 'OoLlDdDdi----'
            ) COLLATE pg_catalog.pg_c_utf8), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
        $$
        """
    )
    op.execute(
        "CREATE INDEX idx_users_full_name_search ON users USING gin (search_fold(full_name) gin_trgm_ops)"
    )
    op.execute("CREATE INDEX idx_users_email_search ON users USING gin (search_fold(email) gin_trgm_ops)")


def downgrade() -> None:
    op.drop_index("idx_users_email_search", "users")
    op.drop_index("idx_users_full_name_search", "users")
    op.execute("DROP FUNCTION search_fold(text)")
    op.execute("DROP EXTENSION IF EXISTS pg_trgm")
