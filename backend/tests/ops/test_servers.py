"""URLs as libpq reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL, make_url

from app.db.session import libpq_url

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@given(user=words, password=words, database=words)
def test_libpq_reads_what_sqlalchemy_was_given(user: str, password: str, database: str) -> None:
    url = URL.create("postgresql+psycopg", user, password, "db.example.edu", 5433, database)
    assert conninfo_to_dict(libpq_url(url)) == {
        "user": user,
        "password": password,
        "host": "db.example.edu",
        "port": "5433",
        "dbname": database,
    }
    assert "password" not in conninfo_to_dict(libpq_url(url, password=False))


@pytest.mark.parametrize(
    ("given_url", "expected"),
    [
        ("postgresql+psycopg://u@[::1]/d", {"user": "u", "host": "::1", "dbname": "d"}),
        ("postgresql+psycopg:///d?host=/run/postgresql", {"host": "/run/postgresql", "dbname": "d"}),
        (
            "postgresql+psycopg://u:p@/d?host=a:5433&host=b:5434&target_session_attrs=read-write",
            {
                "user": "u",
                "password": "p",
                "host": "a,b",
                "port": "5433,5434",
                "dbname": "d",
                "target_session_attrs": "read-write",
            },
        ),
    ],
)
def test_hosts_of_every_kind_are_carried_over(given_url: str, expected: dict[str, str]) -> None:
    assert conninfo_to_dict(libpq_url(make_url(given_url))) == expected
