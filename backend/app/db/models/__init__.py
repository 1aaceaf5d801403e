"""Every model of the schema."""

from app.db.models.absence_request import AbsenceRequest
from app.db.models.account import AccountLink, ApiToken, SignInAttempt, UserSession
from app.db.models.admission import AdmissionDocument, AdmissionKind, AdmissionRequirement, Application
from app.db.models.agreement import (
    AgreementLink,
    AgreementSignature,
    EnrollmentAgreement,
    ProgramFee,
)
from app.db.models.attendance import Attendance
from app.db.models.attendance_correction import AttendanceClosing, AttendanceCorrection
from app.db.models.attendance_standing import AttendanceStanding
from app.db.models.attendance_totals import AttendanceDay, AttendanceSchoolDay, AttendanceStudent
from app.db.models.audit import AuditEntry, HistoryFold, HistorySeal
from app.db.models.authoring import LessonMedia, LessonMove, LessonText
from app.db.models.class_attendance import ClassAttendance
from app.db.models.closure import ClosureArchive
from app.db.models.complaint import Complaint, ComplaintFile, ComplaintStep
from app.db.models.content import ContentFile, ContentPackage, Launch
from app.db.models.credential import (
    Credential,
    CredentialEnding,
    CredentialIssue,
    CredentialOrder,
    CredentialReminder,
    CredentialShare,
    CredentialType,
)
from app.db.models.data_import import DataImport, DataImportMapping, DataImportRecord
from app.db.models.document import DocumentCounter, IssuedDocument
from app.db.models.duty import UserDuty
from app.db.models.enrollment import Enrollment, EnrollmentStatus, LessonCompletion
from app.db.models.externship import (
    Externship,
    ExternshipEvaluation,
    ExternshipHours,
    ExternshipLink,
    ExternshipPlacement,
)
from app.db.models.externship_site import (
    ExternshipAgreement,
    ExternshipRubric,
    ExternshipSite,
    ExternshipSupervisor,
)
from app.db.models.factor import Authenticator, FactorChallenge, FactorReset, Passkey, RecoveryCode
from app.db.models.grade import FinalGrade, GradeBook, GradeCategory, GradeChange, GradeItem, GradeScore
from app.db.models.graduation import GraduationDecision
from app.db.models.inspection import InspectedStudent, InspectionPacket
from app.db.models.installation import HistoryCursor, Installation
from app.db.models.kiosk import Kiosk, KioskCard, KioskPin, KioskPunch
from app.db.models.leave_of_absence import LeaveOfAbsence
from app.db.models.ledger import (
    LedgerAccount,
    LedgerBalance,
    LedgerClosing,
    LedgerPayer,
    LedgerPosting,
    LedgerReceipt,
    LedgerTransaction,
)
from app.db.models.limit import LimitCounter
from app.db.models.metric import MetricSample
from app.db.models.online_payment import PaymentCheckout, PaymentEvent
from app.db.models.outbox import OutboxMessage
from app.db.models.outcome import EmploymentOutcome
from app.db.models.payment_plan import PaymentPlan, PaymentPlanInstallment, PaymentPlanReminder
from app.db.models.privacy import (
    AccessRequest,
    AmendmentRequest,
    Consent,
    DirectoryOptOut,
    DisclosedStudent,
    Disclosure,
)
from app.db.models.program import ContentType, Lesson, Module, Program
from app.db.models.progress_review import ProgressAppeal, ProgressReview
from app.db.models.purge_run import PurgeRun
from app.db.models.quiz import Question, QuestionVersion, QuizAccommodation, QuizAnswer, QuizAttempt
from app.db.models.refund import Refund, RefundComputation, RefundRemittance
from app.db.models.school import School, SchoolHoliday, SchoolPolicy, SchoolSignatory, SchoolTerm
from app.db.models.school_class import ClassChange, ClassInstructor, ClassMeeting, ClassSeat, SchoolClass
from app.db.models.scorm import ScormCommit, ScormData
from app.db.models.signing import SigningCrl, SigningKey
from app.db.models.skill import Skill, SkillAttempt, SkillVersion, SkillVoid
from app.db.models.stored_file import FileClaim, StoredFileRow
from app.db.models.student_file import (
    EmergencyContact,
    FormerName,
    NameRequest,
    StudentAddress,
    StudentField,
    StudentFieldValue,
    StudentIdentifier,
    StudentPhone,
    StudentProfile,
)
from app.db.models.student_note import StudentNote
from app.db.models.transcript import (
    Transcript,
    TranscriptBatch,
    TranscriptBatchItem,
    TranscriptContent,
    TranscriptDelivery,
    TranscriptHold,
    TranscriptRequest,
)
from app.db.models.user import User
from app.db.models.withdrawal import Withdrawal, WithdrawalFigures, WithdrawalForm
from app.db.models.xapi import (
    XapiStatement,
    XapiStatementActivity,
    XapiStatementActor,
    XapiStatementRef,
)
from app.db.models.xapi_credential import XapiCredential, XapiDeadLetter, XapiForwarder
from app.db.models.xapi_document import XapiAttachment, XapiDocument
from app.db.models.xapi_import import XapiImport
from app.db.models.xapi_party import XapiActivity, XapiActor
from app.db.models.xapi_rollup import (
    XapiRollupAttempt,
    XapiRollupChange,
    XapiRollupPart,
    XapiRollupPlace,
    XapiRollupQuarter,
    XapiRollupState,
    XapiRollupVerb,
)

