"""Captions and chapters in WebVTT, read line by line so that what is wrong can be found. W3C WebVTT, section 4."""

import re

MOST_BYTES = 4 * 1024**2
_MOST_FAULTS = 20
_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_CUE = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?", re.ASCII)
_HEADER = re.compile(r"\ufeff?WEBVTT(?:[ \t].*)?")

LANGUAGES = {
    "am": "አማርኛ", "ar": "العربية", "de": "Deutsch", "en": "English", "es": "Español", "fa": "فارسی", "fr": "Français",
    "gu": "ગુજરાતી", "hi": "हिन्दी", "ht": "Kreyòl ayisyen", "it": "Italiano", "ja": "日本語", "ko": "한국어",
    "pl": "Polski", "pt": "Português", "ru": "Русский", "so": "Soomaali", "sw": "Kiswahili", "tl": "Tagalog",
    "uk": "Українська", "ur": "اردو", "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip
"""What a language calls itself."""
_NAMED = re.compile(r"\.([a-z]{2})(?:-[A-Za-z0-9]{2,8})*\.vtt$", re.IGNORECASE)


def language_of(name: str) -> str:
    """The language that a file's name gives, as in `film.es.vtt`; English where it gives none. It may be a code that
    is not among `LANGUAGES`."""
    match = _NAMED.search(name)
    return match.group(1).lower() if match else "en"


def is_chapters(name: str) -> bool:
    """Whether a file's name says that it lists chapters, as in `chapters.vtt` or `film.chapters.vtt`."""
    return name.rpartition("/")[2].lower().endswith("chapters.vtt")


def faults_of(data: bytes, length: int) -> list[str]:
    """What is wrong with a file of captions for a film of `length` milliseconds, each with its line; empty: nothing."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return [f"Line {line}: this is not UTF-8 text. Save the file as UTF-8."]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not _HEADER.fullmatch(lines[0]):
        return ["Line 1: the file does not begin with WEBVTT. Save the captions as WebVTT."]
    faults: list[str] = []
    cues = 0
    at = 1
    while at < len(lines):
        block = at
        while at < len(lines) and lines[at].strip():
            at += 1
        if at > block:
            cues += _block(lines[block:at], block + 1, length, faults)
        at += 1
    if not cues and not faults:
        faults.append("There is not one cue in the file.")
    more = len(faults) - _MOST_FAULTS
    return [*faults[:_MOST_FAULTS], f"{more} more lines are wrong."] if more > 0 else faults


def _block(lines: list[str], number: int, length: int, faults: list[str]) -> int:
    """How many cues a block is (0 or 1), and what is wrong with it."""
    if lines[0].split(maxsplit=1)[0] in ("NOTE", "STYLE", "REGION") and "-->" not in lines[0]:
        return 0
    timing = next((n for n, line in enumerate(lines[:2]) if "-->" in line), None)
    if timing is None:
        # Behind the header, or an identifier without a cue.
        if number > 2:
            faults.append(f"Line {number}: there is no time such as 00:01.000 --> 00:04.000 above this text.")
        return 0
    line = number + timing
    match = _CUE.fullmatch(lines[timing].strip())
    if match is None:
        faults.append(f"Line {line}: “{lines[timing][:60]}” is not a time such as 00:01.000 --> 00:04.000.")
        return 0
    groups = match.groups()
    start, end = _milliseconds(groups[:4]), _milliseconds(groups[4:])
    if end <= start:
        faults.append(f"Line {line}: the cue ends before it begins.")
    elif start > length:
        faults.append(f"Line {line}: the cue begins after the end of the recording.")
    return 1


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths
