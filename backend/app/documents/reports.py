"""The register of documents, described."""

from typing import Any

from app.documents import kinds
from app.web.reports import Column, Filter, Kind, Report

STATES = (("issued", "Issued"), ("replaced", "Replaced"), ("void", "Void"), ("reserved", "In progress"))

DOCUMENTS_REPORT = Report[Any](
    name="documents",
    title="Documents",
    columns=(
        Column("number", "Number", lambda row: row.IssuedDocument.number, sort="number"),
        Column("kind", "Document", lambda row: kinds.title(row.IssuedDocument.kind), sort="kind"),
        Column("student", "Student or payer", lambda row: row.owner, sort="student"),
        Column("status", "Status", lambda row: row.IssuedDocument.status, Kind.STATUS, sort="status"),
        Column("issued_at", "Issued", lambda row: row.IssuedDocument.issued_at, Kind.MOMENT, sort="issued"),
        Column("issuer", "Issued by", lambda row: row.issuer),
        Column("void_reason", "Why void", lambda row: row.IssuedDocument.void_reason, on_page=False),
        Column("sha256", "SHA-256", lambda row: row.IssuedDocument.sha256, on_page=False),
    ),
    search="Search by number, student or payer",
    filters=(Filter("status", "Status", STATES),),
)
