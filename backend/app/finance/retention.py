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
    "payment_checkouts",
    "payment_events",
    "payment_plan_installments",
    "payment_plan_reminders",
    "payment_plans",
    "refund_computations",
    "refund_remittances",
    "refunds",
)
retention.keep(
    "Enrollment agreements",
    "An agreement belongs to the student’s file and is what a refund is computed by (GNPEC Standards 6 and 12).",
    "agreement_links",
    "agreement_signatures",
    "enrollment_agreements",
    "program_fees",
)
