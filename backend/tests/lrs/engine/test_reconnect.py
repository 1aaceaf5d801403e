"""A restart of the database costs no request that comes after it."""

import time

from tests.lrs.examples import statement
from tests.lrs.serving import Client, Running

OURS = "FROM pg_stat_activity WHERE application_name = 'aada xapi' AND datname = current_database()"


def test_no_request_meets_a_connection_that_the_database_has_ended(store: Running, xapi: Client) -> None:
    kept = statement()
    xapi.stored(kept)
    assert store.value(f"SELECT count(*) {OURS}") >= 3  # two that read, one that writes
    for _ in range(2):
        store.value(f"SELECT count(pg_terminate_backend(pid)) {OURS}")
        while store.value(f"SELECT count(*) {OURS}"):
            time.sleep(0.01)
        store.app.runtime.access_checker._known.clear()
        answers = [xapi.get("/statements", statementId=kept["id"]).status_code for _ in range(6)]
        assert answers == [200] * 6
        assert xapi.post(statement()).status_code == 200
