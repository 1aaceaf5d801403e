"""Small real films, recordings and documents: made for this project, a few kilobytes each."""

from pathlib import Path

from app.demo.packages import LESSONS

_HERE = Path(__file__).parent.parent / "content" / "media"
FILM_SECONDS = 12


def media(name: str) -> bytes:
    """`film.mp4`, `film.webm` (12 seconds each), `talk.mp3`, `talk.m4a` or `talk.ogg` (6 seconds each)."""
    path = LESSONS / "hand-hygiene-film.mp4" if name == "film.mp4" else _HERE / name
    return path.read_bytes()


def captions(*cues: tuple[float, float, str]) -> bytes:
    """WebVTT with these cues: from, to in seconds, text."""

    def time(seconds: float) -> str:
        return f"{int(seconds) // 60:02d}:{seconds % 60:06.3f}"

    return (
        "WEBVTT\n\n" + "\n\n".join(f"{time(a)} --> {time(b)}\n{text}" for a, b, text in cues) + "\n"
    ).encode()
