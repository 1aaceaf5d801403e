"""What the parts of the demo school share: chance, the calendar's clock, keys, and who is who."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.core.permissions import Role, Subject
from app.demo import people
from app.demo.bulk_copy import Copier
from app.demo.people import Person
from app.demo.story import Story, StoryWriter

YEARS = 2


@dataclass(slots=True)
class Student:
    """A person with their enrollments, the first one first."""

    person: Person
    stories: list[Story] = field(default_factory=list)
    deleted_at: datetime | None = None
    user_id: int = 0


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrollment with its keys and what the office made of it."""

    id: int
    student: Student
    story: Story
    program_id: int
    status: str
    completed_at: datetime | None
    withdrawal_processed_at: datetime | None


class Desk:
    """The registrar's desk at the moment the history ends."""

    def __init__(self, copier: Copier, random: Random, moment: datetime, zone: ZoneInfo) -> None:
        self.copier, self.random, self.moment, self.zone = copier, random, moment, zone
        self.writer = StoryWriter(moment, zone)
        self.today = self.writer.today
        self.monday = self.today - timedelta(days=self.today.weekday())
        self.founded = self.office(self.monday - timedelta(weeks=52 * YEARS + 26), 0.5)
        self.program_ids: dict[str, int] = {}
        self.lesson_ids: dict[str, list[int]] = {}
        self.staff_ids: list[int] = []

    @property
    def admin(self) -> Subject:
        person = people.ADMIN
        return Subject(self.staff_ids[0], person.email, person.full_name, Role.ADMIN)

    def office(self, day: date, share: float | None = None) -> datetime:
        """A moment within the office's hours of that day, or of the Monday after a weekend."""
        day += timedelta(days=(7 - day.weekday()) if day.weekday() > 4 else 0)
        return self.writer.at(day, time(9, 0), (self.random.random() if share is None else share) * 420)

    def past(self, moment: datetime) -> datetime | None:
        """The moment if it has come, else None."""
        return moment if moment <= self.moment else None
