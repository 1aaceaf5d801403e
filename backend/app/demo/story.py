"""How a student's time at the school went, day by day: pure, from a random number generator and the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.demo import calendar
from app.demo.catalog import SCORM, ClassTime, LessonPlan, ProgramPlan
from app.rules.progress import progress_of_counts

FORGOTTEN_NOTE = "Missing clock-out; entered from the class list."
# The office enters a forgotten clock-out within this many days.
OFFICE_CATCHES_UP_DAYS = 12


@dataclass(frozen=True, slots=True)
class TimeEntry:
    clock_in: datetime
    clock_out: datetime | None
    forgotten: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    lesson: int
    """Place of the lesson in the program, from 0."""
    at: datetime
    score: int | None
    source: str


@dataclass(slots=True)
class Story:
    """One enrollment as it stands at the moment the history ends."""

    program: ProgramPlan
    enrolled_at: date
    starts: date
    entries: list[TimeEntry] = field(default_factory=list)
    completions: list[Completion] = field(default_factory=list)
    finished: datetime | None = None
    left: datetime | None = None

    @property
    def minutes(self) -> int:
        """Minutes of finished time entries."""
        return sum(
            (entry.clock_out - entry.clock_in) // timedelta(minutes=1)
            for entry in self.entries
            if entry.clock_out
        )

    @property
    def progress_pct(self) -> int:
        return progress_of_counts(len(self.completions), len(self.program.lessons)).percent


@dataclass(frozen=True, slots=True)
class Character:
    """What a student is like: how often they come, how fast they learn, how well, and when they give up."""

    attends: float
    pace: float
    ability: float
    leaves_at: float | None
    """Share of the program's hours at which they withdraw."""

    @classmethod
    def drawn(cls, random: Random) -> Character:
        return cls(
            attends=min(0.995, random.gauss(0.945, 0.03)),
            pace=max(0.75, random.gauss(1.02, 0.1)),
            ability=min(99, max(70, random.gauss(88, 6))),
            leaves_at=random.uniform(0.02, 0.75) if random.random() < 0.13 else None,
        )


class StoryWriter:
    """Tells stories up to `moment`, by the clocks of the school's zone."""

    def __init__(self, moment: datetime, zone: ZoneInfo) -> None:
        self.moment = moment
        self.zone = zone
        self.today = moment.astimezone(zone).date()

    def at(self, day: date, clock: time, minutes: float = 0) -> datetime:
        """The instant so many minutes after the clock at the school shows this time."""
        return datetime.combine(day, clock, self.zone).astimezone(self.moment.tzinfo) + timedelta(
            seconds=round(minutes * 60)
        )

    def write(
        self, random: Random, character: Character, program: ProgramPlan, enrolled_at: date, starts: date
    ) -> Story:
        """The enrollment from its first day to its end or to now."""
        story = Story(program, enrolled_at, starts)
        meets = random.choice(program.classes)
        required, attended, ill_until = program.clock_hours * 60, 0, starts
        lessons = list(enumerate(program.lessons))
        for day in calendar.school_days(starts, self.today):
            expected = required * min(1.0, (day - starts).days / (program.weeks * 7))
            makes_up = attended < expected and random.random() < 0.5
            if day.weekday() == calendar.FRIDAY and not makes_up:
                continue
            if day < ill_until or random.random() > character.attends:
                if day >= ill_until and random.random() < 0.15:
                    ill_until = day + timedelta(days=random.randint(2, 6))
                continue
            entries = [entry for entry in self._day(random, day, meets) if entry.clock_in <= self.moment]
            if not entries:
                continue
            story.entries += entries
            attended += sum(
                (entry.clock_out - entry.clock_in) // timedelta(minutes=1)
                for entry in entries
                if entry.clock_out
            )
            share = min(1.0, attended / required * character.pace)
            while lessons and (len(story.completions) + 1) / len(program.lessons) <= share + 1e-9:
                number, lesson = lessons[0]
                done = self._complete(random, character, number, lesson, entries[-1])
                if done.at > self.moment:
                    break
                story.completions.append(done)
                lessons.pop(0)
            if character.leaves_at is not None and attended >= required * character.leaves_at:
                asked = self.at(day + timedelta(days=1), time(9, 0), random.uniform(0, 420))
                story.left = asked if asked <= self.moment else None
                return story
            if not lessons and attended >= required:
                story.finished = entries[-1].clock_out
                return story
        return story

    def _day(self, random: Random, day: date, meets: ClassTime) -> Iterator[TimeEntry]:
        late = random.uniform(6, 45) if random.random() < 0.07 else random.uniform(-12, 1)
        leaves = -random.uniform(15, 90) if random.random() < 0.04 else random.uniform(0, 9)
        begins = self.at(day, meets.begins, late)
        ends = self.at(day, meets.begins, meets.minutes + leaves)
        if random.random() < 0.004:
            yield self._forgotten(day, begins, ends)
            return
        if random.random() < 0.02 and ends - begins > timedelta(minutes=210):
            goes = begins + timedelta(minutes=random.randint(60, 150))
            comes_back = goes + timedelta(minutes=random.randint(20, 50))
            yield self._open(TimeEntry(begins, goes))
            yield self._open(TimeEntry(comes_back, ends))
            return
        yield self._open(TimeEntry(begins, ends))

    def _open(self, entry: TimeEntry) -> TimeEntry:
        """The time entry as it looks now: not over yet when it ends later."""
        return TimeEntry(entry.clock_in, None) if entry.clock_out and entry.clock_out > self.moment else entry

    def _forgotten(self, day: date, begins: datetime, ends: datetime) -> TimeEntry:
        if (self.today - day).days > OFFICE_CATCHES_UP_DAYS:
            return TimeEntry(begins, ends, note=FORGOTTEN_NOTE)
        return (
            self._open(TimeEntry(begins, ends))
            if day == self.today
            else TimeEntry(begins, begins, forgotten=True)
        )

    def _complete(
        self, random: Random, character: Character, number: int, lesson: LessonPlan, entry: TimeEntry
    ) -> Completion:
        end = entry.clock_out or self.moment
        at = entry.clock_in + (end - entry.clock_in) * random.uniform(0.3, 0.95)
        at = at.replace(microsecond=0)
        if lesson.kind == SCORM:
            # Five questions: whole fifths, and at least the passing score.
            return Completion(
                number, at, random.choices((80, 100), (1, character.ability / 60))[0], "content"
            )
        if lesson.check_off:
            return Completion(
                number, at, round(min(100, max(75, random.gauss(character.ability, 5)))), "staff"
            )
        return Completion(number, at, None, "student")
