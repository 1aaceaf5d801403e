"""Addresses of films on YouTube and Vimeo, and where their players are that set no cookies before a film is played."""

import json
import re
from dataclasses import asdict, dataclass
from urllib.parse import parse_qs, quote, urlsplit

NAME = "film-link.json"
"""The one file of such a package. It is made here and never uploaded."""
MAX_BYTES = 4_096
YOUTUBE, VIMEO = "youtube", "vimeo"
HOSTS = {YOUTUBE: "www.youtube-nocookie.com", VIMEO: "player.vimeo.com"}
"""The server of each provider's player."""
LABELS = {YOUTUBE: "YouTube", VIMEO: "Vimeo"}
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)
_VIMEO_ID = re.compile(r"\d{5,12}", re.ASCII)
_VIMEO_HASH = re.compile(r"[0-9a-f]{6,20}", re.ASCII)
_LENGTH = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)", re.ASCII)
_LONGEST_MS = 12 * 3_600_000


@dataclass(frozen=True, slots=True)
class FilmLink:
    """A film of a provider. `key` is what Vimeo asks for with a film that is not listed."""

    provider: str
    id: str
    key: str = ""

    @property
    def host(self) -> str:
        return HOSTS[self.provider]

    def player(self, origin: str) -> str:
        """The address of its player, which answers to pages of `origin`."""
        if self.provider == YOUTUBE:
            query = f"enablejsapi=1&rel=0&playsinline=1&origin={quote(origin, safe='')}"
            return f"https://{self.host}/embed/{self.id}?{query}"
        key = f"&h={self.key}" if self.key else ""
        return f"https://{self.host}/video/{self.id}?dnt=1{key}"


def film_at(address: str) -> FilmLink | None:
    """The film that an address of a provider's page or player leads to; None for any other address."""
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme not in ("https", "http"):
        return None
    host = host.removeprefix("www.").removeprefix("m.")
    path = [one for one in parts.path.split("/") if one]
    query = parse_qs(parts.query)
    if host == "youtu.be":
        return _youtube(path[:1])
    if host in ("youtube.com", "youtube-nocookie.com"):
        in_path = path[1:2] if path[:1] and path[0] in ("embed", "shorts", "live") else []
        return _youtube(in_path or query.get("v", []))
    if host in ("vimeo.com", "player.vimeo.com"):
        rest = path[1:] if path[:1] == ["video"] else path
        return _vimeo(rest, query.get("h", []))
    return None


def _youtube(found: list[str]) -> FilmLink | None:
    is_film = bool(found) and _YOUTUBE_ID.fullmatch(found[0]) is not None
    return FilmLink(YOUTUBE, found[0]) if is_film else None


def _vimeo(path: list[str], keys: list[str]) -> FilmLink | None:
    if not path or _VIMEO_ID.fullmatch(path[0]) is None:
        return None
    key = next((one for one in (*path[1:2], *keys) if _VIMEO_HASH.fullmatch(one)), "")
    return FilmLink(VIMEO, path[0], key)


def milliseconds_of(length: str) -> int | None:
    """`4:05` or `1:04:05` in milliseconds; None for what is no length of a film."""
    found = _LENGTH.fullmatch(length.strip())
    if found is None or (found[1] is not None and int(found[2]) > 59):
        return None
    milliseconds = 1000 * (int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3]))
    return milliseconds if 0 < milliseconds <= _LONGEST_MS else None


def document_of(film: FilmLink, milliseconds: int, title: str) -> bytes:
    """The package's one file."""
    return json.dumps({**asdict(film), "milliseconds": milliseconds, "title": title}).encode()
