"""What of money is kept."""

from app.core import retention

retention.keep(
    "Ledger, payment plans and refunds",
    "The financial ledger belongs to the student’s file, and at a closure goes to GNPEC (GNPEC Standard 6).",
    "ledger_accounts",
    "ledger_balances",
    "ledger_closings",
    "ledger_payers",
    "ledger_postings",
    "ledger_receipts",
    "ledger_transactions",
    "payment_plan_installments",
    "payment_plan_reminders",
    "payment_plans",
    "refunds",
)
