"""The list of agreements, described."""

from typing import Any

from app.core.money import format_cents
from app.rules.agreements import STATES
from app.web.reports import Column, Filter, Kind, Report

AGREEMENTS = Report[Any](
    name="enrollment-agreements",
    title="Enrollment agreements",
    columns=(
        Column(
            "number",
            "Number",
            lambda row: row.number,
            sort="number",
            link=lambda row: f"/agreements/{row.EnrollmentAgreement.id}",
        ),
        Column("student", "Student", lambda row: row.student, sort="student"),
        Column("program", "Program", lambda row: row.program, sort="program"),
        Column("status", "State", lambda row: STATES[row.EnrollmentAgreement.status], sort="status"),
        Column(
            "prepared", "Sent", lambda row: row.EnrollmentAgreement.prepared_at, Kind.MOMENT, sort="prepared"
        ),
        Column(
            "signed",
            "Student signed",
            lambda row: row.EnrollmentAgreement.signed_at,
            Kind.MOMENT,
            sort="signed",
        ),
        Column(
            "countersigned",
            "School signed",
            lambda row: row.EnrollmentAgreement.countersigned_at,
            Kind.MOMENT,
            on_page=False,
        ),
        Column(
            "expires",
            "Sign until",
            lambda row: row.EnrollmentAgreement.expires_at,
            Kind.MOMENT,
            on_page=False,
        ),
        Column(
            "total",
            "Total cost",
            lambda row: format_cents(row.EnrollmentAgreement.terms["total_cents"]),
            on_page=False,
        ),
        Column("refund", "Refund policy", lambda row: row.EnrollmentAgreement.refund_policy, on_page=False),
        Column("prepared_by", "Prepared by", lambda row: row.preparer, on_page=False),
    ),
    search="Search by student, number or program",
    filters=(Filter("status", "State", (("waiting", "Waiting for a signature"), *STATES.items())),),
)
