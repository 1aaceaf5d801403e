"""What of issued documents is kept."""

from app.core import retention

retention.keep(
    "Issued documents and signing keys",
    "A document that was issued can be verified for good, also one that was replaced or voided.",
    "issued_documents",
    "document_counters",
    "signing_keys",
    "signing_crls",
)
