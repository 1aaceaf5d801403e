"""The addresses that the school is reached at: encrypted, apart from each other, through proxies that are known."""

from __future__ import annotations

import ipaddress
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from uvicorn.middleware.proxy_headers import _TrustedHosts

from app.core.actions import Action
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ORIGINS = (("app_origin", "people type"), ("content_origin", "serves courses"))


def environment(known: Installation) -> Iterator[Finding]:
    """Is a school that is in use also served as one?"""
    settings = known.settings
    if known.production:
        yield ok("Environment", "ENVIRONMENT is production: what is dangerous refuses the start.")
    elif urlsplit(settings.app_origin).hostname in _LOOPBACK:
        yield ok("Environment", f"ENVIRONMENT is {settings.environment}, on this machine alone.")
    else:
        yield warning(
            "Environment",
            f"ENVIRONMENT is {settings.environment}, and the school is reached at {settings.app_origin}: nothing "
            "that is dangerous refuses the start.",
            "Set ENVIRONMENT=production.",
        )
    if settings.sql_echo:
        do = "Remove SQL_ECHO."
        says = "SQL_ECHO is on: every name, address and password hash goes into the log."
        yield (
            problem("Debug settings", says, do, refuses=True)
            if known.production
            else warning("Debug settings", says, do)
        )
    elif known.production and settings.log_level == "DEBUG":
        yield warning(
            "Debug settings", "LOG_LEVEL is DEBUG: the log grows fast and says much.", "Set LOG_LEVEL=INFO."
        )
    else:
        yield ok("Debug settings", "None is on.")
    if known.production and settings.bcrypt_rounds < 12:
        yield problem(
            "Passwords",
            f"BCRYPT_ROUNDS is {settings.bcrypt_rounds}: stolen hashes could be guessed quickly.",
            "Remove BCRYPT_ROUNDS, or set it to 12 or more.",
            refuses=True,
        )


def https(known: Installation) -> Iterator[Finding]:
    """Does what browsers send cross the network encrypted?"""
    for name, what in _ORIGINS:
        origin: str = getattr(known.settings, name)
        variable = name.upper()
        if origin.startswith("https:"):
            yield ok("HTTPS", f"{variable} is {origin}.")
        elif known.production:
            yield problem(
                "HTTPS",
                f"{variable}, the address that {what}, is {origin}: sign-in cookies and student records would cross "
                "the network unencrypted.",
                f"Let a proxy terminate TLS, and set {variable} to the address that begins with https:// "
                "(docs/guides/operator.md, Set up a proxy).",
                refuses=True,
            )
        elif urlsplit(origin).hostname in _LOOPBACK:
            yield ok("HTTPS", f"{variable} is {origin}, which only this machine reaches.")
        else:
            yield warning(
                "HTTPS",
                f"{variable} is {origin}, unencrypted.",
                "Use https:// before real records are in it.",
            )
    if known.settings.secure_cookies:
        yield ok("Cookies", "Secure, HttpOnly, SameSite, bound to their host (__Host-).")
    elif known.production:
        yield problem(
            "Cookies",
            "The cookies are not Secure, because APP_ORIGIN does not begin with https://.",
            "Set APP_ORIGIN to an https:// address.",
            refuses=True,
        )
    else:
        yield ok("Cookies", "Not Secure, as APP_ORIGIN is http://; HttpOnly and SameSite.")


def hosts(known: Installation) -> Iterator[Finding]:
    """Have courses, which run scripts of strangers, a host of their own?"""
    settings = known.settings
    app, content = (urlsplit(one).hostname or "" for one in (settings.app_origin, settings.content_origin))
    if app == content:
        yield problem(
            "Hosts",
            f"APP_ORIGIN and CONTENT_ORIGIN have the same host, {app}: a course could read the pages of whoever "
            "plays it. Another port is not enough.",
            "Give CONTENT_ORIGIN a second host name of this machine.",
            refuses=True,
        )
    elif known.production and content.endswith(f".{app}"):
        yield warning(
            "Hosts",
            f"{content} lies below {app}: a course could set cookies for the school's own host, which ignores them.",
            f"Better is a name beside it, such as content.{app.partition('.')[2] or app}.",
        )
    else:
        yield ok("Hosts", f"Pages, API and LRS at {app}; courses at {content}.")


def proxies(known: Installation) -> Iterator[Finding]:
    """Is it known who may say where a request comes from?"""
    believed = known.settings.forwarded_allow_ips
    if "*" in believed:
        says = "FORWARDED_ALLOW_IPS is *: anybody can claim any address, and limits by address mean nothing."
        do = "Name the addresses of your proxies."
        if known.production:
            yield problem("Proxy", says, do, refuses=True)
        else:
            yield warning("Proxy", says, do)
        return
    odd = [one for one in (part.strip() for part in believed.split(",")) if one and not _is_network(one)]
    if odd:
        yield problem(
            "Proxy",
            f"FORWARDED_ALLOW_IPS has {', '.join(odd)}, which is neither an address nor a network: it is believed of "
            "nobody.",
            "Write addresses such as 10.0.0.5, or networks such as 10.0.0.0/24 whose first address is right.",
        )
    seen = _not_trusted(known)
    if seen is not None:
        address, when = seen
        yield problem(
            "Proxy",
            f"A request came through {address} with X-Forwarded-For, and FORWARDED_ALLOW_IPS does not name that "
            f"address (last noticed {when}): everybody seems to come from the proxy, and one person's wrong "
            "passwords slow down all.",
            f"If {address} is your proxy, add it to FORWARDED_ALLOW_IPS and restart. If it is not, find out who sends "
            "from there.",
        )
    elif not odd:
        yield ok(
            "Proxy",
            f"X-Forwarded-For is believed of {believed}; no other machine of this network has sent one lately.",
        )


def reached(known: Installation) -> Iterator[Finding]:
    """Do both addresses lead here, with certificates that verify?"""
    if not known.network or not known.production:
        return
    for name, what in _ORIGINS:
        origin: str = getattr(known.settings, name)
        try:
            with urllib.request.urlopen(f"{origin}/healthz", timeout=10) as answer:  # noqa: S310 - http or https
                said = answer.read(100)
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            yield warning(
                "Reached",
                f"{origin}, the address that {what}, does not answer from this machine ({reason}).",
                "Correct if the system is stopped, or if this machine may not reach its public address. Otherwise "
                "look at DNS, the proxy and its certificate.",
            )
            continue
        if b'"ok"' in said:
            yield ok("Reached", f"{origin} answers, and its certificate verifies.")
        else:
            yield problem(
                "Reached",
                f"{origin} is answered by something else than this system.",
                "Let the proxy forward this name here, with its Host header kept.",
            )


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _not_trusted(known: Installation) -> tuple[str, str] | None:
    """The proxy that was last seen and is not believed now, and when; of the last week."""
    if known.database is None:
        return None
    rows = known.database.execute(
        "SELECT details ->> 'address', to_char(at, 'YYYY-MM-DD HH24:MI \"UTC\"') FROM audit_log"
        " WHERE action = %s AND at > now() - interval '7 days' ORDER BY at DESC LIMIT 20",
        (Action.PROXY_NOT_TRUSTED.value,),
    ).fetchall()
    believed = _TrustedHosts(known.settings.forwarded_allow_ips)
    return next(((str(one), str(when)) for one, when in rows if str(one) not in believed), None)
