"""The people of the tests of privacy: a student, registrars, and a file store."""

from tests.compliance.privacy.conftest import (  # noqa: F401 - fixtures
    _clock,
    colleague,
    keys,
    maria,
    me,
    registrar,
    school,
    store,
)
