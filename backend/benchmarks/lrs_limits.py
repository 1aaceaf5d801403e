"""What PostgreSQL itself does on this machine when nothing stands before it."""

import json
import time
from uuid import uuid4

import psycopg

BARE = """
CREATE TABLE bare (id bigint PRIMARY KEY, statement_id uuid UNIQUE, verb text, registration uuid, at timestamptz,
                   payload jsonb);
CREATE INDEX ON bare (verb, id); CREATE INDEX ON bare (registration, id); CREATE INDEX ON bare (at)
"""


def _bare_row(number: int, payload: str) -> str:
    return f"{number}\t{uuid4()}\turn:verb:{number % 5}\t{uuid4()}\t2026-11-22T10:00:00Z\t{payload}\n"


def limits(url: str, statement: dict[str, object], seconds: float) -> dict[str, float]:
    """Rows or look-ups a second, with payloads like `statement`."""
    payload = json.dumps(statement).replace("\\", "\\\\")
    found: dict[str, float] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        for command in BARE.strip().split(";"):
            connection.execute(command)
        number, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            with connection.cursor().copy("COPY bare FROM STDIN") as copy:
                copy.write("".join(_bare_row(number + n, payload) for n in range(50)))
            number += 50
        found["COPY of 50 rows per commit, 1 connection"] = number / (time.perf_counter() - begin)
        start, begin = number, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            connection.execute(
                "INSERT INTO bare VALUES (%s, %s, %s, %s, now(), %s)",
                (number, uuid4(), "urn:verb:1", uuid4(), payload),
                prepare=True,
            )
            number += 1
        found["INSERT + COMMIT of 1 row, 1 connection"] = (number - start) / (time.perf_counter() - begin)
        count, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            connection.execute(
                "SELECT payload::text FROM bare WHERE id = %s", (count % number,), prepare=True
            ).fetchone()
            count += 1
        found["SELECT by key, 1 connection"] = count / (time.perf_counter() - begin)
        connection.execute("DROP TABLE bare")
    return found
