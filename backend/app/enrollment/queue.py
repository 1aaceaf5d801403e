"""What of admissions and enrollments waits for the office, for the queue."""

from app.core import visibility
from app.core.permissions import Permission
from app.core.visibility import Records
from app.db.models import AdmissionDocument
from app.enrollment import policies_in_force, policy
from app.enrollment.admissions.papers import queries as papers
from app.enrollment.leaves import queries as leaves
from app.enrollment.lists import queries as lists
from app.school import service as school
from app.web import queue
from app.web.queue import QueueKind

queue.register(
    QueueKind(
        "admission_documents",
        "Admission documents to check",
        Permission.ADMISSIONS_MANAGE,
        lambda session, subject, _today: papers.to_check(
            visibility.limit(session, subject, Records.STUDENTS, AdmissionDocument.user_id)
        ),
        order=31,
    ),
    QueueKind(
        "expiring_documents",
        "Admission documents that expire",
        Permission.ADMISSIONS_MANAGE,
        lambda session, subject, today: papers.to_renew(
            visibility.limit(session, subject, Records.STUDENTS, AdmissionDocument.user_id), today
        ),
        "The last day on which the document counts.",
        order=32,
    ),
    QueueKind(
        "ready_to_graduate",
        "Ready to graduate",
        Permission.ENROLLMENTS_END,
        lambda session, subject, _today: lists.ready(
            policy.visible(session, subject), policies_in_force.completion_threshold_pct(session)
        ),
        order=40,
    ),
    QueueKind(
        "withdrawals",
        "Withdrawals to process",
        Permission.WITHDRAWALS_READ,
        lambda session, subject, _today: lists.to_process(
            policy.visible(session, subject), school.facts(session).zone
        ),
        "A refund is paid within the days of the refund policy (GNPEC Standard 12: 45), 40 if VA paid "
        "(38 CFR 21.4255).",
        order=41,
    ),
    QueueKind(
        "leave_requests",
        "Leaves of absence to decide",
        Permission.ENROLLMENTS_END,
        lambda session, subject, _today: leaves.to_decide(policy.visible(session, subject)),
        "The first day that the student asks for.",
        order=44,
    ),
    QueueKind(
        "leaves_overdue",
        "Not returned from leave",
        Permission.ENROLLMENTS_END,
        lambda session, subject, today: leaves.overdue(policy.visible(session, subject), today),
        "The day on which the student was expected back.",
        order=45,
    ),
)
