"""What of the school's own facts is kept."""

from app.core import retention

retention.keep(
    "The school’s details, calendar and policies",
    "Hours, progress and documents were calculated with them.",
    "school",
    "school_holidays",
    "school_policies",
    "school_signatories",
    "school_terms",
)
