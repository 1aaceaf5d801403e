"""What of issued documents is kept."""

from app.core import retention

retention.keep(
    "Issued documents and signing keys",
    "An issued document can be verified permanently, even after it was replaced or voided.",
    "issued_documents",
    "document_counters",
    "signing_keys",
    "signing_crls",
)
