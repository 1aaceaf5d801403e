"""The student's file: who reads and changes what, contacts with their days, photo, search and list."""

import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from io import BytesIO
from threading import Barrier

import pytest
from PIL import Image
from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.profiles import photo, service
from app.accounts.profiles.schemas import (
    AddressForm,
    ContactKind,
    DetailsForm,
    EmergencyContactForm,
    PhoneForm,
    phone_digits,
)
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import StudentAddress, StudentPhone, User
from app.db.session import Database
from app.rules import birth_dates
from app.settings import Settings
from app.web.paging import Paging
from tests.accounts.student_files.conftest import TODAY, SignedIn, entries, picture, wait_for_a_lock
from tests.factories.school import School

HOME = AddressForm(
    line1="1 Peachtree Street", city="Atlanta", state="ga", postal_code="30303", is_primary=True
)
MOBILE = PhoneForm(number="(404) 555-0134")
MOTHER = EmergencyContactForm(name="Rosa Reyes", relationship="Mother", phone="404 555 0135")
Make = Callable[[Duty], Subject]


# Who


def test_the_office_reads_all_and_an_instructor_what_an_emergency_needs(
    session: Session, school: School, maria: User, registrar: Subject, settings: Settings
) -> None:
    for values in (HOME, MOBILE, MOTHER):
        service.save_contact(session, registrar, maria.id, values, TODAY)
    service.save_details(
        session, registrar, maria.id, DetailsForm(preferred_name="Mari", birth_date=date(2001, 2, 3)), TODAY
    )
    teacher = school.instructor()
    school.school_class(teacher=teacher, students=[school.enrollment(maria)])
    subject = Subject(teacher.id, teacher.email, teacher.full_name, teacher.role)
    whole = service.read_file(session, registrar, maria.id)
    assert whole.whole
    assert whole.called == "Mari"
    assert [one.city for one in whole.addresses] == ["Atlanta"]
    seen = service.read_file(session, subject, maria.id)
    assert not seen.whole
    assert (list(seen.addresses), [one.phone for one in seen.contacts]) == ([], ["404 555 0135"])


def test_a_page_of_an_instructor_shows_neither_birth_date_nor_address(
    session: Session, school: School, maria: User, registrar: Subject, signed_in: SignedIn
) -> None:
    service.save_contact(session, registrar, maria.id, HOME, TODAY)
    service.save_contact(session, registrar, maria.id, MOTHER, TODAY)
    service.save_details(session, registrar, maria.id, DetailsForm(birth_date=date(2001, 2, 3)), TODAY)
    teacher = school.instructor()
    school.school_class(teacher=teacher, students=[school.enrollment(maria)])
    page = signed_in(teacher).get(f"/people/{maria.id}/file").text
    assert "Rosa Reyes" in page
    assert "Peachtree" not in page
    assert "2001" not in page


def test_another_students_file_is_not_found(school: School, maria: User, signed_in: SignedIn) -> None:
    other = signed_in(school.student())
    for path in (
        "file",
        "photo",
        "file/edit",
        "phones/new",
        "preferred-name/edit",
        "name-changes/1/document",
    ):
        answer = other.get(f"/people/{maria.id}/{path}")
        assert answer.status_code in (403, 404), path
        assert maria.full_name not in answer.text
    assert other.post(f"/people/{maria.id}/phones/new", data={"number": "404 555 0134"}).status_code == 404


def test_opening_a_file_is_recorded_for_the_student_to_read(
    session: Session, maria: User, school: School, signed_in: SignedIn
) -> None:
    assert signed_in(school.with_duty(Duty.BURSAR)).get(f"/people/{maria.id}/file").status_code == 200
    [row] = entries(session, "record.viewed")
    assert (row.student_id, row.actor_duty, row.purpose) == (maria.id, "bursar", "billing")


def test_readers_change_nothing_and_nobody_changes_their_own_birth_date(
    session: Session, duty: Make, maria: User, me: Subject
) -> None:
    for subject in (duty(Duty.BURSAR), duty(Duty.AUDITOR)):
        with pytest.raises(Forbidden):
            service.save_contact(session, subject, maria.id, MOBILE, TODAY)
    with pytest.raises(Forbidden):
        service.save_details(session, me, maria.id, DetailsForm(birth_date=date(2001, 2, 3)), TODAY)


# Contacts


