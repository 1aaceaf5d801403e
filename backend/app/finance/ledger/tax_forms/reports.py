"""Form 1098-T, described. Taxpayer numbers are masked in every format."""

from app.finance.ledger.tax_forms.service import Form
from app.web.reports import Column, Filter, Kind, Report

FORM_1098T = Report[Form](
    name="form-1098-t",
    title="Form 1098-T figures",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/ledger/students/{row.user_id}",
        ),
        Column("email", "Email", lambda row: row.email, on_page=False),
        Column("tin", "TIN", lambda row: row.masked),
        Column("box1", "Box 1, payments", lambda row: row.boxes.payments, Kind.CENTS, sort="box1"),
        Column("box4", "Box 4, adjustments", lambda row: row.boxes.adjustments, Kind.CENTS, sort="box4"),
        Column("box5", "Box 5, grants", lambda row: row.boxes.grants, Kind.CENTS, sort="box5"),
        Column(
            "box6",
            "Box 6, grant adjustments",
            lambda row: row.boxes.grant_adjustments,
            Kind.CENTS,
            sort="box6",
        ),
        Column("missing", "Missing", lambda row: row.missing, sort="missing"),
        Column("account", "Account number", lambda row: row.user_id, on_page=False),
    ),
    search="Search by name or email",
    filters=(Filter("year", "Year", everything="The last year"),),
)
