"""The special data types."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lrs.engine import values


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_a_timestamp_is_the_moment_it_names(local: datetime, minutes: int) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = moment.isoformat()
    assert values.instant(text, rfc3339=True) == moment
    assert values.instant(values.text_of(moment)) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00",
        "2026-11-22",
        "2026-11-22T10:00:00-00:00",
        "2026-11-22T10:00:00-0000",
        "2026-11-22T10:00:00-00",
        "2026-02-30T10:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T10:00:00+24:00",
        "0000-11-22T10:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "11/22/2026 10:00Z",
        "yesterday",
        "",
        "2026-11-22T10:00:00.aZ",
    ],
)
def test_refused_timestamps(text: str) -> None:
    assert values.instant(text) is None


def test_iso_forms_of_the_older_version() -> None:
    expected = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    for text in ("20261122T100000Z", "2026-11-22T10:00Z", "2026-11-22T11+01", "2026-11-22T10:00:00,000Z"):
        assert values.instant(text) == expected
        assert values.instant(text, rfc3339=True) is None


def test_a_leap_second_is_the_next_minute() -> None:
    assert values.instant("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["PT1H30M", "P2W", "P1Y2M3DT4H5M6.789S", "PT0S", "P0D", "PT16559.14S"])
def test_durations(text: str) -> None:
    assert values.is_duration(text)


@pytest.mark.parametrize("text", ["P", "PT", "1H", "P1H", "P1W2D", "PT1.5.5S", "", "P1DT", "PT1H "])
def test_refused_durations(text: str) -> None:
    assert not values.is_duration(text)


def test_durations_in_seconds_and_for_comparison() -> None:
    assert values.duration_seconds("P1DT1H1M1.5S") == 90061.5
    assert values.duration_seconds("P1M") == 30 * 86400
    assert values.duration_key("PT1.239S") == values.duration_key("PT1.23S") == "PT1.23S"
    assert values.duration_key("PT1.00S") == "PT1S"


@pytest.mark.parametrize("tag", ["en", "en-US", "zh-Hans-CN", "x-klingon", "es-419", "sl-rozaj", "i-navajo"])
def test_language_tags(tag: str) -> None:
    assert values.is_language(tag)


@pytest.mark.parametrize("tag", ["", "e", "en_US", "en-", "123", "en--US", "x"])
def test_refused_language_tags(tag: str) -> None:
    assert not values.is_language(tag)


@pytest.mark.parametrize(
    "text", ["https://x.example/a b", "no-scheme", "//x.example", "", "http:", "a:<b>", "1a:b"]
)
def test_refused_iris(text: str) -> None:
    assert not values.is_iri(text)


@pytest.mark.parametrize("text", ["https://x.example/ü", "urn:uuid:1", "tag:a,2020:b", "mailto:a@b.example"])
def test_iris(text: str) -> None:
    assert values.is_iri(text)


@pytest.mark.parametrize(
    "text", ["text/plain", "text/plain; a=b", 'text/plain ;\ta="b; c";d=e', "a/b+c; x=é"]
)
def test_media_types(text: str) -> None:
    assert values.is_media_type(text)


@pytest.mark.parametrize(
    "text",
    ["text", "text/", "text/plain;", "text/plain\n", 'text/plain; a="\r\nX: y"', "text/plain;\r\n a=b", "a/b; x=\x01",
     'a/b; x="\x7f"', "a/b; x=y\x00"],
)  # fmt: skip
def test_no_media_types(text: str) -> None:
    assert not values.is_media_type(text)


def test_a_random_uuid_is_one_of_version_four_and_no_other_twice() -> None:
    names = {values.random_uuid() for _ in range(2_000)}
    assert len(names) == 2_000
    for name in names:
        assert str(UUID(name)) == name
        assert (UUID(name).version, UUID(name).variant) == (4, RFC_4122)
