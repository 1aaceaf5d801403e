"""What of attendance and documents is kept."""

from app.core import retention

retention.keep(
    "Attendance",
    "Attendance belongs to the student’s file (GNPEC Standard 6). No rule sets a time after which it may be removed.",
    "attendance",
    "attendance_closings",
    "attendance_corrections",
    "attendance_days",
    "attendance_students",
    "attendance_school_days",
    "attendance_standings",
    "class_attendance",
)
retention.keep(
    "Grades and academic progress",
    "Grades belong to the student’s file, and final grades make up the transcript (GNPEC Standards 5 and 6).",
    "final_grades",
    "grade_books",
    "grade_categories",
    "grade_changes",
    "grade_items",
    "grade_scores",
    "progress_appeals",
    "progress_reviews",
)
retention.keep(
    "Skills check-offs",
    "Skills check-offs belong to the student’s file (GNPEC Standard 6). No rule sets a time after which they may go.",
    "skills",
    "skill_versions",
    "skill_attempts",
    "skill_voids",
)
retention.keep(
    "Transcripts, credentials and externships",
    "A transcript is permanent, and at a closure goes to GNPEC for every former student (GNPEC Standard 6).",
    "transcripts",
    "credentials",
    "credential_endings",
    "credential_issues",
    "credential_orders",
    "credential_reminders",
    "credential_shares",
    "credential_types",
    "externships",
)
