"""What FERPA asks to keep, in the demo school: disclosures, consents, an opt-out, requests of every state."""

from __future__ import annotations

from datetime import timedelta

from app.demo.desk import Desk, Enrolled
from app.rules.privacy import answer_due


def write_privacy(desk: Desk, enrolled: list[Enrolled]) -> None:
    """A handful of each, of students at the school; nothing depends on chance."""
    here = {
        item.student.user_id: item.student
        for item in enrolled
        if item.status == "active" and item.student.deleted_at is None
    }
    students = list(here.values())[:12]
    if len(students) < 6:
        return
    registrar, other = desk.staff_ids[0], desk.staff_ids[1]
    today = desk.today
    consents = list(zip(desk.copier.keys("consents", 2), students, strict=False))
    desk.copier.copy(
        "consents",
        ("id", "student_id", "records", "purpose", "recipient", "method", "signed_name", "signed_on", "entered_by",
         "entered_at"),
        [
            (key, one.user_id, "Transcript and attendance", "An application for a job", "Peachtree Dental",
             "electronic", one.person.full_name, today - timedelta(days=20 + place), one.user_id,
             desk.office(today - timedelta(days=20 + place), 0.5))
            for place, (key, one) in enumerate(consents)
        ],
    )  # fmt: skip
    audit, hired, refused = desk.copier.keys("disclosures", 3)
    disclosed = [
        (audit, today - timedelta(days=60), "GNPEC, Standards Administrator", "Renewal of the authorization",
             "Attendance and final grades of the last year", "authorities", False, None, registrar),
        (hired, today - timedelta(days=12), "Peachtree Dental", "Hiring", "Transcript and attendance", "consent",
             False, consents[0][0], registrar),
        (refused, today - timedelta(days=5), "A caller who claimed to be a cousin", "None was given", "Address",
             "parent", True, None, other),
    ]  # fmt: skip
    desk.copier.copy(
        "disclosures",
        ("id", "made_on", "recipient", "interest", "records", "basis", "refused", "consent_id", "recorded_by",
         "recorded_at"),
        [(*row, desk.office(row[1], 0.6)) for row in disclosed],
    )  # fmt: skip
    desk.copier.copy(
        "disclosed_students",
        ("disclosure_id", "student_id"),
        [(audit, number) for number in sorted(one.user_id for one in students)]
        + [(hired, students[0].user_id), (refused, students[1].user_id)],
    )
    desk.copier.copy(
        "directory_opt_outs",
        ("student_id", "started_at", "started_by"),
        [(students[2].user_id, desk.office(today - timedelta(days=40), 0.3), students[2].user_id)],
    )
    desk.copier.copy(
        "access_requests",
        ("student_id", "records", "received_on", "due_on", "entered_by", "entered_at"),
        [
            (one.user_id, words, came, answer_due(came), one.user_id, desk.office(came, 0.5))
            for one, words, came in (
                (students[3], "Everything that the school keeps about me", today - timedelta(days=38)),
                (students[4], "My attendance this year", today - timedelta(days=6)),
            )
        ],
    )
    asked = desk.office(today - timedelta(days=25), 0.4)
    desk.copier.copy(
        "amendment_requests",
        ("student_id", "record", "wanted", "asked_by", "asked_at", "outcome", "decision", "decided_by", "decided_at",
         "hearing_asked_at"),
        [
            (students[0].user_id, "Attendance last month", "I stayed until the end and was marked late.",
             students[0].user_id, asked, None, None, None, None, None),
            (students[5].user_id, "Midterm score", "Two pages were not graded.", students[5].user_id, asked,
             "refused", "Both pages were graded; the instructor has gone over them again.", registrar,
             asked + timedelta(days=4), asked + timedelta(days=6)),
        ],
    )  # fmt: skip
