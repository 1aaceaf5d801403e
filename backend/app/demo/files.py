"""The students' files: birth dates, contacts, names that changed, and a field of the school's own."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sqlalchemy.orm import Session

from app.core.files import claims, open_store
from app.core.files.claims import Retention
from app.demo import people
from app.demo.desk import Desk, Student
from app.settings import Settings

STREETS = (
    "Peachtree Street",
    "Auburn Avenue",
    "Ponce de Leon Avenue",
    "Memorial Drive",
    "Cascade Road",
    "Buford Highway",
)
PLACES = (
    ("Atlanta", "30303"),
    ("Decatur", "30030"),
    ("Marietta", "30060"),
    ("East Point", "30344"),
    ("Doraville", "30340"),
)
KIN = (("Mother", "Rosa"), ("Father", "Luis"), ("Spouse", "Jordan"), ("Sister", "Nadia"), ("Friend", "Casey"))
NICKNAMES = {
    "Samantha": "Sam",
    "Alejandra": "Ale",
    "Christopher": "Chris",
    "Jennifer": "Jen",
    "Isabella": "Bella",
}
SHIRTS = ("XS", "S", "M", "L", "XL")
PAPER = (
    b"%PDF-1.4\n% Certificate of the demo school\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
    b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"
)


def write_files(session: Session, desk: Desk, students: list[Student], settings: Settings) -> None:
    """A file for every student; one in forty has another name than when they came."""
    random = Random(desk.random.getrandbits(64))
    profiles, addresses, phones, contacts, shirts = [], [], [], [], []
    (field,) = desk.copier.keys("student_fields", 1)
    choices = "{" + ",".join(SHIRTS) + "}"
    desk.copier.copy(
        "student_fields",
        ("id", "name", "type", "choices", "help", "position", "created_at"),
        [
            (
                field,
                "Scrub size",
                "choice",
                choices,
                "For the kit that is handed out on the first day.",
                1,
                desk.founded,
            )
        ],
    )
    for student in students:
        user_id, made = student.user_id, desk.office(student.stories[0].enrolled_at, 0.5)
        first, _, last = student.person.full_name.partition(" ")
        middle, _, family = last.rpartition(" ")
        born = date(desk.today.year - random.randint(18, 44), random.randint(1, 12), random.randint(1, 28))
        called = "Mari" if student.person is people.STUDENT else NICKNAMES.get(first)
        profiles.append((user_id, first, middle or None, family, called, born, made, made))
        city, code = random.choice(PLACES)
        street = f"{random.randint(1, 2400)} {random.choice(STREETS)}"
        addresses.append((user_id, "home", street, city, "GA", code, True, made.date(), made))
        number = random.randint(100, 199)
        phones.append(
            (user_id, "mobile", f"(404) 555-0{number}", f"14045550{number}", True, made.date(), made)
        )
        kin, name = random.choice(KIN)
        contacts.append(
            (user_id, f"{name} {family}", kin, f"(770) 555-0{random.randint(100, 199)}", made.date(), made)
        )
        shirts.append((user_id, field, random.choice(SHIRTS), made))
    desk.copier.copy(
        "student_profiles",
        (
            "user_id",
            "first_name",
            "middle_name",
            "last_name",
            "preferred_name",
            "birth_date",
            "created_at",
            "updated_at",
        ),
        profiles,
    )
    desk.copier.copy(
        "student_addresses",
        (
            "user_id",
            "kind",
            "line1",
            "city",
            "state",
            "postal_code",
            "is_primary",
            "starts_on",
            "created_at",
        ),
        addresses,
    )
    columns = ("user_id", "kind", "number", "digits", "is_primary", "starts_on", "created_at")
    desk.copier.copy("student_phones", columns, phones)
    desk.copier.copy(
        "emergency_contacts",
        ("user_id", "name", "relationship", "phone", "starts_on", "created_at"),
        contacts,
    )
    desk.copier.copy("student_field_values", ("user_id", "field_id", "value", "updated_at"), shirts)
    _names(session, desk, random, students, settings)


def _names(session: Session, desk: Desk, random: Random, students: list[Student], settings: Settings) -> None:
    """Some came with another name."""
    stored = open_store(settings).put(PAPER)
    former = []
    changed = [student for student in students[1:] if student.deleted_at is None][::40]
    keys = desk.copier.keys("former_names", len(changed))
    for key, student in zip(keys, changed, strict=True):
        first = student.person.full_name.partition(" ")[0]
        begun = student.stories[0].enrolled_at
        day = min(begun + timedelta(days=random.randint(20, 60)), desk.today - timedelta(days=1))
        former.append(
            (
                key,
                student.user_id,
                f"{first} {random.choice(people.LAST_NAMES)}",
                day,
                "Marriage",
                stored.sha256,
                "application/pdf",
                desk.staff_ids[0],
                desk.office(day, 0.9),
            )
        )
        claims.claim(
            session,
            stored,
            room="accounts.former_names",
            row=key,
            retention=Retention.PERMANENT,
            media_type="application/pdf",
        )
    desk.copier.copy(
        "former_names",
        (
            "id",
            "user_id",
            "full_name",
            "used_until",
            "reason",
            "document_sha256",
            "document_type",
            "changed_by",
            "changed_at",
        ),
        former,
    )
