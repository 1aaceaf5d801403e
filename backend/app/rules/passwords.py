"""Which passwords the school accepts, and why one is refused.

NIST SP 800-63B-4 and OWASP ASVS 5.0: at least 15 characters where the password is the only factor, which the school's
policy may raise; a Unicode code point is one character; no rule about kinds of characters, no change by the calendar;
the whole password is held against what an attacker tries first, and the reason of a refusal is given. bcrypt reads 72
bytes, so longer ones are refused and never cut.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

MAX_BYTES = 72
"""What bcrypt reads."""

_SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz",
    "012345678901",
    "!@#$%^&*()_+",
    "`1234567890-=",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü",
    "azertyuiop",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)
_SHORTEST_RUN = 3
_MOST_COMMON_WORDS = 3
_LOOKALIKES = str.maketrans("013457@$!|", "oieastasil")


class Reason(StrEnum):
    """Why a password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNSTORABLE = "unstorable"
    REPEATED = "repeated"
    SEQUENCE = "sequence"
    PERSONAL = "personal"
    COMMON = "common"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused password: the kind of reason, and the sentence for the person."""

    reason: Reason
    sentence: str


def normalize(password: str) -> str:
    """The form in which a password is counted, kept and compared: NFKC (800-63B-4 §3.1.1.2).

    Two keyboards may send one accented letter as one code point or as two.
    """
    return unicodedata.normalize("NFKC", password)


def storable(password: str) -> bool:
    """Whether bcrypt takes the whole normalized password."""
    try:
        encoded = normalize(password).encode()
    except UnicodeEncodeError:
        return False
    return len(encoded) <= MAX_BYTES and b"\0" not in encoded


def refuse(
    password: str, personal: Iterable[str] = (), *, minimum_characters: int, maximum_bytes: int = MAX_BYTES
) -> Refusal | None:
    """Why this password may not be used, or None for one that may.

    `personal` are names an attacker knows: the person's name and email address, the school's names. The lengths are
    the password policy's; `maximum_bytes` is at most MAX_BYTES.
    """
    text = normalize(password)
    unfit = _unfit(text, minimum_characters, min(maximum_bytes, MAX_BYTES))
    return unfit or _guessable(text.casefold(), _terms(personal), minimum_characters)


def _unfit(text: str, fewest: int, most_bytes: int) -> Refusal | None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return Refusal(Reason.UNSTORABLE, "This password contains a character that cannot be saved.")
    if "\0" in text:
        return Refusal(Reason.UNSTORABLE, "This password contains a character that cannot be saved.")
    if len(text) < fewest:
        return Refusal(
            Reason.TOO_SHORT,
            f"Use at least {fewest} characters; this has {len(text)}. A few unrelated words make a good one.",
        )
    if size > most_bytes:
        fits = _fitting(text, most_bytes)
        return Refusal(
            Reason.TOO_LONG,
            f"This password is too long by {len(text) - fits} of its {len(text)} characters: it takes {size} "
            f"bytes, and {most_bytes} can be kept. Leave out the end: its first {fits} characters fit.",
        )
    return None


def _fitting(text: str, most_bytes: int) -> int:
    """How many characters from the start take no more bytes than these."""
    return len(text.encode()[:most_bytes].decode(errors="ignore"))


def _guessable(text: str, terms: frozenset[str], fewest: int) -> Refusal | None:
    if _period(text) < fewest:
        return Refusal(
            Reason.REPEATED, "This password repeats the same few characters. Choose one that does not repeat."
        )
    forms = {text}
    words_alone = "".join(letter for letter in text if letter.isalnum())
    if len(words_alone) * 3 >= len(text) * 2:
        forms.add(words_alone)
    nothing: frozenset[str] = frozenset()

    def made_of(terms: frozenset[str], common: frozenset[str]) -> bool:
        return any(_made_of(form, terms, common) for form in forms)

    if made_of(nothing, nothing):
        return Refusal(
            Reason.SEQUENCE,
            "This password follows the alphabet, a number sequence or the keyboard. Choose unrelated "
            "words instead.",
        )
    if made_of(terms, nothing):
        return Refusal(
            Reason.PERSONAL,
            "This password is based on your name, your email address or the school’s name, which are "
            "easy to guess. Choose something unrelated.",
        )
    if made_of(terms, common_words()):
        return Refusal(
            Reason.COMMON,
            "This password is too common and easy to guess. Choose unrelated words instead.",
        )
    return None


def _period(text: str) -> int:
    """Length of the part that the text repeats at least once in full; a large number when it repeats nothing."""
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return length
    return MAX_BYTES


def _terms(personal: Iterable[str]) -> frozenset[str]:
    terms: set[str] = set()
    for name in personal:
        folded = normalize(name).casefold()
        words = "".join(letter if letter.isalnum() else " " for letter in folded).split()
        terms.update([*words, "".join(words), "".join(word[0] for word in words)])
    return frozenset(term for term in terms if len(term) >= _SHORTEST_RUN)


@lru_cache
def common_words() -> frozenset[str]:
    """Common passwords and the words they are made of, in lower case without blanks.

    The list is the project's own and short on purpose: nearly every password of the published lists is shorter
    than 15 characters; what remains is long ones put together from the same few words.
    """
    lines = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@lru_cache
def _runs() -> frozenset[str]:
    both_ways = [*_SEQUENCES, *(row[::-1] for row in _SEQUENCES)]
    return frozenset(
        row[start : start + _SHORTEST_RUN]
        for row in both_ways
        for start in range(len(row) - _SHORTEST_RUN + 1)
    )


def _made_of(text: str, terms: frozenset[str], common: frozenset[str]) -> bool:
    """Whether the whole text is cut into guessable pieces.

    Pieces are runs of a sequence, one character three times or more, years, `terms`, and up to three `common`
    words, also with digits for letters. Up to a third of the text may be digits and signs in between.
    """
    plain = text.translate(_LOOKALIKES)
    longest = max((len(word) for word in terms | common), default=0)
    most_loose = len(text) // 3
    # best[end]: number of common words used -> fewest loose characters, over all ways to cut text[:end]
    best: list[dict[int, int]] = [{0: 0}] + [{} for _ in text]

    def reach(end: int, start: int, words: int, loose: int) -> None:
        for used, spent in best[start].items():
            total = used + words
            if total <= _MOST_COMMON_WORDS and spent + loose <= most_loose:
                best[end][total] = min(spent + loose, best[end].get(total, most_loose))

    for start in range(len(text)):
        if not best[start]:
            continue
        if not text[start].isalpha():
            reach(start + 1, start, 0, 1)
        for end in _free_ends(text, start):
            reach(end, start, 0, 0)
        for end in range(start + _SHORTEST_RUN, min(start + longest, len(text)) + 1):
            pieces = {text[start:end], plain[start:end]}
            if pieces & terms:
                reach(end, start, 0, 0)
            elif pieces & common:
                reach(end, start, 1, 0)
    return bool(best[-1])


def _free_ends(text: str, start: int) -> list[int]:
    """Where a run, a repetition or a year that begins at `start` may end."""
    ends = []
    end = start + _SHORTEST_RUN
    runs = _runs()
    while end <= len(text) and text[end - _SHORTEST_RUN : end] in runs:
        ends.append(end)
        end += 1
    end = start + _SHORTEST_RUN
    while end <= len(text) and len(set(text[start:end])) == 1:
        ends.append(end)
        end += 1
    year = text[start : start + 4]
    if len(year) == 4 and year.isascii() and year.isdigit() and year[:2] in ("19", "20"):
        ends.append(start + 4)
    return ends
