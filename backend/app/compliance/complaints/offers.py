"""The report of complaints, on offer by name."""

from app.compliance.complaints import policy, service
from app.compliance.complaints.reports import COMPLAINTS
from app.core import clock
from app.web.reports import registry
from app.web.reports.registry import Asked, Group, Offer, Taken


def _complaints(asked: Asked) -> Taken:
    return Taken(
        service.list_complaints(
            asked.session,
            asked.subject,
            asked.paging,
            clock.today(asked.zone),
            state=asked.one("state"),
            kind=asked.one("kind"),
        )
    )


registry.register(
    Offer(
        COMPLAINTS,
        Group.COMPLAINTS,
        "/complaints",
        "Complaints with their terms, decisions and appeals, and which were decided on time.",
        policy.may_list,
        _complaints,
    )
)
