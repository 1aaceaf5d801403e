"""Statements are found by smaller indexes

Each step is its own transaction: statements are stored and read meanwhile, and what was interrupted is run again.

Revision ID: 0082
Revises: 0081
"""

from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

TABLE = "xapi_statements"
CONSTRAINT = "check_xapi_statements_kept_once"
INDEXES = {
    "idx_xapi_verb_number": "(hashtext(verb), id)",
    "idx_xapi_credential_key": "(credential_id, id) WHERE credential_id IS NOT NULL",
}
BEFORE = {"idx_xapi_verb": "(verb, id)", "idx_xapi_credential_id": "(credential_id, id)"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Again on what is valid already changes nothing.
        op.execute(
            f"-- squawk-ignore prefer-robust-stmts\nALTER TABLE {TABLE} VALIDATE CONSTRAINT {CONSTRAINT}"
        )
    _indexes(INDEXES, BEFORE)


def downgrade() -> None:
    op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {CONSTRAINT}")
    op.execute(
        f"ALTER TABLE {TABLE} ADD CONSTRAINT {CONSTRAINT} CHECK (num_nonnulls(payload, packed) = 1) NOT VALID"
    )
    _indexes(BEFORE, INDEXES)


def _indexes(made: dict[str, str], dropped: dict[str, str]) -> None:
    """Make what is needed before what was needed goes; statements are stored and read meanwhile."""
    with op.get_context().autocommit_block():
        for name, columns in made.items():
            op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {TABLE} {columns}")
        for name in dropped:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
