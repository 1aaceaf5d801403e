"""What of money is kept."""

from app.core import retention

retention.keep(
    "Ledger and refunds",
    "The financial ledger belongs to the student’s file, and at a closure goes to GNPEC (GNPEC Standard 6).",
    "refunds",
)
