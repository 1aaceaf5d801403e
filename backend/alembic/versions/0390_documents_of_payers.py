"""A document belongs to a student or to a payer

The receipt of a payer's payment is the payer's. An older schema knows documents of students only: those of payers are
kept in the schema `migration_stash` and put back on the next upgrade, and their numbers are never given out again.

Revision ID: 0390
Revises: 0380
"""

from alembic import op

revision = "0390"
down_revision = "0380"
branch_labels = None
depends_on = None

TABLE = "issued_documents"
INDEX = f"idx_{TABLE}_payer_id"
STASH = "migration_stash.issued_documents_0390"
RECEIPTS = "migration_stash.ledger_receipts_0390"


def upgrade() -> None:
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN payer_id integer")
    for name, constraint in (
        (f"fk_{TABLE}_payer_id", "FOREIGN KEY (payer_id) REFERENCES ledger_payers (id) ON DELETE RESTRICT"),
        (f"check_{TABLE}_owner", "CHECK (num_nonnulls(student_id, payer_id) = 1)"),
    ):
        op.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} {constraint} NOT VALID")
        op.execute(f"ALTER TABLE {TABLE} VALIDATE CONSTRAINT {name}")
    op.execute(
        f"-- squawk-ignore ban-drop-not-null\nALTER TABLE {TABLE} ALTER COLUMN student_id DROP NOT NULL"
    )
    op.execute(
        f"""
        DO $$ BEGIN
            IF to_regclass('{STASH}') IS NOT NULL THEN
                INSERT INTO {TABLE} (id, kind, year, serial, number, status, issued_by, request, created_at, issued_at,
                                     sha256, size_bytes, facts_sha256, signing_key_id, ended_at, void_reason,
                                     replaced_by, payer_id)
                    SELECT id, kind, year, serial, number, status, issued_by, request, created_at, issued_at,
                           sha256, size_bytes, facts_sha256, signing_key_id, ended_at, void_reason,
                           replaced_by, payer_id
                    FROM {STASH} s
                    -- After a way down beyond the ledger, nobody is left whose they could be.
                    WHERE EXISTS (SELECT FROM ledger_payers p WHERE p.id = s.payer_id);
                INSERT INTO ledger_receipts (document_id, transaction_id)
                    SELECT r.document_id, r.transaction_id FROM {RECEIPTS} r JOIN {TABLE} d ON d.id = r.document_id;
                DROP TABLE {RECEIPTS};
                DROP TABLE {STASH};
                IF NOT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'migration_stash') THEN
                    DROP SCHEMA migration_stash;
                END IF;
            END IF;
        END $$
        """
    )
    # No row has a payer yet, apart from the few that came back: the index is made in no time.
    op.execute(f"CREATE INDEX {INDEX} ON {TABLE} (payer_id) WHERE payer_id IS NOT NULL")


def downgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS migration_stash")
    op.execute(f"CREATE TABLE {STASH} AS SELECT * FROM {TABLE} WHERE student_id IS NULL")
    op.execute(
        f"CREATE TABLE {RECEIPTS} AS SELECT r.document_id, r.transaction_id"
        f" FROM ledger_receipts r JOIN {STASH} s ON s.id = r.document_id"
    )
    # What was posted is never deleted otherwise; the stash has it.
    op.execute("ALTER TABLE ledger_receipts DISABLE TRIGGER guard_ledger_receipts")
    op.execute(f"DELETE FROM ledger_receipts r USING {RECEIPTS} s WHERE s.document_id = r.document_id")
    op.execute("ALTER TABLE ledger_receipts ENABLE TRIGGER guard_ledger_receipts")
    op.execute(f"DELETE FROM {TABLE} WHERE student_id IS NULL")
    op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT check_{TABLE}_owner")
    op.execute(f"ALTER TABLE {TABLE} ALTER COLUMN student_id SET NOT NULL")
    op.execute(f"ALTER TABLE {TABLE} DROP COLUMN payer_id")
