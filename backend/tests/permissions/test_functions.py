"""Every public function of every room's service, called for every duty, against the table in functions.txt.

A function that is added has no row and fails here; the message has the row to check and to paste. Its arguments are
made of their names and types; what cannot be made stands in VALUES or CALLS.
"""

import importlib
import inspect
import io
import pkgutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any, get_type_hints
from unittest.mock import Mock
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, TypeAdapter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import app
from app.accounts.access.service import subject_for
from app.accounts.identifiers.service import IdentifierForm
from app.accounts.profiles.schemas import ContactKind, NameParts, PhoneForm
from app.compliance.attendance.documents.service import Period
from app.compliance.attendance.kiosk.schemas import PinForm
from app.compliance.attendance.schemas import AttendanceFilter, HoursIn
from app.compliance.credentials.awards.drafts import Wanted
from app.compliance.credentials.types.schemas import TypeForm
from app.compliance.grades.skills.schemas import Attempt
from app.compliance.outcomes.service import FiscalYear
from app.compliance.privacy.schemas import PaperConsentForm
from app.compliance.privacy.service import Archive
from app.core import clock
from app.core.errors import Forbidden, NotFound, Problem
from app.core.files import FileStore, open_store
from app.core.permissions import Actor, Duty, Role, Subject
from app.core.purposes import Purpose
from app.db.models import XapiForwarder
from app.db.session import Database
from app.enrollment.admissions.applications.schemas import ApplicationForm
from app.enrollment.withdrawals.schemas import Notice, Recorded
from app.finance.agreements.schemas import CountersignForm, SignForm
from app.finance.agreements.signatures.service import Trace
from app.finance.ledger.revenue.service import Revenue
from app.finance.ledger.schemas import ChargeForm
from app.finance.providers.stripe import Stripe
from app.lrs.desk.browser.filters import StatementFilters
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.credentials import BATCH, prefix_of
from tests.permissions import table
from tests.web.walk import Walk

COLUMNS = [*table.DUTIES, "own", "other"]
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
    "finance.ledger.posting.post_for_student": {"values": lambda _numbers: _CHARGE},
    "finance.ledger.posting.preview_for_student": {"values": lambda _numbers: _CHARGE},
    "accounts.people.create_person": {"email": "new@example.org"},
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
    "finance.ledger.tax_forms.listing": {"found": lambda _numbers: []},
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
    "content.launches.launch",
    "documents.register.content",
    "finance.refunds.cases.read",
    "finance.refunds.cases.recompute",
    "finance.refunds.cases.approve",
    "finance.refunds.cases.reject",
    "finance.refunds.cases.letters.act",
    "finance.refunds.cases.letters.draft",
    "finance.refunds.cases.remittances.remit",
    "finance.refunds.cases.remittances.take_back",
    "enrollment.admissions.papers.read_document",
    "lrs.desk.browser.read",
}
"""Functions that find nothing here, so that their rows show only who is not forbidden: nobody comes by a session, no
file is in the store, no credential has a badge, no statement has been recorded, and no link leads to a
transcript."""


def services() -> Iterator[ModuleType]:
    """The service modules of the rooms. Within the engine of the record store a system's key says what it may do."""
    for found in pkgutil.walk_packages(app.__path__, "app."):
        if found.name.endswith(".service") and not found.name.startswith("app.lrs.engine."):
            yield importlib.import_module(found.name)


def functions() -> dict[str, Callable[..., Any]]:
    """Every function that a service offers, by the room and its own name."""
    found = {}
    for module in services():
        names = getattr(module, "__all__", None) or [
            name for name in vars(module) if not name.startswith("_")
        ]
        for name in names:
            function = getattr(module, name)
            if not inspect.isfunction(function):
                continue
            if not hasattr(module, "__all__") and function.__module__ != module.__name__:
                continue
            room = function.__module__.removeprefix("app.").removesuffix(".service")
            found[f"{room}.{function.__name__}"] = function
    return found


def is_internal(function: Callable[..., Any]) -> bool:
    """Whether the function, or its whole module, says that it asks nothing."""
    module = importlib.import_module(function.__module__)
    return hasattr(function, "__internal__") or hasattr(module, "__internal__")


