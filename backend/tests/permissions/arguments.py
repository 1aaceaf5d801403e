"""What the functions of the services are called with, where their types do not say it."""

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from unittest.mock import Mock
from uuid import UUID
from zoneinfo import ZoneInfo

from app.accounts.identifiers.service import IdentifierForm
from app.accounts.profiles.schemas import ContactKind, NameParts, PhoneForm
from app.compliance.attendance.absences.schemas import AbsenceIn
from app.compliance.attendance.kiosk.schemas import PinForm
from app.compliance.attendance.schemas import HoursIn
from app.compliance.credentials.awards.drafts import Wanted
from app.compliance.credentials.types.schemas import TypeForm
from app.compliance.grades.skills.schemas import Attempt
from app.compliance.outcomes.service import FiscalYear
from app.compliance.privacy.schemas import PaperConsentForm
from app.content.assignments.schemas import Grading
from app.content.bank.schemas import CorrectionForm, EditForm, QuestionForm
from app.content.schemas import NavigationIn
from app.core import clock
from app.core.permissions import Duty, Role
from app.core.purposes import Purpose
from app.enrollment.admissions.applications.schemas import ApplicationForm
from app.enrollment.withdrawals.schemas import Notice, Recorded
from app.finance.agreements.schemas import CountersignForm, SignForm
from app.finance.agreements.signatures.service import Trace
from app.finance.ledger.revenue.service import Revenue
from app.finance.ledger.schemas import ChargeForm
from app.finance.providers.stripe import Stripe
from tests.factories.credentials import BATCH, prefix_of

TODAY = date(2026, 5, 6)

VALUES: Mapping[str, Any] = {
    "ids": [1],
    "enrollment_ids": [1],
    "scopes": ["all"],
    "users": [],
    "enrollments": [],
    "changes": {},
    "weekly": [],
    "direction": "up",
    "logo": None,
    "paper": None,
    "on": True,
    "at_risk": False,
    "app_origin": "http://localhost:8000",
    "email": "zebulona@example.org",
    "statement_id": "11111111-1111-4111-8111-111111111111",
    "file": io.BytesIO(b"PK nothing"),
    "duty": Duty.BURSAR,
    "purpose": Purpose.BILLING,
    "role": Role.STUDENT,
    "score_pct": None,
    "kind_name": "people",
    "good_only": True,
    "chosen": {"full_name": 0, "email": 1},
    "after": 0,
    "last_day": TODAY,
    "cells": [],
    "categories": [],
    "gpa_weight": Decimal(1),
    "approve": True,
    "approved": True,
    "granted": True,
    "hidden": True,
    "statement": "I disagree.",
    "content": b"%PDF-1.7 %%EOF",
    "pdf": b"%PDF-1.7 %%EOF",
    "batch": BATCH,
    "kind": ContactKind.PHONE,
    "trace": Trace(None, None),
    "retired": True,
    "made_from": 1,
}
"""Arguments by their names, where the type does not say what they can be."""


def _application(numbers: Mapping[str, int]) -> ApplicationForm:
    return ApplicationForm(
        last_name="New",
        email="new@example.org",
        birth_date=date(2001, 2, 3),
        program_id=numbers["program_id"],
    )


def _wanted(numbers: Mapping[str, int]) -> Wanted:
    return Wanted(numbers["type_id"], numbers["enrollment_id"], UUID(int=8))


def _type() -> TypeForm:
    return TypeForm(name="New", prefix="NEW", level="Diploma", description="Can do it.", criteria="Does it.")


_CHARGE = ChargeForm(request=UUID(int=1), amount_cents=100, type="tuition", memo="Tuition")