def test_students_keep_their_own_contacts_at_once(signed_in: SignedIn, session: Session, maria: User) -> None:
    client = signed_in(maria)
    answer = client.post(f"/people/{maria.id}/phones/new", data={"kind": "mobile", "number": "404-555-0134"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/file")
    assert "404-555-0134" in client.get("/account/file").text
    [entry] = entries(session, "student_contact.changed")
    assert (entry.actor_id, entry.details["what"]) == (maria.id, "phone")
    assert "0134" not in str(entry.details)


def test_a_changed_address_is_ended_and_kept(session: Session, maria: User, me: Subject) -> None:
    first = service.save_contact(session, me, maria.id, HOME, date(2026, 1, 5))
    moved = HOME.model_copy(update={"line1": "9 Auburn Avenue"})
    service.save_contact(session, me, maria.id, moved, TODAY, first)
    rows = service.read_file(session, me, maria.id).addresses
    assert [(one.line1, one.is_primary, one.ends_on) for one in rows] == [
        ("9 Auburn Avenue", True, None),
        ("1 Peachtree Street", False, TODAY),
    ]
    with pytest.raises(Conflict):
        service.save_contact(session, me, maria.id, moved, TODAY, first)


def test_the_first_is_primary_and_when_it_goes_the_next_one_is(
    session: Session, maria: User, me: Subject
) -> None:
    first = service.save_contact(session, me, maria.id, MOBILE, TODAY)
    second = service.save_contact(session, me, maria.id, PhoneForm(number="(770) 555-0199"), TODAY)
    service.end_contact(session, me, maria.id, ContactKind.PHONE, first, TODAY)
    rows = {one.id: one.is_primary for one in service.read_file(session, me, maria.id).phones}
    assert rows[second]


def test_one_stays_primary_when_the_primary_one_is_changed_to_be_none(
    session: Session, maria: User, me: Subject
) -> None:
    first = service.save_contact(session, me, maria.id, MOBILE, TODAY)
    second = service.save_contact(session, me, maria.id, PhoneForm(number="(770) 555-0199"), TODAY)
    service.save_contact(session, me, maria.id, MOBILE, TODAY, first)
    used = [one for one in service.read_file(session, me, maria.id).phones if one.ends_on is None]
    assert [one.id for one in used if one.is_primary] == [second]


def test_somebody_elses_row_is_not_found(session: Session, school: School, maria: User, me: Subject) -> None:
    other = school.student()
    number = service.save_contact(session, SYSTEM, other.id, MOBILE, TODAY)
    with pytest.raises(NotFound):
        service.save_contact(session, me, maria.id, MOBILE, TODAY, number)
    with pytest.raises(NotFound):
        service.end_contact(session, me, maria.id, ContactKind.PHONE, number, TODAY)


def test_two_primary_addresses_at_once_leave_one(live_database: Database) -> None:
    with live_database.begin() as session:
        user_id = School(session).student().id
    barrier = Barrier(4)

    def add(number: int) -> None:
        with live_database.begin() as session:
            barrier.wait()
            values = HOME.model_copy(update={"line1": f"{number} Peachtree Street"})
            service.save_contact(session, SYSTEM, user_id, values, TODAY)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    with live_database.begin() as session:
        counted = select(func.count(), func.count().filter(StudentAddress.is_primary)).select_from(
            StudentAddress
        )
        assert session.execute(counted).one() == (4, 1)


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("(404) 555-0134", "14045550134"),
        ("1 404.555.0134", "14045550134"),
        ("+1 404 555 0134", "14045550134"),
        ("+52 55 1234 5678", "525512345678"),
        ("+44 20 7946 0958", "442079460958"),
    ],
)
def test_a_phone_number_as_it_is_compared(typed: str, digits: str) -> None:
    assert phone_digits(typed) == digits


@pytest.mark.parametrize(
    "typed", ["", "555-0134", "(104) 555-0134", "404 155 0134", "call me", "+1 2", "٤٠٤٥٥٥٠١٣٤"]
)
def test_what_is_no_phone_number(typed: str) -> None:
    with pytest.raises(ValueError, match="phone number"):
        phone_digits(typed)


@pytest.mark.parametrize(
    "wrong",
    [{"state": "XX"}, {"state": None}, {"postal_code": "3030"}, {"postal_code": None}, {"country": "USA"}],
)
def test_what_is_no_address(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AddressForm.model_validate(HOME.model_dump() | wrong)


def test_an_address_abroad_needs_neither_state_nor_zip() -> None:
    assert AddressForm(line1="Calle 60 #491", city="Mérida", country="mx").country == "MX"


# Names and birth date


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Thị Bích",
        "محمد بن سلمان",
        "王小明",
        "Ольга Ивановна",
        "O’Hara-López",
        "Ng",
        "José María de la Cruz y Ruiz",
    ],
)
def test_names_in_any_script_are_kept_found_and_shown(
    session: Session, school: School, registrar: Subject, signed_in: SignedIn, name: str
) -> None:
    student = school.student(full_name="Somebody Else")
    service.save_details(session, registrar, student.id, DetailsForm(preferred_name=name), TODAY)
    [hit] = service.find_known_as(session, registrar, Paging(q=name)).page().items
    assert (hit.id, hit.text) == (student.id, name)
    page = signed_in(student).get("/account/file").text
    assert name in page or name.replace("’", "&#8217;") in page


def test_parts_are_held_against_the_name_at_the_moment_they_are_saved(live_database: Database) -> None:
    with live_database.begin() as session:
        user_id = School(session).student(full_name="Maria Reyes").id
    old = DetailsForm(first_name="Maria", last_name="Reyes")

    def save() -> None:
        with live_database.begin() as session:
            service.save_details(session, SYSTEM, user_id, old, TODAY)

    with ThreadPoolExecutor(1) as pool:
        with live_database.begin() as renaming:
            renaming.get_one(User, user_id).full_name = "Maria Lopez"
            renaming.flush()
            waiting = pool.submit(save)
            wait_for_a_lock(live_database)
        with pytest.raises(Invalid, match="Maria Lopez"):
            waiting.result()


