"""Whatever makes a role of the system makes the same: migrations, `ensure_roles`, `aada db roles`, compose-roles."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core.own_rows import STUDENT_ROLE
from app.ops import roles
from app.ops.database_roles import plan as plan_module
from app.ops.database_roles.kinds import ATTRIBUTES, BY_NAME, OF_THE_SYSTEM, Kind, Membership
from app.ops.database_roles.plan import plan
from app.ops.database_roles.statements import missing, text
from app.ops.servers import connect
from app.settings import APP_ROLE, Settings
from tests.ops.database_roles.renamed import renamed

COMPOSE = Path(__file__).resolve().parents[4] / "script" / "compose-roles"
Admin = psycopg.Connection[Any]


def left_in_catalogs(connection: Admin, names: dict[str, str]) -> list[dict[str, Any]]:
    """All that pg_roles has of these roles but for identity and password, and what each belongs to."""
    rows = connection.execute(
        """SELECT to_jsonb(r) - '{oid,rolname,rolpassword}'::text[] || jsonb_build_object('belongs',
                    (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_array(g.rolname, m.inherit_option, m.set_option,
                                                                          m.admin_option)), '[]')
                     FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))
           FROM pg_roles r WHERE r.rolname = ANY(%s) ORDER BY array_position(%s, r.rolname::text)""",
        (list(names), list(names)),
    ).fetchall()
    assert len(rows) == len(names)
    for (row,) in rows:
        row["belongs"] = [[names.get(group, group), *options] for group, *options in row["belongs"]]
    return [row for (row,) in rows]


@pytest.fixture
def admin(live_settings: Settings) -> Iterator[Admin]:
    with connect(live_settings) as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def copies(admin: Admin) -> Iterator[tuple[Kind, ...]]:
    """The roles of the system under other names: the server's own serve the other tests."""
    suffix = uuid.uuid4().hex[:12]
    kinds = renamed({APP_ROLE: f"app_{suffix}", STUDENT_ROLE: f"student_{suffix}"})
    yield kinds
    for kind in kinds:
        if admin.execute("SELECT to_regrole(%s)", (kind.name,)).fetchone() != (None,):
            admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(kind.name)))
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(kind.name)))


Makes = Callable[[Admin, Settings, tuple[Kind, ...], pytest.MonkeyPatch], None]


def by_ensure_roles(
    _admin: Admin, settings: Settings, kinds: tuple[Kind, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "OF_THE_SYSTEM", kinds)
    roles.ensure_roles(settings)


def by_the_plan(
    admin: Admin, _settings: Settings, kinds: tuple[Kind, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        plan_module, "KINDS", tuple(replace(kind, made_by_migrations=False) for kind in kinds)
    )
    while steps := [step for step in plan(admin) if step.role in {kind.name for kind in kinds}]:
        for step in steps:
            with suppress(psycopg.errors.UndefinedObject):  # belongs to one that comes after it
                admin.execute(step.statement)


def by_the_plan_from_too_much(
    admin: Admin, settings: Settings, kinds: tuple[Kind, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in kinds:
        every = [one for one in (*ATTRIBUTES, "LOGIN") if one != "LOGIN" or not kind.signs_in]
        admin.execute(f"CREATE ROLE {kind.name} {' '.join(every)} IN ROLE pg_write_all_data".encode())
    by_the_plan(admin, settings, kinds, monkeypatch)


def by_the_statements_that_are_shown(
    admin: Admin, _settings: Settings, kinds: tuple[Kind, ...], _monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.execute(text(missing(admin, kinds)).encode())


def by_compose(
    admin: Admin, _settings: Settings, kinds: tuple[Kind, ...], _monkeypatch: pytest.MonkeyPatch
) -> None:
    script = COMPOSE.read_text(encoding="utf-8")
    names = dict(zip((kind.name for kind in OF_THE_SYSTEM), (kind.name for kind in kinds), strict=True))
    lines = re.findall(r"^(?:ALTER ROLE|GRANT) (?:aada_app|aada_student) .*;$", script, re.MULTILINE)
    assert len(lines) == 3
    for name in names.values():
        admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    for line in lines:
        statement = re.sub(r" PASSWORD .*", "", line)
        for ours, copy in names.items():
            statement = statement.replace(ours, copy)
        admin.execute(statement.encode())


@pytest.mark.parametrize(
    "make",
    [by_ensure_roles, by_the_plan, by_the_plan_from_too_much, by_the_statements_that_are_shown, by_compose],
)
def test_each_leaves_what_the_migrations_leave(
    admin: Admin,
    live_settings: Settings,
    copies: tuple[Kind, ...],
    monkeypatch: pytest.MonkeyPatch,
    make: Makes,
) -> None:
    make(admin, live_settings, copies, monkeypatch)
    ours = {kind.name: kind.name for kind in OF_THE_SYSTEM}
    by_copy = {copy.name: kind.name for copy, kind in zip(copies, OF_THE_SYSTEM, strict=True)}
    assert left_in_catalogs(admin, by_copy) == left_in_catalogs(admin, ours)
    assert missing(admin, copies) == []


def test_what_is_there_keeps_its_attributes_and_only_what_is_missing_is_made(
    admin: Admin, live_settings: Settings, copies: tuple[Kind, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start or a load makes what it needs; `aada db roles` is for what somebody changed."""
    system, student = copies
    admin.execute(f"CREATE ROLE {student.name} LOGIN CREATEDB".encode())
    assert text(missing(admin, copies)) == (
        f'CREATE ROLE "{system.name}" LOGIN; '
        f'GRANT "{student.name}" TO "{system.name}" WITH INHERIT FALSE, SET TRUE, ADMIN FALSE'
    )
    by_ensure_roles(admin, live_settings, copies, monkeypatch)
    row = admin.execute("SELECT rolcanlogin, rolcreatedb FROM pg_roles WHERE rolname = %s", (student.name,))
    assert row.fetchone() == (True, True)
    admin.execute(f"REVOKE {student.name} FROM {system.name}".encode())
    assert text(missing(admin, copies)).startswith(f'GRANT "{student.name}" TO "{system.name}"')


def test_an_attribute_or_a_group_that_a_role_is_described_with_is_made_with_it(
    admin: Admin, copies: tuple[Kind, ...]
) -> None:
    system, _student = copies
    other = replace(
        system, attributes=frozenset({"CREATEDB", "BYPASSRLS"}), member_of=(Membership("pg_monitor"),)
    )
    admin.execute(text(missing(admin, [other])).encode())
    row = admin.execute(
        "SELECT rolcreatedb, rolbypassrls, rolcanlogin, pg_has_role(oid, 'pg_monitor', 'USAGE'),"
        " pg_has_role(oid, 'pg_monitor', 'SET') FROM pg_roles WHERE rolname = %s",
        (system.name,),
    )
    assert row.fetchone() == (True, True, True, True, False)
    assert missing(admin, [other]) == []


def test_the_roles_of_the_system_are_those_that_migrations_make() -> None:
    assert {kind.name for kind in OF_THE_SYSTEM} == {APP_ROLE, STUDENT_ROLE}
    assert all(BY_NAME[kind.name] is kind for kind in OF_THE_SYSTEM)
