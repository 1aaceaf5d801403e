"""The demo school: the same for the same number, consistent to the last row, and never on top of real people."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy import text

import app.ops.reports  # noqa: F401 - what is on offer
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.demo import Summary, calendar, seed_demo_school
from app.demo.grades import write_reviews
from app.demo.people import OFFICE
from app.finance.ledger.revenue import service as revenue
from app.finance.ledger.state_fees import service as state_fees
from app.finance.refunds import door
from app.ops.postgres import EmbeddedServer
from app.projections.service import SUBSCRIBERS, prepare
from app.projections.subscription import Outcome, catch_up
from app.settings import Settings
from app.web.paging import Paging
from app.web.reports import registry
from tests.conftest import _throwaway
from tests.demo.conftest import MOMENT

pytestmark = pytest.mark.xdist_group("demo_school")


def test_it_has_the_size_that_is_promised(ask: Callable[[str], list[Any]], school: Any) -> None:
    counts = {table: ask(f"SELECT count(*) FROM {table}")[0][0] for table in school[1].rows}
    assert {table: count for table, count in counts.items() if table != "audit_log"} == {
        table: count for table, count in school[1].rows.items() if table != "audit_log"
    }
    assert (counts["programs"], counts["modules"], counts["lessons"]) == (3, 12, 60)
    roles = dict(ask("SELECT role, count(*) FROM users GROUP BY role"))
    assert roles == {"student": 212, "instructor": 11, "admin": 3}
    assert counts["attendance"] > 15_000
    for table in ("withdrawals", "refunds", "transcripts", "credentials", "externships", "scorm_data"):
        assert counts[table] > 10, table


def test_every_list_has_something_to_show(ask: Callable[[str], list[Any]]) -> None:
    lists = {
        "active": "SELECT FROM enrollments WHERE status = 'active' AND progress_pct BETWEEN 1 AND 99",
        "enrolled, not begun": "SELECT FROM enrollments e WHERE NOT EXISTS (SELECT FROM attendance a WHERE "
        "a.enrollment_id = e.id) AND status = 'active'",
        "completed": "SELECT FROM enrollments WHERE status = 'completed'",
        "withdrawn": "SELECT FROM enrollments WHERE status = 'withdrawn'",
        "ready to graduate": "SELECT FROM enrollments e WHERE progress_pct >= 100 AND status = 'active' AND NOT EXISTS "
        "(SELECT FROM transcripts t WHERE t.user_id = e.user_id AND t.program_id = e.program_id)",
        "in two programs": "SELECT FROM enrollments GROUP BY user_id HAVING count(*) > 1",
        "clocked in": "SELECT FROM attendance WHERE clock_out IS NULL",
        "forgot to clock out": "SELECT FROM attendance WHERE missing_clock_out",
        "corrected by the office": "SELECT FROM attendance WHERE notes IS NOT NULL",
        "marked on a roster": "SELECT FROM class_attendance WHERE mark = 'present' AND attendance_id IS NOT NULL",
        "absent": "SELECT FROM class_attendance WHERE mark IN ('absent', 'excused')",
        "absence to decide": "SELECT FROM absence_requests WHERE state = 'requested'",
        "absence excused": "SELECT FROM absence_requests a JOIN class_attendance c ON c.class_id = a.class_id "
        "AND c.enrollment_id = a.enrollment_id AND c.starts_at = a.meeting_at "
        "WHERE c.mark = 'excused' AND a.state = 'excused'",
        "absence not excused": "SELECT FROM absence_requests WHERE state = 'not_excused'",
        "correction that waits": "SELECT FROM attendance_corrections WHERE decided_at IS NULL",
        "correction decided": "SELECT FROM attendance_corrections WHERE decided_at IS NOT NULL",
        "punched at the kiosk": "SELECT FROM kiosk_punches WHERE state = 'recorded'",
        "punch to look at": "SELECT FROM kiosk_punches WHERE waits AND decided_at IS NULL",
        "at risk": "SELECT FROM attendance_standings WHERE reasons <> '{}'",
        "asks to leave": "SELECT FROM withdrawals WHERE admin_processed_at IS NULL",
        "refund due": "SELECT FROM refunds WHERE remitted_at IS NULL",
        "refund paid": "SELECT FROM refunds WHERE remitted_at IS NOT NULL",
        "refund to approve": "SELECT FROM refunds WHERE approved_at IS NULL AND endorsed_at IS NULL "
        "AND amount_cents > 0",
        "refund waits for the second person": "SELECT FROM refunds WHERE endorsed_at IS NOT NULL "
        "AND approved_at IS NULL AND amount_cents > 500000",
        "refund to pay out": "SELECT FROM refunds WHERE approved_at IS NOT NULL AND remitted_at IS NULL "
        "AND amount_cents > 0 AND due_on >= '2026-11-23'",
        "refund near its last day": "SELECT FROM refunds WHERE remitted_at IS NULL AND amount_cents > 0 "
        "AND due_on BETWEEN '2026-11-23' AND '2026-11-28'",
        "refund overdue": "SELECT FROM refunds WHERE remitted_at IS NULL AND amount_cents > 0 "
        "AND due_on < '2026-11-23'",
        "refund to a payer": "SELECT FROM refund_remittances WHERE payer_id IS NOT NULL",
        "refund of VA funds": "SELECT FROM refund_computations WHERE case_file -> 'settings' ->> 'payer' = 'va'",
        "refund policy of the school's own": "SELECT FROM school_policies WHERE kind = 'refund' "
        "AND \"values\" ->> 'rule' = 'filed' AND effective_from < '2026-11-23'",
        "open point settled": "SELECT FROM school_policies WHERE kind = 'refund_settings' "
        "AND \"values\" ->> 'threshold_edge' = 'refund'",
        "payment plan agreed": "SELECT FROM payment_plans WHERE agreed_at IS NOT NULL AND ended_at IS NULL",
        "payment plan to agree to": "SELECT FROM payment_plans WHERE agreed_at IS NULL AND ended_at IS NULL",
        "externship verified": "SELECT FROM externships WHERE verified",
        "externship under way": "SELECT FROM externships WHERE NOT verified AND total_hours < 160",
        "externship to verify": "SELECT FROM externships WHERE NOT verified AND total_hours = 160",
        "externship day disputed": "SELECT FROM externship_hours WHERE state = 'disputed'",
        "week at a supervisor": "SELECT FROM externship_links WHERE used_at IS NULL",
        "externship evaluated": "SELECT FROM externship_evaluations",
        "externship site without an agreement": "SELECT FROM externship_sites s WHERE NOT EXISTS (SELECT FROM "
        "externship_agreements a WHERE a.site_id = s.id)",
        "lesson failed": "SELECT FROM scorm_data WHERE cmi_core_lesson_status = 'failed'",
        "lesson begun": "SELECT FROM scorm_data WHERE cmi_core_lesson_status = 'incomplete'",
        "name changed": "SELECT FROM former_names",
        "applicant": "SELECT FROM users u JOIN applications a ON a.user_id = u.id WHERE hashed_password = '!applicant' "
        "AND state = 'new'",
        "document to check": "SELECT FROM admission_documents WHERE state = 'received'",
        "document about to expire": "SELECT FROM admission_documents WHERE expires_on BETWEEN '2026-11-23' AND "
        "'2027-01-20'",
        "complaint that waits": "SELECT FROM complaints WHERE state = 'received'",
        "complaint decided": "SELECT FROM complaints WHERE state = 'decided'",
        "on leave": "SELECT FROM leaves_of_absence WHERE state = 'approved' AND return_on > '2026-11-27'",
        "not back from leave": "SELECT FROM leaves_of_absence WHERE state = 'approved' AND return_on < '2026-11-23'",
        "leave to decide": "SELECT FROM leaves_of_absence WHERE state = 'requested'",
        "leave without attendance": "SELECT WHERE NOT EXISTS (SELECT FROM leaves_of_absence l JOIN attendance a ON "
        "a.enrollment_id = l.enrollment_id WHERE a.clock_in >= l.starts_on AND a.clock_in < l.return_on)",
        "note": "SELECT FROM student_notes",
        "skill attempt that failed": "SELECT FROM skill_attempts WHERE NOT passed",
        "skill attempt voided": "SELECT FROM skill_voids",
        "owes money": "SELECT FROM ledger_balances WHERE balance_cents > 0",
        "has a credit": "SELECT FROM ledger_balances WHERE balance_cents < 0",
        "payment reversed": "SELECT FROM ledger_transactions WHERE kind = 'reversal'",
        "payer owes": "SELECT FROM ledger_balances b JOIN ledger_accounts a ON a.id = b.account_id "
        "WHERE a.payer_id IS NOT NULL AND b.balance_cents > 0",
        "day closed": "SELECT FROM ledger_closings",
        "ledger wrong": "SELECT WHERE NOT EXISTS (SELECT FROM ledger_differences())",
        "account deleted": "SELECT FROM users WHERE deleted_at IS NOT NULL",
    }
    empty = [name for name, query in lists.items() if not ask(query)]
    assert empty == []


def test_every_report_has_rows_and_those_of_money_agree_with_the_ledger(
    school: Any, settings: Settings
) -> None:
    with time_machine.travel(MOMENT, tick=False):
        assert write_reviews(school[2], settings) > 10
    with time_machine.travel(MOMENT, tick=False), school[2].begin() as session:
        empty = {
            offer.name
            for offer in registry.every()
            if not offer.take(registry.Asked(session, SYSTEM, offer.report)).listing.total()
        }
        # What is signed, and the request for one, is made by the command, after the school.
        assert empty == {"transcripts", "transcript-requests"}
        found = revenue.revenue(session, SYSTEM)
        assert found.charged_cents == found.earned_cents + found.deferred_cents == found.ledger_cents
        years = state_fees.fees_by_year(session, SYSTEM)
        period = state_fees.fees_due(session, SYSTEM, first=years[-1].first, last=years[0].last)
        months = state_fees.months(session, SYSTEM, Paging(), period)
        assert sum(row.base for row in list(months.rows())) == sum(one.base.base_cents for one in years)


def test_every_student_sits_in_a_class_and_every_instructor_teaches_some(
    ask: Callable[[str], list[Any]],
) -> None:
    without = """SELECT e.id FROM enrollments e WHERE (
                 SELECT count(*) FROM class_seats s JOIN classes c ON c.id = s.class_id
                 WHERE s.enrollment_id = e.id AND c.program_id = e.program_id
                 AND s.starts_on BETWEEN c.starts_on AND c.ends_on
                 AND (s.ends_on IS NULL) = (e.status = 'active')) <> 1"""
    assert ask(without) == []
    taught = ask(
        """SELECT u.email, count(DISTINCT e.user_id) FROM users u
           LEFT JOIN class_instructors i ON i.user_id = u.id AND i.ends_on IS NULL
           LEFT JOIN classes c ON c.id = i.class_id AND c.ends_on >= '2026-11-23'
           LEFT JOIN class_seats s ON s.class_id = c.id AND s.ends_on IS NULL
           LEFT JOIN enrollments e ON e.id = s.enrollment_id
           WHERE u.role = 'instructor' AND NOT EXISTS (SELECT FROM user_duties d WHERE d.user_id = u.id)
           GROUP BY u.email"""
    )
    assert len(taught) == 5
    assert all(students >= 3 for _email, students in taught), taught
    assert any(students < 100 for _email, students in taught)


def test_progress_and_states_follow_from_the_lessons(ask: Callable[[str], list[Any]]) -> None:
    assert ask(
        """SELECT e.id, e.progress_pct, done, required FROM enrollments e
           JOIN LATERAL (SELECT count(*) AS done FROM lesson_completions c WHERE c.enrollment_id = e.id) a ON true
           JOIN LATERAL (SELECT count(*) AS required FROM lessons l JOIN modules m ON m.id = l.module_id
                         WHERE m.program_id = e.program_id) b ON true
           WHERE e.progress_pct <> done * 100 / required
              OR (e.status = 'completed') <> (e.completed_at IS NOT NULL)
              OR e.status = 'completed' AND e.progress_pct < 100"""
    ) == []  # fmt: skip
    foreign = """SELECT c.id FROM lesson_completions c JOIN enrollments e ON e.id = c.enrollment_id
                 JOIN lessons l ON l.id = c.lesson_id JOIN modules m ON m.id = l.module_id
                 WHERE m.program_id <> e.program_id"""
    assert ask(foreign) == []
    assert ask(
        """SELECT c.id FROM lesson_completions c JOIN lessons l ON l.id = c.lesson_id
           JOIN enrollments e ON e.id = c.enrollment_id
           WHERE (l.content_type = 'scorm') <> (c.source = 'content')
              OR l.content_type = 'scorm' AND NOT EXISTS (
                     SELECT FROM scorm_data s WHERE s.enrollment_id = c.enrollment_id AND s.lesson_id = c.lesson_id
                     AND s.user_id = e.user_id AND s.score_pct = c.score_pct AND s.score_pct >= l.passing_score_pct
                     AND s.cmi_core_lesson_status = 'passed' AND s.finished_at = c.completed_at)"""
    ) == []  # fmt: skip


def test_every_student_has_a_file(ask: Callable[[str], list[Any]]) -> None:
    without = """SELECT u.id FROM users u WHERE u.role = 'student' AND u.hashed_password <> '!applicant' AND NOT (
                 EXISTS (SELECT FROM student_profiles p WHERE p.user_id = u.id AND p.birth_date < '2012-01-01')
                 AND EXISTS (SELECT FROM student_addresses a WHERE a.user_id = u.id AND a.is_primary)
                 AND EXISTS (SELECT FROM student_phones f WHERE f.user_id = u.id AND f.is_primary)
                 AND EXISTS (SELECT FROM emergency_contacts e WHERE e.user_id = u.id))"""
    assert ask(without) == []


def test_graduates_have_their_hours_and_their_papers(ask: Callable[[str], list[Any]]) -> None:
    short = """SELECT e.id FROM enrollments e JOIN programs p ON p.id = e.program_id WHERE e.status = 'completed' AND
               (SELECT sum(total_minutes) FROM attendance a WHERE a.enrollment_id = e.id) < p.clock_hours * 60"""
    assert ask(short) == []
    papers = """SELECT e.id, e.status FROM enrollments e
                WHERE (e.status = 'completed') <> (
                    EXISTS (SELECT FROM transcripts t WHERE t.user_id = e.user_id AND t.program_id = e.program_id
                            AND t.generated_at > e.completed_at) AND
                    EXISTS (SELECT FROM credentials c WHERE c.user_id = e.user_id AND c.program_id = e.program_id
                            AND c.issued_at >= e.completed_at))"""
    assert ask(papers) == []
    assert ask("SELECT cert_serial FROM credentials GROUP BY cert_serial HAVING count(*) > 1") == []


def test_refunds_follow_from_withdrawals_and_are_paid_in_time(ask: Callable[[str], list[Any]]) -> None:
    assert ask(
        """SELECT w.id FROM withdrawals w JOIN enrollments e ON e.id = w.enrollment_id
           WHERE (w.admin_processed_at IS NOT NULL) <> (e.status = 'withdrawn')
              OR w.progress_pct_at_withdrawal <> e.progress_pct OR w.user_id <> e.user_id
              OR w.admin_processed_at < w.requested_at"""
    ) == []  # fmt: skip
    assert ask(
        """SELECT r.id FROM refunds r JOIN withdrawals w ON w.id = r.withdrawal_id
           JOIN enrollments e ON e.id = w.enrollment_id JOIN programs p ON p.id = e.program_id
           WHERE w.admin_processed_at IS NULL OR r.amount_cents < 0
              OR (r.approved_at IS NULL) <> (r.approved_by IS NULL) OR r.approved_at < w.admin_processed_at
              OR r.remitted_at < r.approved_at OR (r.remitted_at AT TIME ZONE 'America/New_York')::date > r.due_on
              OR r.approved_by NOT IN (SELECT id FROM users WHERE role = 'admin')"""
    ) == []  # fmt: skip
    # Each goes by the figures that its withdrawal froze, or nobody could approve it.
    assert ask(
        """SELECT r.id FROM refunds r JOIN refund_computations c ON c.refund_id = r.id
           LEFT JOIN withdrawal_figures f ON f.withdrawal_id = r.withdrawal_id
           WHERE (c.case_file ->> 'attended_minutes')::int IS DISTINCT FROM f.completed_minutes"""
    ) == []  # fmt: skip
    # What is stored computes to the same, and the ledger holds it.
    stored = ask(
        "SELECT c.case_file, c.result, r.amount_cents FROM refund_computations c JOIN refunds r ON r.id = c.refund_id"
    )
    assert stored
    for case_file, result, amount in stored:
        assert door.preview(case_file).as_record() == result
        assert result["amount_cents"] == amount
    kinds = """SELECT
          count(*) FILTER (WHERE approved_at IS NULL), count(*) FILTER (WHERE approved_at IS NOT NULL
          AND remitted_at IS NULL AND amount_cents > 0 AND due_on >= '{0}'), count(*) FILTER (WHERE remitted_at IS NULL
          AND amount_cents > 0 AND due_on < '{0}'), count(*) FILTER (WHERE amount_cents = 0) FROM refunds"""
    assert all(ask(kinds.format(MOMENT.date()))[0])
    sums = """SELECT (SELECT sum(amount_cents) FROM refund_remittances),
        (SELECT sum(p.amount_cents) FROM ledger_postings p JOIN ledger_transactions t ON t.id = p.transaction_id
         WHERE t.kind = 'remittance' AND p.amount_cents > 0)"""
    assert len(set(ask(sums)[0])) == 1


def test_nobody_is_at_school_at_night_on_holidays_or_in_the_future(ask: Callable[[str], list[Any]]) -> None:
    entries = ask(
        """SELECT clock_in AT TIME ZONE 'America/New_York', clock_out AT TIME ZONE 'America/New_York',
                  missing_clock_out FROM attendance"""
    )
    open_days = set()
    for came, went, forgotten in entries:
        assert calendar.is_school_day(came.date()), came
        assert came.hour >= 8, came
        assert went is None or (went.date() == came.date() and went.hour < 22), (came, went)
        assert forgotten or went is None or went > came
        if went is None:
            open_days.add(came.date())
    assert open_days == {MOMENT.date()}
    late = """SELECT 1 FROM attendance WHERE greatest(clock_in, clock_out) > '{0}' UNION ALL
              SELECT 1 FROM lesson_completions WHERE completed_at > '{0}' UNION ALL
              SELECT 1 FROM scorm_data WHERE greatest(started_at, updated_at, finished_at) > '{0}' UNION ALL
              SELECT 1 FROM users WHERE greatest(created_at, updated_at, deleted_at, last_sign_in_at) > '{0}' UNION ALL
              SELECT 1 FROM withdrawals WHERE greatest(requested_at, admin_processed_at) > '{0}' UNION ALL
              SELECT 1 FROM refunds WHERE greatest(approved_at, remitted_at) > '{0}' UNION ALL
              SELECT 1 FROM transcripts WHERE generated_at > '{0}' UNION ALL
              SELECT 1 FROM externships WHERE greatest(created_at, verified_at) > '{0}' UNION ALL
              SELECT 1 FROM enrollments WHERE greatest(enrolled_at, completed_at) > '{0}'"""
    assert ask(late.format(MOMENT.isoformat())) == []


def test_hours_and_lessons_lie_within_the_enrollment(ask: Callable[[str], list[Any]]) -> None:
    assert ask(
        """SELECT e.id FROM enrollments e JOIN attendance a ON a.enrollment_id = e.id
           LEFT JOIN withdrawals w ON w.enrollment_id = e.id
           WHERE a.user_id <> e.user_id OR a.clock_in < e.enrolled_at OR a.clock_in > w.requested_at
              OR (a.clock_in AT TIME ZONE 'America/New_York')::date > e.completed_at
              OR e.status <> 'active' AND a.clock_out IS NULL"""
    ) == []  # fmt: skip
    outside = """SELECT c.id FROM lesson_completions c WHERE NOT EXISTS (
                 SELECT FROM attendance a WHERE a.enrollment_id = c.enrollment_id
                 AND c.completed_at BETWEEN a.clock_in AND coalesce(nullif(a.clock_out, a.clock_in), 'infinity'))"""
    assert ask(outside) == []


def test_the_demo_accounts_have_a_year_before_a_second_factor_is_required(
    ask: Callable[[str], list[Any]],
) -> None:
    """The last version is the one in force: it begins no earlier than the system's own."""
    versions = ask(
        """SELECT version, "values" ->> 'grace_days' FROM school_policies WHERE kind = 'second_factor'
        ORDER BY effective_from, version"""
    )
    assert versions[-1] == (3, "365")


