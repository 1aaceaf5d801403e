"""The door to grades: what other rooms, desks and projections may ask."""

from app.compliance.grades.book.service import follow_lesson
from app.compliance.grades.reviews.service import send_letter
from app.compliance.grades.standing.service import gpa_of, standing_of

__all__ = ["follow_lesson", "gpa_of", "send_letter", "standing_of"]
