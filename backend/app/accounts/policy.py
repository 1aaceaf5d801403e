"""Who may see and change accounts, and who gives duties. Accounts that a person may not see are not found."""

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission, Reach, Role, Subject
from app.core.visibility import Records
from app.db.models import User

NO_SUCH_PERSON = "There is no such person, or you don’t have access to it."


def visible_roles(subject: Actor) -> frozenset[Role]:
    """Whose accounts the person finds in lists: everybody's, students' alone, or nobody's."""
    if subject.may(Permission.ACCOUNTS_READ):
        return frozenset(Role)
    reach = subject.reach(Permission.STUDENTS_READ_ALL, Permission.STUDENTS_READ_OWN_CLASSES)
    return frozenset() if reach is Reach.NOBODY else frozenset({Role.STUDENT})


def may_list(subject: Actor) -> bool:
    """Whether there is a list of people for this person."""
    return bool(visible_roles(subject))


def require_list(subject: Actor) -> None:
    """Raises Forbidden without anybody to see."""
    if not may_list(subject):
        raise Forbidden("Only staff who work with students can see this list.")


def may_see(subject: Actor, user: User) -> bool:
    """One's own account always; a deleted one only with the power to restore it."""
    if user.deleted_at is not None:
        return may_manage(subject)
    return user.id == subject.user_id or user.role in visible_roles(subject)


def require_see(subject: Actor, user: User | None) -> User:
    """The account. Raises NotFound for one that is not there or that this person may not see."""
    if user is None or not may_see(subject, user):
        raise NotFound(NO_SUCH_PERSON)
    return user


def may_choose_purpose(subject: Actor) -> bool:
    """Say what one looks at students' records for: those who look at any."""
    return visibility.sees_some(subject, Records.STUDENTS)


def require_purpose(subject: Actor) -> None:
    """Raises Forbidden unless `may_choose_purpose`."""
    if not may_choose_purpose(subject):
        raise Forbidden("Only staff who work with students’ records choose a purpose. Nothing was changed.")


def may_manage(subject: Actor, role: Role | None = None) -> bool:
    """Add and change accounts of this role; without one, of every role, and delete and restore them."""
    if subject.may(Permission.ACCOUNTS_MANAGE):
        return True
    return role is Role.STUDENT and subject.may(Permission.STUDENTS_MANAGE)


def may_see_devices(subject: Actor, user: User) -> bool:
    """Where a person is signed in, and their tokens: one's own, or anybody's with the history, which says it too."""
    return user.id == subject.user_id or subject.may(Permission.HISTORY_READ)


def require_see_devices(subject: Actor, user: User | None) -> User:
    """The account. Raises NotFound unless `may_see_devices`."""
    if user is None or not may_see_devices(subject, user):
        raise NotFound(NO_SUCH_PERSON)
    return user


def require_end_devices(subject: Actor, user: User | None) -> User:
    """The account whose sessions and tokens the person may end. Raises NotFound or Forbidden."""
    found = require_see_devices(subject, user)
    require_manage(subject)
    return found


def require_in_person(subject: Subject) -> None:
    """Raises Forbidden for an API token: how its owner gets in is not its business."""
    if subject.token_id is not None:
        raise Forbidden(
            "An API token cannot change how its owner signs in, nor create another token. Nothing was changed. Sign "
            "in with a browser to do it."
        )


def may_manage_students(subject: Actor) -> bool:
    """Add and change the accounts of students at least."""
    return may_manage(subject, Role.STUDENT)


def require_manage(subject: Actor, role: Role | None = None) -> None:
    """Raises Forbidden unless `may_manage`."""
    if may_manage(subject, role):
        return
    if subject.may(Permission.STUDENTS_MANAGE):
        raise Forbidden(
            "You can add and change only student accounts. Ask an administrator for other accounts."
        )
    raise Forbidden("Your duties do not include other people's accounts. Ask an administrator.")


def may_manage_duties(subject: Actor) -> bool:
    """Give and end duties, and change roles."""
    return subject.may(Permission.DUTIES_MANAGE)


def require_manage_duties(subject: Actor) -> None:
    """Raises Forbidden unless `may_manage_duties`."""
    if not may_manage_duties(subject):
        raise Forbidden("Only administrators can assign and end duties.")


def may_give_duties(subject: Actor, user_id: int) -> bool:
    """Give and end the duties of this person, who is somebody else."""
    return may_manage_duties(subject) and user_id != subject.user_id


def require_give_duties(subject: Actor, user_id: int) -> None:
    """Raises Forbidden unless `may_give_duties`."""
    require_manage_duties(subject)
    if not may_give_duties(subject, user_id):
        raise Forbidden("You cannot assign or end your own duties. Ask another administrator.")


def may_see_duties(subject: Actor, user_id: int) -> bool:
    """One's own duties, or everybody's together with the staff's accounts."""
    return user_id == subject.user_id or may_read_duties(subject)


def require_see_duties(subject: Actor, user_id: int) -> None:
    """Raises NotFound unless `may_see_duties`."""
    if not may_see_duties(subject, user_id):
        raise NotFound(NO_SUCH_PERSON)


def may_read_duties(subject: Actor) -> bool:
    """See what everybody does at the school, together with the staff's accounts."""
    return subject.may(Permission.ACCOUNTS_READ)


def require_read_duties(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_duties`."""
    if not may_read_duties(subject):
        raise Forbidden("Your duties do not include staff accounts.")
