"""The password rule: length in characters, limit in bytes, and what others would try first."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import passwords
from app.rules.passwords import MAX_BYTES, Reason, Refusal, common_words, normalize, storable

MIN_CHARACTERS = 15

PERSONAL = (
    "Maria Lopez-Diaz",
    "maria.lopez@aada.example",
    "Atlanta Academy of Dental Assisting",
    "AADA",
)
letters = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1)
anything = st.text(st.characters(codec="utf-8"), max_size=100)


def refuse(password: str, personal: tuple[str, ...] = ()) -> Refusal | None:
    return passwords.refuse(password, personal, minimum_characters=MIN_CHARACTERS)


def reason(password: str) -> Reason | None:
    refusal = refuse(password, PERSONAL)
    return refusal.reason if refusal else None


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=MIN_CHARACTERS - 1))
def test_shorter_than_fifteen_characters_is_refused_whatever_it_is_made_of(password: str) -> None:
    if len(normalize(password)) < MIN_CHARACTERS:
        assert reason(password) is Reason.TOO_SHORT


@given(anything)
def test_more_than_72_bytes_is_refused_with_a_sentence_about_bytes(password: str) -> None:
    size = len(normalize(password).encode())
    refusal = refuse(password, PERSONAL)
    if size > MAX_BYTES and len(normalize(password)) >= MIN_CHARACTERS and "\0" not in password:
        assert refusal is not None
        assert refusal.reason is Reason.TOO_LONG
        assert f"{size} bytes" in refusal.sentence
        kept = int(refusal.sentence.partition("its first ")[2].split()[0])
        assert storable(normalize(password)[:kept]), "who follows the sentence has a password that fits"
        assert not storable(normalize(password)[: kept + 1])
    if refusal is None:
        assert storable(password)
        assert size <= MAX_BYTES


def test_25_characters_of_three_bytes_are_too_many_bytes() -> None:
    text = "".join(chr(0x4E00 + 7 * number) for number in range(25))
    assert reason(text) is Reason.TOO_LONG
    assert reason(text[:24]) is None


@given(anything)
def test_one_accented_letter_counts_once_however_the_keyboard_sends_it(password: str) -> None:
    decomposed = unicodedata.normalize("NFD", password)
    assert reason(password) == reason(decomposed)


@given(letters.filter(lambda unit: len(unit) < MIN_CHARACTERS), st.integers(2, 20))
def test_a_repeated_part_is_refused(unit: str, times: int) -> None:
    password = (unit * times)[:MAX_BYTES]
    if len(password) >= MIN_CHARACTERS and len(password) >= 2 * len(unit):
        assert reason(password) is Reason.REPEATED


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("aaaaaaaaaaaaaaa", Reason.REPEATED),
        ("abcabcabcabcabca", Reason.REPEATED),
        ("passwordpassword", Reason.REPEATED),
        ("123456789012345", Reason.SEQUENCE),
        ("1234567890abcdef", Reason.SEQUENCE),
        ("abcdefghijklmnop", Reason.SEQUENCE),
        ("ponmlkjihgfedcba", Reason.SEQUENCE),
        ("QwertyuiopAsdfghjkl", Reason.SEQUENCE),
        ("1qaz2wsx3edc4rfv", Reason.SEQUENCE),
        ("!@#$%^&*()_+qwerty", Reason.SEQUENCE),
        ("1111122222333334", Reason.SEQUENCE),
        ("Maria.Lopez.2024!!", Reason.PERSONAL),
        ("maria.lopez@aada.example", Reason.PERSONAL),
        ("AtlantaAcademyOfDentalAssisting", Reason.PERSONAL),
        ("LopezDiazMaria1987", Reason.PERSONAL),
        ("aada-aada-academy-2026", Reason.PERSONAL),
        ("correct horse battery staple", Reason.COMMON),
        ("Password12345678", Reason.COMMON),
        ("P@ssw0rdP@ssw0rd1", Reason.COMMON),
        ("WelcomeSummer2026!", Reason.COMMON),
        ("thisismypassword1", Reason.COMMON),
        ("Maria-loves-you", None),
        ("violet canyon teaspoon", None),
        ("tRz8!qv-0Lm#w2Xp", None),
        ("830174629517362", None),
        ("parola mea este lungă", None),
        ("grün ist die heide", None),
    ],
)
def test_what_others_try_first(password: str, expected: Reason | None) -> None:
    assert reason(password) is expected


@given(
    st.lists(
        st.sampled_from(["mulberry", "canyon", "teaspoon", "lantern", "gravel", "walnut", "otter"]),
        min_size=3,
        unique=True,
    )
)
def test_no_kinds_of_characters_are_asked_for(words: list[str]) -> None:
    password = "".join(words)
    if MIN_CHARACTERS <= len(password) <= MAX_BYTES:
        assert reason(password) is None


@given(anything)
def test_every_refusal_says_what_to_do(password: str) -> None:
    refusal = refuse(password, PERSONAL)
    assert refusal is None or refusal.sentence.endswith(".")


@pytest.mark.parametrize("password", ["lone surrogate \ud800 here", "a null \0 byte in the middle"])
def test_what_cannot_be_stored_is_refused(password: str) -> None:
    assert reason(password) is Reason.UNSTORABLE
    assert not storable(password)


def test_the_list_is_in_the_form_the_rule_compares() -> None:
    assert len(common_words()) > 150
    assert all(word == word.casefold() and word.isalnum() for word in common_words())


def test_the_policy_sets_the_lengths() -> None:
    good = "mulberry lantern gravel"
    assert passwords.refuse(good, minimum_characters=23) is None
    refused = passwords.refuse(good, minimum_characters=24)
    assert refused is not None
    assert "at least 24 characters; this has 23" in refused.sentence
    long = passwords.refuse(good * 3, minimum_characters=15, maximum_bytes=64)
    assert long is not None
    assert long.reason is Reason.TOO_LONG
    assert passwords.refuse("é" * 37 + good, minimum_characters=15, maximum_bytes=500) is not None, (
        "bcrypt's limit"
    )
