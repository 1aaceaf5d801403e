"""The lists of people, described."""

from app.accounts.schemas import status_of
from app.core.permissions import Role, Subject
from app.db.models import User
from app.web.reports import Column, Filter, Grouping, Kind, Report, action

ROLES = [(role.value, role.label) for role in Role]


def _administrators(subject: Subject) -> bool:
    return subject.is_admin


def _page(person: User) -> str | None:
    return f"/people/{person.id}" if person.role is Role.STUDENT else None


_NUMBER = Column[User]("id", "Number", lambda person: person.id, Kind.NUMBER, on_page=False)
_NAME = Column[User]("full_name", "Name", lambda person: person.full_name, sort="name", link=_page)
_EMAIL = Column[User]("email", "Email", lambda person: person.email, sort="email")
_ROLE = Column[User]("role", "Role", lambda person: person.role.label, sort="role")
_ADDED = Column[User]("created_at", "Added", lambda person: person.created_at, Kind.MOMENT, on_page=False)

PEOPLE_REPORT = Report[User](
    name="people",
    title="People",
    columns=(
        _NUMBER,
        _NAME,
        _EMAIL,
        _ROLE,
        Column("status", "Status", status_of, Kind.STATUS),
        Column(
            "last_sign_in_at",
            "Last sign-in",
            lambda one: one.last_sign_in_at,
            Kind.MOMENT,
            sort="last_sign_in",
        ),
        _ADDED,
        action("Edit", visible=_administrators),
    ),
    search="Search by name or email",
    filters=(
        Filter(
            "role",
            "Role",
            [(role.value, f"{role.label}s") for role in Role],
            "Everybody",
            visible=_administrators,
        ),
    ),
    groupings=(Grouping("role", "Role", lambda columns, _zone: columns.role, Kind.STATUS, chart="pie"),),
    counted="People",
)
DELETED_REPORT = Report[User](
    name="deleted-people",
    title="Deleted people",
    columns=(
        _NUMBER,
        _NAME,
        _EMAIL,
        _ROLE,
        Column("deleted_at", "Deleted", lambda person: person.deleted_at, Kind.MOMENT, sort="deleted"),
        _ADDED,
        action("Restore"),
    ),
    search="Search by name or email",
)
