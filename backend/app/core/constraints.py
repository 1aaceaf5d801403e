"""The database has the last word; this is what its words mean to a person.

Maps the name of a constraint to the error a request ends in when the constraint refuses.
"""

from app.core.errors import Conflict, FieldError, Invalid, Problem

_CONFLICTS = {
    "idx_users_email": (
        "An account with this e-mail address exists already; if it was deleted, restore it.",
        "email",
    ),
    "uq_enrollments_one_active": (
        "This student already has an active enrollment in this program.",
        "program_id",
    ),
    "uq_attendance_one_open": ("You are already clocked in; clock out first.", None),
    "ex_attendance_overlap": ("These hours overlap another attendance record of the same student.", None),
    "fk_enrollments_program_id": ("This program has enrollments and cannot be deleted.", None),
    "fk_scorm_data_lesson_id": ("Students have worked in this lesson; it cannot be deleted.", None),
    "fk_lesson_completions_lesson_id": ("Students have completed this lesson; it cannot be deleted.", None),
    "fk_launches_lesson_id": ("Students have opened this lesson; it cannot be deleted.", None),
    "fk_transcripts_user_id": ("This person has a transcript, which is kept for ever.", None),
    "fk_transcripts_program_id": ("This program has transcripts and cannot be deleted.", None),
    "fk_credentials_user_id": ("This person has a credential, which is kept for ever.", None),
    "fk_credentials_program_id": ("This program has credentials and cannot be deleted.", None),
    "fk_refunds_withdrawal_id": ("This withdrawal has a refund and cannot be deleted.", None),
}

_INVALID = {
    "check_progress_pct": ("Progress lies between 0 and 100 percent.", "progress_pct"),
    "check_gpa": ("A grade point average lies between 0.00 and 4.00.", "gpa"),
    "check_attendance_clock_out": ("The clock-out lies before the clock-in.", "clock_out"),
    "check_users_email_lower": ("E-mail addresses are kept in lower case.", "email"),
}


def explain(constraint: str | None) -> Problem | None:
    """The error that this constraint's refusal means, or None for a constraint without a sentence."""
    if constraint in _CONFLICTS:
        sentence, field = _CONFLICTS[constraint]
        return Conflict(sentence, errors=[FieldError(field, sentence)] if field else [])
    if constraint in _INVALID:
        sentence, field = _INVALID[constraint]
        return Invalid(sentence, errors=[FieldError(field, sentence)])
    return None
