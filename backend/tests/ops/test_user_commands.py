"""`aada user`, as typed."""

from app.core.permissions import Role
from app.db.session import Database
from tests.factories.accounts import UserFactory
from tests.ops.conftest import Aada


def test_a_person_comes_goes_and_comes_back(aada: Aada) -> None:
    status, shown = aada("user", "create", "Nina@example.org", "--name", "Nina  Neu", "--role", "instructor")
    assert status == 0
    assert "Nina Neu <nina@example.org>, instructor" in shown
    assert "/set-password/" in shown
    assert "invited" in aada("user", "list")[1]
    assert "/set-password/" in aada("user", "invite", "nina@example.org")[1]
    assert "/set-password/" in aada("user", "link", "nina@example.org")[1]
    assert aada("user", "delete", "nina@example.org", "--yes")[0] == 0
    assert "nina@example.org" not in aada("user", "list")[1]
    assert "nina@example.org" in aada("user", "list", "--deleted", "--role", "instructor", "nina")[1]
    status, shown = aada("user", "create", "nina@example.org", "--name", "Nina Neu")
    assert status == 1
    assert "deleted account of Nina Neu" in shown
    assert aada("user", "restore", "nina@example.org")[0] == 0
    assert "0 of 0" in aada("user", "list", "--deleted")[1]


def test_refusals_are_one_sentence(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        UserFactory(session=session, role=Role.ADMIN, email="ada@example.org", full_name="Ada Office")
    for arguments, words in (
        (("invite", "nobody@example.org"), "Nobody has the email address"),
        (("invite", "nonsense"), "Enter an email address"),
        (("create", "x@example.org", "--name", " "), "1 to 255 characters"),
        (("delete", "ada@example.org", "--yes"), "last administrator"),
        (("restore", "ada@example.org"), "no deleted person"),
        (("create", "ada@example.org", "--name", "Ada"), "has an account"),
    ):
        status, shown = aada("user", *arguments)
        assert status == 1
        assert words in shown
        assert shown.startswith("aada: ")
        assert shown.count("\n") == 1
