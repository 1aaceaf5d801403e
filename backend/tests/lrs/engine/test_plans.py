"""Every query of the Statement resource walks an index in the order of its answer, whatever is asked for together."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.lrs.engine.runtime import OPTIONS
from app.lrs.engine.statements.filters import Filter
from app.lrs.engine.statements.selection import select
from tests.lrs.examples import statement
from tests.lrs.serving import Running

ASKED: dict[str, Any] = {
    "agent": "mbox::mailto:nobody@school.example",
    "verb": "http://adlnet.gov/expapi/verbs/completed",
    "activity": "https://school.example/lessons/1",
    "registration": "00000000-0000-4000-8000-000000000007",
    "after": 0,
    "before": 10**17,
    "credential_id": 1,
}
TYPES = {"registration": "uuid", "after": "bigint", "before": "bigint", "credential": "int"}
COMBINATIONS = [names for size in range(len(ASKED) + 1) for names in itertools.combinations(ASKED, size)]


def _connected(store: Running) -> psycopg.Connection[Any]:
    url = str(store.settings.database_url).replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True, options=OPTIONS)


@pytest.fixture(scope="module")
def connection(store: Running) -> Iterator[psycopg.Connection[Any]]:
    client = store.client()
    for number in range(4):
        client.stored(*[statement(actor={"mbox": f"mailto:{number}-{n}@school.example"}) for n in range(50)])
    with _connected(store) as found:
        found.execute("ANALYZE")
        yield found


def _plan(connection: psycopg.Connection[Any], query: Filter) -> str:
    """The plan that the store keeps for this query: one that knows no values."""
    sql, _ = select(query, 26)
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", sql)))
    numbered = re.sub(
        r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}::{TYPES.get(found[1], 'text')}", sql
    )
    rows = connection.execute(f"EXPLAIN (GENERIC_PLAN) {numbered}")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("related", [False, True], ids=["direct", "related"])
@pytest.mark.parametrize("ascending", [False, True], ids=["newest first", "oldest first"])
def test_no_query_sorts_or_reads_a_table_through(
    connection: psycopg.Connection[Any], *, related: bool, ascending: bool
) -> None:
    for names in COMBINATIONS:
        asked = {name: ASKED[name] for name in names}
        query = Filter(**asked, ascending=ascending, related_agents=related, related_activities=related)
        plan = _plan(connection, query)
        wrong = re.findall(r"Sort  |Seq Scan|Bitmap|Hash|Gather|Materialize", plan)
        assert not wrong, f"{names}: {wrong}\n{plan}"
        walks = re.findall(r"Index.* Scan .*using (\w+) on xapi_statement\w* (?:s|r|l)\w*", plan)
        assert walks, plan


def test_the_plan_is_made_once_for_each_connection(store: Running) -> None:
    with _connected(store) as found:
        sql, parameters = select(Filter(agent=ASKED["agent"], after=5), 26)
        for _ in range(4):
            found.execute(sql, parameters, prepare=True)
        generic, custom = found.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement ~ 'xapi_statement_actors'"
        ).fetchone() or (0, 0)
    assert (generic, custom) == (4, 0)
