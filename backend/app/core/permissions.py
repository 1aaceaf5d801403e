"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The documented roles of `users.role`."""

    STUDENT = "student"
    INSTRUCTOR = "instructor"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """The role as a page names it."""
        return "Administrator" if self is Role.ADMIN else self.value.capitalize()


class Permission(StrEnum):
    """One thing that a person may be allowed to do, whoever they are; a service asks for it by name."""

    ACADEMICS_READ = "academics.read"
    ACADEMICS_CHANGE = "academics.change"
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_MANAGE = "accounts.manage"
    ATTENDANCE_READ_ALL = "attendance.read_all"
    ATTENDANCE_READ_OWN_CLASSES = "attendance.read_own_classes"
    ATTENDANCE_CORRECT = "attendance.correct"
    CLASSES_MANAGE = "classes.manage"
    CONTENT_READ = "content.read"
    CONTENT_CHANGE = "content.change"
    DOCUMENTS_ISSUE = "documents.issue"
    DOCUMENTS_READ_ALL = "documents.read_all"
    DUTIES_MANAGE = "duties.manage"
    ENROLLMENTS_READ_ALL = "enrollments.read_all"
    ENROLLMENTS_CHANGE = "enrollments.change"
    ENROLLMENTS_MARK_LESSONS = "enrollments.mark_lessons"
    HISTORY_READ = "history.read"
    IMPORTS_RUN = "imports.run"
    LRS_READ_ALL = "lrs.read_all"
    LRS_MANAGE = "lrs.manage"
    MAIL_READ = "mail.read"
    OPERATIONS_READ = "operations.read"
    OPERATIONS_CHANGE = "operations.change"
    REPORTS_READ = "reports.read"
    SCHOOL_READ = "school.read"
    SCHOOL_CHANGE = "school.change"
    STUDENTS_READ_ALL = "students.read_all"
    STUDENTS_READ_OWN_CLASSES = "students.read_own_classes"


class Duty(StrEnum):
    """What a person does at the school, given with dates beside the documented role."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    ADMISSIONS = "admissions"
    BURSAR = "bursar"
    INSTRUCTOR = "instructor"
    EVALUATOR = "evaluator"
    CONTENT_AUTHOR = "content_author"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """The duty as a page names it."""
        return self.value.replace("_", " ").capitalize()


_P = Permission
_READS_EVERYTHING = frozenset(
    {
        _P.ACADEMICS_READ,
        _P.ACCOUNTS_READ,
        _P.ATTENDANCE_READ_ALL,
        _P.CONTENT_READ,
        _P.DOCUMENTS_READ_ALL,
        _P.ENROLLMENTS_READ_ALL,
        _P.HISTORY_READ,
        _P.LRS_READ_ALL,
        _P.MAIL_READ,
        _P.OPERATIONS_READ,
        _P.REPORTS_READ,
        _P.SCHOOL_READ,
        _P.STUDENTS_READ_ALL,
    }
)
PERMISSIONS: dict[Duty, frozenset[Permission]] = {
    Duty.ADMINISTRATOR: frozenset(Permission),
    Duty.REGISTRAR: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ACCOUNTS_READ,
            _P.ATTENDANCE_READ_ALL,
            _P.ATTENDANCE_CORRECT,
            _P.CLASSES_MANAGE,
            _P.CONTENT_READ,
            _P.DOCUMENTS_ISSUE,
            _P.DOCUMENTS_READ_ALL,
            _P.ENROLLMENTS_READ_ALL,
            _P.ENROLLMENTS_CHANGE,
            _P.ENROLLMENTS_MARK_LESSONS,
            _P.IMPORTS_RUN,
            _P.REPORTS_READ,
            _P.SCHOOL_READ,
            _P.STUDENTS_READ_ALL,
        }
    ),
    Duty.ADMISSIONS: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ACCOUNTS_READ,
            _P.ENROLLMENTS_READ_ALL,
            _P.ENROLLMENTS_CHANGE,
            _P.IMPORTS_RUN,
            _P.SCHOOL_READ,
            _P.STUDENTS_READ_ALL,
        }
    ),
    Duty.BURSAR: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ACCOUNTS_READ,
            _P.ATTENDANCE_READ_ALL,
            _P.ENROLLMENTS_READ_ALL,
            _P.REPORTS_READ,
            _P.SCHOOL_READ,
            _P.STUDENTS_READ_ALL,
        }
    ),
    Duty.INSTRUCTOR: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ATTENDANCE_READ_OWN_CLASSES,
            _P.ATTENDANCE_CORRECT,
            _P.CONTENT_READ,
            _P.CONTENT_CHANGE,
            _P.ENROLLMENTS_MARK_LESSONS,
            _P.SCHOOL_READ,
            _P.STUDENTS_READ_OWN_CLASSES,
        }
    ),
    Duty.EVALUATOR: frozenset(
        {_P.ACADEMICS_READ, _P.ENROLLMENTS_MARK_LESSONS, _P.SCHOOL_READ, _P.STUDENTS_READ_OWN_CLASSES}
    ),
    Duty.CONTENT_AUTHOR: frozenset({_P.ACADEMICS_READ, _P.CONTENT_READ, _P.CONTENT_CHANGE, _P.SCHOOL_READ}),
    Duty.AUDITOR: _READS_EVERYTHING,
}
"""What each duty allows. An auditor reads everything and changes nothing."""

_ROLE_DUTIES = {
    Role.STUDENT: frozenset[Duty](),
    Role.INSTRUCTOR: frozenset({Duty.INSTRUCTOR}),
    Role.ADMIN: frozenset({Duty.ADMINISTRATOR}),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The signed-in person behind a request, by session cookie or by bearer token."""

    user_id: int
    email: str
    full_name: str
    role: Role
    session_id: int | None = None
    token_id: int | None = None
    duties: frozenset[Duty] = frozenset()
    """Duties given beside the role and in force today."""

    def may(self, permission: Permission) -> bool:
        """Whether the role or a duty in force allows it."""
        return any(permission in PERMISSIONS[duty] for duty in self.duties | _ROLE_DUTIES[self.role])

    @property
    def is_student(self) -> bool:
        return self.role is Role.STUDENT

    @property
    def is_staff(self) -> bool:
        return self.role in (Role.INSTRUCTOR, Role.ADMIN)

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
