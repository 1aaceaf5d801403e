"""Every setting of the system, read from the environment and from `.env` at the checkout's root.

A setting that the system cannot run without has no default: the start fails with one sentence that
names the variable.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError
from sqlalchemy.engine import URL, make_url

from app.setting_values import (
    OptionalPath,
    OptionalSecret,
    OptionalText,
    mail_url,
    normalize_database_url,
    several_keys,
    socket_address,
)

CHECKOUT = Path(__file__).resolve().parents[2]
APP_ROLE = "aada_app"
DEMO_DOMAIN = "demo.aada.example"
"""Where the people of the demo school have their addresses."""
SECRET_FOLDER = Path("/run/secrets")
"""Where containers are given secrets as files."""


class SettingsError(Exception):
    """A setting is missing or wrong; the message is the sentence to show the operator."""


class Settings(BaseSettings):
    """The system's settings; each field is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=CHECKOUT / ".env", env_file_encoding="utf-8", extra="ignore")

    environment: Literal["development", "production", "test"] = "development"

    database_url: OptionalText = Field(default=None, repr=False)
    """PostgreSQL 17+ to use, signed in as the owner of the schema; unset means the embedded server."""
    aada_app_password: OptionalSecret = None
    """Password of the database role the system works as (`aada_app`)."""
    pooler_url: OptionalText = Field(default=None, repr=False)
    """pgbouncer in front of that server, in transaction mode, for pages and jobs. DATABASE_URL stays the server."""
    reports_url: OptionalText = Field(default=None, repr=False)
    """A standby of that server, which files of reports are read from. Unset, they are read from the server itself."""
    reports_lag_seconds: int = Field(default=60, ge=0)
    """How far behind that standby may be before reports are read from the server itself."""
    monitor_url: OptionalText = Field(default=None, repr=False)
    """The same database as `aada_monitor`, for what /metrics asks of it (`aada db roles`). Unset, `aada_app` asks."""
    backup_url: OptionalText = Field(default=None, repr=False)
    """The same database as `aada_backup`, for dumps and the second place. Unset, the owner does it."""
    pool_size: int = Field(default=10, ge=1)
    pool_max_overflow: int = Field(default=20, ge=0)
    pool_pre_ping: bool = True
    pool_recycle_seconds: int = Field(default=3600, ge=-1)
    sql_echo: bool = False

    secret_key: SecretStr = Field(min_length=32)
    """Keys every signature and keyed hash the system makes; at least 32 characters."""
    secret_key_previous: OptionalSecret = None
    """Former (or coming) values of SECRET_KEY that are still read: one as it is, or a JSON list of several."""
    data_dir: Path = CHECKOUT / "var"
    """Where the embedded server and the files live."""
    backup_dir: OptionalPath = None
    """Where backups are kept: better on another disk. Unset, they are in `backups` below DATA_DIR."""
    backup_schedule: bool = True
    """Whether the embedded server is backed up by the system itself, all the time."""
    stream_patience_seconds: int = Field(default=30, ge=0)
    """How long commits wait for a second place that is away (`aada backup stream --synchronous`); 0 is without end."""
    backup_s3_bucket: OptionalText = None
    """A bucket of any S3-compatible store that a second copy of the backups is kept in, encrypted."""
    backup_s3_prefix: str = ""
    """What the names of its objects begin with; `school-a/`, where several schools share a bucket."""
    backup_s3_endpoint_url: OptionalText = None
    backup_s3_region: OptionalText = None
    backup_s3_access_key_id: OptionalSecret = None
    backup_s3_secret_access_key: OptionalSecret = None
    backup_s3_recipient: OptionalText = None
    """The public key, `age1…`, that the copy is encrypted for; its secret half (`aada backup key`) stays elsewhere."""

    app_origin: str = "http://localhost:8000"
    """The address people type, without a path."""
    content_origin: str = "http://127.0.0.1:8000"
    """The address that serves uploaded content: another host, because uploaded content runs scripts."""
    forwarded_allow_ips: str = "127.0.0.1"

    school_name: str = "Atlanta Academy of Dental Assisting"
    school_short_name: str = "AADA"
    school_timezone: str = "America/New_York"

    document_templates_dir: OptionalPath = None
    """Files that take the place of the document layouts which come with the system, and `fonts/` to add."""

    session_idle_hours: int = Field(default=12, ge=1)
    session_max_days: int = Field(default=14, ge=1)
    bcrypt_rounds: int = Field(default=12, ge=4, le=18)

    smtp_url: OptionalText = Field(default=None, repr=False)
    """`smtp://user:password@host:587` (STARTTLS) or `smtps://…`; unset keeps mail in the outbox page."""
    mail_from: str = "AADA LMS <no-reply@localhost>"

    s3_bucket: OptionalText = None
    s3_endpoint_url: OptionalText = None
    s3_region: OptionalText = None
    s3_access_key_id: OptionalSecret = None
    s3_secret_access_key: OptionalSecret = None

    clamav_socket: OptionalText = None
    """Where ClamAV's daemon listens (`/run/clamav/clamd.ctl`, `tcp://127.0.0.1:3310`). Set, no uploaded file is kept
    that it has not passed; unset, files are not scanned."""

    timestamp_url: OptionalText = None
    """A time-stamp authority (RFC 3161) that signatures and the newest seal of the history are stamped by."""
    timestamp_roots: OptionalPath = None
    """A PEM file with the certificates that its time stamps have to lead to."""

    payment_provider: Literal["off", "stripe"] = "off"
    """Who takes payments online. With Stripe, both secrets are needed: the API's key and the webhook's."""
    stripe_secret_key: OptionalSecret = None
    stripe_webhook_secret: OptionalSecret = None
    stripe_url: str = "https://api.stripe.com"

    pace_factor: int = Field(default=1, ge=1, le=10_000)
    """How many times as many searches, downloads and public pages pass as otherwise; for tests under load."""

    student_role: bool = True
    """Whether what students ask for is read as the database role `aada_student`, which sees their own rows alone."""

    max_body_bytes: int = 1024 * 1024
    max_upload_bytes: int = 1024 * 1024 * 1024
    max_import_bytes: int = 20 * 1024 * 1024
    max_hand_in_bytes: int = 2 * 1024**3
    """What a student hands in at once, all files together."""

    metrics_access: OptionalSecret = None
    """Who may read /metrics: `loopback` lets programs of this machine, a token of 24 characters or more whoever sends
    it (`Authorization: Bearer …`); unset, nobody."""

    tracing: bool = False
    """Whether traces of requests go to a collector; where it is, the OTEL_ variables of OpenTelemetry say."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = False
    access_log_file: OptionalPath = None
    """A file for the line of each request, as JSON; the log has them in any case."""
    access_log_megabytes: int = Field(default=50, ge=1, le=10_000)
    """How large that file grows before another begins; the ten before it are kept."""

    def shared_by(self, processes: int) -> "Settings":
        """The settings of one of several processes: its part of the connections that the pool may open."""
        return self.model_copy(
            update={
                "pool_size": max(2, -(-self.pool_size // processes)),
                "pool_max_overflow": max(4, -(-self.pool_max_overflow // processes)),
            }
        )

    @field_validator("school_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is not a time zone name such as America/New_York") from error
        return value

    @field_validator("secret_key_previous")
    @classmethod
    def _former_keys(cls, value: SecretStr | None) -> SecretStr | None:
        for key in several_keys(value):
            if len(key) < 32:
                raise ValueError("each key has at least 32 characters; give the former SECRET_KEY as it was")
        return value

    @field_validator("metrics_access")
    @classmethod
    def _metrics_access(cls, value: SecretStr | None) -> SecretStr | None:
        text = "" if value is None else value.get_secret_value()
        if text not in ("", "loopback") and (len(text) < 24 or not text.isascii() or " " in text):
            raise ValueError("is neither loopback nor a token of 24 characters or more, without spaces")
        return value

    @field_validator("app_origin", "content_origin")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"{value!r} is not an origin such as https://lms.example.edu")
        # As browsers write it, because it is compared with what they send.
        port = None if parts.port == {"http": 80, "https": 443}[parts.scheme] else parts.port
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{port}" if port else "")

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: str | None) -> str | None:
        if value is not None:
            mail_url(value)
        return value

    @field_validator("clamav_socket")
    @classmethod
    def _scanner(cls, value: str | None) -> str | None:
        if value is not None:
            socket_address(value)
        return value

    @field_validator("timestamp_url", "stripe_url")
    @classmethod
    def _authority(cls, value: str | None) -> str | None:
        if value is not None and (
            urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname
        ):
            raise ValueError(f"{value!r} is not an address such as https://example.org")
        if value is not None:
            urlsplit(value).port  # noqa: B018 -- raises ValueError for what is no port
        return value

    @field_validator("timestamp_roots")
    @classmethod
    def _roots(cls, value: Path | None) -> Path | None:
        if value is not None:
            try:
                text = value.read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{value} cannot be read as a PEM file") from error
            if "BEGIN CERTIFICATE" not in text:
                raise ValueError(f"{value} has no certificate in it (PEM)")
        return value

    @field_validator("database_url", "pooler_url", "reports_url", "monitor_url", "backup_url")
    @classmethod
    def _postgres_url(cls, value: str | None, info: ValidationInfo) -> str | None:
        return None if value is None else normalize_database_url(value, str(info.field_name).upper())

    @model_validator(mode="after")
    def _sound(self) -> "Settings":
        found = contradictions(self)
        if found:
            raise ValueError(" ".join(f"{sentence}." for sentence in found).removesuffix("."))
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The school's time zone."""
        return ZoneInfo(self.school_timezone)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """SECRET_KEY, and behind it the other keys that are still read."""
        return tuple(
            dict.fromkeys((self.secret_key.get_secret_value(), *several_keys(self.secret_key_previous)))
        )

    @property
    def secure_cookies(self) -> bool:
        return self.app_origin.startswith("https:")

    @property
    def owner_database_url(self) -> URL:
        """The URL migrations run with. Raises SettingsError while none is known."""
        if self.database_url is None:
            raise SettingsError("DATABASE_URL is not set and the embedded server is not started.")
        return make_url(self.database_url)

    @property
    def app_database_url(self) -> URL:
        """The URL the system works with: the same server and database, as the role `aada_app`."""
        owner = self.owner_database_url
        if owner.username == APP_ROLE:
            return owner
        if self.aada_app_password is None:
            raise SettingsError("AADA_APP_PASSWORD is not set; script/setup writes one into .env.")
        return owner.set(username=APP_ROLE, password=self.aada_app_password.get_secret_value())

    @property
    def pooler_database_url(self) -> URL | None:
        """The same database through the pooler; None without one."""
        return self._beside(self.pooler_url)

    @property
    def reports_database_url(self) -> URL | None:
        """The same database on a standby; None without one."""
        return self._beside(self.reports_url)

    @property
    def monitor_database_url(self) -> URL | None:
        """The same database as who may see the server's statistics; None without such a role."""
        return self._beside(self.monitor_url)

    @property
    def backup_database_url(self) -> URL:
        """The same database as who may copy all of it: the owner, unless BACKUP_URL names somebody."""
        return self._beside(self.backup_url) or self.owner_database_url

    def _beside(self, value: str | None) -> URL | None:
        """Another way to the database: the user, password and name that its URL leaves out are those of `aada_app`."""
        if value is None:
            return None
        app, url = self.app_database_url, make_url(value)
        if not url.username:
            url = url.set(username=app.username, password=app.password)
        return url if url.database else url.set(database=app.database)


