"""What of money is kept."""

from app.core import retention

retention.keep(
    "Ledger and refunds",
    "The financial ledger belongs to the student’s file, and at a closure goes to GNPEC (GNPEC Standard 6).",
    "ledger_accounts",
    "ledger_balances",
    "ledger_closings",
    "ledger_payers",
    "ledger_postings",
    "ledger_receipts",
    "ledger_transactions",
    "refund_computations",
    "refund_remittances",
    "refunds",
)
