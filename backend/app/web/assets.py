"""Static files: addresses that change with the content, so that browsers may keep what they have permanently."""

import base64
import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.web.compression import takes

STATIC = Path(__file__).parent / "static"
MOUNT = "/static"
SCORM_AGAIN = STATIC / "vendor" / "scorm-again"
"""The run-time library's ES modules, for the content host to serve to its player."""
H5P = STATIC / "vendor" / "h5p"
"""The player of H5P content with its styles and fonts, for the content host too."""
PDFJS = STATIC / "vendor" / "pdfjs"
"""The modules that draw PDFs, for the content host's viewer."""

# One request where several files belong to every page; each with the medium it is for.
BUNDLES = {"frame.css": (("app.css", ""), ("components.css", ""), ("print.css", "print"))}
_A_YEAR = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
# The better one first. What lies beside a file was packed once, when it was fetched, as small as it goes.
_PACKED = {"br": "br", "gzip": "gz"}


class MissingAssetError(LookupError):
    """A page names a static file that is not there."""


@lru_cache(maxsize=256)
def _digest(name: str, stamp: tuple[int, int]) -> str:
    content = _bundle(name, stamp) if name in BUNDLES else (STATIC / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]


def asset_url(name: str) -> str:
    """The address of a static file such as `app.css`, with the hash of its content in the query.

    Raises MissingAssetError naming `script/assets` when a browser library has not been fetched.
    """
    # A page names some thirty; a file that is changed under a running program shows within a second.
    return _asset_url(name, int(time.monotonic()))


@lru_cache(maxsize=256)
def _asset_url(name: str, _second: int) -> str:
    try:
        digest = _digest(name, _stamp(name))
    except OSError:
        hint = (
            " Run script/assets, which fetches the browser libraries." if name.startswith("vendor/") else ""
        )
        raise MissingAssetError(f"There is no static file {name}.{hint}") from None
    return f"{MOUNT}/{name}?v={digest}"


@lru_cache
def inline_script(name: str) -> Markup:
    """A script that stands in the page itself: it runs before the first paint, and a request would hold that up."""
    # A file of ours, not anybody's input.
    return Markup((STATIC / name).read_text(encoding="utf-8").strip())  # noqa: S704


def inline_hash(name: str) -> str:
    """What a Content-Security-Policy names such a script by."""
    digest = hashlib.sha256(str(inline_script(name)).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _stamp(name: str) -> tuple[int, int]:
    """What a file's digest is remembered under: when it was changed, and its size."""
    parts = [(STATIC / part).stat() for part, _media in BUNDLES.get(name, ((name, ""),))]
    return max(part.st_mtime_ns for part in parts), sum(part.st_size for part in parts)


@lru_cache
def _bundle(name: str, _stamped: tuple[int, int]) -> bytes:
    parts = [((STATIC / part).read_text(encoding="utf-8"), media) for part, media in BUNDLES[name]]
    return "\n".join(f"@media {media} {{\n{text}}}" if media else text for text, media in parts).encode()


class StaticAssets(StaticFiles):
    """Serves a folder of static files, packed when a `.br` or `.gz` lies beside one and the browser takes it.

    An answer to an address with `?v=` may be kept permanently; without it the browser asks each time (and
    gets a 304).
    """

    def __init__(self, directory: Path = STATIC) -> None:
        super().__init__(directory=directory, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path not in BUNDLES or scope["method"] not in ("GET", "HEAD"):
            return await super().get_response(path, scope)
        return _kept(Response(_bundle(path, _stamp(path)), media_type="text/css"), scope)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        for encoding, ending in _PACKED.items():
            packed = Path(f"{full_path}.{ending}")
            # A range of the packed bytes would be a range of something else than was asked for.
            headers = Headers(scope=scope)
            if takes(headers, encoding) and "range" not in headers and packed.is_file():
                media_type = FileResponse(full_path, stat_result=stat_result).media_type
                response = super().file_response(packed, packed.stat(), scope, status_code)
                if response.status_code == status_code:
                    response.headers["content-type"] = _content_type(media_type)
                    response.headers["content-encoding"] = encoding
                return _kept(response, scope)
        return _kept(super().file_response(full_path, stat_result, scope, status_code), scope)


def _kept(response: Response, scope: Scope) -> Response:
    """The answer with how long it may be kept."""
    versioned = "v" in parse_qs(scope.get("query_string", b"").decode("latin-1"))
    response.headers["cache-control"] = _A_YEAR if versioned else _ASK_AGAIN
    response.headers["vary"] = "Accept-Encoding"
    return response


def _content_type(media_type: str | None) -> str:
    if media_type is None:
        return "application/octet-stream"
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
