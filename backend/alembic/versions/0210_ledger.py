"""The ledger: accounts, transactions and postings in double entry, balances kept beside them, payers, closed days

The database has the last word. A transaction whose postings do not sum to zero is refused at commit, however it came
(a deferred check of the transaction, and one of each posting: `SET CONSTRAINTS … IMMEDIATE` would else let a line in
after the check). A posting belongs to the database transaction that wrote its ledger transaction, so that none is
added to an old one. Nothing is changed or deleted; a mistake is reversed. No transaction goes to a day that is closed.

Revision ID: 0210
Revises: 0200
"""

from alembic import op

revision = "0210"
down_revision = "0200"
branch_labels = None
depends_on = None

TABLES = (
    "ledger_payers",
    "ledger_accounts",
    "ledger_transactions",
    "ledger_postings",
    "ledger_balances",
    "ledger_receipts",
    "ledger_closings",
)
APPEND_ONLY = (
    "ledger_accounts",
    "ledger_transactions",
    "ledger_postings",
    "ledger_receipts",
    "ledger_closings",
)
# The transaction's number in the database and the moment are the database's alone.
GIVEN = (
    "id, kind, booked_on, student_id, enrollment_id, payer_id, memo, method, reference, reverses, created_by, request,"
    " fingerprint"
)
FUNCTIONS = (
    "ledger_refuse_change()",
    "ledger_check_transaction()",
    "ledger_check_posting()",
    "ledger_guard_transaction()",
    "ledger_guard_postings()",
    "ledger_require_balance(bigint)",
    "ledger_differences()",
    "ledger_rebuild_balances()",
)
STATEMENTS = (
    """
    CREATE TABLE ledger_payers (
        id SERIAL NOT NULL,
        name VARCHAR(255) NOT NULL,
        kind TEXT NOT NULL,
        contact TEXT,
        ended_at TIMESTAMP WITH TIME ZONE,
        created_by INTEGER,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_ledger_payers PRIMARY KEY (id),
        CONSTRAINT check_ledger_payers_kind CHECK (kind IN ('va', 'wioa', 'employer', 'sponsor', 'other')),
        CONSTRAINT fk_ledger_payers_created_by FOREIGN KEY(created_by) REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE UNIQUE INDEX uq_ledger_payers_name ON ledger_payers (lower(name))",
    "CREATE INDEX idx_ledger_payers_created_by ON ledger_payers (created_by)",
    """
    CREATE TABLE ledger_accounts (
        id SERIAL NOT NULL,
        code TEXT NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        student_id INTEGER,
        payer_id INTEGER,
        CONSTRAINT pk_ledger_accounts PRIMARY KEY (id),
        CONSTRAINT check_ledger_accounts_kind CHECK (kind IN ('asset', 'liability', 'income', 'expense')),
        CONSTRAINT check_ledger_accounts_owner CHECK (num_nonnulls(student_id, payer_id) <= 1),
        CONSTRAINT fk_ledger_accounts_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_ledger_accounts_payer_id FOREIGN KEY(payer_id) REFERENCES ledger_payers (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_ledger_accounts_code ON ledger_accounts (code)",
    "CREATE UNIQUE INDEX uq_ledger_accounts_student_id ON ledger_accounts (student_id)",
    "CREATE UNIQUE INDEX uq_ledger_accounts_payer_id ON ledger_accounts (payer_id)",
    """
    CREATE TABLE ledger_transactions (
        id BIGSERIAL NOT NULL,
        kind TEXT NOT NULL,
        booked_on DATE NOT NULL,
        student_id INTEGER,
        enrollment_id INTEGER,
        payer_id INTEGER,
        memo TEXT NOT NULL,
        method TEXT,
        reference TEXT,
        reverses BIGINT,
        created_by INTEGER,
        created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        created_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
        request UUID NOT NULL,
        fingerprint TEXT NOT NULL,
        CONSTRAINT pk_ledger_transactions PRIMARY KEY (id),
        CONSTRAINT check_ledger_transactions_kind CHECK (kind IN ('charge', 'payment', 'waiver', 'scholarship',
            'payer_billing', 'payer_payment', 'refund', 'remittance', 'reversal', 'count_difference')),
        CONSTRAINT check_ledger_transactions_method
            CHECK (method IN ('cash', 'check', 'money_order', 'card', 'transfer')),
        CONSTRAINT check_ledger_transactions_reverses CHECK ((kind = 'reversal') = (reverses IS NOT NULL)),
        CONSTRAINT fk_ledger_transactions_student_id FOREIGN KEY(student_id) REFERENCES users (id) ON DELETE RESTRICT,
        CONSTRAINT fk_ledger_transactions_enrollment_id
            FOREIGN KEY(enrollment_id) REFERENCES enrollments (id) ON DELETE RESTRICT,
        CONSTRAINT fk_ledger_transactions_payer_id
            FOREIGN KEY(payer_id) REFERENCES ledger_payers (id) ON DELETE RESTRICT,
        CONSTRAINT fk_ledger_transactions_reverses
            FOREIGN KEY(reverses) REFERENCES ledger_transactions (id) ON DELETE RESTRICT,
        CONSTRAINT fk_ledger_transactions_created_by FOREIGN KEY(created_by) REFERENCES users (id) ON DELETE RESTRICT
    )
    """,
    "CREATE UNIQUE INDEX uq_ledger_transactions_request ON ledger_transactions (request)",
    "CREATE UNIQUE INDEX uq_ledger_transactions_reverses ON ledger_transactions (reverses)",
    "CREATE INDEX idx_ledger_transactions_student_id ON ledger_transactions (student_id, booked_on)",
    "CREATE INDEX idx_ledger_transactions_enrollment_id ON ledger_transactions (enrollment_id)",
    "CREATE INDEX idx_ledger_transactions_payer_id ON ledger_transactions (payer_id)",
    "CREATE INDEX idx_ledger_transactions_created_by ON ledger_transactions (created_by)",
    "CREATE INDEX idx_ledger_transactions_booked_on ON ledger_transactions (booked_on, id)",
    """
    CREATE TABLE ledger_postings (
        transaction_id BIGINT NOT NULL,
        line SMALLINT NOT NULL,
        account_id INTEGER NOT NULL,
        amount_cents BIGINT NOT NULL,
        CONSTRAINT pk_ledger_postings PRIMARY KEY (transaction_id, line),
        CONSTRAINT check_ledger_postings_amount CHECK (amount_cents <> 0),
        CONSTRAINT fk_ledger_postings_transaction_id
            FOREIGN KEY(transaction_id) REFERENCES ledger_transactions (id) ON DELETE RESTRICT,
        CONSTRAINT fk_ledger_postings_account_id
            FOREIGN KEY(account_id) REFERENCES ledger_accounts (id) ON DELETE RESTRICT
    )
    """,
    """
    CREATE INDEX idx_ledger_postings_account_id ON ledger_postings (account_id)
        INCLUDE (amount_cents, transaction_id)
    """,
    """
    CREATE TABLE ledger_balances (
        account_id INTEGER NOT NULL,
        balance_cents BIGINT NOT NULL,
        postings INTEGER NOT NULL,
        CONSTRAINT pk_ledger_balances PRIMARY KEY (account_id),
        CONSTRAINT fk_ledger_balances_account_id
            FOREIGN KEY(account_id) REFERENCES ledger_accounts (id) ON DELETE RESTRICT
    )
    """,
    """
    CREATE TABLE ledger_receipts (
        document_id INTEGER NOT NULL,
        transaction_id BIGINT NOT NULL,
        CONSTRAINT pk_ledger_receipts PRIMARY KEY (document_id),
        CONSTRAINT fk_ledger_receipts_transaction_id
            FOREIGN KEY(transaction_id) REFERENCES ledger_transactions (id) ON DELETE RESTRICT,
        CONSTRAINT fk_ledger_receipts_document_id
            FOREIGN KEY(document_id) REFERENCES issued_documents (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_ledger_receipts_transaction_id ON ledger_receipts (transaction_id)",
    """
    CREATE TABLE ledger_closings (
        day DATE NOT NULL,
        expected_cents BIGINT NOT NULL,
        counted_cents BIGINT NOT NULL,
        receipts_cents BIGINT NOT NULL,
        note TEXT,
        closed_by INTEGER,
        closed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
        CONSTRAINT pk_ledger_closings PRIMARY KEY (day),
        CONSTRAINT fk_ledger_closings_closed_by FOREIGN KEY(closed_by) REFERENCES users (id) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX idx_ledger_closings_closed_by ON ledger_closings (closed_by)",
    """
    INSERT INTO ledger_accounts (code, name, kind) VALUES
        ('1000', 'Cash on hand', 'asset'),
        ('1010', 'Checks and money orders', 'asset'),
        ('1020', 'Card payments', 'asset'),
        ('1030', 'Bank', 'asset'),
        ('2100', 'Collected for third parties', 'liability'),
        ('4000', 'Tuition', 'income'),
        ('4100', 'Fees', 'income'),
        ('4200', 'Books', 'income'),
        ('4300', 'Kits and supplies', 'income'),
        ('4800', 'Waivers', 'income'),
        ('4900', 'Refunds of tuition and fees', 'income'),
        ('4950', 'Refunds of books and kits', 'income'),
        ('5100', 'Scholarships', 'expense'),
        ('5900', 'Cash over and short', 'expense')
    """,
    """
    CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END $$
    """,
    """
    CREATE FUNCTION ledger_require_balance(number bigint) RETURNS void LANGUAGE plpgsql STABLE AS $$
    DECLARE total numeric; lines integer;
    BEGIN
        SELECT coalesce(sum(amount_cents), 0), count(*) INTO total, lines
        FROM ledger_postings WHERE transaction_id = number;
        IF total <> 0 OR lines < 2 THEN
            RAISE EXCEPTION 'ledger transaction % is not balanced: sum %, % lines', number, total, lines
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_ledger_transactions_balanced';
        END IF;
    END $$
    """,
    """
    CREATE FUNCTION ledger_check_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM ledger_require_balance(NEW.id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger_check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM ledger_require_balance(NEW.transaction_id);
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION ledger_guard_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE closed date;
    BEGIN
        SELECT max(day) INTO closed FROM ledger_closings;
        IF NEW.booked_on <= closed THEN
            RAISE EXCEPTION 'the ledger is closed through %', closed
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_ledger_transactions_open_day';
        END IF;
        RETURN NEW;
    END $$
    """,
    # Balances are kept of students' and payers' accounts: those of cash and income would make every writer wait for
    # every other one. Rows are taken in the order of their keys, so that no two writers wait in a circle.
    """
    CREATE FUNCTION ledger_guard_postings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE late bigint;
    BEGIN
        SELECT t.id INTO late FROM added a JOIN ledger_transactions t ON t.id = a.transaction_id
        WHERE t.created_xid <> pg_current_xact_id() LIMIT 1;
        IF late IS NOT NULL THEN
            RAISE EXCEPTION 'ledger transaction % is closed', late
                USING ERRCODE = 'check_violation', CONSTRAINT = 'check_ledger_postings_closed';
        END IF;
        INSERT INTO ledger_balances AS b (account_id, balance_cents, postings)
        SELECT a.account_id, sum(a.amount_cents), count(*)
        FROM added a JOIN ledger_accounts c ON c.id = a.account_id
        WHERE num_nonnulls(c.student_id, c.payer_id) = 1
        GROUP BY a.account_id ORDER BY a.account_id
        ON CONFLICT (account_id) DO UPDATE
        SET balance_cents = b.balance_cents + excluded.balance_cents, postings = b.postings + excluded.postings;
        RETURN NULL;
    END $$
    """,
    # What the balances say against what the postings say: no rows while they agree.
    """
    CREATE FUNCTION ledger_differences()
    RETURNS TABLE (kind text, number bigint, kept bigint, counted bigint) LANGUAGE sql STABLE AS $$
        WITH counted AS MATERIALIZED (
            SELECT p.account_id, sum(p.amount_cents)::bigint AS balance FROM ledger_postings p GROUP BY 1
        )
        SELECT 'account', coalesce(k.account_id, c.account_id)::bigint, coalesce(k.balance_cents, 0),
            coalesce(c.balance, 0)
        FROM ledger_balances k
        FULL JOIN (
            SELECT n.account_id, n.balance FROM counted n JOIN ledger_accounts a ON a.id = n.account_id
            WHERE num_nonnulls(a.student_id, a.payer_id) = 1
        ) c ON c.account_id = k.account_id
        WHERE coalesce(k.balance_cents, 0) <> coalesce(c.balance, 0)
        UNION ALL
        SELECT 'transaction', p.transaction_id, 0, sum(p.amount_cents)::bigint
        FROM ledger_postings p GROUP BY p.transaction_id HAVING sum(p.amount_cents) <> 0 OR count(*) < 2
        UNION ALL
        SELECT 'transaction', t.id, 0, 0 FROM ledger_transactions t
        WHERE NOT EXISTS (SELECT FROM ledger_postings p WHERE p.transaction_id = t.id)
    $$
    """,
    """
    CREATE FUNCTION ledger_rebuild_balances() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE wrong integer;
    BEGIN
        LOCK TABLE ledger_postings IN SHARE MODE;
        SELECT count(*) INTO wrong FROM ledger_differences() WHERE kind = 'account';
        DELETE FROM ledger_balances;
        INSERT INTO ledger_balances (account_id, balance_cents, postings)
        SELECT p.account_id, sum(p.amount_cents), count(*)
        FROM ledger_postings p JOIN ledger_accounts a ON a.id = p.account_id
        WHERE num_nonnulls(a.student_id, a.payer_id) = 1
        GROUP BY p.account_id;
        RETURN wrong;
    END $$
    """,
    # Such a function runs with its owner's rights: it is for whom it is meant, and for nobody else.
    "REVOKE EXECUTE ON FUNCTION ledger_guard_postings(), ledger_rebuild_balances() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ledger_guard_postings(), ledger_rebuild_balances() TO aada_app",
    (
        "CREATE CONSTRAINT TRIGGER check_balanced AFTER INSERT ON ledger_transactions DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION ledger_check_transaction()"
    ),
    (
        "CREATE CONSTRAINT TRIGGER check_balanced AFTER INSERT ON ledger_postings DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION ledger_check_posting()"
    ),
    (
        "CREATE TRIGGER guard_open_day BEFORE INSERT ON ledger_transactions"
        " FOR EACH ROW EXECUTE FUNCTION ledger_guard_transaction()"
    ),
    (
        "CREATE TRIGGER guard_postings AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_guard_postings()"
    ),
    "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ledger_balances FROM aada_app",
    "REVOKE DELETE, TRUNCATE ON ledger_payers FROM aada_app",
    "REVOKE INSERT ON ledger_transactions FROM aada_app",
    f"GRANT INSERT ({GIVEN}) ON ledger_transactions TO aada_app",
    """
    INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, note)
    SELECT 'billing', 1, DATE '2000-01-01',
        '{"transcript_hold": "never", "graduation_balance": "paid", "small_balance_dollars": 0}'::jsonb,
        'System default', 'What the system goes by until the school sets its own.'
    WHERE NOT EXISTS (SELECT FROM school_policies WHERE kind = 'billing')
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER guard_{table} BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
        )
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM aada_app")


def downgrade() -> None:
    """The policy stays: the older schema has the table, and its code asks for kinds by name."""
    for table in reversed(TABLES):
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