@dataclass
class Caller:
    """Calls functions as one person, with the numbers of some student's things."""

    walk: Walk
    session: Session
    settings: Settings
    files: FileStore

    def may(
        self, name: str, function: Callable[..., Any], subject: Subject, numbers: Mapping[str, int]
    ) -> bool:
        """Whether the function lets the person; what it changed is taken back."""
        values = self.arguments(name, function, subject, numbers)
        nested = self.session.begin_nested()
        try:
            made = function(**values)
            if isinstance(made, Archive):
                made.file.close()
            elif isinstance(made, tempfile.SpooledTemporaryFile):
                made.close()
        except (Forbidden, NotFound):
            return False
        except (Problem, DBAPIError):
            # Let in, and refused for what was asked.
            return True
        finally:
            nested.rollback()
            self.session.expunge_all()
        return True

    def arguments(
        self, name: str, function: Callable[..., Any], subject: Subject, numbers: Mapping[str, int]
    ) -> dict[str, Any]:
        hints = get_type_hints(function)
        wanted = {
            parameter.name: hints.get(parameter.name)
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is parameter.empty
        }
        given = {
            key: numbers[value[1:]]
            if isinstance(value, str) and value.startswith("@")
            else value(numbers)
            if callable(value)
            else value
            for key, value in CALLS.get(name, {}).items()
        }
        for key, kind in wanted.items():
            if key not in given:
                given[key] = self.value(key, kind, subject, numbers)
        return given

    def value(self, key: str, kind: Any, subject: Subject, numbers: Mapping[str, int]) -> Any:
        if kind in (Subject, Actor, Subject | None, Actor | None):
            return subject
        if key in numbers:
            return numbers[key]
        if kind is XapiForwarder:
            return self.session.get_one(XapiForwarder, numbers["forwarder_id"])
        if key in VALUES:
            return VALUES[key]
        fixed = {
            Session: self.session,
            Settings: self.settings,
            FileStore: self.files,
            Paging: Paging(),
            ZoneInfo: self.settings.zone,
            date: TODAY,
            datetime: datetime(2026, 5, 4, 20, tzinfo=UTC),
            str: "An example",
            int: 1,
            UUID: UUID(int=7),
            AttendanceFilter: AttendanceFilter(),
            Database: self.walk.app.state.database,
            Period: Period(TODAY, TODAY),
            StatementFilters: StatementFilters(),
        }
        for type_, value in fixed.items():
            if kind in (type_, type_ | None):
                return value
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            schema = TypeAdapter(kind).json_schema()
            example = self.walk.example(schema, schema, "", None)
            moments = {
                name: f"{example[name]}+00:00"
                for name, field in schema["properties"].items()
                if field.get("format") == "date-time" and name in example
            }
            acts = {
                name: UUID(int=7)
                for name, field in schema["properties"].items()
                if field.get("format") == "uuid" and name in example
            }
            return kind.model_validate(
                example | moments | acts | {k: numbers[k] for k in example if k in numbers}
            )
        raise TypeError(f"say in VALUES or CALLS what {key} of type {kind} is")


@pytest.fixture
def caller(walk: Walk, session: Session, settings: Settings) -> Caller:
    return Caller(walk, session, settings, open_store(settings))


def test_every_function_lets_those_in_whom_the_table_names(caller: Caller) -> None:
    people = caller.walk.people
    subjects = {
        who: subject_for(caller.session, caller.settings, person)
        for who, person in people.items()
        if person is not None
    }
    found, faults = {}, []
    for name, function in sorted(functions().items()):
        if is_internal(function):
            found[name] = "internal"
            continue
        marks = ""
        for column in COLUMNS:
            subject = subjects["student" if column in ("own", "other") else column]
            numbers = caller.walk.own if column == "own" else caller.walk.numbers
            try:
                marks += "+" if caller.may(name, function, subject, numbers) else "."
            except Exception as error:
                faults.append(f"{name} for {column}: {type(error).__name__} {str(error)[:200]}")
                break
        found[name] = marks
    assert not faults, "\n" + "\n".join(faults)
    useless = {name for name, marks in found.items() if "+" not in marks and marks != "internal"}
    assert useless <= NOBODY, "give these what they need, so that somebody may"
    assert not (wrong := table.differences(table.read("functions.txt"), found)), f"\n{wrong}"


def test_an_internal_function_says_why() -> None:
    for name, function in functions().items():
        if is_internal(function):
            why = (
                getattr(function, "__internal__", None)
                or importlib.import_module(function.__module__).__internal__
            )
            assert len(why.split()) > 1, name


def test_the_walk_finds_the_functions() -> None:
    """If the way to find functions breaks, the tests above must not pass for want of any."""
    assert {
        "accounts.people.delete_person",
        "enrollment.withdrawals.process",
        "content.packages.upload.import_package",
    } <= set(functions())
