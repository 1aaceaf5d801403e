"""Everything that can happen, as one enum: what each row of the history says.

A room that records something new adds a member here, in the order of the alphabet, and the type of its details in
`app.core.details`.
"""

from enum import StrEnum

from app.core import details as d


class Action(StrEnum):
    """`noun.verb_in_past`, the table of the record it happened to, the sentence it is shown by, its details' type."""

    target: str
    sentence: str
    details: type[d.Details]

    def __new__(
        cls, value: str, target: str, sentence: str, details: type[d.Details] = d.Nothing
    ) -> "Action":
        member = str.__new__(cls, value)
        member._value_ = value
        member.target = target
        member.sentence = sentence
        member.details = details
        return member

    ACCOUNT_LINK_INVITE_MADE = "account_link.invite_made", "users", "Invitation link made", d.LinkMade
    ACCOUNT_LINK_RESET_MADE = "account_link.reset_made", "users", "Password reset link made", d.LinkMade
    API_TOKEN_CREATED = "api_token.created", "api_tokens", "API token created", d.Named
    API_TOKEN_REVOKED = "api_token.revoked", "api_tokens", "API token revoked"
    ATTACHMENT_DOWNLOADED = (
        "attachment.downloaded",
        "xapi_statements",
        "Attachment downloaded",
        d.AttachmentDownloaded,
    )
    ATTENDANCE_CLOCKED_IN = "attendance.clocked_in", "attendance", "Clocked in", d.ClockedIn
    ATTENDANCE_CLOCKED_OUT = "attendance.clocked_out", "attendance", "Clocked out", d.ClockedOut
    ATTENDANCE_CLOCK_OUT_MISSING = (
        "attendance.clock_out_missing",
        "attendance",
        "Clock-out missing",
        d.ClockedIn,
    )
    ATTENDANCE_CORRECTED = "attendance.corrected", "attendance", "Hours corrected", d.HoursCorrected
    ATTENDANCE_ENTERED = "attendance.entered", "attendance", "Hours entered", d.HoursEntered
    CLASS_CREATED = "class.created", "classes", "Class created", d.ClassCreated
    CLASS_DELETED = "class.deleted", "classes", "Class deleted", d.ClassDeleted
    CLASS_INSTRUCTOR_ADDED = (
        "class.instructor_added",
        "classes",
        "Instructor added to a class",
        d.InstructorAdded,
    )
    CLASS_INSTRUCTOR_REMOVED = (
        "class.instructor_removed",
        "classes",
        "Instructor taken out of a class",
        d.InstructorRemoved,
    )
    CLASS_STUDENT_ADDED = "class.student_added", "classes", "Added to a class", d.SeatTaken
    CLASS_STUDENT_REMOVED = "class.student_removed", "classes", "Taken out of a class", d.SeatEnded
    CLASS_TIMETABLE_CHANGED = (
        "class.timetable_changed",
        "classes",
        "Timetable of a class changed",
        d.TimetableChanged,
    )
    CLASS_UPDATED = "class.updated", "classes", "Class changed", d.ClassUpdated
    CONTENT_LESSON_OPENED = "content.lesson_opened", "launches", "Lesson opened", d.LessonOpened
    CONTENT_PACKAGE_IMPORTED = (
        "content.package_imported",
        "content_packages",
        "Course package uploaded",
        d.PackageImported,
    )
    CONTENT_PART_LEFT = "content.part_left", "launches", "Lesson left without closing it", d.PartLeft
    CONTENT_PART_REPORTED = "content.part_reported", "launches", "Lesson work saved", d.PartReported
    ENROLLMENT_COMPLETED = (
        "enrollment.completed",
        "enrollments",
        "Enrollment completed",
        d.EnrollmentCompleted,
    )
    ENROLLMENT_CREATED = "enrollment.created", "enrollments", "Enrolled", d.Enrolled
    ENROLLMENT_WITHDRAWN = "enrollment.withdrawn", "enrollments", "Withdrawn", d.EnrollmentWithdrawn
    FILES_SWEPT = "files.swept", "files", "Unused files removed", d.FilesSwept
    LESSONS_REORDERED = "lessons.reordered", "modules", "Lessons reordered", d.Reordered
    LESSON_COMPLETED = "lesson.completed", "lesson_completions", "Lesson completed", d.LessonCompleted
    LESSON_COMPLETION_IMPROVED = (
        "lesson_completion.improved",
        "lesson_completions",
        "Lesson score improved",
        d.LessonScored,
    )
    LESSON_CREATED = "lesson.created", "lessons", "Lesson created", d.LessonCreated
    LESSON_DELETED = "lesson.deleted", "lessons", "Lesson deleted", d.LessonDeleted
    LESSON_MOVED = "lesson.moved", "lessons", "Lesson moved", d.LessonMoved
    LESSON_UPDATED = "lesson.updated", "lessons", "Lesson changed", d.Changed
    MAIL_PURGED = "mail.purged", "outbox_messages", "Old email removed", d.MailPurged
    MAIL_READ = "mail.read", "outbox_messages", "Email read in the outbox", d.MailRead
    MAIL_RETRIED = "mail.retried", "outbox_messages", "Email queued again", d.MailRetried
    MODULES_REORDERED = "modules.reordered", "programs", "Modules reordered", d.Reordered
    MODULE_CREATED = "module.created", "modules", "Module created", d.ModuleCreated
    MODULE_DELETED = "module.deleted", "modules", "Module deleted", d.ModuleDeleted
    MODULE_MOVED = "module.moved", "modules", "Module moved", d.ModuleMoved
    MODULE_UPDATED = "module.updated", "modules", "Module changed", d.Changed
    PROGRAM_CREATED = "program.created", "programs", "Program created", d.Named
    PROGRAM_DELETED = "program.deleted", "programs", "Program deleted", d.ProgramDeleted
    PROGRAM_UPDATED = "program.updated", "programs", "Program changed", d.Changed
    PROGRESS_REWRITTEN = "progress.rewritten", "programs", "Progress recalculated", d.ProgressRewritten
    REPORT_EXPORTED = "report.exported", "reports", "List taken out as a file", d.ReportExported
    SCHOOL_CALENDAR_CHANGED = (
        "school.calendar_changed",
        "school",
        "School calendar changed",
        d.CalendarChanged,
    )
    SCHOOL_LOGO_CHANGED = "school.logo_changed", "school", "School logo changed", d.LogoChanged
    SCHOOL_POLICY_ADDED = "school.policy_added", "school_policies", "Policy added", d.PolicyAdded
    SCHOOL_POLICY_WITHDRAWN = (
        "school.policy_withdrawn",
        "school_policies",
        "Policy taken back",
        d.PolicyWithdrawn,
    )
    SCHOOL_SEEDED = "school.seeded", "programs", "Demo school created", d.SchoolSeeded
    SCHOOL_SIGNATORIES_CHANGED = (
        "school.signatories_changed",
        "school_signatories",
        "Signatories changed",
        d.Signatory,
    )
    SCHOOL_UPDATED = "school.updated", "school", "School facts changed", d.FieldsChanged
    SESSION_CLOSED = "session.closed", "user_sessions", "Signed out"
    SESSION_OPENED = "session.opened", "user_sessions", "Signed in"
    SESSION_OTHERS_REVOKED = "session.others_revoked", "users", "Other sessions ended", d.OthersRevoked
    SESSION_REVOKED = "session.revoked", "user_sessions", "Session ended"
    STATEMENTS_EXPORTED = (
        "statements.exported",
        "xapi_statements",
        "Statements exported",
        d.StatementsExported,
    )
    STATEMENTS_IMPORT_BEGUN = (
        "statements.import_begun",
        "xapi_imports",
        "Statement import started",
        d.ImportBegun,
    )
    STATEMENTS_IMPORT_REMOVED = (
        "statements.import_removed",
        "xapi_imports",
        "Statement import removed",
        d.ImportRemoved,
    )
    USER_CREATED = "user.created", "users", "Account created", d.UserCreated
    USER_DELETED = "user.deleted", "users", "Account deleted", d.UserDeleted
    USER_DUTY_ENDED = "user.duty_ended", "users", "Duty ended", d.DutyEnded
    USER_DUTY_GIVEN = "user.duty_given", "users", "Duty given", d.DutyGiven
    USER_PASSWORD_SET = "user.password_set", "users", "Password set", d.PasswordSet
    USER_RESTORED = "user.restored", "users", "Account restored"
    USER_UPDATED = "user.updated", "users", "Account changed", d.UserUpdated
    XAPI_CREDENTIAL_CREATED = (
        "xapi_credential.created",
        "xapi_credentials",
        "LRS API key created",
        d.KeyCreated,
    )
    XAPI_CREDENTIAL_REVOKED = (
        "xapi_credential.revoked",
        "xapi_credentials",
        "LRS API key revoked",
        d.KeyRevoked,
    )
    XAPI_CREDENTIAL_ROTATED = (
        "xapi_credential.rotated",
        "xapi_credentials",
        "LRS API key given a new secret",
        d.Labeled,
    )
    XAPI_FORWARDER_ANSWERED_AGAIN = (
        "xapi_forwarder.answered_again",
        "xapi_forwarders",
        "Forwarding target answers again",
        d.Labeled,
    )
    XAPI_FORWARDER_CHANGED = (
        "xapi_forwarder.changed",
        "xapi_forwarders",
        "Forwarding target changed",
        d.ForwarderChanged,
    )
    XAPI_FORWARDER_CREATED = (
        "xapi_forwarder.created",
        "xapi_forwarders",
        "Forwarding target added",
        d.ForwarderChanged,
    )
    XAPI_FORWARDER_DEAD_LETTERS_DROPPED = (
        "xapi_forwarder.dead_letters_dropped",
        "xapi_forwarders",
        "Refused statements discarded",
        d.Counted,
    )
    XAPI_FORWARDER_DEAD_LETTERS_RETRIED = (
        "xapi_forwarder.dead_letters_retried",
        "xapi_forwarders",
        "Refused statements sent again",
        d.Counted,
    )
    XAPI_FORWARDER_DELETED = (
        "xapi_forwarder.deleted",
        "xapi_forwarders",
        "Forwarding target deleted",
        d.Labeled,
    )
    XAPI_FORWARDER_SENT_NOW = (
        "xapi_forwarder.sent_now",
        "xapi_forwarders",
        "Forwarding started by hand",
        d.Labeled,
    )
    XAPI_FORWARDER_STARTED = (
        "xapi_forwarder.started",
        "xapi_forwarders",
        "Forwarding target started",
        d.Labeled,
    )
    XAPI_FORWARDER_STOPPED = (
        "xapi_forwarder.stopped",
        "xapi_forwarders",
        "Forwarding target stopped",
        d.Labeled,
    )
