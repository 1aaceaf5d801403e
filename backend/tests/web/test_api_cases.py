"""A few hundred of the cases that `tools/api_cases.py` makes by the thousand: no answer is a fault of ours."""

from tests.conftest import LiveServer
from tests.factories.accounts import UserFactory
from tools.api_cases import COOKIE, administrator, run


def test_no_request_that_the_description_allows_or_forbids_breaks_the_api(live_server: LiveServer) -> None:
    with live_server.database.begin() as session:
        UserFactory(session=session, role="admin")
    found = run(live_server.url, 300, administrator(live_server.database))
    assert not found.bad
    assert found.cases >= 150
    assert found.by_status[200] + found.by_status[201] + found.by_status[204] > 10
    assert COOKIE == "aada_session"
