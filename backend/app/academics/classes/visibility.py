"""Whose students are whose: what teaching a class lets an instructor see."""

from datetime import date, timedelta

from sqlalchemy import Select

from app.academics.classes import queries
from app.core import visibility

CLOSES_AFTER = timedelta(days=30)
"""How long after the last day of a class its instructors see its students: the hours and grades of the last weeks are
still put right. Who stops teaching, or is taken out of the class, is gone at once."""


def own_students(user_id: int, today: date) -> Select[tuple[int]]:
    """Account numbers of the students in the classes that the person teaches."""
    return queries.students_of(user_id, today, today - CLOSES_AFTER)


visibility.register_own_students(own_students)