def contradictions(settings: Settings) -> list[str]:
    """What is wrong with settings that are well formed each: sentences without a period, none when they go together."""
    found = []
    # Ports do not separate cookies: two ports of one host are one host to a browser.
    if urlsplit(settings.app_origin).hostname == urlsplit(settings.content_origin).hostname:
        found.append(
            "CONTENT_ORIGIN has the same host as APP_ORIGIN; uploaded content needs a host of its own "
            "(a second name for this machine; another port is not enough)"
        )
    if settings.timestamp_url is not None and settings.timestamp_roots is None:
        found.append(
            "TIMESTAMP_URL needs TIMESTAMP_ROOTS: a PEM file with the certificates that its time stamps have to lead to"
        )
    if settings.environment != "production":
        return found
    found += [
        f"{name.upper()} must begin with https:// in production: sign-in cookies and student records would cross the "
        "network unencrypted (docs/guides/operator.md explains how to set up a proxy)"
        for name in ("app_origin", "content_origin")
        if not getattr(settings, name).startswith("https:")
    ]
    if "*" in settings.forwarded_allow_ips:
        found.append(
            "FORWARDED_ALLOW_IPS must name the proxies in production: with * anybody can claim to come from "
            "any address, and limits by address mean nothing"
        )
    if settings.bcrypt_rounds < 12:
        found.append("BCRYPT_ROUNDS must be 12 or more in production")
    if settings.sql_echo:
        found.append(
            "SQL_ECHO must be off in production: it writes every name, address and password hash into the log"
        )
    return found