CALLS: Mapping[str, Mapping[str, Any]] = {
    "content.packages.several.import_several": {"files": [("course.zip", io.BytesIO(b"PK nothing"))]},
    "content.assignments.definitions.allow": {"lesson_id": "@assigned_lesson_id"},
    "content.assignments.definitions.allowed": {"lesson_id": "@assigned_lesson_id"},
    "content.assignments.definitions.set_due": {"lesson_id": "@assigned_lesson_id"},
    "content.assignments.grading.board": {"lesson_id": "@assigned_lesson_id"},
    "content.assignments.grading.grade": {"values": lambda _numbers: Grading(UUID(int=8), 0, (1,))},
    "content.assignments.grading.release_all": {"lesson_id": "@assigned_lesson_id"},
    "content.assignments.hand_ins.hand_in": {
        "lesson_id": "@assigned_lesson_id",
        "uploads": lambda _numbers: [],
        "note": None,
    },
    "content.assignments.hand_ins.open_assignment": {"lesson_id": "@assigned_lesson_id"},
    "content.assignments.hand_ins.read_file": {"file_id": "@hand_in_file_id"},
    "content.assignments.hand_ins.read_returned": {"grade_id": "@hand_in_grade_id"},
    "content.assignments.hand_ins.require_open": {"lesson_id": "@assigned_lesson_id"},
    "content.authoring.list_written": {"program_id": None},
    "content.bank.create": {"values": lambda _numbers: QuestionForm(prompt="Which?", lines="* A\nB")},
    "content.bank.change": {"values": lambda _numbers: EditForm(prompt="Which?", lines="* A\nB", version=1)},
    "content.bank.corrections.correct": {
        "values": lambda _numbers: CorrectionForm(version=1, lines="A\n* B", reason="Wrong")
    },
    "content.bank.corrections.foresee": {
        "values": lambda _numbers: CorrectionForm(version=1, lines="A\n* B", reason="Wrong")
    },
    "content.bank.read_edit": {"edit": 1},
    "content.exports.offer": {"origin": "https://school.example"},
    "content.exports.export": {
        "standard": "cmi5",
        "origin": "https://school.example",
        "target": lambda _numbers: BytesIO(),
    },
    "content.assignments.grading.counted": {"lesson_id": "@assigned_lesson_id"},
    "content.assignments.grading.works": {"lesson_id": "@assigned_lesson_id"},
    "finance.ledger.posting.post_for_student": {"values": lambda _numbers: _CHARGE},
    "finance.ledger.posting.preview_for_student": {"values": lambda _numbers: _CHARGE},
    "enrollment.policy.require_own": {"owner_id": "@user_id"},
    "accounts.people.create_person": {"email": "new@example.org"},
    "finance.refunds.ask_to_leave": {"agreed": True},
    "finance.refunds.filing.file": {"values": lambda _numbers: {}},
    "finance.refunds.filing.settle": {"values": lambda _numbers: {}},
    "finance.refunds.filing.try_policy": {"values": lambda _numbers: {}},
    "finance.refunds.filing.try_settings": {"values": lambda _numbers: {}},
    "content.launches.navigation.navigate": {"asked": lambda _numbers: NavigationIn(request="continue")},
    "academics.classes.roster.remove_students": {"seat_ids": lambda numbers: [numbers["seat_id"]]},
    "accounts.people.restore_person": {"user_id": "@deleted_id"},
    "accounts.profiles.save_contact": {"values": lambda _numbers: PhoneForm(number="(404) 555-0134")},
    "enrollment.admissions.papers.require_kinds": {"kinds": lambda _numbers: []},
    "accounts.applicants.add_applicant": {
        "name": lambda _numbers: NameParts(last_name="New"),
        "email": "new@example.org",
        "birth_date": date(2001, 2, 3),
        "phone": lambda _numbers: None,
    },
    "accounts.applicants.duplicates": {"birth_date": date(2001, 2, 3)},
    "enrollment.admissions.applications.apply": {"values": _application},
    "enrollment.admissions.applications.who_may_be_the_same": {"values": _application},
    "enrollment.withdrawals.record": {"given": lambda _numbers: Recorded("student", clock.now())},
    "enrollment.withdrawals.note_notice": {"notice": lambda _numbers: Notice("letter", TODAY)},
    "accounts.identifiers.add": {"values": lambda _numbers: IdentifierForm(number="123-45-6789")},
    "accounts.identifiers.find": {"number": "123-45-6789"},
    "web.imports.importable": {"name": "people"},
    "accounts.duties.find_duty": {"user_id": "@colleague_id"},
    "compliance.grades.finals.submit": {"letters": lambda numbers: {numbers["enrollment_id"]: "W"}},
    "compliance.grades.finals.approve": {"final_grade_ids": lambda numbers: [numbers["final_grade_id"]]},
    "compliance.grades.finals.send_back": {"final_grade_ids": lambda numbers: [numbers["final_grade_id"]]},
    "compliance.grades.finals.changes.decide_change": {"change_id": "@grade_change_id"},
    "compliance.privacy.consents.enter": {
        "values": lambda _numbers: PaperConsentForm.model_construct(
            records="Transcript",
            purpose="A job",
            recipient="A dentist",
            signed_name="An example",
            signed_on=TODAY,
            ends_on=None,
        )
    },
    "compliance.credentials.awards.find_award": {
        "prefix": lambda numbers: prefix_of(numbers["enrollment_id"])
    },
    "compliance.credentials.awards.issue": {"wanted": _wanted},
    "compliance.credentials.awards.preview": {"wanted": _wanted},
    "compliance.credentials.types.save_type": {"values": lambda _numbers: _type()},
    "compliance.grades.skills.board.check_off": {
        "values": lambda numbers: Attempt(UUID(int=8), numbers["version_id"], 0, TODAY, [1], confirmed=True)
    },
    "compliance.attendance.kiosk.choose_pin": {
        "values": lambda _numbers: PinForm(pin="204815", again="204815")
    },
    "compliance.attendance.absences.report": {
        "values": lambda numbers: AbsenceIn(
            enrollment_id=numbers["enrollment_id"], starts_on=TODAY, ends_on=TODAY, reason="I have the flu"
        )
    },
    "compliance.attendance.kiosk.punches.request_correction": {
        "values": lambda numbers: HoursIn(
            enrollment_id=numbers["enrollment_id"],
            clock_in=datetime(2026, 5, 6, 12, tzinfo=UTC),
            clock_out=datetime(2026, 5, 6, 13, tzinfo=UTC),
            reason="At the kiosk",
        )
    },
    "compliance.transcripts.batches.candidates": {"class_id": "@class_id"},
    "compliance.transcripts.batches.start": {"class_id": "@class_id"},
    "compliance.outcomes.counts": {"year": lambda _numbers: FiscalYear(TODAY, TODAY)},
    "compliance.outcomes.year_of": {"value": lambda _numbers: None},
    "compliance.attendance.summaries.by_period": {"unit": "week"},
    "finance.providers.begin": {"provider": lambda _numbers: Stripe("http://127.0.0.1:9", "sk", "whsec")},
    "finance.ledger.revenue.listing": {"found": lambda _numbers: Revenue(TODAY, [], 0)},
    "finance.ledger.revenue.revenue": {"day": lambda _numbers: date(2026, 1, 1)},
    "finance.ledger.state_fees.months": {
        "period": lambda _numbers: Mock(first=TODAY, last=TODAY, waived_off=False)
    },
    "finance.ledger.tax_forms.listing": {"found": lambda _numbers: []},
    "finance.ledger.tax_forms.forms": {"year": lambda _numbers: 2026},
    "finance.ledger.tax_forms.preparers_file": {"year": lambda _numbers: 2026},
    "finance.ledger.tax_forms.year_of": {"value": lambda _numbers: None},
    "compliance.transcripts.find": {"number": lambda numbers: f"TR-2026-{numbers['serial']:06}"},
    "compliance.transcripts.enrollment_for": {
        "student": lambda numbers: str(numbers["user_id"]),
        "program": lambda numbers: str(numbers["program_id"]),
    },
    "documents.parties.begin": {
        "draft": lambda numbers: Mock(
            kind="enrollment_letter", student_id=numbers["user_id"], enrollment_id=numbers["enrollment_id"]
        )
    },
    "finance.agreements.signatures.sign": {
        "values": lambda _numbers: SignForm(name="An example", shown="b" * 64, agree="yes")
    },
    "finance.agreements.signatures.countersign": {
        "values": lambda _numbers: CountersignForm(name="An example", title="Registrar", shown="b" * 64)
    },
    "documents.issue.issue": {
        "prepare": lambda numbers: (
            lambda _session: Mock(
                kind="enrollment_letter",
                student_id=numbers["user_id"],
                letterhead=Mock(zone=ZoneInfo("America/New_York")),
            )
        )
    },
}
"""Arguments of one function; `@name` is one of the walk's numbers, a function is given all of them."""

