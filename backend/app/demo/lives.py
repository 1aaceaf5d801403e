"""Who comes to the school, when, and how it goes for them."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from app.demo import people
from app.demo.catalog import EXPANDED, OFFICE, PROGRAMS, ProgramPlan
from app.demo.desk import YEARS, Desk, Student
from app.demo.story import Character, Story

WEEKS_BETWEEN_STARTS = 6


# How long ago the latest requests to leave came, in days: some wait for the office, some for their refund.
ASKED_DAYS_AGO = (1, 1, 2, 12, 22, 41)


def live(desk: Desk, count: int) -> list[Student]:
    """The students with their enrollments. A class begins every six weeks, and one is about to."""
    starts = [
        desk.monday - timedelta(weeks=52 * YEARS - WEEKS_BETWEEN_STARTS * number)
        for number in range(52 * YEARS // WEEKS_BETWEEN_STARTS + 1)
    ]
    upcoming = desk.monday + timedelta(weeks=2)
    students = [Student(person) for person in people.students(desk.random, count)]
    for number, student in enumerate(students):
        random = Random(desk.random.getrandbits(64))
        character = Character.drawn(random)
        program = random.choices(PROGRAMS, (62, 19, 19))[0]
        begins = starts[number % len(starts)] if number % 25 else upcoming
        if student.person is people.STUDENT:
            character, program = Character(0.97, 1.0, 92, None), PROGRAMS[0]
            begins = desk.monday - timedelta(weeks=20)
        _first_enrollment(desk, random, student, character, program, begins)
        _come_back(desk, random, student, character)
    left = [student for student in students if student.stories[-1].left and len(student.stories) == 1]
    for student in left[:2]:
        day = student.stories[0].left.date() if student.stories[0].left else desk.today
        student.deleted_at = desk.past(desk.office(day + timedelta(days=60)))
    return students


def _first_enrollment(
    desk: Desk, random: Random, student: Student, character: Character, program: ProgramPlan, begins: date
) -> None:
    signed = _weekday(min(begins - timedelta(days=random.randint(5, 40)), desk.today - timedelta(days=1)))
    student.stories.append(desk.writer.write(random, character, program, signed, begins))


def _weekday(day: date) -> date:
    """The day, or the Friday before a weekend: the office is closed."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def _come_back(desk: Desk, random: Random, student: Student, character: Character) -> None:
    """Some graduates take another program, and some who left try again."""
    first = student.stories[0]
    ended = first.finished or first.left
    if ended is None or random.random() > (0.3 if first.finished else 0.12):
        return
    begins = ended.date() + timedelta(days=random.randint(70, 150))
    begins += timedelta(days=-begins.weekday() % 7)
    if begins > desk.today or (first.program in (EXPANDED, OFFICE) and first.finished):
        return
    program = random.choice((EXPANDED, OFFICE)) if first.finished else first.program
    steady = Character(character.attends, character.pace, character.ability, None)
    signed = _weekday(begins - timedelta(days=random.randint(5, 25)))
    student.stories.append(desk.writer.write(random, steady, program, signed, begins))


def ask_to_leave(desk: Desk, stories: list[tuple[Student, Story]]) -> None:
    """A few students have asked to leave lately."""
    going = [
        story
        for student, story in stories
        if not (story.finished or story.left)
        and student.person is not people.STUDENT
        and story.starts < desk.today - timedelta(weeks=5)
        and story.minutes < story.program.clock_hours * 24
    ]
    asked = ASKED_DAYS_AGO[: len(going) // 2]
    for story, days in zip(desk.random.sample(going, len(asked)), asked, strict=True):
        left = desk.office(_weekday(desk.today - timedelta(days=days)))
        story.left = left if left < desk.moment else desk.moment - timedelta(minutes=5)
        story.entries = [entry for entry in story.entries if entry.clock_out and entry.clock_out < story.left]
        story.completions = [done for done in story.completions if done.at < story.left]
