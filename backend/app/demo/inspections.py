"""An inspection of last autumn in the demo school: students whom the inspector named, and some drawn at random."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from app.demo.desk import Desk, Enrolled
from app.rules.inspections import draw

SEED = "gnpec-annual-visit"


def write_inspections(desk: Desk, enrolled: list[Enrolled]) -> None:
    """One that is over: its packet has expired, and its entry in the disclosure log stays."""
    students = {item.student.user_id: item.student for item in enrolled if item.student.deleted_at is None}
    if len(students) < 10:
        return
    day = desk.today - timedelta(days=34)
    asked = desk.office(day, 0.4)
    drawn = draw(SEED, students, 6)
    named = [number for number in students if number not in drawn][:4]
    everybody = [*drawn, *named]
    (disclosure,) = desk.copier.keys("disclosures", 1)
    (inspection,) = desk.copier.keys("inspection_packets", 1)
    desk.copier.copy(
        "disclosures",
        ("id", "made_on", "recipient", "interest", "records", "basis", "refused", "recorded_by", "recorded_at"),
        [
            (disclosure, day, "Standards Administrator, GNPEC", "State inspection: annual visit",
             "The complete student file, with every stored paper", "authorities", False, desk.staff_ids[0],
             asked + timedelta(seconds=40))
        ],
    )  # fmt: skip
    desk.copier.copy(
        "disclosed_students",
        ("disclosure_id", "student_id"),
        [(disclosure, number) for number in sorted(everybody)],
    )
    desk.copier.copy(
        "inspection_packets",
        ("id", "inspector", "agency", "reference", "made_on", "seed", "drawn_among", "drawn_from", "candidates",
         "asked_by", "asked_at", "finished_at", "packet_sha256", "packet_bytes", "expires_at", "disclosure_id"),
        [
            (inspection, "Standards Administrator", "Georgia Nonpublic Postsecondary Education Commission (GNPEC)",
             "annual visit", day, SEED, "everyone", len(students), sorted(students), desk.staff_ids[0], asked,
             asked + timedelta(seconds=40), hashlib.sha256(SEED.encode()).hexdigest(), 4_812_345,
             asked + timedelta(days=3), disclosure)
        ],
    )  # fmt: skip
    desk.copier.copy(
        "inspected_students",
        ("inspection_id", "student_id", "place", "drawn", "done_at", "files"),
        [
            (inspection, number, place, number in drawn, asked + timedelta(seconds=4 * place), 71)
            for place, number in enumerate(everybody, start=1)
        ],
    )
