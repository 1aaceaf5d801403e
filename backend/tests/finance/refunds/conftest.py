"""An office that handles refunds, on a Monday noon in May 2026."""

import pytest
from sqlalchemy.orm import Session

from tests.factories.school import School
from tests.finance.refunds.cases import Office


@pytest.fixture
def office(session: Session) -> Office:
    return Office.of(session, School(session))
