"""What lies between the roles as they are and as they should be, statement by statement. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from app.ops.database_roles import statements
from app.ops.database_roles.kinds import ATTRIBUTES, KINDS, OWNER, SECRET, Kind, Membership
from app.ops.errors import OperatorError
from app.settings import APP_ROLE

Connection = psycopg.Connection[tuple[Any, ...]]
EVERYBODY = "everybody"
"""Stands for a role in the steps that are about whoever has an account on the server."""


@dataclass(frozen=True, slots=True)
class Step:
    """One difference: what it is, and the statement that ends it."""

    role: str
    says: str
    statement: sql.Composed
    makes: bool = False
    """Whether it makes a role that signs in, which then needs a password."""
    on_tables: bool = False
    """Whether it is about tables: what a migration may have made different."""


@dataclass(frozen=True, slots=True)
class Place:
    """The database that is looked at."""

    name: str
    owner: str
    """Who owns the tables."""
    owner_is_superuser: bool


def place_of(connection: Connection) -> Place:
    """Raises OperatorError where there are no tables yet."""
    row = _rows(
        connection,
        "SELECT r.rolname, r.rolsuper FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
        " WHERE c.oid = to_regclass('public.alembic_version')",
    )
    if not row:
        raise OperatorError("The database has no tables yet: create them with `aada db migrate`.")
    return Place(connection.info.dbname, str(row[0][0]), bool(row[0][1]))


def wanted(place: Place) -> tuple[Kind, ...]:
    """The roles that this database is to have: who may become a superuser is one, so such an owner gets no migrator."""
    return tuple(
        kind
        for kind in KINDS
        if not (place.owner_is_superuser and any(one.role == OWNER for one in kind.member_of))
    )


def plan(connection: Connection) -> list[Step]:
    """Every difference, in the order in which they can be ended; none when all is as it should be."""
    place = place_of(connection)
    found = list[Step]()
    for kind in wanted(place):
        found += _of(connection, place, kind)
    return [*found, *_of_everybody(connection, place)]


def _of(connection: Connection, place: Place, kind: Kind) -> Iterator[Step]:
    there = _rows(
        connection,
        "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, oid"
        " FROM pg_roles WHERE rolname = %s",
        kind.name,
    )
    if not there:
        if kind.made_by_migrations:
            return  # `aada db migrate` and `aada db check` speak of it
        yield Step(
            kind.name,
            "is not there",
            statements.create(kind),
            makes=kind.signs_in,
        )
    # Attributes one by one: who may give one may not give another.
    held = dict(zip(("LOGIN", *ATTRIBUTES), there[0], strict=False)) if there else {"LOGIN": kind.signs_in}
    for attribute in ("LOGIN", *ATTRIBUTES):
        wants = kind.signs_in if attribute == "LOGIN" else attribute in kind.attributes
        if bool(held.get(attribute)) != wants:
            yield Step(
                kind.name,
                f"{'lacks' if wants else 'has'} {attribute}",
                statements.attribute(kind, attribute),
            )
    yield from _memberships(connection, place, kind)
    yield from _settings(connection, place, kind)
    yield from _database(connection, place, kind)
    if not kind.made_by_migrations:
        yield from _tables(connection, kind)
    yield from _default_privileges(connection, place, kind)


def _memberships(connection: Connection, place: Place, kind: Kind) -> Iterator[Step]:
    role = sql.Identifier(kind.name)
    held = {
        str(name): (bool(inherits), bool(becomes), bool(admin))
        for name, inherits, becomes, admin in _rows(
            connection,
            "SELECT g.rolname, bool_or(m.inherit_option), bool_or(m.set_option), bool_or(m.admin_option)"
            " FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid"
            " WHERE r.rolname = %s GROUP BY 1",
            kind.name,
        )
    }
    expected = {_named(one, place): one for one in kind.member_of}
    allowed = expected.keys() | (
        _other_owners(connection) if OWNER in {one.role for one in kind.member_of} else set()
    )
    for name in sorted(held.keys() - allowed):
        yield Step(
            kind.name,
            f"belongs to {name}",
            sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(name), role),
        )
    for name, one in expected.items():
        if held.get(name) != (one.inherits, not one.inherits, False):
            yield Step(
                kind.name,
                f"does not belong to {name} as it should",
                statements.belong(kind, name, one),
            )


def _other_owners(connection: Connection) -> set[str]:
    """Owners of other schools' databases on this server, for which the same role migrates: it belongs to each of them.

    None of them is a superuser, whom nobody may become.
    """
    found = _rows(
        connection,
        "SELECT r.rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
        " WHERE d.datname <> current_database() AND NOT r.rolsuper",
    )
    return {str(row[0]) for row in found}


def _settings(connection: Connection, place: Place, kind: Kind) -> Iterator[Step]:
    if not kind.settings:
        return  # the pooler keeps settings of the system's role there
    found = _rows(
        connection,
        "SELECT unnest(s.setconfig) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole"
        " JOIN pg_database d ON d.oid = s.setdatabase WHERE r.rolname = %s AND d.datname = current_database()",
        kind.name,
    )
    held = dict(str(row[0]).split("=", 1) for row in found)
    for name, kept in kind.settings.items():
        value = place.owner if kept == OWNER else kept
        if held.get(name) != value:
            yield Step(
                kind.name,
                f"its setting {name} should be {value}",
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                    sql.Identifier(kind.name),
                    sql.Identifier(place.name),
                    sql.Identifier(name),
                    sql.Literal(value),
                ),
            )


def _database(connection: Connection, place: Place, kind: Kind) -> Iterator[Step]:
    """Who signs in may connect, by a right of its own; nobody may make objects."""
    name = sql.Identifier(kind.name)
    rights = _acl(connection, "SELECT datacl FROM pg_database WHERE datname = current_database()", kind.name)
    if kind.signs_in and "CONNECT" not in rights:
        yield Step(
            kind.name,
            "may not connect by a right of its own",
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(place.name), name),
        )
    # The demo school is copied through a temporary table; a school of its own needs none.
    too_much = rights - {"CONNECT"} - ({"TEMPORARY"} if kind.name == APP_ROLE else set())
    for right in sorted(too_much):
        yield Step(
            kind.name,
            f"has {right} on the database",
            sql.SQL("REVOKE {} ON DATABASE {} FROM {}").format(
                _word(right), sql.Identifier(place.name), name
            ),
        )
    schema = _acl(connection, "SELECT nspacl FROM pg_namespace WHERE nspname = 'public'", kind.name)
    if (kind.reads_tables or kind.reads_columns) and "USAGE" not in schema:
        yield Step(
            kind.name,
            "does not see the schema",
            sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
        )
    if "CREATE" in schema:
        yield Step(
            kind.name,
            "may make objects in the schema",
            sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(name),
        )


_RELATIONS: LiteralString = """
SELECT c.relname, c.relkind = 'S',
       (SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       (SELECT coalesce(array_agg(DISTINCT x.privilege_type), '{}') FROM aclexplode(c.relacl) x
        WHERE x.grantee = to_regrole(%(role)s)) AS rights,
       (SELECT coalesce(array_agg(a.attname::text), '{}') FROM pg_attribute a, aclexplode(a.attacl) x
        WHERE a.attrelid = c.oid AND NOT a.attisdropped AND x.grantee = to_regrole(%(role)s)
          AND x.privilege_type = 'SELECT') AS reads,
       (SELECT count(*) FROM pg_attribute a, aclexplode(a.attacl) x
        WHERE a.attrelid = c.oid AND NOT a.attisdropped AND x.grantee = to_regrole(%(role)s)
          AND x.privilege_type <> 'SELECT') AS changes,
       (SELECT coalesce(array_agg(a.attname::text), '{}') FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname ~ %(secret)s) AS secrets
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  AND NOT c.relispartition ORDER BY 1
"""


def _tables(connection: Connection, kind: Kind) -> Iterator[Step]:
    """Each table is brought to what the role reads of it: the whole, some columns, or nothing."""
    with connection.cursor() as cursor:
        rows = cursor.execute(_RELATIONS, {"role": kind.name, "secret": SECRET}).fetchall()
    for name, is_sequence, columns, rights, reads, changes, secrets in rows:
        if is_sequence:
            expected, whole = set[str](), False
        elif kind.reads_tables:
            expected = set(columns) - set(secrets) if secrets else set()
            whole = not secrets
        else:
            expected, whole = set(kind.reads_columns.get(name, ())) & set(columns), False
        if (set(rights), set(reads), changes) == ({"SELECT"} if whole else set(), expected, 0):
            continue
        on = sql.SQL("SEQUENCE {}" if is_sequence else "TABLE {}").format(sql.Identifier("public", name))
        to = sql.Identifier(kind.name)
        statement = sql.SQL("REVOKE ALL ON {} FROM {}").format(on, to)
        if whole:
            statement += sql.SQL("; GRANT SELECT ON {} TO {}").format(on, to)
        elif expected:
            listed = sql.SQL(", ").join(sql.Identifier(one) for one in columns if one in expected)
            statement += sql.SQL("; GRANT SELECT ({}) ON {} TO {}").format(listed, on, to)
        yield Step(kind.name, f"has other rights on {name} than it should", statement, on_tables=True)


def _default_privileges(connection: Connection, place: Place, kind: Kind) -> Iterator[Step]:
    """What tables of later migrations give at once."""
    expected: dict[str, set[str]] = {"r": set(), "S": set()}
    if kind.reads_tables:
        expected["r"] = {"SELECT"}
    elif kind.name == APP_ROLE:
        expected = {"r": {"SELECT", "INSERT", "UPDATE", "DELETE"}, "S": {"USAGE", "SELECT"}}
    for objects, word in (("r", "TABLES"), ("S", "SEQUENCES")):
        held = {
            str(row[0])
            for row in _rows(
                connection,
                "SELECT x.privilege_type FROM pg_default_acl d, aclexplode(d.defaclacl) x"
                " WHERE d.defaclrole = to_regrole(quote_ident(%s)) AND d.defaclnamespace = 'public'::regnamespace"
                " AND d.defaclobjtype = %s AND x.grantee = to_regrole(%s)",
                place.owner,
                objects,
                kind.name,
            )
        }
        for rights, act, way in (
            (expected[objects] - held, "GRANT", "TO"),
            (held - expected[objects], "REVOKE", "FROM"),
        ):
            if rights:
                yield Step(
                    kind.name,
                    f"{'lacks' if act == 'GRANT' else 'has'} {', '.join(sorted(rights))} on later {word.lower()}",
                    sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public {} {} ON {} {} {}").format(
                        sql.Identifier(place.owner),
                        _word(act),
                        sql.SQL(", ").join(_word(one) for one in sorted(rights)),
                        _word(word),
                        _word(way),
                        sql.Identifier(kind.name),
                    ),
                )


def _of_everybody(connection: Connection, place: Place) -> Iterator[Step]:
    """Whoever else has an account on the server may not even connect."""
    rights = {
        str(row[0])
        for row in _rows(
            connection,
            "SELECT x.privilege_type FROM pg_database d,"
            " aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x"
            " WHERE d.datname = current_database() AND x.grantee = 0",
        )
    }
    if rights:
        yield from _owner_connects(connection, place)
        yield Step(
            EVERYBODY,
            f"may {' and '.join(sorted(rights))} (any account of the server)",
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(place.name)),
        )
    schema = _acl(connection, "SELECT nspacl FROM pg_namespace WHERE nspname = 'public'", "public")
    if "CREATE" in schema:
        yield Step(
            EVERYBODY,
            "may make objects in the schema",
            sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC").format(),
        )


def _owner_connects(connection: Connection, place: Place) -> Iterator[Step]:
    """Who owns the tables need not own the database, and then connects as everybody does."""
    held = _acl(
        connection,
        "SELECT coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()",
        place.owner,
    )
    if not place.owner_is_superuser and "CONNECT" not in held:
        yield Step(
            place.owner,
            "may not connect by a right of its own",
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(place.name), sql.Identifier(place.owner)
            ),
        )


def _named(one: Membership, place: Place) -> str:
    return place.owner if one.role == OWNER else one.role


def _acl(connection: Connection, of: LiteralString, role: str) -> set[str]:
    """The rights that a role was given by name; `public` is everybody."""
    grantee: LiteralString = "0" if role == "public" else "to_regrole(quote_ident(%s))"
    found = _rows(
        connection,
        f"SELECT x.privilege_type FROM aclexplode(({of})) x WHERE x.grantee = {grantee}",  # noqa: S608 -- literals
        *(() if role == "public" else (role,)),
    )
    return {str(row[0]) for row in found}


def _word(word: str) -> sql.SQL:
    return sql.SQL(word)


def _rows(connection: Connection, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    return connection.execute(query, values or None).fetchall()
