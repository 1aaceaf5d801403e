"""Everything that can happen, as one enum: what each row of the history says.

A room that records something new adds a member here, in the order of the alphabet.
"""

from enum import StrEnum


class Action(StrEnum):
    """`noun.verb_in_past`, the table of the record it happened to, and the sentence a timeline shows it by."""

    target: str
    sentence: str

    def __new__(cls, value: str, target: str, sentence: str) -> "Action":
        member = str.__new__(cls, value)
        member._value_ = value
        member.target = target
        member.sentence = sentence
        return member

    ACCOUNT_LINK_INVITE_MADE = "account_link.invite_made", "users", "Invitation link created"
    ACCOUNT_LINK_RESET_MADE = "account_link.reset_made", "users", "Password reset link created"
    API_TOKEN_CREATED = "api_token.created", "api_tokens", "API token created"
    API_TOKEN_REVOKED = "api_token.revoked", "api_tokens", "API token revoked"
    ATTACHMENT_DOWNLOADED = "attachment.downloaded", "xapi_statements", "Attachment downloaded"
    ATTENDANCE_CLOCKED_IN = "attendance.clocked_in", "attendance", "Clocked in"
    ATTENDANCE_CLOCKED_OUT = "attendance.clocked_out", "attendance", "Clocked out"
    ATTENDANCE_CLOCK_OUT_MISSING = "attendance.clock_out_missing", "attendance", "Clock-out missing"
    ATTENDANCE_CORRECTED = "attendance.corrected", "attendance", "Hours corrected"
    ATTENDANCE_ENTERED = "attendance.entered", "attendance", "Hours entered"
    CLASS_CREATED = "class.created", "classes", "Class created"
    CLASS_DELETED = "class.deleted", "classes", "Class deleted"
    CLASS_INSTRUCTOR_ADDED = "class.instructor_added", "classes", "Instructor added to a class"
    CLASS_INSTRUCTOR_REMOVED = "class.instructor_removed", "classes", "Instructor removed from a class"
    CLASS_STUDENT_ADDED = "class.student_added", "classes", "Added to a class"
    CLASS_STUDENT_REMOVED = "class.student_removed", "classes", "Removed from a class"
    CLASS_TIMETABLE_CHANGED = "class.timetable_changed", "classes", "Timetable of a class changed"
    CLASS_UPDATED = "class.updated", "classes", "Class changed"
    CONTENT_LESSON_OPENED = "content.lesson_opened", "launches", "Lesson opened"
    CONTENT_PACKAGE_IMPORTED = "content.package_imported", "content_packages", "Course package uploaded"
    DOCUMENT_DOWNLOADED = "document.downloaded", "issued_documents", "Document downloaded"
    DOCUMENT_ISSUED = "document.issued", "issued_documents", "Document issued"
    DOCUMENT_NOT_ISSUED = "document.not_issued", "issued_documents", "Document could not be created"
    DOCUMENT_REPLACED = "document.replaced", "issued_documents", "Document replaced"
    DOCUMENT_VOIDED = "document.voided", "issued_documents", "Document voided"
    ENROLLMENT_COMPLETED = "enrollment.completed", "enrollments", "Enrollment completed"
    ENROLLMENT_CREATED = "enrollment.created", "enrollments", "Enrolled"
    ENROLLMENT_WITHDRAWN = "enrollment.withdrawn", "enrollments", "Withdrawn"
    FILES_SWEPT = "files.swept", "files", "Unused files deleted"
    LESSONS_REORDERED = "lessons.reordered", "modules", "Lessons reordered"
    LESSON_COMPLETED = "lesson.completed", "lesson_completions", "Lesson completed"
    LESSON_COMPLETION_IMPROVED = "lesson_completion.improved", "lesson_completions", "Lesson score improved"
    LESSON_CREATED = "lesson.created", "lessons", "Lesson created"
    LESSON_DELETED = "lesson.deleted", "lessons", "Lesson deleted"
    LESSON_MOVED = "lesson.moved", "lessons", "Lesson moved"
    LESSON_UPDATED = "lesson.updated", "lessons", "Lesson changed"
    MAIL_PURGED = "mail.purged", "outbox_messages", "Old email removed"
    MAIL_READ = "mail.read", "outbox_messages", "Email read in the outbox"
    MAIL_RETRIED = "mail.retried", "outbox_messages", "Email queued again"
    MODULES_REORDERED = "modules.reordered", "programs", "Modules reordered"
    MODULE_CREATED = "module.created", "modules", "Module created"
    MODULE_DELETED = "module.deleted", "modules", "Module deleted"
    MODULE_MOVED = "module.moved", "modules", "Module moved"
    MODULE_UPDATED = "module.updated", "modules", "Module changed"
    PROGRAM_CREATED = "program.created", "programs", "Program created"
    PROGRAM_DELETED = "program.deleted", "programs", "Program deleted"
    PROGRAM_UPDATED = "program.updated", "programs", "Program changed"
    PROGRESS_REWRITTEN = "progress.rewritten", "programs", "Progress recalculated"
    REPORT_EXPORTED = "report.exported", "reports", "List exported"
    SCHOOL_CALENDAR_CHANGED = "school.calendar_changed", "school", "School calendar changed"
    SCHOOL_LOGO_CHANGED = "school.logo_changed", "school", "School logo changed"
    SCHOOL_POLICY_ADDED = "school.policy_added", "school_policies", "Policy added"
    SCHOOL_POLICY_WITHDRAWN = "school.policy_withdrawn", "school_policies", "Policy withdrawn"
    SCHOOL_SEEDED = "school.seeded", "programs", "Demo school created"
    SCHOOL_SIGNATORIES_CHANGED = "school.signatories_changed", "school_signatories", "Signatories changed"
    SCHOOL_UPDATED = "school.updated", "school", "School information changed"
    SESSION_CLOSED = "session.closed", "user_sessions", "Signed out"
    SESSION_OPENED = "session.opened", "user_sessions", "Signed in"
    SESSION_OTHERS_REVOKED = "session.others_revoked", "users", "Other sessions ended"
    SESSION_REVOKED = "session.revoked", "user_sessions", "Session ended"
    SIGNING_KEY_MADE = "signing_key.made", "signing_keys", "Signing key created"
    SIGNING_KEY_RETIRED = "signing_key.retired", "signing_keys", "Signing key retired"
    SIGNING_KEY_REVOKED = "signing_key.revoked", "signing_keys", "Signing key revoked"
    STATEMENTS_EXPORTED = "statements.exported", "xapi_statements", "Statements exported"
    STATEMENTS_IMPORT_BEGUN = "statements.import_begun", "xapi_imports", "Statement import started"
    STATEMENTS_IMPORT_REMOVED = "statements.import_removed", "xapi_imports", "Statement import removed"
    USER_CREATED = "user.created", "users", "Account created"
    USER_DELETED = "user.deleted", "users", "Account deleted"
    USER_DUTY_ENDED = "user.duty_ended", "users", "Duty ended"
    USER_DUTY_GIVEN = "user.duty_given", "users", "Duty given"
    USER_PASSWORD_SET = "user.password_set", "users", "Password set"
    USER_RESTORED = "user.restored", "users", "Account restored"
    USER_UPDATED = "user.updated", "users", "Account changed"
    XAPI_CREDENTIAL_CREATED = "xapi_credential.created", "xapi_credentials", "LRS API key created"
    XAPI_CREDENTIAL_REVOKED = "xapi_credential.revoked", "xapi_credentials", "LRS API key revoked"
    XAPI_CREDENTIAL_ROTATED = "xapi_credential.rotated", "xapi_credentials", "LRS API key secret replaced"
    XAPI_FORWARDER_ANSWERED_AGAIN = (
        "xapi_forwarder.answered_again",
        "xapi_forwarders",
        "Forwarding target is back",
    )
    XAPI_FORWARDER_CHANGED = "xapi_forwarder.changed", "xapi_forwarders", "Forwarding target changed"
    XAPI_FORWARDER_CREATED = "xapi_forwarder.created", "xapi_forwarders", "Forwarding target added"
    XAPI_FORWARDER_DEAD_LETTERS_DROPPED = (
        "xapi_forwarder.dead_letters_dropped",
        "xapi_forwarders",
        "Refused statements discarded",
    )
    XAPI_FORWARDER_DEAD_LETTERS_RETRIED = (
        "xapi_forwarder.dead_letters_retried",
        "xapi_forwarders",
        "Refused statements sent again",
    )
    XAPI_FORWARDER_DELETED = "xapi_forwarder.deleted", "xapi_forwarders", "Forwarding target deleted"
    XAPI_FORWARDER_SENT_NOW = "xapi_forwarder.sent_now", "xapi_forwarders", "Forwarding started manually"
    XAPI_FORWARDER_STARTED = "xapi_forwarder.started", "xapi_forwarders", "Forwarding target started"
    XAPI_FORWARDER_STOPPED = "xapi_forwarder.stopped", "xapi_forwarders", "Forwarding target stopped"
