"""Files stay unless their owner gives them up: a row for each file, and one for each owner's claim

Every file that rows name today is claimed for them. A claim is released with the row that owns it.

Revision ID: 0036
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None

STAMP = sa.DateTime(timezone=True)
OWNERS = {"content_packages": "content.packages", "xapi_imports": "lrs.imports"}


def upgrade() -> None:
    op.create_table(
        "stored_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text()),
        sa.Column("stored_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_stored_files"),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="check_stored_files_sha256"),
        sa.CheckConstraint("size_bytes >= 0", name="check_stored_files_size_bytes"),
    )
    op.create_table(
        "file_claims",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("owner_room", sa.Text(), nullable=False),
        sa.Column("owner_row", sa.Text(), nullable=False),
        sa.Column("retention", sa.Text(), server_default=sa.text("'normal'"), nullable=False),
        sa.Column("claimed_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("released_at", STAMP),
        sa.PrimaryKeyConstraint("id", name="pk_file_claims"),
        sa.ForeignKeyConstraint(
            ["sha256"], ["stored_files.sha256"], name="fk_file_claims_sha256", ondelete="RESTRICT"
        ),
        sa.CheckConstraint(
            "retention IN ('temporary', 'normal', 'permanent')", name="check_file_claims_retention"
        ),
        sa.CheckConstraint(
            "retention <> 'permanent' OR released_at IS NULL", name="check_file_claims_permanent"
        ),
    )
    op.create_index("idx_file_claims_sha256", "file_claims", ["sha256"])
    op.create_index(
        "uq_file_claims_owner",
        "file_claims",
        ["owner_room", "owner_row", "sha256", "retention"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    _claim_what_rows_name()
    _guard()
    for table, room in OWNERS.items():
        op.execute(
            f"CREATE TRIGGER release_files AFTER DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION release_file_claims('{room}', 'id')"
        )
    op.execute("REVOKE UPDATE ON stored_files, file_claims FROM aada_app")
    op.execute("GRANT UPDATE (media_type) ON stored_files TO aada_app")
    op.execute("GRANT UPDATE (released_at) ON file_claims TO aada_app")


def downgrade() -> None:
    for table in OWNERS:
        op.execute(f"DROP TRIGGER release_files ON {table}")
    op.drop_table("file_claims")
    op.drop_table("stored_files")
    op.execute("DROP FUNCTION release_file_claims()")
    op.execute("DROP FUNCTION guard_file_claim()")


def _claim_what_rows_name() -> None:
    """An import that has ended has read its file, which went within a day and need not be there any more."""
    op.execute(
        """
        CREATE TEMPORARY TABLE named_files ON COMMIT DROP AS
        SELECT sha256, size_bytes, 'application/zip' AS media_type, created_at, 'content.packages' AS owner_room,
               id::text AS owner_row
        FROM content_packages
        UNION ALL
        SELECT file.sha256, file.size_bytes, file.media_type, package.created_at, 'content.packages', package.id::text
        FROM content_files file JOIN content_packages package ON package.id = file.package_id
        UNION ALL
        SELECT sha256, size_bytes, content_type, created_at, 'lrs.attachments', sha2 FROM xapi_attachments
        UNION ALL
        SELECT sha256, size_bytes, NULL, created_at, 'lrs.imports', id::text
        FROM xapi_imports WHERE sha256 <> '' AND status IN ('waiting', 'running')
        """
    )
    op.execute(
        """
        INSERT INTO stored_files (sha256, size_bytes, media_type, stored_at)
        SELECT DISTINCT ON (sha256) sha256, size_bytes, media_type, created_at
        FROM named_files ORDER BY sha256, created_at
        """
    )
    op.execute(
        """
        INSERT INTO file_claims (sha256, owner_room, owner_row, claimed_at)
        SELECT sha256, owner_room, owner_row, min(created_at) FROM named_files
        GROUP BY sha256, owner_room, owner_row ORDER BY owner_room, owner_row, sha256
        """
    )


def _guard() -> None:
    op.execute(
        """
        CREATE FUNCTION guard_file_claim() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.retention = 'permanent' THEN
                RAISE EXCEPTION 'a permanent claim on a file can be neither changed nor deleted'
                    USING ERRCODE = 'insufficient_privilege';
            ELSIF TG_OP = 'DELETE' THEN
                IF OLD.released_at IS NULL THEN
                    RAISE EXCEPTION 'a claim on a file must be released before it is deleted'
                        USING ERRCODE = 'insufficient_privilege';
                END IF;
                RETURN OLD;
            ELSIF OLD.released_at IS NOT NULL THEN
                RAISE EXCEPTION 'a claim on a file that was released is over'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER guard_file_claim BEFORE UPDATE OR DELETE ON file_claims "
        "FOR EACH ROW EXECUTE FUNCTION guard_file_claim()"
    )
    # For any owner's table: EXECUTE FUNCTION release_file_claims('<room>', '<key column>').
    op.execute(
        """
        CREATE FUNCTION release_file_claims() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE file_claims SET released_at = now()
            WHERE owner_room = TG_ARGV[0] AND owner_row = to_jsonb(OLD) ->> TG_ARGV[1] AND released_at IS NULL;
            RETURN NULL;
        END $$
        """
    )
