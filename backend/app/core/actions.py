"""Everything that can happen, as one enum: what each row of the history says.

A room that records something new adds a member here, in the order of the alphabet, and the type of its details in
`app.core.details`.
"""

from enum import StrEnum

from app.core.details import (
    agreements,
    assignments,
    authoring,
    base,
    complaints,
    credentials,
    externships,
    forwarding,
    grades,
    inspections,
    kiosk,
    learning,
    money,
    people,
    privacy,
    school,
    student_file,
    system,
    transcripts,
)


class Action(StrEnum):
    """`noun.verb_in_past`, the table of the record it happened to, the sentence it is shown by, its details' type."""

    target: str
    sentence: str
    details: type[base.Details]

    def __new__(
        cls, value: str, target: str, sentence: str, details: type[base.Details] = base.Nothing
    ) -> "Action":
        member = str.__new__(cls, value)
        member._value_ = value
        member.target = target
        member.sentence = sentence
        member.details = details
        return member

    ACCESS_ANSWERED = privacy.ACCESS_ANSWERED
    ACCESS_ASKED = privacy.ACCESS_ASKED
    ACCESS_REFUSED = "access.refused", "requests", "Request refused", system.AccessRefused
    ACCOUNT_LINK_INVITE_MADE = "account_link.invite_made", "users", "Invitation link created", people.LinkMade
    ACCOUNT_LINK_RESET_MADE = people.ACCOUNT_LINK_RESET_MADE
    ADMISSION_DOCUMENT_CHECKED = student_file.ADMISSION_DOCUMENT_CHECKED
    ADMISSION_DOCUMENT_OPENED = student_file.ADMISSION_DOCUMENT_OPENED
    ADMISSION_DOCUMENT_RECEIVED = student_file.ADMISSION_DOCUMENT_RECEIVED
    ADMISSION_KIND_CHANGED = student_file.ADMISSION_KIND_CHANGED
    ADMISSION_REMINDED = student_file.ADMISSION_REMINDED
    ADMISSION_REQUIREMENTS_CHANGED = student_file.ADMISSION_REQUIREMENTS_CHANGED
    AGREEMENT_CONSENTED = agreements.AGREEMENT_CONSENTED
    AGREEMENT_COUNTERSIGNED = agreements.AGREEMENT_COUNTERSIGNED
    AGREEMENT_EXPIRED = agreements.AGREEMENT_EXPIRED
    AGREEMENT_FILE_CHANGED = agreements.AGREEMENT_FILE_CHANGED
    AGREEMENT_LINK_REFUSED = agreements.AGREEMENT_LINK_REFUSED
    AGREEMENT_LINK_SENT = agreements.AGREEMENT_LINK_SENT
    AGREEMENT_OPENED = agreements.AGREEMENT_OPENED
    AGREEMENT_SENT = agreements.AGREEMENT_SENT
    AGREEMENT_SIGNED = agreements.AGREEMENT_SIGNED
    AGREEMENT_SUPERSEDED = agreements.AGREEMENT_SUPERSEDED
    AGREEMENT_VOIDED = agreements.AGREEMENT_VOIDED
    AMENDMENT_ASKED = privacy.AMENDMENT_ASKED
    AMENDMENT_DECIDED = privacy.AMENDMENT_DECIDED
    APPLICATION_CHANGED = student_file.APPLICATION_CHANGED
    APPLICATION_RECEIVED = student_file.APPLICATION_RECEIVED
    API_TOKEN_CREATED = "api_token.created", "api_tokens", "API token created", people.TokenCreated
    API_TOKEN_REVOKED = "api_token.revoked", "api_tokens", "API token revoked"
    ASSIGNMENT_ALLOWED = assignments.ASSIGNMENT_ALLOWED
    ASSIGNMENT_CHANGED = assignments.ASSIGNMENT_CHANGED
    ASSIGNMENT_DUE_SET = assignments.ASSIGNMENT_DUE_SET
    ATTACHMENT_DOWNLOADED = system.ATTACHMENT_DOWNLOADED
    ABSENCE_DOCUMENT_OPENED = learning.ABSENCE_DOCUMENT_OPENED
    ABSENCE_EXCUSED = learning.ABSENCE_EXCUSED
    ABSENCE_NOT_EXCUSED = learning.ABSENCE_NOT_EXCUSED
    ABSENCE_REQUESTED = learning.ABSENCE_REQUESTED
    ABSENCE_WITHDRAWN = learning.ABSENCE_WITHDRAWN
    ATTENDANCE_CLOCKED_IN = "attendance.clocked_in", "attendance", "Clocked in", learning.ClockedIn
    ATTENDANCE_CLOCKED_OUT = "attendance.clocked_out", "attendance", "Clocked out", learning.ClockedOut
    ATTENDANCE_CLOCK_OUT_MISSING = learning.ATTENDANCE_CLOCK_OUT_MISSING
    ATTENDANCE_CORRECTED = "attendance.corrected", "attendance", "Hours corrected", learning.HoursCorrected
    ATTENDANCE_CORRECTION_APPROVED = learning.ATTENDANCE_CORRECTION_APPROVED
    ATTENDANCE_CORRECTION_DECLINED = learning.ATTENDANCE_CORRECTION_DECLINED
    ATTENDANCE_CORRECTION_DOCUMENT_OPENED = learning.ATTENDANCE_CORRECTION_DOCUMENT_OPENED
    ATTENDANCE_CORRECTION_ENDORSED = learning.ATTENDANCE_CORRECTION_ENDORSED
    ATTENDANCE_CORRECTION_REQUESTED = learning.ATTENDANCE_CORRECTION_REQUESTED
    ATTENDANCE_ENTERED = "attendance.entered", "attendance", "Hours entered", learning.HoursEntered
    ATTENDANCE_PERIOD_CLOSED = learning.ATTENDANCE_PERIOD_CLOSED
    ATTENDANCE_TOTALS_CHECKED = system.ATTENDANCE_TOTALS_CHECKED
    ATTENDANCE_TOTALS_REBUILT = (
        "attendance.totals_rebuilt",
        "attendance_days",
        "Attendance totals rebuilt",
        base.Counted,
    )
    BACKUP_FAILED = system.BACKUP_FAILED
    CHECKS_COMPLETED = "checks.completed", "installation", "Configuration checked", system.ChecksCompleted
    CLASS_ATTENDANCE_MARKED = learning.CLASS_ATTENDANCE_MARKED
    CLASS_CREATED = "class.created", "classes", "Class created", school.ClassCreated
    CLASS_DELETED = "class.deleted", "classes", "Class deleted", school.ClassDeleted
    CLASS_INSTRUCTOR_ADDED = school.CLASS_INSTRUCTOR_ADDED
    CLASS_INSTRUCTOR_REMOVED = school.CLASS_INSTRUCTOR_REMOVED
    CLASS_STUDENT_ADDED = "class.student_added", "classes", "Added to a class", school.SeatTaken
    CLASS_STUDENT_REMOVED = "class.student_removed", "classes", "Removed from a class", school.SeatEnded
    CLASS_TIMETABLE_CHANGED = school.CLASS_TIMETABLE_CHANGED
    CLASS_UPDATED = "class.updated", "classes", "Class changed", school.ClassUpdated
    CLOSURE_DOWNLOADED = transcripts.CLOSURE_DOWNLOADED
    CLOSURE_EXPORTED = transcripts.CLOSURE_EXPORTED
    CLOSURE_FAILED = transcripts.CLOSURE_FAILED
    CLOSURE_REQUESTED = transcripts.CLOSURE_REQUESTED
    COMPLAINT_ACKNOWLEDGED = complaints.COMPLAINT_ACKNOWLEDGED
    COMPLAINT_APPEALED = complaints.COMPLAINT_APPEALED
    COMPLAINT_APPEAL_DECIDED = complaints.COMPLAINT_APPEAL_DECIDED
    COMPLAINT_ASSIGNED = complaints.COMPLAINT_ASSIGNED
    COMPLAINT_CLOSED = complaints.COMPLAINT_CLOSED
    COMPLAINT_DECIDED = complaints.COMPLAINT_DECIDED
    COMPLAINT_FILED = complaints.COMPLAINT_FILED
    COMPLAINT_FILE_ADDED = complaints.COMPLAINT_FILE_ADDED
    COMPLAINT_NOTED = complaints.COMPLAINT_NOTED
    COMPLAINT_REFERRED = complaints.COMPLAINT_REFERRED
    COMPLAINT_REVIEWED = complaints.COMPLAINT_REVIEWED
    CONSENT_GIVEN = privacy.CONSENT_GIVEN
    CONSENT_WITHDRAWN = privacy.CONSENT_WITHDRAWN
    CONTENT_LESSON_EXPORTED = authoring.CONTENT_LESSON_EXPORTED
    CONTENT_LESSON_OPENED = "content.lesson_opened", "launches", "Lesson opened", learning.LessonOpened
    CONTENT_LESSON_PUBLISHED = authoring.CONTENT_LESSON_PUBLISHED
    CONTENT_MEDIA_ADDED = authoring.CONTENT_MEDIA_ADDED
    CONTENT_MEDIA_REMOVED = authoring.CONTENT_MEDIA_REMOVED
    CONTENT_PACKAGE_IMPORTED = learning.CONTENT_PACKAGE_IMPORTED
    CONTENT_PART_LEFT = "content.part_left", "launches", "Lesson left without exiting", learning.PartLeft
    CONTENT_PART_REPORTED = "content.part_reported", "launches", "Lesson work saved", learning.PartReported
    CONTENT_PART_WAIVED = "content.part_waived", "scorm_data", "Part of a lesson waived", learning.PartWaived
    CONTENT_STUDENT_MOVED = authoring.CONTENT_STUDENT_MOVED
    CONTENT_TEXT_SAVED = authoring.CONTENT_TEXT_SAVED
    DIRECTORY_ALLOWED = privacy.DIRECTORY_ALLOWED
    DIRECTORY_OPTED_OUT = privacy.DIRECTORY_OPTED_OUT
    DISCLOSURE_RECORDED = privacy.DISCLOSURE_RECORDED
    CREDENTIAL_BULK_REQUESTED = credentials.CREDENTIAL_BULK_REQUESTED
    CREDENTIAL_FETCHED = credentials.CREDENTIAL_FETCHED
    CREDENTIAL_ISSUED = credentials.CREDENTIAL_ISSUED
    CREDENTIAL_REMINDED = credentials.CREDENTIAL_REMINDED
    CREDENTIAL_REPLACED = credentials.CREDENTIAL_REPLACED
    CREDENTIAL_REVOKED = credentials.CREDENTIAL_REVOKED
    CREDENTIAL_SHARED = credentials.CREDENTIAL_SHARED
    CREDENTIAL_TYPE_CHANGED = credentials.CREDENTIAL_TYPE_CHANGED
    CREDENTIAL_UNSHARED = credentials.CREDENTIAL_UNSHARED
    DOCUMENTS_CHECKED = transcripts.DOCUMENTS_CHECKED
    DOCUMENT_DOWNLOADED = people.DOCUMENT_DOWNLOADED
    DOCUMENT_ISSUED = "document.issued", "issued_documents", "Document issued", people.DocumentIssued
    DOCUMENT_NOT_ISSUED = people.DOCUMENT_NOT_ISSUED
    DOCUMENT_REPLACED = "document.replaced", "issued_documents", "Document replaced", people.DocumentReplaced
    DOCUMENT_VOIDED = "document.voided", "issued_documents", "Document voided", people.DocumentNumbered
    ENROLLMENT_COMPLETED = learning.ENROLLMENT_COMPLETED
    ENROLLMENT_CREATED = "enrollment.created", "enrollments", "Enrolled", learning.Enrolled
    ENROLLMENT_WITHDRAWN = "enrollment.withdrawn", "enrollments", "Withdrawn", learning.EnrollmentWithdrawn
    EXTERNSHIP_AGREEMENT_ADDED = externships.EXTERNSHIP_AGREEMENT_ADDED
    EXTERNSHIP_AGREEMENT_ENDED = externships.EXTERNSHIP_AGREEMENT_ENDED
    EXTERNSHIP_AGREEMENT_OPENED = externships.EXTERNSHIP_AGREEMENT_OPENED
    EXTERNSHIP_AGREEMENT_REMINDED = externships.EXTERNSHIP_AGREEMENT_REMINDED
    EXTERNSHIP_CHANGED = externships.EXTERNSHIP_CHANGED
    EXTERNSHIP_DOCUMENT_OPENED = externships.EXTERNSHIP_DOCUMENT_OPENED
    EXTERNSHIP_EVALUATED = externships.EXTERNSHIP_EVALUATED
    EXTERNSHIP_HOURS_CHANGED = externships.EXTERNSHIP_HOURS_CHANGED
    EXTERNSHIP_HOURS_LOGGED = externships.EXTERNSHIP_HOURS_LOGGED
    EXTERNSHIP_HOURS_REMOVED = externships.EXTERNSHIP_HOURS_REMOVED
    EXTERNSHIP_HOURS_REOPENED = externships.EXTERNSHIP_HOURS_REOPENED
    EXTERNSHIP_LINK_REFUSED = externships.EXTERNSHIP_LINK_REFUSED
    EXTERNSHIP_LINK_SENT = externships.EXTERNSHIP_LINK_SENT
    EXTERNSHIP_LOGS_COMPARED = externships.EXTERNSHIP_LOGS_COMPARED
    EXTERNSHIP_PLACED = externships.EXTERNSHIP_PLACED
    EXTERNSHIP_REOPENED = externships.EXTERNSHIP_REOPENED
    EXTERNSHIP_RUBRIC_ADDED = externships.EXTERNSHIP_RUBRIC_ADDED
    EXTERNSHIP_SITE_CHANGED = externships.EXTERNSHIP_SITE_CHANGED
    EXTERNSHIP_SITE_CREATED = externships.EXTERNSHIP_SITE_CREATED
    EXTERNSHIP_SUPERVISOR_CHANGED = externships.EXTERNSHIP_SUPERVISOR_CHANGED
    EXTERNSHIP_VERIFIED = externships.EXTERNSHIP_VERIFIED
    EXTERNSHIP_WEEK_CONFIRMED = externships.EXTERNSHIP_WEEK_CONFIRMED
    FACTORS_RESET = people.FACTORS_RESET
    FACTOR_ADDED = people.FACTOR_ADDED
    FACTOR_REFUSED = people.FACTOR_REFUSED
    FACTOR_REMOVED = people.FACTOR_REMOVED
    FACTOR_RESET_APPROVED = people.FACTOR_RESET_APPROVED
    FACTOR_RESET_ASKED = people.FACTOR_RESET_ASKED
    FACTOR_RESET_DECLINED = people.FACTOR_RESET_DECLINED
    FILE_INFECTED = "file.infected", "files", "Virus found in an uploaded file", system.FileInfected
    FILES_SWEPT = "files.swept", "files", "Unused files deleted", system.FilesSwept
    FINAL_GRADE_APPROVED = "final_grade.approved", "final_grades", "Final grade approved", grades.Final
    FINAL_GRADE_RETURNED = "final_grade.returned", "final_grades", "Final grade returned", grades.Final
    FINAL_GRADE_SUBMITTED = "final_grade.submitted", "final_grades", "Final grade submitted", grades.Final
    GRADE_BOOK_CHANGED = "grade_book.changed", "grade_books", "Grade book changed", grades.BookChanged
    GRADE_CHANGE_APPROVED = "grade_change.approved", "grade_changes", "Grade change approved", grades.Changed
    GRADE_CHANGE_DECLINED = "grade_change.declined", "grade_changes", "Grade change declined", grades.Changed
    GRADE_CHANGE_REQUESTED = grades.GRADE_CHANGE_REQUESTED
    GRADE_ENTERED = "grade.entered", "grade_scores", "Grade entered", grades.Entered
    HAND_IN_GRADED = assignments.HAND_IN_GRADED
    HAND_IN_RECEIVED = assignments.HAND_IN_RECEIVED
    HAND_IN_RELEASED = assignments.HAND_IN_RELEASED
    HEARING_ASKED = privacy.HEARING_ASKED
    HEARING_HELD = privacy.HEARING_HELD
    HISTORY_VERIFIED = system.HISTORY_VERIFIED
    IDENTIFIER_ADDED = student_file.IDENTIFIER_ADDED
    IDENTIFIER_REMOVED = student_file.IDENTIFIER_REMOVED
    IDENTIFIER_REVEALED = student_file.IDENTIFIER_REVEALED
    IDENTIFIER_SEARCHED = student_file.IDENTIFIER_SEARCHED
    IMPORT_APPLIED = "import.applied", "data_imports", "File imported", system.FileImported
    IMPORT_BEGUN = "import.begun", "data_imports", "File uploaded for import", system.FileSent
    IMPORT_DISCARDED = system.IMPORT_DISCARDED
    IMPORT_UNDONE = "import.undone", "data_imports", "Import undone", system.FileImportUndone
    KIOSK_ADDED = kiosk.KIOSK_ADDED
    KIOSK_CARD_ISSUED = kiosk.KIOSK_CARD_ISSUED
    KIOSK_CARD_REVOKED = kiosk.KIOSK_CARD_REVOKED
    KIOSK_CODE_RENEWED = kiosk.KIOSK_CODE_RENEWED
    KIOSK_PIN_CHOSEN = kiosk.KIOSK_PIN_CHOSEN
    KIOSK_PUNCH_DISMISSED = kiosk.KIOSK_PUNCH_DISMISSED
    KIOSK_PUNCH_REFUSED = kiosk.KIOSK_PUNCH_REFUSED
    KIOSK_REGISTERED = kiosk.KIOSK_REGISTERED
    KIOSK_REVOKED = kiosk.KIOSK_REVOKED
    LEDGER_CHECKED = money.LEDGER_CHECKED
    LEDGER_DAY_CLOSED = money.LEDGER_DAY_CLOSED
    LEDGER_PAYER_CHANGED = money.LEDGER_PAYER_CHANGED
    LEDGER_POSTED = money.LEDGER_POSTED
    LEDGER_REBUILT = money.LEDGER_REBUILT
    LEDGER_REVERSED = money.LEDGER_REVERSED
    INSPECTION_DOWNLOADED = inspections.INSPECTION_DOWNLOADED
    INSPECTION_DRAWN = inspections.INSPECTION_DRAWN
    INSPECTION_FAILED = inspections.INSPECTION_FAILED
    INSPECTION_PREPARED = inspections.INSPECTION_PREPARED
    INSPECTION_REQUESTED = inspections.INSPECTION_REQUESTED
    LEAVE_APPROVED = learning.LEAVE_APPROVED
    LEAVE_CANCELED = learning.LEAVE_CANCELED
    LEAVE_DECLINED = learning.LEAVE_DECLINED
    LEAVE_ENDED = learning.LEAVE_ENDED
    LEAVE_EXTENDED = learning.LEAVE_EXTENDED
    LEAVE_RECORDED = learning.LEAVE_RECORDED
    LEAVE_REMINDED = learning.LEAVE_REMINDED
    LEAVE_REQUESTED = learning.LEAVE_REQUESTED
    LEAVE_RETURNED = learning.LEAVE_RETURNED
    LESSONS_REORDERED = "lessons.reordered", "modules", "Lessons reordered", school.Reordered
    LESSON_COMPLETED = "lesson.completed", "lesson_completions", "Lesson completed", learning.LessonCompleted
    LESSON_COMPLETION_IMPROVED = learning.LESSON_COMPLETION_IMPROVED
    LESSON_COMPLETION_WITHDRAWN = learning.LESSON_COMPLETION_WITHDRAWN
    LESSON_CREATED = "lesson.created", "lessons", "Lesson created", school.LessonCreated
    LESSON_DELETED = "lesson.deleted", "lessons", "Lesson deleted", school.LessonDeleted
    LESSON_MOVED = "lesson.moved", "lessons", "Lesson moved", school.LessonMoved
    LESSON_UPDATED = "lesson.updated", "lessons", "Lesson changed", base.Changed
    LRS_ROLLUPS_CHECKED = system.LRS_ROLLUPS_CHECKED
    LRS_ROLLUPS_REBUILT = (
        "lrs.rollups_rebuilt",
        "xapi_rollup_state",
        "Sums of statements rebuilt",
        base.Counted,
    )
    MAIL_PURGED = "mail.purged", "outbox_messages", "Old email removed", system.MailPurged
    MAIL_READ = "mail.read", "outbox_messages", "Email read in the outbox", system.MailRead
    MAIL_RETRIED = "mail.retried", "outbox_messages", "Email queued again", system.MailRetried
    MODULES_REORDERED = "modules.reordered", "programs", "Modules reordered", school.Reordered
    MODULE_CREATED = "module.created", "modules", "Module created", school.ModuleCreated
    MODULE_DELETED = "module.deleted", "modules", "Module deleted", school.ModuleDeleted
    MODULE_MOVED = "module.moved", "modules", "Module moved", school.ModuleMoved
    MODULE_UPDATED = "module.updated", "modules", "Module changed", base.Changed
    NAME_CHANGED = student_file.NAME_CHANGED
    NAME_DOCUMENT_OPENED = ("name.document_opened", "former_names", "Proof of a name change opened")
    NAME_REQUESTED = student_file.NAME_REQUESTED
    NAME_REQUEST_DECLINED = student_file.NAME_REQUEST_DECLINED
    ONLINE_PAYMENT_HANDLED = money.ONLINE_PAYMENT_HANDLED
    OUTCOME_RECORDED = (
        "outcome.recorded",
        "employment_outcomes",
        "Employment outcome recorded",
        learning.Outcome,
    )
    PASSKEY_COPIED = people.PASSKEY_COPIED
    PAYMENT_PLAN_AGREED = money.PAYMENT_PLAN_AGREED
    PAYMENT_PLAN_ENDED = money.PAYMENT_PLAN_ENDED
    PAYMENT_PLAN_PROPOSED = money.PAYMENT_PLAN_PROPOSED
    PAYMENT_PLAN_REMINDED = money.PAYMENT_PLAN_REMINDED
    PROGRAM_CREATED = "program.created", "programs", "Program created", base.Named
    PROGRAM_DELETED = "program.deleted", "programs", "Program deleted", school.ProgramDeleted
    PROGRAM_FEE_ADDED = agreements.PROGRAM_FEE_ADDED
    PROGRAM_FEE_ENDED = agreements.PROGRAM_FEE_ENDED
    PROGRAM_UPDATED = "program.updated", "programs", "Program changed", base.Changed
    PROGRESS_APPEAL_DECIDED = grades.PROGRESS_APPEAL_DECIDED
    PROGRESS_APPEALED = "progress.appealed", "progress_appeals", "Academic progress appealed", grades.Appealed
    PROGRESS_REVIEWED = "progress.reviewed", "progress_reviews", "Academic progress reviewed", grades.Reviewed
    PROGRESS_REWRITTEN = "progress.rewritten", "programs", "Progress recalculated", learning.ProgressRewritten
    PROOF_GIVEN = "proof.given", "user_sessions", "Identity confirmed", people.ProofGiven
    PROXY_NOT_TRUSTED = system.PROXY_NOT_TRUSTED
    QUESTION_KEY_CORRECTED = authoring.QUESTION_KEY_CORRECTED
    QUESTION_RESTORED = authoring.QUESTION_RESTORED
    QUESTION_RETIRED = authoring.QUESTION_RETIRED
    QUESTION_SAVED = authoring.QUESTION_SAVED
    QUIZ_ACCOMMODATED = authoring.QUIZ_ACCOMMODATED
    QUIZ_ACCOMMODATION_ENDED = authoring.QUIZ_ACCOMMODATION_ENDED
    QUIZ_REGRADED = authoring.QUIZ_REGRADED
    QUIZ_STARTED = authoring.QUIZ_STARTED
    QUIZ_SUBMITTED = authoring.QUIZ_SUBMITTED
    RECOVERY_CODES_MADE = people.RECOVERY_CODES_MADE
    RECOVERY_CODE_USED = "recovery_code.used", "users", "Recovery code used", people.RecoveryCodeUsed
    RECORD_VIEWED = "record.viewed", "users", "Student record viewed", people.RecordViewed
    REFUND_APPROVED = money.REFUND_APPROVED
    REFUND_COMPUTED = money.REFUND_COMPUTED
    REFUND_ENDORSED = money.REFUND_ENDORSED
    REFUND_REJECTED = money.REFUND_REJECTED
    REFUND_REMITTED = money.REFUND_REMITTED
    REFUND_RETURNED = money.REFUND_RETURNED
    REFUND_WARNED = money.REFUND_WARNED
    REPORT_EXPORTED = "report.exported", "reports", "List exported", system.ReportExported
    RESTORE_TRIED = system.RESTORE_TRIED
    RETENTION_PURGED = "retention.purged", "purge_runs", "Old data removed", system.DataPurged
    SCHOOL_CALENDAR_CHANGED = school.SCHOOL_CALENDAR_CHANGED
    SCHOOL_LOGO_CHANGED = "school.logo_changed", "school", "School logo changed", school.LogoChanged
    SCHOOL_POLICY_ADDED = "school.policy_added", "school_policies", "Policy added", school.PolicyAdded
    SCHOOL_POLICY_WITHDRAWN = school.SCHOOL_POLICY_WITHDRAWN
    SCHOOL_SEEDED = "school.seeded", "programs", "Demo school created", system.SchoolSeeded
    SCHOOL_SIGNATORIES_CHANGED = school.SCHOOL_SIGNATORIES_CHANGED
    SCHOOL_UPDATED = "school.updated", "school", "School information changed", base.FieldsChanged
    SECRETS_GIVEN_UP = system.SECRETS_GIVEN_UP
    SECRETS_RESEALED = system.SECRETS_RESEALED
    SECRET_KEY_FIRST_USED = system.SECRET_KEY_FIRST_USED
    SECURITY_ALERTED = "security.alerted", "audit_log", "Administrators alerted", system.SecurityAlerted
    SESSION_CLOSED = "session.closed", "user_sessions", "Signed out"
    SESSION_OPENED = "session.opened", "user_sessions", "Signed in", people.SessionOpened
    SESSION_OTHERS_REVOKED = "session.others_revoked", "users", "Other sessions ended", people.OthersRevoked
    SESSIONS_ENDED_FOR = people.SESSIONS_ENDED_FOR
    SESSION_PURPOSE_CHOSEN = people.SESSION_PURPOSE_CHOSEN
    SESSION_REVOKED = "session.revoked", "user_sessions", "Session ended"
    SIGN_IN_FAILED = "sign_in.failed", "users", "Sign-in failed", people.SignInFailed
    SIGNING_KEY_MADE = "signing_key.made", "signing_keys", "Signing key created", people.SigningKeyMade
    SIGNING_KEY_RETIRED = "signing_key.retired", "signing_keys", "Signing key retired", people.SigningKey
    SIGNING_KEY_REVOKED = "signing_key.revoked", "signing_keys", "Signing key revoked", people.SigningKey
    SKILL_ATTEMPTED = grades.SKILL_ATTEMPTED
    SKILL_CHANGED = grades.SKILL_CHANGED
    SKILL_VOIDED = grades.SKILL_VOIDED
    STORAGE_FILLING = system.STORAGE_FILLING
    STATEMENT_ATTACHED = privacy.STATEMENT_ATTACHED
    STATEMENTS_EXPORTED = system.STATEMENTS_EXPORTED
    STATEMENTS_IMPORT_BEGUN = system.STATEMENTS_IMPORT_BEGUN
    STATEMENTS_IMPORT_REMOVED = system.STATEMENTS_IMPORT_REMOVED
    STUDENT_NOTES_GATHERED = (
        "student_notes.gathered",
        "users",
        "All notes exported for an inspection",
    )
    STUDENT_NOTE_WRITTEN = ("student_note.written", "student_notes", "Note written", student_file.NoteWritten)
    STUDENT_CONTACT_CHANGED = student_file.STUDENT_CONTACT_CHANGED
    STUDENT_FIELD_CHANGED = student_file.STUDENT_FIELD_CHANGED
    STUDENT_FILE_EXPORTED = privacy.STUDENT_FILE_EXPORTED
    STUDENT_FILE_CHANGED = student_file.STUDENT_FILE_CHANGED
    TRANSCRIPTS_ASKED = transcripts.TRANSCRIPTS_ASKED
    TRANSCRIPTS_ENDED = transcripts.TRANSCRIPTS_ENDED
    TRANSCRIPT_COPIED = transcripts.TRANSCRIPT_COPIED
    TRANSCRIPT_DELIVERED = transcripts.TRANSCRIPT_DELIVERED
    TRANSCRIPT_ISSUED = transcripts.TRANSCRIPT_ISSUED
    TRANSCRIPT_LINK_OPENED = transcripts.TRANSCRIPT_LINK_OPENED
    TRANSCRIPT_LINK_REVOKED = transcripts.TRANSCRIPT_LINK_REVOKED
    TRANSCRIPT_HOLD_LIFTED = transcripts.TRANSCRIPT_HOLD_LIFTED
    TRANSCRIPT_HOLD_SET = transcripts.TRANSCRIPT_HOLD_SET
    TRANSCRIPT_REQUESTED = transcripts.TRANSCRIPT_REQUESTED
    TRANSCRIPT_REQUEST_CANCELED = transcripts.TRANSCRIPT_REQUEST_CANCELED
    TRANSCRIPT_REQUEST_DECLINED = transcripts.TRANSCRIPT_REQUEST_DECLINED
    TRANSCRIPT_REQUEST_FULFILLED = transcripts.TRANSCRIPT_REQUEST_FULFILLED
    USER_CREATED = "user.created", "users", "Account created", people.UserCreated
    USER_DELETED = "user.deleted", "users", "Account deleted", people.UserDeleted
    USER_DUTY_ENDED = "user.duty_ended", "users", "Duty ended", people.DutyEnded
    USER_DUTY_GIVEN = "user.duty_given", "users", "Duty given", people.DutyGiven
    USER_PASSWORD_SET = "user.password_set", "users", "Password set", people.PasswordSet
    USER_RESTORED = "user.restored", "users", "Account restored"
    USER_UPDATED = "user.updated", "users", "Account changed", people.UserUpdated
    WITHDRAWAL_CANCELED = learning.WITHDRAWAL_CANCELED
    WITHDRAWAL_NOTICED = learning.WITHDRAWAL_NOTICED
    WITHDRAWAL_PROCESSED = learning.WITHDRAWAL_PROCESSED
    WITHDRAWAL_RECORDED = learning.WITHDRAWAL_RECORDED
    WITHDRAWAL_REQUESTED = learning.WITHDRAWAL_REQUESTED
    XAPI_CREDENTIAL_CREATED = system.XAPI_CREDENTIAL_CREATED
    XAPI_CREDENTIAL_REVOKED = system.XAPI_CREDENTIAL_REVOKED
    XAPI_CREDENTIAL_ROTATED = system.XAPI_CREDENTIAL_ROTATED
    XAPI_FORWARDER_ANSWERED_AGAIN = forwarding.XAPI_FORWARDER_ANSWERED_AGAIN
    XAPI_FORWARDER_CHANGED = forwarding.XAPI_FORWARDER_CHANGED
    XAPI_FORWARDER_CREATED = forwarding.XAPI_FORWARDER_CREATED
    XAPI_FORWARDER_DEAD_LETTERS_DROPPED = forwarding.XAPI_FORWARDER_DEAD_LETTERS_DROPPED
    XAPI_FORWARDER_DEAD_LETTERS_RETRIED = forwarding.XAPI_FORWARDER_DEAD_LETTERS_RETRIED
    XAPI_FORWARDER_DELETED = forwarding.XAPI_FORWARDER_DELETED
    XAPI_FORWARDER_SENT_NOW = forwarding.XAPI_FORWARDER_SENT_NOW
    XAPI_FORWARDER_STARTED = forwarding.XAPI_FORWARDER_STARTED
    XAPI_FORWARDER_STOPPED = forwarding.XAPI_FORWARDER_STOPPED


DISCLOSURES = frozenset(
    {
        Action.ADMISSION_DOCUMENT_OPENED,
        Action.AGREEMENT_OPENED,
        Action.ATTACHMENT_DOWNLOADED,
        Action.CREDENTIAL_FETCHED,
        Action.DOCUMENT_DOWNLOADED,
        Action.IDENTIFIER_REVEALED,
        Action.NAME_DOCUMENT_OPENED,
        Action.RECORD_VIEWED,
        Action.REPORT_EXPORTED,
        Action.STATEMENTS_EXPORTED,
        Action.STUDENT_FILE_EXPORTED,
        Action.TRANSCRIPT_COPIED,
        Action.TRANSCRIPT_DELIVERED,
        Action.TRANSCRIPT_LINK_OPENED,
    }
)
"""By these somebody else learned what is in students' records. Their rows say for which purpose, and by which duty."""

REFUSALS = frozenset({Action.ACCESS_REFUSED, Action.SIGN_IN_FAILED})
"""What did not happen. Attackers can bring these about, so repetitions are folded (`app.core.refusals`)."""
