"""Admissions of the demo school: what programs ask for, what students brought, who would like to come, and notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.files import claims, open_store
from app.core.files.claims import Retention
from app.db.models import AdmissionKind
from app.demo import people
from app.demo.desk import Desk, Enrolled
from app.demo.files import PAPER
from app.settings import DEMO_DOMAIN, Settings

APPLICANTS = (
    "Amina Diallo",
    "Kofi Mensah",
    "Thúy Nguyễn",
    "José Ibarra",
    "Hanna Kowalska",
    "Dmitri Volkov",
    "Leila Haddad",
    "Grace Okafor",
    "Mei-Ling Wu",
    "Tom O’Brien",
    "Anjali Rao",
    "Pavel Novák",
)
NOTES = (
    ("{registrar,admissions}", "Called about the missing immunization record; they ask their doctor for it."),
    ("{bursar}", "Pays the second installment after the 15th; agreed by phone."),
    ("{instructor,registrar}", "Works nights on Thursdays. Late arrivals on Fridays are announced."),
)
UNREADABLE = "The name on it cannot be read. Send another photo."


def write_admissions(session: Session, desk: Desk, enrolled: list[Enrolled], settings: Settings) -> None:
    """Documents of those who study, a dozen applicants, and notes."""
    random = Random(desk.random.getrandbits(64))
    active = {item.student.user_id: item for item in enrolled if item.status == "active"}
    _papers(session, desk, random, active, settings)
    _applicants(desk, random)
    _notes(desk, active)


def _papers(
    session: Session, desk: Desk, random: Random, active: Mapping[int, Enrolled], settings: Settings
) -> None:
    stored = open_store(settings).put(PAPER)
    every = session.execute(select(AdmissionKind.id, AdmissionKind.expires).order_by(AdmissionKind.position))
    kinds = every.tuples().all()[:4]
    desk.copier.copy(
        "admission_requirements", ("kind_id", "program_id"), [(kind, None) for kind, _expires in kinds]
    )
    rows: list[tuple[object, ...]] = []
    for user_id, item in sorted(active.items()):
        came = desk.office(item.story.enrolled_at, 0.3)
        for kind, expires in kinds:
            chance = random.random()
            if chance < 0.08:
                continue
            state = "received" if chance < 0.14 else "rejected" if chance < 0.17 else "accepted"
            ends = desk.today + timedelta(days=random.randint(-20, 700)) if expires else None
            checked = None if state == "received" else came
            by = desk.staff_ids[0] if checked else None
            reason = UNREADABLE if state == "rejected" else None
            ends = ends if state == "accepted" else None
            rows.append(
                (user_id, kind, stored.sha256, "application/pdf", stored.size, ends, user_id, came, state, by,
                 checked, reason)
            )  # fmt: skip
    keys = desk.copier.keys("admission_documents", len(rows))
    desk.copier.copy(
        "admission_documents",
        ("id", "user_id", "kind_id", "sha256", "media_type", "size_bytes", "expires_on", "uploaded_by", "received_at",
         "state", "checked_by", "checked_at", "rejection"),
        [(key, *row) for key, row in zip(keys, rows, strict=True)],
    )  # fmt: skip
    room = "enrollment.admission_documents"
    accepted = [key for key, row in zip(keys, rows, strict=True) if row[8] == "accepted"]
    for retention, claiming in ((Retention.NORMAL, keys), (Retention.PERMANENT, accepted)):
        many = len(claiming)
        session.connection().exec_driver_sql(
            claims.CLAIM,
            {
                "sha256": [stored.sha256] * many,
                "size_bytes": [stored.size] * many,
                "media_type": ["application/pdf"] * many,
                "owner_row": [str(key) for key in claiming],
                "owner_room": room,
                "retention": retention.value,
            },
        )


def _applicants(desk: Desk, random: Random) -> None:
    """Most wait; some were declined."""
    users, profiles, applied = [], [], []
    programs = sorted(desk.program_ids.values())
    for number, key in enumerate(desk.copier.keys("users", len(APPLICANTS))):
        name = APPLICANTS[number]
        at = desk.office(desk.today - timedelta(days=3 + 2 * number), 0.4)
        first, _, last = name.rpartition(" ")
        email = f"applicant{number + 1}@{DEMO_DOMAIN}"
        users.append((key, email, "!applicant", name, "student", at, at))
        born = date(desk.today.year - random.randint(19, 40), random.randint(1, 12), random.randint(1, 28))
        profiles.append((key, first, last, born, at, at))
        state = "declined" if number > 9 else ("new", "documents")[number % 2]
        decided = at + timedelta(days=1) if state == "declined" else None
        by = desk.staff_ids[0] if decided else None
        start, why = desk.monday + timedelta(weeks=2), "No seat left at this start." if decided else ""
        applied.append((key, random.choice(programs), start, state, at, decided, by, why))
    columns = ("id", "email", "hashed_password", "full_name", "role", "created_at", "updated_at")
    desk.copier.copy("users", columns, users)
    of_file = ("user_id", "first_name", "last_name", "birth_date", "created_at", "updated_at")
    desk.copier.copy("student_profiles", of_file, profiles)
    asked = (
        "user_id",
        "program_id",
        "wanted_start",
        "state",
        "applied_at",
        "decided_at",
        "decided_by",
        "reason",
    )
    desk.copier.copy("applications", asked, applied)


def _notes(desk: Desk, active: Mapping[int, Enrolled]) -> None:
    """What the office wrote down about one in six."""
    rows = []
    for number, (user_id, item) in enumerate(sorted(active.items())[::6]):
        audience, body = NOTES[number % len(NOTES)]
        at = desk.office(max(item.story.enrolled_at, desk.today - timedelta(days=90)), 0.7)
        rows.append(
            (user_id, desk.staff_ids[0], people.ADMIN.full_name, audience, body, min(at, desk.moment))
        )
    columns = ("user_id", "author_id", "author_name", "audience", "body", "written_at")
    desk.copier.copy("student_notes", columns, rows)
