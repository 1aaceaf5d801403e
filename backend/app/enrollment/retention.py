"""What of enrollments is kept."""

from app.core import retention

retention.keep(
    "Enrollments, completed lessons, leaves and withdrawals",
    "They are the student’s academic record and what refunds are computed from (GNPEC Standards 6 and 12).",
    "enrollments",
    "graduation_decisions",
    "lesson_completions",
    "leaves_of_absence",
    "withdrawals",
    "withdrawal_figures",
    "withdrawal_forms",
)
retention.keep(
    "Applications and admission documents",
    "Proof of prior education and the application belong to the student’s file (GNPEC Standard 6).",
    "applications",
    "admission_documents",
    "admission_kinds",
    "admission_requirements",
)
