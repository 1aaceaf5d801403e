"""docs/database.md, written from the models: every table, column, constraint and index, with ER diagrams.

The words come from the docstrings of the classes and the strings under the columns, which Python keeps nowhere at
run time: they are read from the source.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.schema import AddConstraint, CreateIndex, DefaultClause

import app.db.models  # noqa: F401 - the models register themselves
from app.db.base import Base

# The specification's groups; a model belongs to the group of its file.
GROUPS: list[tuple[str, tuple[str, ...]]] = [
    ("People and access", ("user", "account")),
    ("Academic structure", ("program",)),
    ("Enrollment", ("enrollment",)),
    ("Compliance", ("attendance", "transcript", "credential", "externship")),
    ("Finance", ("withdrawal", "refund", "ledger", "payment_plan", "online_payment")),
    ("Content", ("content", "scorm")),
    ("Learning records (xAPI)", ("xapi",)),
    ("The system's own", ("audit", "outbox")),
]

INTRODUCTION = """\
# The database

PostgreSQL 17. This page is written by `aada docs schema` from the models in `backend/app/db/models`; change the
models, not this page. A test fails when the two differ.

- **Times** are `timestamp with time zone`, kept in UTC and shown in the school's time zone. Dates (`enrolled_at`)
  are dates at the school.
- **Money** is whole cents (`_cents`), durations are whole minutes or seconds (`_minutes`, `_seconds`).
- **Keys** count up. What keeps growing (statements, the audit trail) has `BIGINT` keys.
- **Deleting**: accounts are soft-deleted (`users.deleted_at`). A hard delete takes enrollments, hours and the
  like with it, and is refused while there is a transcript, a credential or a refund; each foreign key below says
  what it does.
- **The program** signs in as `aada_app`, which reads and writes rows and can change nothing else: no table, no
  index, no role. It cannot delete a transcript or a statement, nor touch the audit trail. Migrations run as the
  owner.
