"""Rows of accounts: `UserFactory(session=session, role=Role.ADMIN)` adds and flushes."""

from datetime import timedelta
from typing import Any

import bcrypt
import factory

from app.core import clock
from app.core.permissions import Permission, Role
from app.core.tokens import hash_token
from app.db.models import AccountLink, ApiToken, User, UserSession

PASSWORD = "violet canyon teaspoon"
HASHED = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()


class RowFactory(factory.Factory[Any]):
    """A factory whose product is a row in the session it is given."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type[Any], *args: Any, **kwargs: Any) -> Any:
        session = kwargs.pop("session")
        row = model_class(*args, **kwargs)
        session.add(row)
        session.flush()
        return row


class UserFactory(RowFactory):
    """Somebody who has chosen the password PASSWORD; a student unless asked otherwise."""

    class Meta:
        model = User

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    full_name = factory.Sequence(lambda number: f"Person Number{number}")
    role = Role.STUDENT
    hashed_password = HASHED


class UserSessionFactory(RowFactory):
    """A browser that is signed in; `secret` is what its cookie holds."""

    class Meta:
        model = UserSession
        exclude = ("secret",)

    secret = factory.Sequence(lambda number: f"session secret {number}")
    token_hash = factory.LazyAttribute(lambda row: hash_token(row.secret))
    last_seen_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=1))


class AccountLinkFactory(RowFactory):
    """An open invitation; `secret` is the last part of its address."""

    class Meta:
        model = AccountLink
        exclude = ("secret",)

    secret = factory.Sequence(lambda number: f"link-secret-{number}")
    token_hash = factory.LazyAttribute(lambda row: hash_token(row.secret))
    purpose = "invite"
    expires_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=7))


class ApiTokenFactory(RowFactory):
    """A bearer token that works; `secret` is what the program sends."""

    class Meta:
        model = ApiToken
        exclude = ("secret",)

    secret = factory.Sequence(lambda number: f"aada_token-{number}")
    token_hash = factory.LazyAttribute(lambda row: hash_token(row.secret))
    name = "A program"
    hint = "aada_token"
    scopes = factory.LazyFunction(lambda: [permission.value for permission in Permission])
    expires_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=90))
