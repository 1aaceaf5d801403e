"""The reports of privacy, on offer by name."""

from app.compliance.privacy import access, directory, disclosures, policy
from app.compliance.privacy.reports import DIRECTORY, DISCLOSURES, REQUESTS
from app.web.reports import registry
from app.web.reports.registry import Asked, Group, Offer, Taken


def _requests(asked: Asked) -> Taken:
    closed = asked.one("state") is not None
    return Taken(access.list_requests(asked.session, asked.subject, asked.paging, closed=closed))


registry.register(
    Offer(
        REQUESTS,
        Group.COMPLAINTS,
        "/privacy",
        "Requests of students to see or amend their records, with the day each is due.",
        policy.may_list,
        _requests,
    ),
    Offer(
        DISCLOSURES,
        Group.COMPLAINTS,
        "/privacy/disclosures",
        "To whom records of students were disclosed, what for, and on which basis (34 CFR 99.32).",
        policy.may_list,
        lambda asked: Taken(disclosures.list_disclosures(asked.session, asked.subject, asked.paging)),
    ),
    Offer(
        DIRECTORY,
        Group.COMPLAINTS,
        "/privacy/directory",
        "Directory information of the students who have not opted out.",
        policy.may_list,
        lambda asked: Taken(directory.list_directory(asked.session, asked.subject, asked.paging)),
    ),
)
