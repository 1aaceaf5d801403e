"""Wiring: which rooms and desks make up the program, and in which order a request meets them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.types import ASGIApp

import app.finance.registrations
import app.ops.reports
import app.ops.student_records  # noqa: F401 - what is in a student’s whole file
from app import __version__
from app.academics import api as academics_api
from app.academics import pages as academics_pages
from app.academics.classes import api as classes_api
from app.academics.classes import pages as classes_pages
from app.academics.conditions import pages as conditions_pages
from app.accounts import api as accounts_api
from app.accounts import pages as accounts_pages
from app.accounts.factors.entry.pages import ask_proof
from app.accounts.identity import identify
from app.compliance.attendance import api as attendance_api
from app.compliance.attendance import pages as attendance_pages
from app.compliance.attendance.absences import api as absences_api
from app.compliance.attendance.absences import pages as absences_pages
from app.compliance.attendance.closings import pages as closings_pages
from app.compliance.attendance.corrections import pages as corrections_pages
from app.compliance.attendance.corrections import request_pages as correction_request_pages
from app.compliance.attendance.documents import pages as attendance_documents_pages
from app.compliance.attendance.kiosk import pages as kiosk_pages
from app.compliance.attendance.kiosk import public_pages as kiosk_public_pages
from app.compliance.attendance.kiosk.cards import pages as kiosk_cards_pages
from app.compliance.attendance.kiosk.punches import pages as kiosk_punches_pages
from app.compliance.attendance.roster import pages as roster_pages
from app.compliance.attendance.standings import pages as standings_pages
from app.compliance.attendance.summaries import pages as attendance_summaries_pages
from app.compliance.closure import pages as closure_pages
from app.compliance.complaints import api as complaints_api
from app.compliance.complaints import pages as complaints_pages
from app.compliance.credentials import office_pages as credential_office_pages
from app.compliance.credentials import pages as credential_pages
from app.compliance.credentials import public_pages as credential_public_pages
from app.compliance.externships import pages as externships_pages
from app.compliance.externships.links import pages as links_pages
from app.compliance.grades.book import api as grade_book_api
from app.compliance.grades.book import pages as grade_book_pages
from app.compliance.grades.finals import api as final_grades_api
from app.compliance.grades.finals import pages as final_grades_pages
from app.compliance.grades.letters import pages as progress_letter_pages
from app.compliance.grades.reviews import pages as reviews_pages
from app.compliance.grades.skills.board import pages as skill_board_pages
from app.compliance.grades.skills.lists import pages as skill_list_pages
from app.compliance.grades.skills.progress import pages as skill_progress_pages
from app.compliance.grades.skills.records import pages as skill_record_pages
from app.compliance.inspections import pages as inspections_pages
from app.compliance.outcomes import pages as outcomes_pages
from app.compliance.privacy import pages as privacy_pages
from app.compliance.privacy import service as _privacy  # noqa: F401 - the purge asks, the queue has its lines
from app.compliance.privacy import student_pages as privacy_student_pages
from app.compliance.transcripts import pages as transcripts_pages
from app.compliance.transcripts.batches import pages as transcript_batches_pages
from app.compliance.transcripts.deliveries import pages as transcript_deliveries_pages
from app.compliance.transcripts.public import pages as public_transcripts_pages
from app.compliance.transcripts.requests import pages as transcript_requests_pages
from app.content import api as content_api
from app.content import import_pages as content_import_pages
from app.content import pages as content_pages
from app.content.answers import pages as answers_pages
from app.content.assignments.definitions import pages as assignment_pages
from app.content.assignments.grading import pages as grading_pages
from app.content.assignments.hand_ins import pages as hand_in_pages
from app.content.authoring import pages as authoring_pages
from app.content.bank import import_pages as bank_import_pages
from app.content.bank import pages as bank_pages
from app.content.class_board import pages as class_board_pages
from app.content.exports import pages as export_pages
from app.content.host import create_content_app
from app.content.quizzes import pages as quizzes_pages
from app.content.versions import pages as versions_pages
from app.core.errors import Problem
from app.core.files import open_store
from app.db.session import Database
from app.desks import office_pages, queue_pages, report_pages, security_pages
from app.desks import pages as desks_pages
from app.documents import pages as documents_pages
from app.documents.service import report_writer
from app.enrollment import api as enrollment_api
from app.enrollment import pages as enrollment_pages
from app.enrollment.admissions import pages as admissions_pages
from app.enrollment.learning import pages as learning_pages
from app.enrollment.leaves import api as leaves_api
from app.enrollment.letters import pages as letters_pages
from app.enrollment.withdrawals import api as withdrawals_api
from app.finance.agreements import api as agreements_api
from app.finance.agreements import pages as agreements_pages
from app.finance.agreements.cosigners import pages as agreements_cosigners_pages
from app.finance.agreements.fees import pages as agreements_fees_pages
from app.finance.agreements.proposals import pages as agreements_proposals_pages
from app.finance.agreements.wording import pages as agreements_wording_pages
from app.finance.ledger import api as ledger_api
from app.finance.ledger import pages as ledger_pages
from app.finance.ledger import posting_pages as ledger_posting_pages
from app.finance.ledger.closings import pages as ledger_closings_pages
from app.finance.ledger.figures import pages as ledger_figures_pages
from app.finance.ledger.payers import pages as ledger_payers_pages
from app.finance.ledger.plans import api as ledger_plans_api
from app.finance.ledger.plans import pages as ledger_plans_pages
from app.finance.ledger.revenue import pages as ledger_revenue_pages
from app.finance.ledger.state_fees import pages as ledger_state_fees_pages
from app.finance.ledger.tax_forms import pages as ledger_tax_forms_pages
from app.finance.providers import pages as online_payments_pages
from app.finance.refunds import api as refunds_api
from app.finance.refunds import pages as refunds_pages
from app.finance.refunds.cases import api as refund_cases_api
from app.finance.refunds.cases import pages as refund_cases_pages
from app.finance.refunds.cases.letters import pages as refund_letters_pages
from app.finance.refunds.cases.remittances import pages as refund_remittances_pages
from app.finance.refunds.filing import pages as refund_filing_pages
from app.lrs.desk import pages as lrs_pages
from app.lrs.desk.keys import api as lrs_keys
from app.lrs.engine.api import LrsApp
from app.lrs.host.service import lrs_app
from app.ops import health
from app.ops import pages as operations_pages
from app.ops.doctor.proxy_watch import ProxyWatch
from app.ops.metrics import pages as metrics_pages
from app.ops.metrics.board import BOARD
from app.ops.retention import pages as retention_pages
from app.school import api as school_api
from app.school import pages as school_pages
from app.school.effective import EffectiveSettings
from app.settings import Settings
from app.web import errors, refusals, routing, security, uploads
from app.web.access_log import AccessLog
from app.web.assets import MOUNT, StaticAssets
from app.web.hosts import HostDispatch
from app.web.imports import api as imports_api
from app.web.imports import pages as imports_pages
from app.web.pace import keep_pace
from app.web.reports import register_pdf
from app.web.request_bodies import BodyTime
from app.web.turns import Turns

# First come, first served: an address such as /people/new stands before /people/{number}.
ROUTERS: list[APIRouter] = [
    academics_api.router,
    academics_pages.router,
    conditions_pages.router,
    classes_api.router,
    classes_pages.router,
    accounts_api.router,
    accounts_pages.router,
    attendance_api.router,
    absences_api.router,
    absences_pages.router,
    roster_pages.router,
    attendance_pages.router,
    closings_pages.router,
    standings_pages.router,
    attendance_summaries_pages.router,
    kiosk_public_pages.api,
    kiosk_public_pages.router,
    kiosk_pages.router,
    kiosk_punches_pages.router,
    kiosk_cards_pages.router,
    corrections_pages.router,
    correction_request_pages.router,
    attendance_documents_pages.router,
    credential_public_pages.router,
    credential_office_pages.router,
    credential_pages.router,
    grade_book_api.router,
    grade_book_pages.router,
    final_grades_api.router,
    final_grades_pages.router,
    externships_pages.router,
    reviews_pages.api,
    reviews_pages.router,
    closure_pages.router,
    complaints_api.router,
    complaints_pages.router,
    inspections_pages.router,
    outcomes_pages.router,
    privacy_pages.router,
    privacy_student_pages.router,
    progress_letter_pages.router,
    skill_list_pages.router,
    skill_progress_pages.router,
    skill_board_pages.router,
    skill_record_pages.router,
    transcripts_pages.router,
    transcript_requests_pages.router,
    transcript_batches_pages.router,
    transcript_deliveries_pages.router,
    public_transcripts_pages.router,
    content_api.router,
    authoring_pages.router,
    export_pages.router,
    export_pages.api_router,
    bank_import_pages.router,
    bank_pages.router,
    answers_pages.router,
    content_import_pages.router,
    versions_pages.router,
    class_board_pages.router,
    quizzes_pages.router,
    content_pages.router,
    assignment_pages.router,
    hand_in_pages.router,
    grading_pages.router,
    lrs_pages.router,
    lrs_keys.router,
    lrs_keys.moved,
    # Before /enrollments/{number} and its parts.
    refunds_api.router,
    refunds_pages.router,
    refund_cases_api.router,
    refund_cases_pages.router,
    refund_letters_pages.router,
    refund_remittances_pages.router,
    refund_filing_pages.router,
    agreements_api.router,
    agreements_proposals_pages.router,
    agreements_wording_pages.router,
    agreements_pages.router,
    agreements_cosigners_pages.router,
    agreements_fees_pages.router,
    enrollment_api.router,
    withdrawals_api.router,
    leaves_api.router,
    enrollment_pages.router,
    admissions_pages.router,
    letters_pages.router,
    documents_pages.router,
    learning_pages.router,
    ledger_pages.router,
    ledger_posting_pages.router,
    ledger_payers_pages.router,
    ledger_closings_pages.router,
    ledger_plans_pages.router,
    online_payments_pages.router,
    ledger_api.router,
    ledger_plans_api.router,
    ledger_figures_pages.router,
    ledger_state_fees_pages.router,
    ledger_revenue_pages.router,
    ledger_tax_forms_pages.router,
    imports_api.router,
    imports_pages.router,
    school_api.router,
    school_pages.router,
    operations_pages.api,
    operations_pages.router,
    retention_pages.router,
    desks_pages.router,
    queue_pages.router,
    report_pages.router,
    office_pages.router,
    security_pages.router,
    health.router,
    metrics_pages.router,
]


@cache
def _addresses() -> routing.Addresses:
    return routing.Addresses(ROUTERS, keep_pace)


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The program as an ASGI application. Connects to nothing until the first request asks for it."""
    if settings.tracing:
        from app.ops.tracing import require  # noqa: PLC0415

        require()
    owned = database is None
    database = database or Database(settings)
    # Opens its connections with the first statement: a database that is away stops no start.
    lrs = lrs_app(settings, database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await lrs.shutdown()
        if (tracing := getattr(_app.state, "tracing", None)) is not None:
            tracing.close()
        if owned:
            database.close()

    app = FastAPI(
        title=f"{settings.school_short_name} LMS",
        version=__version__,
        summary="Learning management and student records for a state-regulated career school.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.turns = Turns(settings.pool_size + settings.pool_max_overflow)
    app.state.files = open_store(settings)
    app.state.identify = identify
    app.state.ask_proof = ask_proof
    app.state.school = EffectiveSettings(app.state)
    register_pdf(report_writer(settings))
    errors.install(app)
    _addresses().install(app, [(MOUNT, StaticAssets())])
    security.protect(
        app,
        settings,
        answer=errors.answer,
        uploads=uploads.limits(settings),
        # Whoever posts there has the secret of its address; a cookie lets nobody in. Pages without a referrer have no
        # origin either, in browsers of some years ago.
        exempt=(links_pages.PLACE, agreements_cosigners_pages.PLACE),
        refused=partial(refusals.note_cross_site, database),
    )
    content = BodyTime(create_content_app(settings, database, app.state.files, lrs), answer=_plainly)
    _dispatch_hosts(app, settings, content, lrs)
    return app


def _plainly(_request: Request, problem: Problem) -> Response:
    """A problem of a request that did not come to an application."""
    return PlainTextResponse(f"{problem.detail}\n", problem.status, headers=problem.headers)


def _traced(app: FastAPI, within: ASGIApp) -> ASGIApp:
    """With spans for a collector, where that is wanted: nothing of it is loaded otherwise."""
    if not app.state.settings.tracing:
        return within
    from app.ops.tracing import Tracing  # noqa: PLC0415

    tracing = Tracing(within, app.state.database)
    app.state.tracing = tracing
    return tracing


def _dispatch_hosts(app: FastAPI, settings: Settings, content: ASGIApp, lrs: LrsApp) -> None:
    """Put the choice of the host around everything else, so that the content host has layers of its own."""
    build = app.build_middleware_stack

    def build_dispatched() -> ASGIApp:
        # Statements and their attachments may be too large to hold: the store reads them as they come.
        statements = BodyTime(lrs, answer=_plainly, streamed=None)
        dispatch = HostDispatch(build(), settings=settings, content=content, shared={"/xapi": statements})
        fenced = security.SecurityHeaders(dispatch, security.bare_headers(settings))
        return ProxyWatch(
            security.RequestId(AccessLog(_traced(app, fenced), BOARD.observe)), app.state.database
        )

    app.build_middleware_stack = build_dispatched  # type: ignore[method-assign]
