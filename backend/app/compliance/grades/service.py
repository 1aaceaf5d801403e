"""The door to grades: what other rooms, desks and projections may ask."""

from app.compliance.grades import queue as _queue  # noqa: F401 - what waits is in the queue
from app.compliance.grades import requirement as _requirement  # noqa: F401 - graduation asks about grades
from app.compliance.grades.book.service import follow_lesson
from app.compliance.grades.reviews.service import send_letter
from app.compliance.grades.schemes import scheme_on
from app.compliance.grades.skills.lists import imports as _skill_imports  # noqa: F401 - skill lists can be imported
from app.compliance.grades.skills.progress.service import missing as skills_missing
from app.compliance.grades.skills.progress.service import send_notice as send_skill_notice
from app.compliance.grades.standing.service import AcademicRecord, academic_records, gpa_of, standing_of

__all__ = [
    "AcademicRecord",
    "academic_records",
    "follow_lesson",
    "gpa_of",
    "scheme_on",
    "send_letter",
    "send_skill_notice",
    "skills_missing",
    "standing_of",
]
