"""The documented roles, the duties beside them, and the permissions that each duty bundles.

Who is asking, and whether they may, is in `app.core.permissions`, which is also where both are imported from.
"""

from enum import StrEnum

from app.core.purposes import Purpose


class Role(StrEnum):
    """The documented roles of `users.role`."""

    STUDENT = "student"
    INSTRUCTOR = "instructor"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """The role as a page names it."""
        return {Role.STUDENT: "Student", Role.INSTRUCTOR: "Staff", Role.ADMIN: "Administrator"}[self]


class Permission(StrEnum):
    """One thing that a person may be allowed to do; a service asks for it by name.

    `…_ALL` reaches every student of the school, `…_OWN_CLASSES` those of the classes that the person teaches.
    What people do with their own account, hours and lessons needs no permission.
    """

    ACADEMICS_READ = "academics.read"
    ACADEMICS_CHANGE = "academics.change"
    ACCOUNTS_READ = "accounts.read"
    """The accounts of the staff too, with their duties."""
    ACCOUNTS_MANAGE = "accounts.manage"
    """Any account: add, change, delete, restore."""
    ADMISSIONS_READ = "admissions.read"
    """Applications, and the documents that applicants and students bring."""
    ADMISSIONS_MANAGE = "admissions.manage"
    """Take in and decide applications, check documents, say which ones a program requires."""
    AGREEMENTS_READ = "agreements.read"
    """Enrollment agreements of every student whom one sees, with the evidence of their signatures."""
    AGREEMENTS_PREPARE = "agreements.prepare"
    """Prepare, send and void enrollment agreements."""
    AGREEMENTS_SIGN = "agreements.sign"
    """Sign enrollment agreements for the school."""
    ATTENDANCE_READ_ALL = "attendance.read_all"
    ATTENDANCE_READ_OWN_CLASSES = "attendance.read_own_classes"
    ATTENDANCE_CORRECT = "attendance.correct"
    """Enter and correct hours of those whose hours one reads."""
    ATTENDANCE_EXCUSE = "attendance.excuse"
    """Excuse absences of those whose hours one reads."""
    CLASSES_MANAGE = "classes.manage"
    CLOSURE_EXPORT = "closure.export"
    """Take out the records of the whole school."""
    COMPLAINTS_READ = "complaints.read"
    """Complaints of everybody, but for those about oneself."""
    COMPLAINTS_MANAGE = "complaints.manage"
    """Enter complaints, look into them and decide them."""
    CONTENT_READ = "content.read"
    """Preview lessons and see the versions of their packages."""
    CONTENT_CHANGE = "content.change"
    DOCUMENTS_ISSUE = "documents.issue"
    DOCUMENTS_READ_ALL = "documents.read_all"
    DUTIES_MANAGE = "duties.manage"
    """Give and end duties, and change roles."""
    ENROLLMENTS_READ_ALL = "enrollments.read_all"
    ENROLLMENTS_READ_OWN_CLASSES = "enrollments.read_own_classes"
    ENROLLMENTS_CHANGE = "enrollments.change"
    """Enroll students."""
    ENROLLMENTS_END = "enrollments.end"
    """Complete and withdraw."""
    ENROLLMENTS_MARK_LESSONS = "enrollments.mark_lessons"
    """Attest that a lesson was done, for those whose enrollment one reads."""
    EXTERNSHIPS_READ_ALL = "externships.read_all"
    """Sites too, with their agreements and supervisors."""
    EXTERNSHIPS_READ_OWN_CLASSES = "externships.read_own_classes"
    EXTERNSHIPS_MANAGE = "externships.manage"
    """Keep sites and agreements, place students, verify their hours."""
    GRADES_READ_ALL = "grades.read_all"
    GRADES_READ_OWN_CLASSES = "grades.read_own_classes"
    GRADES_ENTER = "grades.enter"
    """Set up grade books, enter scores and submit final grades of the classes whose grades one reads."""
    GRADES_APPROVE = "grades.approve"
    """Approve and return final grades, decide changes to them, review academic progress and decide appeals."""
    HISTORY_READ = "history.read"
    HOLDS_MANAGE = "holds.manage"
    """Set and lift holds on students’ transcripts."""
    IDENTIFIERS_REVEAL = "identifiers.reveal"
    """See a student's Social Security number and the like whole."""
    IMPORTS_RUN = "imports.run"
    LEDGER_READ = "ledger.read"
    """What every student and payer owes, was charged and has paid."""
    LEDGER_POST = "ledger.post"
    """Post charges, payments and reversals, issue receipts, keep payers, close a day."""
    INSPECTIONS_RUN = "inspections.run"
    """Have complete student files prepared for an inspector, who may be the person themselves."""
    LRS_READ_ALL = "lrs.read_all"
    """Every statement, and which systems and stores the LRS works with."""
    LRS_MANAGE = "lrs.manage"
    MAIL_READ = "mail.read"
    MAIL_MANAGE = "mail.manage"
    NOTES_READ = "notes.read"
    """Notes about students that are for one of one's duties."""
    NOTES_WRITE = "notes.write"
    OUTCOMES_RECORD = "outcomes.record"
    """Record where graduates are employed."""
    OPERATIONS_READ = "operations.read"
    OPERATIONS_CHANGE = "operations.change"
    PRIVACY_READ = "privacy.read"
    """Disclosures, consents, opt-outs, requests to see and to amend records."""
    PRIVACY_MANAGE = "privacy.manage"
    """Record disclosures and consents, answer and decide requests, take out a student's whole file."""
    REFUNDS_APPROVE = "refunds.approve"
    """Approve and send back refunds that somebody else computed."""
    REPORTS_READ = "reports.read"
    SECURITY_READ = "security.read"
    """Sign-ins, failures and refusals, new devices, keys."""
    SCHOOL_READ = "school.read"
    SCHOOL_CHANGE = "school.change"
    SKILLS_READ_ALL = "skills.read_all"
    SKILLS_READ_OWN_CLASSES = "skills.read_own_classes"
    SKILLS_CHECK_OFF = "skills.check_off"
    """Record attempts at skills, and void them, for those whose skills one reads."""
    STUDENT_FILES_READ = "student_files.read"
    """All of a student's file. Who sees a student without it sees whom to call in an emergency."""
    STUDENT_FILES_CHANGE = "student_files.change"
    STUDENTS_READ_ALL = "students.read_all"
    STUDENTS_READ_OWN_CLASSES = "students.read_own_classes"
    STUDENTS_MANAGE = "students.manage"
    """Students' accounts: add, change, send links."""
    WITHDRAWALS_READ = "withdrawals.read"
    """Why students left: reasons may be medical."""

    @property
    def label(self) -> str:
        """The permission as a page names it: `Students: read all`."""
        area, _, deed = self.value.partition(".")
        area = "LRS" if area == "lrs" else area.replace("_", " ").capitalize()
        return f"{area}: {deed.replace('_', ' ')}"


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

    @property
    def meaning(self) -> str:
        """What the duty is for, in one sentence for the person who gives it."""
        return _MEANINGS[self]


