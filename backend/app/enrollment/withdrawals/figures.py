"""The figures that a withdrawal freezes, and how they differ from the records of today."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.db.models import Enrollment, Withdrawal, WithdrawalFigures
from app.enrollment.completions.service import progress_of
from app.enrollment.dates import first_moment
from app.enrollment.endings import processed
from app.enrollment.endings.processed import CountedRecord, Figures, Hours, Segment
from app.enrollment.withdrawals import queries

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Difference:
    """What was corrected after the figures were frozen: they stand, and this says what would count today."""

    then: CountedRecord | None
    now: CountedRecord | None

    @property
    def minutes(self) -> int:
        """Minutes more (or fewer) than counted."""
        return (self.now.minutes if self.now else 0) - (self.then.minutes if self.then else 0)


def counted_until(withdrawn_at: datetime, zone: ZoneInfo) -> datetime:
    """Hours count through the whole last day at the school, as they do for every enrollment that has ended."""
    return first_moment(withdrawn_at.astimezone(zone).date() + _DAY, zone)


def measure(session: Session, record: Enrollment, withdrawn_at: datetime, zone: ZoneInfo) -> Figures:
    """The figures as the records stand."""
    until = counted_until(withdrawn_at, zone)
    lessons = progress_of(session, record)
    return Figures(
        processed.hours_until(session, record.id, until, zone), lessons.completed, lessons.required, until
    )


def freeze(session: Session, withdrawal: Withdrawal, found: Figures) -> None:
    """Keep the figures beside the withdrawal."""
    queries.add(
        session,
        WithdrawalFigures(
            withdrawal_id=withdrawal.id,
            completed_minutes=found.hours.completed_minutes,
            transferred_minutes=found.hours.transferred_minutes,
            total_minutes=found.hours.total_minutes,
            lessons_completed=found.lessons_completed,
            lessons_total=found.lessons_total,
            counted_until=found.counted_until,
            **processed.as_json(found.hours),
        ),
    )


def frozen(row: WithdrawalFigures) -> Figures:
    """The figures as they were kept."""
    return Figures(
        Hours(
            records=processed.records_of(row.records),
            segments=tuple(Segment(**one) for one in row.segments),
            transferred_minutes=row.transferred_minutes,
            total_minutes=row.total_minutes,
        ),
        row.lessons_completed,
        row.lessons_total,
        row.counted_until,
    )


def differences(session: Session, enrollment_id: int, found: Figures) -> tuple[Difference, ...]:
    """Records that count otherwise today than they did when the figures were frozen, in the order of their days."""
    today = processed.records_until(session, enrollment_id, found.counted_until)
    then = {one.id: one for one in found.hours.records}
    now = {one.id: one for one in today}
    changed = [
        Difference(then.get(number), now.get(number))
        for number in then.keys() | now.keys()
        if then.get(number) != now.get(number)
    ]
    return tuple(sorted(changed, key=lambda one: ((one.then or one.now).clock_in, one.minutes)))  # type: ignore[union-attr]
