"""What of classes is in a student's whole file."""

from sqlalchemy import select

from app.core import student_records as records
from app.db.models import ClassSeat, Enrollment

records.export(
    ClassSeat,
    "classes",
    "Seats in classes",
    lambda student: ClassSeat.enrollment_id.in_(select(Enrollment.id).where(Enrollment.user_id == student)),
)
records.leave_out("Who teaches a class; a student does not.", "class_instructors")
