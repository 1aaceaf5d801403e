"""The reports of enrollment, on offer by name."""

from app.db.models import EnrollmentStatus
from app.enrollment import policy, service
from app.enrollment.leaves import service as leaves
from app.enrollment.leaves.reports import LEAVES
from app.enrollment.lists import service as lists
from app.enrollment.reports import CLASS_LIST, ENROLLMENTS, GRADUATION, WITHDRAWALS
from app.web.reports import registry
from app.web.reports.registry import Asked, Group, Offer, Taken


def _enrollments(asked: Asked) -> Taken:
    status = asked.one("status")
    return Taken(
        service.list_enrollments(
            asked.session,
            asked.subject,
            asked.paging,
            status=EnrollmentStatus(status) if status else None,
            program_id=asked.number("program_id"),
        )
    )


registry.register(
    Offer(
        ENROLLMENTS,
        Group.STUDENTS,
        "/enrollments",
        "Every enrollment with its status, dates and progress.",
        policy.may_list,
        _enrollments,
    ),
    Offer(
        CLASS_LIST,
        Group.STUDENTS,
        "/enrollments/class-list",
        "Active students, the newest first.",
        policy.may_list,
        lambda asked: Taken(lists.class_list(asked.session, asked.subject, asked.paging)),
    ),
    Offer(
        GRADUATION,
        Group.STUDENTS,
        "/enrollments/graduation",
        "Who has done enough to graduate, and what each still needs.",
        policy.may_list,
        lambda asked: Taken(lists.ready_to_graduate(asked.session, asked.subject, asked.paging)),
    ),
    Offer(
        WITHDRAWALS,
        Group.STUDENTS,
        "/enrollments/withdrawals",
        "Withdrawals that wait to be processed, the oldest first.",
        policy.may_read_withdrawals,
        lambda asked: Taken(lists.pending_withdrawals(asked.session, asked.subject, asked.paging)),
    ),
    Offer(
        LEAVES,
        Group.STUDENTS,
        "/enrollments/leaves",
        "Leaves of absence with the expected return.",
        policy.may_read_withdrawals,
        lambda asked: Taken(
            leaves.list_leaves(asked.session, asked.subject, asked.paging, state=asked.one("state"))
        ),
    ),
)