__all__ = [
    "AbsenceRequest",
    "AccessRequest",
    "AccountLink",
    "AdmissionDocument",
    "AdmissionKind",
    "AdmissionRequirement",
    "AgreementLink",
    "AgreementSignature",
    "AmendmentRequest",
    "ApiToken",
    "Application",
    "Attendance",
    "AttendanceClosing",
    "AttendanceCorrection",
    "AttendanceDay",
    "AttendanceSchoolDay",
    "AttendanceStanding",
    "AttendanceStudent",
    "AuditEntry",
    "Authenticator",
    "ClassAttendance",
    "ClassChange",
    "ClassInstructor",
    "ClassMeeting",
    "ClassSeat",
    "ClosureArchive",
    "Complaint",
    "ComplaintFile",
    "ComplaintStep",
    "Consent",
    "ContentFile",
    "ContentPackage",
    "ContentType",
    "Credential",
    "CredentialEnding",
    "CredentialIssue",
    "CredentialOrder",
    "CredentialReminder",
    "CredentialShare",
    "CredentialType",
    "DataImport",
    "DataImportMapping",
    "DataImportRecord",
    "DirectoryOptOut",
    "DisclosedStudent",
    "Disclosure",
    "DocumentCounter",
    "EmergencyContact",
    "EmploymentOutcome",
    "Enrollment",
    "EnrollmentAgreement",
    "EnrollmentStatus",
    "Externship",
    "ExternshipAgreement",
    "ExternshipEvaluation",
    "ExternshipHours",
    "ExternshipLink",
    "ExternshipPlacement",
    "ExternshipRubric",
    "ExternshipSite",
    "ExternshipSupervisor",
    "FactorChallenge",
    "FactorReset",
    "FileClaim",
    "FinalGrade",
    "FormerName",
    "GradeBook",
    "GradeCategory",
    "GradeChange",
    "GradeItem",
    "GradeScore",
    "GraduationDecision",
    "HistoryCursor",
    "HistoryFold",
    "HistorySeal",
    "InspectedStudent",
    "InspectionPacket",
    "Installation",
    "IssuedDocument",
    "Kiosk",
    "KioskCard",
    "KioskPin",
    "KioskPunch",
    "Launch",
    "LeaveOfAbsence",
    "LedgerAccount",
    "LedgerBalance",
    "LedgerClosing",
    "LedgerPayer",
    "LedgerPosting",
    "LedgerReceipt",
    "LedgerTransaction",
    "Lesson",
    "LessonCompletion",
    "LessonMedia",
    "LessonMove",
    "LessonText",
    "LimitCounter",
    "MetricSample",
    "Module",
    "NameRequest",
    "OutboxMessage",
    "Passkey",
    "PaymentCheckout",
    "PaymentEvent",
    "PaymentPlan",
    "PaymentPlanInstallment",
    "PaymentPlanReminder",
    "Program",
    "ProgramFee",
    "ProgressAppeal",
    "ProgressReview",
    "PurgeRun",
    "Question",
    "QuestionVersion",
    "QuizAccommodation",
    "QuizAnswer",
    "QuizAttempt",
    "RecoveryCode",
    "Refund",
    "RefundComputation",
    "RefundRemittance",
    "School",
    "SchoolClass",
    "SchoolHoliday",
    "SchoolPolicy",
    "SchoolSignatory",
    "SchoolTerm",
    "ScormCommit",
    "ScormData",
    "SignInAttempt",
    "SigningCrl",
    "SigningKey",
    "Skill",
    "SkillAttempt",
    "SkillVersion",
    "SkillVoid",
    "StoredFileRow",
    "StudentAddress",
    "StudentField",
    "StudentFieldValue",
    "StudentIdentifier",
    "StudentNote",
    "StudentPhone",
    "StudentProfile",
    "Transcript",
    "TranscriptBatch",
    "TranscriptBatchItem",
    "TranscriptContent",
    "TranscriptDelivery",
    "TranscriptHold",
    "TranscriptRequest",
    "User",
    "UserDuty",
    "UserSession",
    "Withdrawal",
    "WithdrawalFigures",
    "WithdrawalForm",
    "XapiActivity",
    "XapiActor",
    "XapiAttachment",
    "XapiCredential",
    "XapiDeadLetter",
    "XapiDocument",
    "XapiForwarder",
    "XapiImport",
    "XapiRollupAttempt",
    "XapiRollupChange",
    "XapiRollupPart",
    "XapiRollupPlace",
    "XapiRollupQuarter",
    "XapiRollupState",
    "XapiRollupVerb",
    "XapiStatement",
    "XapiStatementActivity",
    "XapiStatementActor",
    "XapiStatementRef",
]