def test_the_demo_sign_ins_have_the_password_that_is_shown(
    ask: Callable[[str], list[Any]], school: Any
) -> None:
    summary: Summary = school[1]
    assert len(summary.password) >= 15
    assert [person.role for person in summary.sign_ins[:3]] == ["admin", "instructor", "student"]
    assert summary.sign_ins[3:] == OFFICE
    for person in summary.sign_ins:
        found = ask(
            f"SELECT hashed_password, full_name, role, deleted_at FROM users WHERE email = '{person.email}'"
        )
        assert [row[1:] for row in found] == [(person.full_name, person.role, None)]
        assert BcryptHasher().verify(summary.password, found[0][0])
    held = ask("SELECT duty FROM user_duties WHERE ended_at IS NULL ORDER BY user_id")
    assert [row[0] for row in held] == [person.duty for person in OFFICE]
    assert ask("SELECT email FROM users WHERE email NOT LIKE '%@demo.aada.example'") == []


def test_statements_follow_from_the_demo_schools_history(
    postgres: EmbeddedServer, template: str, make_settings: Callable[..., Settings]
) -> None:
    with _throwaway(postgres, template) as name:
        settings = make_settings(name)
        database = Database(settings)
        prepare(database)
        seed_demo_school(database, settings, seed=7, students=10, moment=MOMENT)
        assert catch_up(database, SUBSCRIBERS["statements"]) is Outcome.NOTHING
        with database.begin() as session:
            hours = session.execute(
                text(
                    "SELECT (SELECT sum(total_minutes) FROM attendance),"
                    " (SELECT sum(extract(epoch FROM (result ->> 'duration')::interval) / 60)::integer"
                    "  FROM xapi_statements WHERE verb LIKE '%/attended')"
                )
            ).one()
            lessons = session.execute(
                text(
                    "SELECT (SELECT count(*) FROM lesson_completions), (SELECT count(*) FROM xapi_statements"
                    " WHERE verb LIKE '%/completed' AND object_id LIKE '%/lessons/%')"
                )
            ).one()
            ends = session.scalar(text("SELECT count(*) FROM xapi_statements WHERE timestamp > now()"))
            verbs = session.execute(text("SELECT count(DISTINCT verb) FROM xapi_statements")).scalar_one()
        database.close()
    assert hours[0] == hours[1]
    assert lessons[0] == lessons[1]
    assert ends == 0
    assert verbs >= 7