_MEANINGS = {
    Duty.ADMINISTRATOR: "Can do everything, including assigning duties to others.",
    Duty.REGISTRAR: "Manages student records: enrollments, hours, grades, classes, documents.",
    Duty.ADMISSIONS: "Decides applications, checks documents, adds students and enrolls them.",
    Duty.BURSAR: "Keeps the ledger: charges, payments, payers, receipts, refunds and the closing of each day.",
    Duty.INSTRUCTOR: "Teaches: hours, grades, lessons and content for students of their own classes.",
    Duty.EVALUATOR: "Signs off lessons and skills for students in their own classes.",
    Duty.CONTENT_AUTHOR: "Uploads and previews lessons. Cannot see students.",
    Duty.AUDITOR: "Can see everything and change nothing.",
}

_P = Permission
_READS_EVERYTHING = frozenset(
    {
        _P.ACADEMICS_READ,
        _P.ACCOUNTS_READ,
        _P.ADMISSIONS_READ,
        _P.AGREEMENTS_READ,
        _P.ATTENDANCE_READ_ALL,
        _P.COMPLAINTS_READ,
        _P.CONTENT_READ,
        _P.DOCUMENTS_READ_ALL,
        _P.ENROLLMENTS_READ_ALL,
        _P.EXTERNSHIPS_READ_ALL,
        _P.GRADES_READ_ALL,
        _P.HISTORY_READ,
        _P.LEDGER_READ,
        _P.INSPECTIONS_RUN,
        _P.LRS_READ_ALL,
        _P.MAIL_READ,
        _P.NOTES_READ,
        _P.OPERATIONS_READ,
        _P.PRIVACY_READ,
        _P.REPORTS_READ,
        _P.SCHOOL_READ,
        _P.SECURITY_READ,
        _P.SKILLS_READ_ALL,
        _P.STUDENT_FILES_READ,
        _P.STUDENTS_READ_ALL,
        _P.WITHDRAWALS_READ,
    }
)
PERMISSIONS: dict[Duty, frozenset[Permission]] = {
    Duty.ADMINISTRATOR: frozenset(Permission),
    Duty.REGISTRAR: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ACCOUNTS_READ,
            _P.ADMISSIONS_READ,
            _P.ADMISSIONS_MANAGE,
            _P.AGREEMENTS_READ,
            _P.AGREEMENTS_PREPARE,
            _P.AGREEMENTS_SIGN,
            _P.ATTENDANCE_READ_ALL,
            _P.ATTENDANCE_CORRECT,
            _P.ATTENDANCE_EXCUSE,
            _P.CLASSES_MANAGE,
            _P.COMPLAINTS_READ,
            _P.COMPLAINTS_MANAGE,
            _P.CONTENT_READ,
            _P.DOCUMENTS_ISSUE,
            _P.DOCUMENTS_READ_ALL,
            _P.ENROLLMENTS_READ_ALL,
            _P.ENROLLMENTS_CHANGE,
            _P.ENROLLMENTS_END,
            _P.ENROLLMENTS_MARK_LESSONS,
            _P.EXTERNSHIPS_READ_ALL,
            _P.EXTERNSHIPS_MANAGE,
            _P.GRADES_READ_ALL,
            _P.GRADES_APPROVE,
            _P.HOLDS_MANAGE,
            _P.IDENTIFIERS_REVEAL,
            _P.IMPORTS_RUN,
            _P.LEDGER_READ,
            _P.INSPECTIONS_RUN,
            _P.NOTES_READ,
            _P.NOTES_WRITE,
            _P.OUTCOMES_RECORD,
            _P.PRIVACY_READ,
            _P.PRIVACY_MANAGE,
            _P.REFUNDS_APPROVE,
            _P.REPORTS_READ,
            _P.SCHOOL_READ,
            _P.SKILLS_READ_ALL,
            _P.SKILLS_CHECK_OFF,
            _P.STUDENT_FILES_READ,
            _P.STUDENT_FILES_CHANGE,
            _P.STUDENTS_READ_ALL,
            _P.STUDENTS_MANAGE,
            _P.WITHDRAWALS_READ,
        }
    ),
    Duty.ADMISSIONS: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ACCOUNTS_READ,
            _P.ADMISSIONS_READ,
            _P.ADMISSIONS_MANAGE,
            _P.AGREEMENTS_READ,
            _P.AGREEMENTS_PREPARE,
            _P.ENROLLMENTS_READ_ALL,
            _P.ENROLLMENTS_CHANGE,
            _P.IMPORTS_RUN,
            _P.NOTES_READ,
            _P.NOTES_WRITE,
            _P.SCHOOL_READ,
            _P.STUDENT_FILES_READ,
            _P.STUDENT_FILES_CHANGE,
            _P.STUDENTS_READ_ALL,
            _P.STUDENTS_MANAGE,
        }
    ),
    Duty.BURSAR: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ACCOUNTS_READ,
            _P.AGREEMENTS_READ,
            _P.AGREEMENTS_PREPARE,
            _P.ATTENDANCE_READ_ALL,
            _P.ENROLLMENTS_READ_ALL,
            _P.HOLDS_MANAGE,
            _P.IDENTIFIERS_REVEAL,
            _P.LEDGER_READ,
            _P.LEDGER_POST,
            _P.NOTES_READ,
            _P.NOTES_WRITE,
            _P.REPORTS_READ,
            _P.SCHOOL_READ,
            _P.STUDENT_FILES_READ,
            _P.STUDENTS_READ_ALL,
            _P.WITHDRAWALS_READ,
        }
    ),
    Duty.INSTRUCTOR: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.ATTENDANCE_READ_OWN_CLASSES,
            _P.ATTENDANCE_CORRECT,
            _P.ATTENDANCE_EXCUSE,
            _P.CONTENT_READ,
            _P.CONTENT_CHANGE,
            _P.ENROLLMENTS_READ_OWN_CLASSES,
            _P.ENROLLMENTS_MARK_LESSONS,
            _P.EXTERNSHIPS_READ_OWN_CLASSES,
            _P.GRADES_READ_OWN_CLASSES,
            _P.GRADES_ENTER,
            _P.NOTES_READ,
            _P.NOTES_WRITE,
            _P.SCHOOL_READ,
            _P.SKILLS_READ_OWN_CLASSES,
            _P.SKILLS_CHECK_OFF,
            _P.STUDENTS_READ_OWN_CLASSES,
        }
    ),
    Duty.EVALUATOR: frozenset(
        {
            _P.ACADEMICS_READ,
            _P.CONTENT_READ,
            _P.ENROLLMENTS_READ_OWN_CLASSES,
            _P.ENROLLMENTS_MARK_LESSONS,
            _P.NOTES_READ,
            _P.NOTES_WRITE,
            _P.SCHOOL_READ,
            _P.SKILLS_READ_OWN_CLASSES,
            _P.SKILLS_CHECK_OFF,
            _P.STUDENTS_READ_OWN_CLASSES,
        }
    ),
    Duty.CONTENT_AUTHOR: frozenset({_P.ACADEMICS_READ, _P.CONTENT_READ, _P.CONTENT_CHANGE, _P.SCHOOL_READ}),
    Duty.AUDITOR: _READS_EVERYTHING,
}
"""What each duty allows. An auditor reads everything and changes nothing."""

PURPOSES = {
    Duty.REGISTRAR: Purpose.REGISTRATION,
    Duty.ADMISSIONS: Purpose.REGISTRATION,
    Duty.BURSAR: Purpose.BILLING,
    Duty.INSTRUCTOR: Purpose.INSTRUCTION,
    Duty.EVALUATOR: Purpose.INSTRUCTION,
    Duty.AUDITOR: Purpose.COMPLIANCE,
    Duty.ADMINISTRATOR: Purpose.REGISTRATION,
    Duty.CONTENT_AUTHOR: Purpose.INSTRUCTION,
}
"""What each duty mostly looks at records for; where somebody has several, the first one here."""

ROLE_DUTIES = {
    Role.STUDENT: frozenset[Duty](),
    Role.INSTRUCTOR: frozenset({Duty.INSTRUCTOR}),
    Role.ADMIN: frozenset({Duty.ADMINISTRATOR}),
}
"""The duties that a role brings along while none has been given by name."""
