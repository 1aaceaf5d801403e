"""The people of the demo school. Every address is at a domain that cannot exist."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from app.core.permissions import Duty
from app.settings import DEMO_DOMAIN

FIRST_NAMES = """
Aaliyah Abigail Adriana Aisha Alejandra Alicia Alyssa Amara Ana Angela Anh Aniyah Ashley Bianca Brandon Brianna
Camila Carlos Carmen Chloe Christopher Dana Daniela Danielle David Destiny Diego Ebony Elena Emily Erica Esther
Fatima Gabriela Grace Hannah Imani Isabella Jada Jasmine Jennifer Jessica Jordan Joshua Julia Kayla Keisha Kiara
Latoya Laura Layla Leah Linh Lucia Maria Mei Michelle Miguel Monique Morgan Naomi Natalia Nia Nicole Olivia Paola
Patricia Rachel Rosa Samantha Sara Shanice Sierra Sofia Stephanie Tamika Tatiana Taylor Tiffany Vanessa Ximena
Yasmin Zara Zoe
""".split()  # noqa: SIM905

LAST_NAMES = """
Adams Alvarez Anderson Baker Banks Bell Bennett Brooks Brown Bryant Campbell Carter Castillo Chen Clark Coleman
Collins Cooper Cruz Davis Diaz Edwards Evans Flores Foster Garcia Gomez Gonzalez Graham Gray Green Griffin Hall
Harris Henderson Hernandez Hill Howard Hughes Jackson James Jenkins Johnson Jones Joseph Kelly Kim King Le Lee
Lewis Lopez Martin Martinez Miller Mitchell Moore Morales Morgan Morris Murphy Nelson Nguyen Ortiz Parker Patel
Perez Perry Phillips Pierre Powell Price Ramirez Reed Reyes Rivera Roberts Robinson Rodriguez Ross Russell Sanchez
Sanders Scott Simmons Singh Smith Stewart Taylor Thomas Thompson Torres Tran Turner Walker Ward Washington Watson
White Williams Wilson Wood Wright Young
""".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Person:
    full_name: str
    email: str
    role: str
    duty: Duty | None = None
    """The one duty by name of those who do not teach."""

    @property
    def post(self) -> str:
        """What the person is at the school, in a word."""
        return self.duty.label.lower() if self.duty else self.role


ADMIN = Person("Ruth Bennett", f"admin@{DEMO_DOMAIN}", "admin")
INSTRUCTOR = Person("Tess Carter", f"instructor@{DEMO_DOMAIN}", "instructor")
STUDENT = Person("Maria Lopez", f"student@{DEMO_DOMAIN}", "student")

STAFF = (
    ADMIN,
    Person("Gloria Whitman", f"gloria.whitman@{DEMO_DOMAIN}", "admin"),
    Person("Peter Osei", f"peter.osei@{DEMO_DOMAIN}", "admin"),
    INSTRUCTOR,
    Person("Dr. Anita Rao", f"anita.rao@{DEMO_DOMAIN}", "instructor"),
    Person("Marcus Delgado", f"marcus.delgado@{DEMO_DOMAIN}", "instructor"),
    Person("Joanne Fields", f"joanne.fields@{DEMO_DOMAIN}", "instructor"),
    Person("Hye-jin Park", f"hyejin.park@{DEMO_DOMAIN}", "instructor"),
)

OFFICE = (
    Person("Renata Alvarez", f"registrar@{DEMO_DOMAIN}", "instructor", Duty.REGISTRAR),
    Person("Owen Pierce", f"admissions@{DEMO_DOMAIN}", "instructor", Duty.ADMISSIONS),
    Person("Beatrice Lindqvist", f"bursar@{DEMO_DOMAIN}", "instructor", Duty.BURSAR),
    Person("Dr. Samuel Okoro", f"evaluator@{DEMO_DOMAIN}", "instructor", Duty.EVALUATOR),
    Person("Carla Mendes", f"author@{DEMO_DOMAIN}", "instructor", Duty.CONTENT_AUTHOR),
    Person("Victor Hale", f"auditor@{DEMO_DOMAIN}", "instructor", Duty.AUDITOR),
)
"""Staff with one duty each, who do not teach."""


def students(random: Random, count: int) -> list[Person]:
    """The demo student first, then `count - 1` others, no two with one name or address."""
    found = {STUDENT.full_name: STUDENT}
    while len(found) < count:
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        name = f"{first} {last}"
        if name in found:
            initial = random.choice("ABCDEFGHJKLMNPRSTW")
            name = f"{first} {initial}. {last}"
        address = name.lower().replace(". ", ".").replace(" ", ".")
        found.setdefault(name, Person(name, f"{address}@{DEMO_DOMAIN}", "student"))
    return list(found.values())
