"""The lists of people, described."""

from app.accounts import policy
from app.accounts.duties.service import ListedPerson
from app.accounts.schemas import status_of
from app.core.permissions import Duty, Role
from app.web.reports import Column, Filter, Grouping, Kind, Report, action

ROLES = [(role.value, role.label) for role in Role]
DUTIES = [(duty.value, duty.label) for duty in Duty]


def _page(row: ListedPerson) -> str | None:
    return f"/people/{row.user.id}" if row.user.role is Role.STUDENT else None


_NUMBER = Column[ListedPerson]("id", "Number", lambda row: row.user.id, Kind.NUMBER, on_page=False)
_NAME = Column[ListedPerson]("full_name", "Name", lambda row: row.user.full_name, sort="name", link=_page)
_EMAIL = Column[ListedPerson]("email", "Email", lambda row: row.user.email, sort="email")
_ROLE = Column[ListedPerson]("role", "Role", lambda row: row.user.role.label, sort="role")
_ADDED = Column[ListedPerson](
    "created_at", "Added", lambda row: row.user.created_at, Kind.MOMENT, on_page=False
)

PEOPLE_REPORT = Report[ListedPerson](
    name="people",
    title="People",
    columns=(
        _NUMBER,
        _NAME,
        _EMAIL,
        _ROLE,
        Column(
            "duties",
            "Duties today",
            lambda row: ", ".join(duty.label for duty in row.duties),
            visible=policy.may_read_duties,
        ),
        Column("status", "Status", lambda row: status_of(row.user), Kind.STATUS),
        Column(
            "last_sign_in_at",
            "Last sign-in",
            lambda row: row.user.last_sign_in_at,
            Kind.MOMENT,
            sort="last_sign_in",
        ),
        _ADDED,
        action("Edit", visible=policy.may_manage_students),
    ),
    search="Search by name or email",
    filters=(
        Filter("role", "Role", ROLES, "Any role", visible=policy.may_read_duties),
        Filter("duty", "Duty today", DUTIES, "Any duty", visible=policy.may_read_duties),
    ),
    groupings=(
        Grouping(
            "role",
            "Role",
            lambda columns, _zone: columns.role,
            chart="pie",
            named=lambda key: Role(key).label,
        ),
    ),
    counted="People",
)
DELETED_REPORT = Report[ListedPerson](
    name="deleted-people",
    title="Deleted people",
    columns=(
        _NUMBER,
        _NAME,
        _EMAIL,
        _ROLE,
        Column("deleted_at", "Deleted", lambda row: row.user.deleted_at, Kind.MOMENT, sort="deleted"),
        _ADDED,
        action("Restore"),
    ),
    search="Search by name or email",
)
