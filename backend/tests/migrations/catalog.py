"""What a database is, read from PostgreSQL's own catalog, and what is in it."""

from typing import Any

import psycopg

# Each query answers (what, definition); together they are the schema. `migration_stash` is the migrations' own.
_OURS = "NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'migration_stash')"
# What an extension brings is described by the extension's own line.
_NOT_OF_AN_EXTENSION = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {} AND d.deptype = 'e')"

QUERIES = {
    "schema": f"""
        SELECT n.nspname,
               (SELECT array_agg(format('%s %s', acl.grantee::regrole, acl.privilege_type) ORDER BY 1)
                FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) acl WHERE acl.grantee <> 0)
        FROM pg_namespace n WHERE n.nspname {_OURS} AND n.nspname NOT LIKE 'pg_t%'""",
    "extension": "SELECT extname, extversion FROM pg_extension",
    "column": f"""
        SELECT format('%s.%s', c.oid::regclass, a.attname),
               concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
                         format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                         'DEFAULT ' || pg_get_expr(def.adbin, def.adrelid),
                         'generated ' || nullif(a.attgenerated::text, ''),
                         'identity ' || nullif(a.attidentity::text, ''), a.attcollation::regcollation)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef def ON def.adrelid = c.oid AND def.adnum = a.attnum
        WHERE n.nspname {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": f"""
        SELECT format('%s.%s', con.conrelid::regclass, con.conname),
               concat(pg_get_constraintdef(con.oid), CASE WHEN con.convalidated THEN '' ELSE ' not validated' END)
        FROM pg_constraint con JOIN pg_namespace n ON n.oid = con.connamespace
        WHERE n.nspname {_OURS} AND con.conrelid <> 0""",
    "index": f"SELECT indexname, indexdef FROM pg_indexes WHERE schemaname {_OURS}",
    "enum": f"""
        SELECT t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder)::text
        FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname {_OURS} GROUP BY t.typname""",
    "grant": f"""
        SELECT c.oid::regclass,
               (SELECT array_agg(format('%s %s', acl.grantee::regrole, acl.privilege_type) ORDER BY 1)
                FROM aclexplode(coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
                                                              c.relowner))) acl)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'S')""",
    "column grant": """
        SELECT format('%s.%s', a.attrelid::regclass, a.attname), a.attacl::text
        FROM pg_attribute a WHERE a.attacl IS NOT NULL AND a.attrelid >= 16384""",
    "default grant": "SELECT format('%s %s', defaclnamespace::regnamespace, defaclobjtype), defaclacl::text "
    "FROM pg_default_acl",
    "sequence": "SELECT sequencename, concat_ws(' ', data_type, start_value, increment_by) FROM pg_sequences "
    f"WHERE schemaname {_OURS}",
    "function": f"""
        SELECT p.oid::regprocedure, md5(concat(p.prosrc, p.provolatile, p.prosecdef, p.proacl))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname {_OURS} AND {_NOT_OF_AN_EXTENSION.format("p.oid")}""",
    "trigger": """
        SELECT format('%s.%s', t.tgrelid::regclass, t.tgname), concat(pg_get_triggerdef(t.oid), t.tgenabled)
        FROM pg_trigger t WHERE NOT t.tgisinternal""",
    "policy": "SELECT format('%s.%s', tablename, policyname), concat_ws(' ', permissive, roles, cmd, qual, with_check) "
    "FROM pg_policies",
}

Schema = dict[str, str]
Rows = dict[str, list[dict[str, Any]]]


def schema(connection: psycopg.Connection[Any]) -> Schema:
    """Everything the schema consists of, as {"column users.email": "2 character varying(255) NOT NULL …"}."""
    found: Schema = {}
    for kind, query in QUERIES.items():
        for what, definition in connection.execute(query).fetchall():
            if not str(what).startswith("alembic_version"):
                found[f"{kind} {what}"] = str(definition)
    return found


def tables(connection: psycopg.Connection[Any]) -> list[str]:
    """The tables, without Alembic's own."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
    return [row[0] for row in connection.execute(query).fetchall()]


def rows(connection: psycopg.Connection[Any]) -> Rows:
    """Every row of every table as JSON values, in the order of their text."""
    found: Rows = {}
    for table in tables(connection):
        query = f'SELECT to_jsonb(t) FROM "{table}" t ORDER BY to_jsonb(t)::text'
        found[table] = [row[0] for row in connection.execute(query.encode()).fetchall()]
    return found
