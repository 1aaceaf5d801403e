"""Two people of the staff at once, over two connections: the daily maximum holds, and nobody waits in a circle."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.compliance.attendance import queries
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.schemas import CorrectionOut
from app.compliance.attendance.schemas import CorrectionIn, HoursIn
from app.core.errors import Invalid
from app.core.permissions import SYSTEM, Subject
from app.db.models import Attendance
from app.db.session import Database
from app.enrollment import queries as enrollments
from app.school.service import PolicyKind, policies
from tests.compliance.attendance.deciding import APPROVE, registrar
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
NINE, ONE = (datetime(2026, 5, 20, hour, tzinfo=ZONE) for hour in (9, 13))
LENGTH = timedelta(hours=3)
WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
Act = Callable[[Session], CorrectionOut]


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def approves(session: Session, made: CorrectionOut) -> Act:
    """Somebody else approves the request."""
    by = registrar(session)
    return lambda session: corrections.decide(session, by, made.id, APPROVE, ZONE)


def enters(session: Session, staff: Subject, enrollment_id: int, since: datetime) -> Act:
    hours = HoursIn(
        enrollment_id=enrollment_id, clock_in=since, clock_out=since + LENGTH, reason="Class list"
    )
    return approves(session, corrections.request_hours(session, staff, hours, ZONE))


def corrects(session: Session, staff: Subject, record_id: int, since: datetime) -> Act:
    hours = CorrectionIn(clock_in=since, clock_out=since + LENGTH, reason="Class list")
    return approves(session, corrections.request_change(session, staff, record_id, hours, ZONE))


def meanwhile(database: Database, act: Act) -> tuple[threading.Thread, list[CorrectionOut | Exception]]:
    """The act over a connection of its own: when this returns, it waits for a lock or is done."""
    answers: list[CorrectionOut | Exception] = []

    def work() -> None:
        try:
            with database.begin() as session:
                answers.append(act(session))
        except Exception as error:
            answers.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    waits = False
    while thread.is_alive() and not waits:
        # What a transaction has once seen of the others' waiting it sees until its end.
        with database.begin() as watching:
            waits = bool(watching.scalar(WAITING))
    return thread, answers


@pytest.mark.parametrize("what", ["entries", "entries of two programs", "corrections", "one of each"])
def test_the_daily_maximum_holds_for_two_at_once(live_database: Database, what: str) -> None:
    """Three hours each, where five are allowed for one day."""
    with live_database.begin() as session:
        school = School(session)
        policies.add(
            session, SYSTEM, PolicyKind.ATTENDANCE, effective_from=NOW.date().replace(month=5),
            values={"daily_maximum_minutes": 300}, approved_by="Board", today=NOW.date(),
        )  # fmt: skip
        staff, student = subject_of(school.admin()), school.student()
        one, other = school.enrollment(student), school.enrollment(student)
        records = [school.attendance(one, since, minutes=0).id for since in (NINE, ONE)]
        # Hours are asked for once, so each case asks for its own alone.
        acts = {
            "entries": lambda: (enters(session, staff, one.id, NINE), enters(session, staff, one.id, ONE)),
            "entries of two programs": lambda: (
                enters(session, staff, one.id, NINE),
                enters(session, staff, other.id, ONE),
            ),
            "corrections": lambda: (
                corrects(session, staff, records[0], NINE),
                corrects(session, staff, records[1], ONE),
            ),
            "one of each": lambda: (
                corrects(session, staff, records[0], NINE),
                enters(session, staff, other.id, ONE),
            ),
        }
        first, second = acts[what]()
    with live_database.begin() as session:
        first(session)
        thread, answers = meanwhile(live_database, second)
    thread.join(30)
    assert [type(answer) for answer in answers] == [Invalid]
    assert "the attendance policy allows 5 h" in str(answers[0]).replace("\u00a0", " ")


def test_a_correction_and_the_end_of_the_enrollment_do_not_wait_for_each_other(
    live_database: Database,
) -> None:
    with live_database.begin() as session:
        school = School(session)
        staff, enrollment = subject_of(school.admin()), school.enrollment(school.student())
        enrollment_id = enrollment.id
        record_id = school.attendance(enrollment, NOW - LENGTH, clock_out=None).id
        act = corrects(session, staff, record_id, NOW - LENGTH)
    with live_database.begin() as ending:
        # As whoever ends an enrollment goes on: the enrollment, then the record that may be open in it.
        enrollments.get(ending, enrollment_id, lock=True)
        thread, answers = meanwhile(live_database, act)
        assert queries.open_in(ending, enrollment_id, lock=True) == record_id
    thread.join(30)
    assert [type(answer) for answer in answers] == [CorrectionOut]


def test_of_two_who_decide_at_once_one_does(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        staff, enrollment = subject_of(school.admin()), school.enrollment(school.student())
        made = corrections.request_hours(
            session,
            staff,
            HoursIn(enrollment_id=enrollment.id, clock_in=NINE, clock_out=ONE, reason="Class list"),
            ZONE,
        )
        first, second = approves(session, made), approves(session, made)
    with live_database.begin() as session:
        first(session)
        thread, answers = meanwhile(live_database, second)
    thread.join(30)
    assert [str(answer) for answer in answers] == ["This request was approved already. Nothing was saved."]
    with live_database.begin() as session:
        assert [row.total_minutes for row in session.scalars(select(Attendance))] == [240]
