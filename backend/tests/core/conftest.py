import pytest
from sqlalchemy.orm import Session

from tests.factories.school import School


@pytest.fixture
def school(session: Session) -> School:
    return School(session)
