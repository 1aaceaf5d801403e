"""Money, settings, audit, logs."""

import logging
import re
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import money
from app.core.actions import Action
from app.core.logging import _hide_secrets, configure_logging
from app.core.permissions import Role, Subject
from app.db.session import Database
from app.settings import SettingsError, load_settings

ADMIN = Subject(user_id=1, email="a@demo.aada.example", full_name="Ada", role=Role.ADMIN)
KEY = "a key for tests alone, of good length"
HTTPS = {"app_origin": "https://lms.example.edu", "content_origin": "https://content.example.edu"}


@given(st.integers(min_value=0, max_value=2_000_000_000))
def test_an_amount_written_and_read_is_the_same(cents: int) -> None:
    assert money.parse_dollars(money.format_cents(cents)) == cents


@pytest.mark.parametrize(
    "text", ["", "abc", "1.234", "NaN", "Infinity", "1e400", "20000000.01", "--1", "1e-3"]
)
def test_what_is_no_amount_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        money.parse_dollars(text)


@pytest.mark.parametrize(
    "text", ["12,50", "1,2", "12,5000", ",500", "1,,000", "1,000,", "0001,000", "1,00.00", "1.00,0"]
)
def test_a_comma_that_does_not_group_thousands_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="comma"):
        money.parse_dollars(text)


@given(st.text(alphabet="0123456789,.", min_size=1, max_size=12))
def test_whatever_is_read_with_commas_is_what_an_american_reads(text: str) -> None:
    try:
        cents = money.parse_dollars(text)
    except ValueError:
        return
    whole, _, decimals = text.partition(".")
    assert cents == int(whole.replace(",", "") or 0) * 100 + int(decimals.ljust(2, "0") or 0)
    if "," in whole:
        first, *groups = whole.split(",")
        assert 1 <= len(first) <= 3
        assert all(len(group) == 3 for group in groups)
    assert "," not in decimals


def settings(**values: Any) -> Any:
    return load_settings(_env_file=None, **({"secret_key": KEY} | values))


def test_a_missing_secret_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(SettingsError, match="SECRET_KEY is not set"):
        load_settings(_env_file=None)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"secret_key": "short"}, "SECRET_KEY"),
        ({"school_timezone": "America/Atlanta"}, "SCHOOL_TIMEZONE.*not a time zone"),
        ({"database_url": "mysql://x/y"}, "DATABASE_URL.*PostgreSQL 17"),
        ({"database_url": "nonsense"}, "DATABASE_URL is not a URL"),
        ({"app_origin": "localhost"}, "APP_ORIGIN.*not an origin"),
        ({"content_origin": "http://localhost:9000"}, "another port is not enough"),
        ({"environment": "production", "bcrypt_rounds": 8} | HTTPS, "BCRYPT_ROUNDS"),
        ({"environment": "production"}, "APP_ORIGIN.*https"),
        (
            {"environment": "production"} | HTTPS | {"app_origin": "http://lms.example.edu"},
            "APP_ORIGIN.*https",
        ),
        (
            {"environment": "production"} | HTTPS | {"content_origin": "http://c.example.edu"},
            "CONTENT_ORIGIN.*https",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_wrong(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        settings(**values)


def test_production_is_served_by_https_alone() -> None:
    assert settings(environment="production", **HTTPS).secure_cookies


def test_the_documented_url_works_and_the_program_takes_its_own_role() -> None:
    made = settings(
        database_url="postgresql://postgres:postgres@db:5432/aada_lms", aada_app_password="p@ss/word"
    )
    assert made.owner_database_url.drivername == "postgresql+psycopg"
    assert made.app_database_url.username == "aada_app"
    assert made.app_database_url.password == "p@ss/word"
    assert made.app_database_url.host == "db"
    own = settings(database_url="postgresql://aada_app:x@db/aada_lms")
    assert own.app_database_url == own.owner_database_url


def test_the_env_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "SCHOOL_NAME"):
        monkeypatch.delenv(name, raising=False)
    env = tmp_path / ".env"
    env.write_text(f"SECRET_KEY={KEY}\nSCHOOL_NAME=Elsewhere\n")
    assert load_settings(_env_file=env).school_name == "Elsewhere"


def test_every_action_reads_noun_and_verb_and_has_a_sentence() -> None:
    for action in Action:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", action), action
        assert action.target
        assert action.sentence[0].isupper(), action


def test_secrets_are_not_logged() -> None:
    event = {"event": "x", "password": "p", "Authorization": "Bearer t", "launch_token": "t", "user": 1}
    assert _hide_secrets(None, "", event) == {
        "event": "x",
        "password": "[hidden]",
        "Authorization": "[hidden]",
        "launch_token": "[hidden]",
        "user": 1,
    }


def test_origins_are_kept_as_browsers_write_them() -> None:
    known = load_settings(
        _env_file=None,
        secret_key="x" * 32,
        app_origin="HTTPS://LMS.Example.edu:443/",
        content_origin="https://[::1]:8443",
    )
    assert known.app_origin == "https://lms.example.edu"
    assert known.content_origin == "https://[::1]:8443"
    assert known.secure_cookies


def test_printed_settings_hold_no_password() -> None:
    known = load_settings(
        _env_file=None,
        secret_key="the secret key of this test, quite long",
        database_url="postgresql://owner:dbsecret@localhost/school",
        smtp_url="smtp://user:mailsecret@localhost",
        aada_app_password="appsecret",
    )
    for word in ("secret key", "dbsecret", "mailsecret", "appsecret"):
        assert word not in repr(known)


@pytest.mark.parametrize(
    "url",
    ["smtp://user:mailsecret@mail.example.edu:0", "smtp://mail:99999", "smtps://mail:abc", "smtp://[::1"],
)
def test_a_mail_server_needs_a_port_that_can_be(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^SMTP_URL is not a URL such as .*\.$") as refused:
        load_settings(_env_file=None, secret_key="the secret key of this test, quite long", smtp_url=url)
    assert "mailsecret" not in str(refused.value)


def test_an_error_of_the_database_names_nobody(live_database: Database) -> None:
    statement = text("SELECT 1 / 0 WHERE :name <> ''")
    with live_database.begin() as session, pytest.raises(DBAPIError) as caught:
        session.execute(statement, {"name": "Maria Lopez"})
    assert "Maria Lopez" not in str(caught.value)


def test_what_comes_from_outside_ends_no_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers
    try:
        configure_logging(load_settings(_env_file=None, secret_key="x" * 32))
        logging.getLogger("outside").warning("no such page: %s", "/a\r\n2026 forged \x1b[2J\u2028")
    finally:
        logging.getLogger().handlers = before
    (line,) = capsys.readouterr().err.splitlines()
    assert r"/a\r\n2026 forged \x1b[2J\u2028" in line


def test_a_logger_follows_what_is_configured_after_its_first_line() -> None:
    before = logging.getLogger().handlers
    settings = load_settings(_env_file=None, secret_key="x" * 32)
    log = structlog.get_logger("outside")
    try:
        for event in ("first", "second"):
            configure_logging(settings)
            with structlog.testing.capture_logs() as logged:
                log.warning(event)
            assert [line["event"] for line in logged] == [event]
    finally:
        logging.getLogger().handlers = before