def load_settings(**overrides: object) -> Settings:
    """Read the settings. Raises SettingsError with a sentence naming each wrong or missing variable."""
    try:
        return Settings(**_sources(overrides))
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(item) for item in error.errors())) from None
    except SourceError as error:
        # The cause may hold a value; its kind says enough.
        raise SettingsError(
            f"A file with a secret cannot be read ({type(error.__cause__).__name__})."
        ) from None
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be read ({error.strerror}).") from None


class _Unsound(Settings):
    """Settings that need not go together, to be looked at and never served."""

    @model_validator(mode="after")
    def _sound(self) -> "_Unsound":
        return self


def inspect_settings(**overrides: object) -> tuple[Settings, dict[str, str]]:
    """The settings as far as they can be read, and what is wrong with the others: a sentence by field.

    A wrong field has its default, and a SECRET_KEY that is wrong is 32 question marks: nothing may be written with
    these. Whether they go together is for `contradictions`.
    """
    given, wrong = _sources(overrides), dict[str, str]()
    while True:
        try:
            return _Unsound(**given), wrong
        except ValidationError as error:
            for item in error.errors():
                name = str(item["loc"][0])
                default = Settings.model_fields[name].default
                given[name] = "?" * 32 if name == "secret_key" else default
                wrong[name] = _sentence(item)


def _sources(overrides: dict[str, object]) -> dict[str, Any]:
    """What is given, and for a setting that neither it nor the environment nor `.env` has, the folders of secrets.

    A file there is named as the setting: `secret_key`, `database_url`. A container gets them in /run/secrets, a
    service of systemd (LoadCredential) in $CREDENTIALS_DIRECTORY. Settings that a test gives alone read no folder.
    """
    folders = [SECRET_FOLDER, Path(os.environ.get("CREDENTIALS_DIRECTORY") or SECRET_FOLDER)]
    there = [folder for folder in dict.fromkeys(folders) if folder.is_dir()]
    return overrides if "_env_file" in overrides or not there else {"_secrets_dir": there, **overrides}


def _sentence(item: ErrorDetails) -> str:
    name = str(item["loc"][0]).upper() if item["loc"] else ""
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "missing":
        return f"{name} is not set; script/setup writes one into .env."
    return f"{name}: {message}." if name and not message.startswith(name) else f"{message}."


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once."""
    return load_settings()