NOBODY = {
    "compliance.privacy.consents.read_paper",  # the example was signed electronically
    "accounts.factors.entry.proof_options",
    "accounts.factors.entry.prove",
    "accounts.factors.entry.prove_by_passkey",
    "accounts.names.read_document",
    "accounts.names.read_request_document",
    "accounts.profiles.read_photo",
    "compliance.closure.open_archive",
    "compliance.complaints.papers.read_file",
    "compliance.externships.sites.read_agreement",
    "compliance.externships.verification.read_document",
    "compliance.credentials.holders.badge",
    "compliance.credentials.holders.baked",
    "compliance.attendance.corrections.read_document",
    "compliance.grades.skills.board.read_evidence",
    "compliance.transcripts.deliveries.open_file",
    "compliance.transcripts.deliveries.open_link",
    "content.versions.move",
    "content.bank.picture",
    "content.launches.launch",
    "documents.register.content",
    "finance.refunds.cases.reading.read",
    "finance.refunds.cases.recompute",
    "finance.refunds.cases.approve",
    "finance.refunds.cases.reject",
    "finance.refunds.cases.letters.draft",
    "finance.refunds.cases.remittances.remit",
    "finance.refunds.cases.remittances.take_back",
    "enrollment.admissions.papers.read_document",
    "lrs.desk.browser.read",
}
"""Functions that find nothing here, so that their rows show only who is not forbidden: nobody comes by a session, no
file is in the store, no credential has a badge, no statement has been recorded, and no link leads to a
transcript."""
