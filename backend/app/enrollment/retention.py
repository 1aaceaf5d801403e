"""What of enrollments is kept."""

from app.core import retention

retention.keep(
    "Enrollments, completed lessons and withdrawals",
    "They are the student’s academic record and what refunds are computed from (GNPEC Standards 6 and 12).",
    "enrollments",
    "lesson_completions",
    "withdrawals",
)
