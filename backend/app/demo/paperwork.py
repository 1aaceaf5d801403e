"""What the office does: withdrawals, transcripts and credentials."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session

from app.db.models import Enrollment
from app.demo.desk import Desk, Enrolled
from app.enrollment.endings.processed import as_json
from app.enrollment.withdrawals import figures
from app.rules import grades

REASONS = (
    "Moving out of state for a family member’s new job.",
    "Found full-time work and cannot keep the class times.",
    "Childcare fell through; hopes to come back next year.",
    "Medical leave that will last longer than the program allows.",
    "Decided on a nursing program instead.",
    "Transportation: the commute takes two hours each way.",
    "Financial reasons.",
)


def write_withdrawals(session: Session, desk: Desk, enrolled: list[Enrolled]) -> dict[int, int]:
    """Requests to leave, with the figures of those that were processed. Enrollment -> withdrawal."""
    leaving = sorted(
        (item for item in enrolled if item.story.left),
        key=lambda item: (item.story.left or desk.moment, item.id),
    )
    withdrawals: list[tuple[object, ...]] = []
    keys = {}
    for key, item in zip(desk.copier.keys("withdrawals", len(leaving)), leaving, strict=True):
        keys[item.id] = key
        asked, processed = item.story.left or desk.moment, item.withdrawal_processed_at
        note = "Exit interview held; student informed of the refund in writing." if processed else None
        withdrawals.append(
            (key, item.student.user_id, item.id, asked, item.story.progress_pct, desk.random.choice(REASONS), note,
             processed, asked)
        )  # fmt: skip
    desk.copier.copy(
        "withdrawals",
        ("id", "user_id", "enrollment_id", "requested_at", "progress_pct_at_withdrawal", "reason", "admin_notes",
         "admin_processed_at", "created_at"),
        withdrawals,
    )  # fmt: skip
    desk.copier.copy(
        "withdrawal_figures",
        ("withdrawal_id", "completed_minutes", "transferred_minutes", "total_minutes", "lessons_completed",
         "lessons_total", "segments", "records", "counted_until", "frozen_at"),
        [
            (keys[item.id], *_figures(session, desk, item), item.withdrawal_processed_at)
            for item in leaving
            if item.withdrawal_processed_at
        ],
    )  # fmt: skip
    return keys


def _figures(session: Session, desk: Desk, item: Enrolled) -> tuple[object, ...]:
    """What processing froze: the records as they stand."""
    record = session.get_one(Enrollment, item.id)
    found = figures.measure(session, record, item.story.left or desk.moment, desk.zone)
    stored = as_json(found.hours)
    return (
        found.hours.completed_minutes,
        found.hours.transferred_minutes,
        found.hours.total_minutes,
        found.lessons_completed,
        found.lessons_total,
        Jsonb(stored["segments"]),
        Jsonb(stored["records"]),
        found.counted_until,
    )


def write_graduations(desk: Desk, enrolled: list[Enrolled]) -> None:
    """A transcript and a credential for each completed enrollment."""
    done = sorted(
        (item for item in enrolled if item.completed_at),
        key=lambda item: (item.completed_at or desk.moment, item.id),
    )
    transcripts: list[tuple[object, ...]] = []
    credentials: list[tuple[object, ...]] = []
    numbers: dict[tuple[str, int], int] = {}
    for item in done:
        completed, program = item.completed_at or desk.moment, item.story.program
        issued = desk.past(completed + timedelta(minutes=30))
        if issued is None:
            continue
        who = (item.student.user_id, item.program_id)
        gpa = _gpa(desk, item)
        transcripts.append((*who, None if gpa is None else str(gpa), program.credits, issued, issued))
        year = issued.astimezone(desk.zone).year
        numbers[program.serial, year] = numbers.get((program.serial, year), 0) + 1
        serial = f"{program.serial}-{year}-{numbers[program.serial, year]:03}"
        day = issued.astimezone(desk.zone).date()
        credentials.append((*who, program.credential, serial, day, issued))
    desk.copier.copy(
        "transcripts",
        ("user_id", "program_id", "gpa", "total_credits", "generated_at", "created_at"),
        transcripts,
    )
    desk.copier.copy(
        "credentials",
        ("user_id", "program_id", "credential_type", "cert_serial", "issued_at", "created_at"),
        credentials,
    )


def _gpa(desk: Desk, item: Enrolled) -> Decimal | None:
    """The average over the scores of the lessons, each weighing the same."""
    scheme = grades.default_scheme()
    given = []
    for number, done in enumerate(item.story.completions):
        if done.score is not None:
            letter = scheme.letter_for(Decimal(done.score))
            day = done.at.astimezone(desk.zone).date()
            given.append(
                grades.CourseGrade(done.lesson, "", letter.name, letter.points, Decimal(1), day, number)
            )
    return grades.average(given, scheme.repeats).value
