"""Every public function of every room's service, called for every duty, against the table in functions.txt.

A function that is added has no row and fails here; the message has the row to check and to paste. Its arguments are
made of their names and types; what cannot be made stands in VALUES or CALLS.
"""

import importlib
import inspect
import pkgutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any, get_type_hints
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, TypeAdapter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import app
from app.accounts.access.service import subject_for
from app.compliance.attendance.documents.service import Period
from app.compliance.attendance.schemas import AttendanceFilter
from app.compliance.privacy.service import Archive
from app.core.errors import Forbidden, NotFound, Problem
from app.core.files import FileStore, open_store
from app.core.permissions import Actor, Subject
from app.db.models import XapiForwarder
from app.db.session import Database
from app.lrs.desk.browser.filters import StatementFilters
from app.settings import Settings
from app.web.paging import Paging
from tests.permissions import table
from tests.permissions.arguments import CALLS, NOBODY, TODAY, VALUES
from tests.web.walk import Walk

COLUMNS = [*table.DUTIES, "own", "other"]


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


@pytest.mark.timeout(900)  # six hundred functions, each for ten people
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
        "enrollment.withdrawals.processing.process",
        "content.packages.upload.import_package",
    } <= set(functions())
