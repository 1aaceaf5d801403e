"""Static files: addresses that change with the content, so that browsers may keep what they have permanently."""

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.web.compression import takes_gzip

STATIC = Path(__file__).parent / "static"
MOUNT = "/static"
SCORM_AGAIN = STATIC / "vendor" / "scorm-again"
"""The run-time library's ES modules, for the content host to serve to its player."""

_A_YEAR = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class MissingAssetError(LookupError):
    """A page names a static file that is not there."""


@lru_cache(maxsize=256)
def _digest(path: Path, _modified_ns: int, _size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def asset_url(name: str) -> str:
    """The address of a static file such as `app.css`, with the hash of its content in the query.

    Raises MissingAssetError naming `script/assets` when a browser library has not been fetched.
    """
    # A page names some thirty; a file that is changed under a running program shows within a second.
    return _asset_url(name, int(time.monotonic()))


@lru_cache(maxsize=256)
def _asset_url(name: str, _second: int) -> str:
    path = STATIC / name
    try:
        status = path.stat()
    except OSError:
        hint = (
            " Run script/assets, which fetches the browser libraries." if name.startswith("vendor/") else ""
        )
        raise MissingAssetError(f"There is no static file {name}.{hint}") from None
    return f"{MOUNT}/{name}?v={_digest(path, status.st_mtime_ns, status.st_size)}"


class StaticAssets(StaticFiles):
    """Serves a folder of static files, packed when a `.gz` lies beside one and the browser takes it.

    An answer to an address with `?v=` may be kept permanently; without it the browser asks each time (and
    gets a 304).
    """

    def __init__(self, directory: Path = STATIC) -> None:
        super().__init__(directory=directory, check_dir=False)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        packed = Path(f"{full_path}.gz")
        # A range of the packed bytes would be a range of something else than was asked for.
        headers = Headers(scope=scope)
        if takes_gzip(headers) and "range" not in headers and packed.is_file():
            media_type = FileResponse(full_path, stat_result=stat_result).media_type
            response = super().file_response(packed, packed.stat(), scope, status_code)
            if response.status_code == status_code:
                response.headers["content-type"] = _content_type(media_type)
                response.headers["content-encoding"] = "gzip"
        else:
            response = super().file_response(full_path, stat_result, scope, status_code)
        versioned = "v" in parse_qs(scope.get("query_string", b"").decode("latin-1"))
        response.headers["cache-control"] = _A_YEAR if versioned else _ASK_AGAIN
        response.headers["vary"] = "Accept-Encoding"
        return response


def _content_type(media_type: str | None) -> str:
    if media_type is None:
        return "application/octet-stream"
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
