"""What of attendance and documents is kept."""

from app.core import retention

retention.keep(
    "Attendance",
    "Attendance belongs to the student’s file (GNPEC Standard 6). No rule sets a time after which it may be removed.",
    "absence_requests",
    "attendance",
    "attendance_closings",
    "attendance_corrections",
    "attendance_days",
    "attendance_students",
    "attendance_school_days",
    "attendance_standings",
    "class_attendance",
    "kiosk_punches",
)
retention.keep(
    "Kiosks and what students punch with",
    "A punch is proof of attendance only together with the tablet and the card it came from (GNPEC Standard 6).",
    "kiosks",
    "kiosk_cards",
    "kiosk_pins",
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
    "Externship sites, hours and evaluations",
    "Hours at a site belong to the student’s file, and the signed agreement and the supervisor’s confirmation are what "
    "proves them (GNPEC Standard 6).",
    "externship_agreements",
    "externship_evaluations",
    "externship_hours",
    "externship_links",
    "externship_placements",
    "externship_rubrics",
    "externship_sites",
    "externship_supervisors",
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
    "transcript_contents",
    "transcript_batches",
    "transcript_batch_items",
    "transcript_holds",
    "credentials",
    "credential_endings",
    "credential_issues",
    "credential_orders",
    "credential_reminders",
    "credential_shares",
    "credential_types",
    "externships",
)
retention.keep(
    "Closure archives",
    "The entry says who took out everybody’s records. The archive itself goes with the temporary files.",
    "closure_archives",
)
retention.keep(
    "Employment outcomes of graduates",
    "Outcome data that were reported to GNPEC rest on them, and no rule sets a time after which they may go.",
    "employment_outcomes",
)
retention.keep(
    "Complaints",
    "GNPEC expects that a school applies its complaint procedure consistently, which only the complaints of the past "
    "show. No rule sets a time after which they may go.",
    "complaints",
    "complaint_steps",
    "complaint_files",
)
retention.keep(
    "Disclosures, consents and requests of students",
    "A disclosure stays on record as long as the record itself (FERPA, 34 CFR 99.32), and so does what it rests on; a "
    "student’s statement stays with the record it is about (34 CFR 99.21).",
    "access_requests",
    "amendment_requests",
    "consents",
    "directory_opt_outs",
    "inspected_students",
    "inspection_packets",
    "disclosed_students",
    "disclosures",
)
retention.keep(
    "Requests and deliveries of transcripts",
    "A student’s consent and the record of each disclosure stay as long as the record itself (FERPA, 34 CFR 99.30 and "
    "99.32).",
    "transcript_requests",
    "transcript_deliveries",
)