- The job queue's tables (`procrastinate_*`) belong to that library and are not described here.
"""


_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class MissingWords(Exception):
    """A table or column has no docstring; the message names each."""


def markdown() -> str:
    """The whole page. Raises MissingWords when a class or a column says nothing about itself."""
    words = dict(_words())
    silent = sorted(
        name
        for table in Base.metadata.tables.values()
        for name in (table.name, *(f"{table.name}.{column.name}" for column in table.columns))
        if not words.get(name)
    )
    if silent:
        raise MissingWords(f"No docstring under: {', '.join(silent)}.")
    parts = [INTRODUCTION, "## Overview\n", _diagram(Base.metadata.tables.values(), columns=False)]
    for title, tables in _groups():
        parts += [f"## {title}\n", _diagram(tables, columns=True)]
        parts += [_table(table, words) for table in tables]
    return "\n".join(parts).rstrip() + "\n"


def _groups() -> Iterator[tuple[str, list[Table]]]:
    of_module: dict[str, list[Table]] = {}
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: inspect.getsourcelines(mapper.class_)[1]):
        module = mapper.class_.__module__.rsplit(".", 1)[-1]
        if isinstance(mapper.local_table, Table):
            of_module.setdefault(module, []).append(mapper.local_table)
    grouped = {module for _, modules in GROUPS for module in modules}
    rest = tuple(sorted(set(of_module) - grouped))
    for title, modules in [*GROUPS, ("Other tables", rest)]:
        tables = [table for module in modules for table in of_module.get(module, [])]
        if tables:
            yield title, tables


# Words --------------------------------------------------------------------------------------------------------


def _words() -> Iterator[tuple[str, str]]:
    """("users", "An account …"), ("users.email", "What the person signs in with …") for every model."""
    for mapper in Base.registry.mappers:
        model: type[Any] = mapper.class_
        table = mapper.local_table
        if not isinstance(table, Table):
            continue
        body = _class_body(model)
        yield table.name, " ".join((ast.get_docstring(body) or "").split())
        for statement, following in zip(body.body, body.body[1:], strict=False):
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            attribute = statement.target.id
            if attribute in mapper.column_attrs and _is_text(following):
                column = mapper.column_attrs[attribute].columns[0].name
                yield f"{table.name}.{column}", " ".join(inspect.cleandoc(_text(following)).split())


def _class_body(model: type[Any]) -> ast.ClassDef:
    source = Path(inspect.getfile(model)).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name == model.__name__:
            return node
    raise MissingWords(f"{model.__name__} is not in the file it says it comes from.")


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _text(node: ast.stmt) -> str:
    return str(node.value.value)  # type: ignore[attr-defined]


# Tables -------------------------------------------------------------------------------------------------------


def _table(table: Table, words: dict[str, str]) -> str:
    lines = [
        f"### {table.name}\n",
        f"{words[table.name]}\n",
        "| Column | Type | Rules | Meaning |",
        "|---|---|---|---|",
    ]
    for column in table.columns:
        meaning = words[f"{table.name}.{column.name}"].replace("|", "\\|")
        lines.append(f"| `{column.name}` | {_type(column)} | {', '.join(_traits(column))} | {meaning} |")
    rules = [*_foreign_keys(table), *_constraints(table), *_indexes(table)]
    if rules:
        lines += ["", *rules]
    return "\n".join(lines) + "\n"


def _type(column: Column[Any]) -> str:
    if isinstance(column.type, Enum):
        return f"`{column.type.name}`: {', '.join(column.type.enums)}"
    return str(column.type.compile(dialect=_DIALECT)).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def _traits(column: Column[Any]) -> Iterator[str]:
    if column.primary_key:
        yield "primary key"
    elif not column.nullable:
        yield "required"
    if isinstance(column.computed, Computed):
        yield "computed by the database"
    elif isinstance(column.server_default, DefaultClause):
        default = column.server_default.arg
        yield f"default `{default if isinstance(default, str) else _sql(default)}`"


def _foreign_keys(table: Table) -> Iterator[str]:
    keys = sorted(table.foreign_keys, key=lambda key: str(key.parent.name))
    for key in keys:
        yield (
            f"- `{key.parent.name}` → `{key.target_fullname}`: {_on_delete(key)} (`{_name(key.constraint)}`)"
        )


def _on_delete(key: ForeignKey) -> str:
    target = key.target_fullname.split(".")[0]
    return {
        "CASCADE": f"deleted with the row of `{target}`",
        "SET NULL": f"emptied when the row of `{target}` is deleted",
        "RESTRICT": f"keeps the row of `{target}` from being deleted",
    }.get((key.ondelete or "RESTRICT").upper(), f"ON DELETE {key.ondelete}")


def _constraints(table: Table) -> Iterator[str]:
    for constraint in sorted(table.constraints, key=_name):
        if isinstance(constraint, CheckConstraint):
            yield f"- check `{_name(constraint)}`: `{_sql(constraint.sqltext)}`"
        elif isinstance(constraint, UniqueConstraint):
            names = ", ".join(column.name for column in constraint.columns)
            yield f"- unique `{_name(constraint)}`: {names}"
        elif isinstance(constraint, ExcludeConstraint):
            definition = str(AddConstraint(constraint).compile(dialect=_DIALECT)).split(" EXCLUDE ", 1)[1]
            yield f"- exclusion `{_name(constraint)}`: `{definition}`"


def _indexes(table: Table) -> Iterator[str]:
    for index in sorted(table.indexes, key=_name):
        definition = str(CreateIndex(index).compile(dialect=_DIALECT))
        after = " ".join(definition.split(f" ON {table.name} ", 1)[1].split())
        yield f"- {'unique index' if index.unique else 'index'} `{index.name}`: `{after}`"


def _name(thing: Any) -> str:
    return str(thing.name or "")


def _sql(expression: Any) -> str:
    compiled = expression.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return " ".join(str(compiled).split())


# Diagrams -----------------------------------------------------------------------------------------------------


def _diagram(tables: Iterable[Table], *, columns: bool) -> str:
    tables = sorted(tables, key=lambda table: table.name)
    lines = ["```mermaid", "erDiagram"]
    for table in tables:
        for key in sorted(table.foreign_keys, key=lambda key: str(key.parent.name)):
            parent = "|o" if key.parent.nullable else "||"
            child = "o|" if _is_unique(table, key.parent) else "o{"
            lines.append(f'    {key.column.table.name} {parent}--{child} {table.name} : "{key.parent.name}"')
    for table in tables:
        if columns:
            lines.append(f"    {table.name} {{")
            lines += [
                f"        {_short_type(column)} {column.name}{_marks(column)}" for column in table.columns
            ]
            lines.append("    }")
        elif not table.foreign_keys:
            lines.append(f"    {table.name}")
    return "\n".join([*lines, "```\n"])


def _is_unique(table: Table, column: Column[Any]) -> bool:
    sets = [index.columns for index in table.indexes if index.unique and not _is_partial(index)]
    sets += [item.columns for item in table.constraints if isinstance(item, UniqueConstraint)]
    return any(list(columns) == [column] for columns in sets) or list(table.primary_key.columns) == [column]


def _is_partial(index: Index) -> bool:
    return index.dialect_options["postgresql"]["where"] is not None


def _short_type(column: Column[Any]) -> str:
    name = "enum" if isinstance(column.type, Enum) else _type(column).lower()
    return re.sub(r"[^a-z0-9]+", "_", name.split("(")[0]).strip("_") + ("_array" if "[]" in name else "")


def _marks(column: Column[Any]) -> str:
    marks = [mark for mark, yes in (("PK", column.primary_key), ("FK", bool(column.foreign_keys))) if yes]
    return f" {', '.join(marks)}" if marks else ""
