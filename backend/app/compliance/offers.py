"""The reports of compliance, on offer by name."""

from app.compliance.credentials import policy as credentials_policy
from app.compliance.credentials.awards import service as credentials
from app.compliance.credentials.reports import CREDENTIALS
from app.compliance.externships import policy as externships_policy
from app.compliance.externships.hours import service as externship_hours
from app.compliance.externships.placements import service as externships
from app.compliance.externships.placements.reports import EXTERNSHIPS, HOURS
from app.compliance.externships.sites import service as sites
from app.compliance.externships.sites.reports import SITES
from app.compliance.grades import policy as grades_policy
from app.compliance.grades.finals import service as finals
from app.compliance.grades.finals.reports import FINALS
from app.compliance.grades.reviews import service as reviews
from app.compliance.grades.reviews.reports import PROGRESS
from app.compliance.outcomes import policy as outcomes_policy
from app.compliance.outcomes import service as outcomes
from app.compliance.outcomes.reports import COUNTS, GRADUATES
from app.compliance.transcripts import policy as transcripts_policy
from app.compliance.transcripts import service as transcripts
from app.compliance.transcripts.reports import REQUESTS_REPORT, TRANSCRIPTS_REPORT
from app.compliance.transcripts.requests import service as transcript_requests
from app.core import clock
from app.rules.days import long_date
from app.web.listing import Known
from app.web.reports import registry
from app.web.reports.registry import Asked, Group, Offer, Taken

# Grades and progress


def _finals(asked: Asked) -> Taken:
    return Taken(
        finals.list_finals(
            asked.session,
            asked.subject,
            asked.paging,
            class_id=asked.number("class_id"),
            program_id=asked.number("program_id"),
            status=asked.one("status"),
        )
    )


def _reviews(asked: Asked) -> Taken:
    risk = asked.one("risk")
    return Taken(
        reviews.list_reviews(
            asked.session,
            asked.subject,
            asked.paging,
            state=asked.one("state"),
            at_risk=risk == "yes",
            appeals=risk == "appeals",
        )
    )


registry.register(
    Offer(
        PROGRESS,
        Group.PROGRESS,
        "/academic-progress",
        "Satisfactory academic progress (SAP): the latest review of each active student, and why.",
        grades_policy.may_list,
        _reviews,
    ),
    Offer(
        FINALS,
        Group.PROGRESS,
        "/grades",
        "Final grades by student, class and letter.",
        grades_policy.may_list,
        _finals,
    ),
)

# Externships


def _externships(asked: Asked) -> Taken:
    return Taken(
        externships.list_externships(
            asked.session,
            asked.subject,
            asked.paging,
            clock.today(asked.zone),
            state=asked.one("state"),
            program_id=asked.number("program_id"),
        )
    )


def _externship_hours(asked: Asked) -> Taken:
    return Taken(
        externship_hours.list_hours(
            asked.session,
            asked.subject,
            asked.paging,
            state=asked.one("state"),
            first=asked.day("first"),
            last=asked.day("last"),
            program_id=asked.number("program_id"),
        )
    )


def _sites(asked: Asked) -> Taken:
    return Taken(
        sites.list_sites(
            asked.session,
            asked.subject,
            asked.paging,
            clock.today(asked.zone),
            standing=asked.one("standing"),
            archived=asked.one("archived") is not None,
        )
    )


registry.register(
    Offer(
        EXTERNSHIPS,
        Group.EXTERNSHIPS,
        "/externships",
        "Who is at which site, with the hours confirmed and required.",
        externships_policy.may_list,
        _externships,
    ),
    Offer(
        HOURS,
        Group.EXTERNSHIPS,
        "/externships/hours",
        "Every day logged at a site, and whether it was confirmed and verified.",
        externships_policy.may_list,
        _externship_hours,
    ),
    Offer(
        SITES,
        Group.EXTERNSHIPS,
        "/externships/sites",
        "Sites with their agreements, how long those are valid, and how many students are there.",
        externships_policy.may_read_sites,
        _sites,
    ),
)

# Transcripts, credentials and outcomes


def _transcripts(asked: Asked) -> Taken:
    return Taken(
        transcripts.listed(
            asked.session,
            asked.subject,
            asked.paging,
            status=asked.one("status"),
            program_id=asked.number("program_id"),
        )
    )


def _transcript_requests(asked: Asked) -> Taken:
    found = transcript_requests.listed(asked.session, asked.subject, asked.paging, state=asked.one("state"))
    return Taken(found)


def _credentials(asked: Asked) -> Taken:
    return Taken(
        credentials.list_credentials(
            asked.session,
            asked.subject,
            asked.paging,
            asked.zone,
            standing=asked.one("standing"),
            program_id=asked.number("program_id"),
        )
    )


def _counts(asked: Asked) -> Taken:
    year = outcomes.year_of(asked.session, asked.subject, asked.text("year"))
    rows = outcomes.counts(asked.session, asked.subject, year)
    return Taken(
        Known(rows), {"Fiscal year": f"{year.name}, {long_date(year.first)} to {long_date(year.last)}"}
    )


def _graduates(asked: Asked) -> Taken:
    year = asked.text("year")
    return Taken(
        outcomes.list_graduates(
            asked.session,
            asked.subject,
            asked.paging,
            year=outcomes.year_of(asked.session, asked.subject, year) if year else None,
            program_id=asked.number("program_id"),
            outcome=asked.one("outcome"),
        )
    )


registry.register(
    Offer(
        TRANSCRIPTS_REPORT,
        Group.GRADUATES,
        "/transcripts",
        "Transcripts that were issued, with their numbers and hashes.",
        transcripts_policy.may_read_all,
        _transcripts,
    ),
    Offer(
        REQUESTS_REPORT,
        Group.GRADUATES,
        "/transcripts/requests",
        "Requests for transcripts, with their recipients, fees and answers.",
        transcripts_policy.may_read_all,
        _transcript_requests,
    ),
    Offer(
        CREDENTIALS,
        Group.GRADUATES,
        "/credentials",
        "Credentials that were issued, by type, program and month.",
        credentials_policy.may_list,
        _credentials,
    ),
    Offer(
        COUNTS,
        Group.GRADUATES,
        "/outcomes",
        "GNPEC’s counts by program and fiscal year: carried in, new, completed, withdrawn, still enrolled, employment.",
        outcomes_policy.may_read,
        _counts,
    ),
    Offer(
        GRADUATES,
        Group.GRADUATES,
        "/outcomes/graduates",
        "Graduates with what is known of their employment.",
        outcomes_policy.may_read,
        _graduates,
    ),
)