def test_parts_must_be_the_legal_name(session: Session, maria: User, registrar: Subject) -> None:
    with pytest.raises(Invalid, match="change of name"):
        service.save_details(
            session, registrar, maria.id, DetailsForm(first_name="Maria", last_name="Lopez"), TODAY
        )
    service.save_details(
        session, registrar, maria.id, DetailsForm(first_name="maria", last_name="Reyes"), TODAY
    )


@pytest.mark.parametrize(
    ("born", "why"),
    [
        (date(2026, 5, 7), "in the future"),
        (date(2012, 5, 7), "13 years old"),
        (date(1900, 1, 1), "126 years old"),
    ],
)
def test_a_birth_date_nobody_has_is_refused(
    session: Session, maria: User, registrar: Subject, born: date, why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        service.save_details(session, registrar, maria.id, DetailsForm(birth_date=born), TODAY)


def test_the_fourteenth_birthday_counts() -> None:
    assert birth_dates.why_not(date(2012, 5, 6), TODAY) is None
    assert birth_dates.full_years(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert birth_dates.full_years(date(2008, 2, 29), date(2026, 3, 1)) == 18


# Photo


def _bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60,000 × 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (_bomb(), "too many pixels"),
        (b"%PDF-1.7 %%EOF", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not a picture"),
        (b"", "not a picture"),
        (picture()[:200], "not a picture"),
        (picture(size=(20, 20)), "too small"),
        (b"\xff\xd8\xff" + b"\0" * 5000, "not a picture"),
        (picture("GIF"), "not a picture"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence(content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        photo.redrawn(content)


def test_a_photo_is_drawn_again_upright_small_and_without_what_was_hidden() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Secret Camera"
    made = photo.redrawn(picture("JPEG", (1600, 1200), exif=exif.tobytes()))
    with Image.open(BytesIO(made)) as again:
        assert (again.format, again.size) == ("JPEG", (480, 640))
        assert not again.getexif()
    assert b"Secret" not in made
    see_through = BytesIO()
    Image.new("RGBA", (200, 200), (0, 0, 0, 0)).save(see_through, "PNG")
    with Image.open(BytesIO(photo.redrawn(see_through.getvalue()))) as on_paper:
        assert on_paper.getpixel((5, 5)) == (255, 255, 255)


def test_a_photo_by_the_page(signed_in: SignedIn, maria: User, school: School) -> None:
    client = signed_in(maria)
    assert client.get(f"/people/{maria.id}/photo").status_code == 404
    wrong = client.post(f"/people/{maria.id}/photo", files={"photo": ("me.png", b"MZ not a picture")})
    assert wrong.status_code == 422
    assert "not a picture" in wrong.text
    sent = client.post(f"/people/{maria.id}/photo", files={"photo": ("me.png", picture())})
    assert sent.status_code == 303
    answer = client.get(f"/people/{maria.id}/photo")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert signed_in(school.student()).get(f"/people/{maria.id}/photo").status_code == 404
    assert client.post(f"/people/{maria.id}/photo/remove").status_code == 303
    assert client.get(f"/people/{maria.id}/photo").status_code == 404


def test_the_same_photo_twice_stays(session: Session, settings: Settings, maria: User, me: Subject) -> None:
    store = open_store(settings)
    for _ in range(2):
        service.put_photo(session, me, store, maria.id, picture())
    assert service.read_photo(session, me, store, maria.id)[:2] == b"\xff\xd8"


# Search and list


def test_a_phone_number_finds_the_student(session: Session, maria: User, registrar: Subject) -> None:
    service.save_contact(session, registrar, maria.id, MOBILE, TODAY)
    for words in ("404-555-0134", "4045550134", "+1 (404) 555-0134"):
        found = service.find_by_phone(session, registrar, Paging(q=words)).page()
        assert [hit.id for hit in found.items] == [maria.id], words
    for words in ("404-555-01", "٤٠٤٥٥٥٠١٣٤", "Maria 4045550134"):
        assert service.find_by_phone(session, registrar, Paging(q=words)).page().items == [], words
    assert session.scalars(select(StudentPhone.digits)).one() == "14045550134"


def test_the_list_has_contacts_and_goes_out_as_a_file(
    session: Session, school: School, maria: User, registrar: Subject, signed_in: SignedIn
) -> None:
    for values in (HOME, MOBILE, MOTHER):
        service.save_contact(session, registrar, maria.id, values, TODAY)
    [row] = service.list_contacts(session, registrar, Paging(q="peachtree")).page().items
    assert (row.address, row.phone) == ("1 Peachtree Street, Atlanta, GA 30303", "(404) 555-0134")
    text = signed_in(school.admin()).get("/people/contacts?format=csv").text
    assert "Rosa Reyes (Mother) 404 555 0135" in text
    assert signed_in(school.with_duty(Duty.INSTRUCTOR)).get("/people/contacts").status_code == 403
