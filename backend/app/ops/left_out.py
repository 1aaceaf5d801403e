"""What of the system's own tables is not in a student's whole file."""

from app.core import student_records as records

records.leave_out(
    "Emails to the student: the student has them, and the history says what they were about.",
    "outbox_messages",
)
