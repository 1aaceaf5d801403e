"""Passing statements on: everything once and in order, whatever the other side does."""

from typing import Any

import pytest
from sqlalchemy import text

from app.core.files import open_store
from app.db.models import XapiForwarder
from app.db.session import Database
from app.lrs.desk.browser import queries as records
from app.lrs.desk.forwarding import batches, delivery, queries
from app.lrs.desk.forwarding.delivery import Redelivered
from app.lrs.desk.forwarding.sealing import SealBrokenError, seal, unseal
from app.settings import Settings
from app.web.paging import Paging
from tests.lrs.desk.other_store import Other, dead, state_of, store, store_with, target_at
from tests.lrs.examples import statement


def test_everything_new_arrives_once_and_in_order(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    store(live_database, statement())
    target = target_at(live_database, live_settings, other.url + "/")
    assert delivery.forward(live_database, live_settings, target) == 0
    sent = [statement() for _ in range(120)]
    store(live_database, *sent)
    assert delivery.forward(live_database, live_settings, target) == 120
    assert delivery.forward(live_database, live_settings, target) == 0
    assert [one["id"] for one in other.received] == [one["id"] for one in sent]
    assert not any("stored" in one or "authority" in one for one in other.received)
    assert other.headers[0]["X-Experience-API-Version"] == "1.0.3"
    assert other.headers[0]["Authorization"].startswith("Basic ")
    state = state_of(live_database, target)
    assert (state.sent, state.failures, state.last_error) == (120, 0, None)
    with live_database.begin() as session:
        stored = session.execute(text("SELECT password_sealed FROM xapi_forwarders")).scalar_one()
    assert "päss" not in stored


def test_only_what_the_target_is_for(live_database: Database, live_settings: Settings, other: Other) -> None:
    verb = {"id": "https://example.org/wanted"}
    wanted = statement(verb=verb)
    store(live_database, statement(), wanted, statement())
    target = target_at(live_database, live_settings, other.url, verb=verb["id"], from_the_beginning=True)
    assert delivery.forward(live_database, live_settings, target) == 1
    assert [one["id"] for one in other.received] == [wanted["id"]]
    mark = state_of(live_database, target).after_id
    with live_database.begin() as session:
        assert mark == session.execute(text("SELECT max(id) FROM xapi_statements")).scalar_one()


def test_a_target_that_is_away_is_asked_again_later_and_misses_nothing(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, *[statement() for _ in range(3)])
    for status in (500, 503, 401, 429, 302, 404):
        other.verdict = lambda _statements, status=status: status  # type: ignore[misc]
        assert delivery.forward(live_database, live_settings, target) == 0
        state = state_of(live_database, target)
        assert state.last_error
        assert state.next_attempt_at is not None
        with live_database.begin() as session:
            assert target not in queries.due(session)
    assert state_of(live_database, target).failures == 6
    assert not dead(live_database, target)
    other.verdict = lambda _statements: 200
    assert delivery.forward(live_database, live_settings, target) == 3
    assert state_of(live_database, target).failures == 0


def test_one_bad_statement_is_put_aside_and_can_be_tried_again(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    sent = [statement() for _ in range(5)]
    bad = sent[2]["id"]
    store(live_database, *sent)
    other.verdict = lambda statements: 400 if any(one["id"] == bad for one in statements) else 200
    assert delivery.forward(live_database, live_settings, target) == 4
    assert [one["id"] for one in other.received] == [one["id"] for one in sent if one["id"] != bad]
    assert dead(live_database, target) == [bad]
    assert delivery.redeliver(live_database, live_settings, target).taken == 0
    assert dead(live_database, target) == [bad]
    other.verdict = lambda _statements: 200
    assert delivery.redeliver(live_database, live_settings, target).taken == 1
    assert not dead(live_database, target)


def test_going_away_in_the_middle_of_a_batch_repeats_nothing(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    sent = [statement() for _ in range(4)]
    store(live_database, *sent)
    answers = iter([413, 200, 200, 500])
    other.verdict = lambda _statements: next(answers)
    delivery.forward(live_database, live_settings, target)
    other.verdict = lambda _statements: 200
    delivery.forward(live_database, live_settings, target)
    assert [one["id"] for one in other.received] == [one["id"] for one in sent]


def test_attachments_go_along_with_their_statement(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    before, between, after = statement(), statement(), statement()
    store(live_database, before)
    first = store_with(live_database, live_settings, b"one", b"two" * 200_000)
    store(live_database, between, after)
    second = store_with(live_database, live_settings, b"one")
    assert delivery.forward(live_database, live_settings, target) == 5
    assert [one["id"] for one in other.received] == [
        one["id"] for one in (before, first, between, after, second)
    ]
    assert [sorted(map(len, files.values())) for files in other.files] == [[], [3, 600_000], [], [3]]


def test_a_refused_attachment_is_put_aside_alone_and_sent_again_with_its_bytes(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    bad = store_with(live_database, live_settings, b"too large for it")
    store(live_database, statement())
    other.verdict = lambda statements: 413 if "attachments" in statements[0] else 200
    assert delivery.forward(live_database, live_settings, target) == 1
    assert dead(live_database, target) == [bad["id"]]
    other.verdict = lambda _statements: 200
    assert delivery.redeliver(live_database, live_settings, target).taken == 1
    assert list(other.files[-1].values()) == [b"too large for it"]


def test_a_body_that_is_cut_off_again_and_again_does_not_hold_up_the_rest(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    large = store_with(live_database, live_settings, b"x" * 5_000_000)
    small = statement()
    store(live_database, small)
    other.cuts_off_beyond = 1_000_000
    for attempt in range(1, 6):
        assert delivery.forward(live_database, live_settings, target) == 0
        state = state_of(live_database, target)
        assert state.failures == attempt
        assert "closed the connection" in (state.last_error or "")
    assert delivery.forward(live_database, live_settings, target) == 1
    assert [one["id"] for one in other.received] == [small["id"]]
    assert dead(live_database, target) == [large["id"]]
    with live_database.begin() as session:
        (letter,) = queries.dead_letters(session, target, Paging()).page().items
        assert "5.0 MB" in letter.error


def test_an_attachment_whose_file_is_gone_is_put_aside_with_that_reason(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    bad = store_with(live_database, live_settings, b"soon gone")
    store(live_database, statement())
    open_store(live_settings).delete(bad["attachments"][0]["sha2"])
    assert delivery.forward(live_database, live_settings, target) == 1
    assert dead(live_database, target) == [bad["id"]]
    with live_database.begin() as session:
        (letter,) = queries.dead_letters(session, target, Paging()).page().items
        assert "no longer in the file store" in letter.error


def test_an_answer_with_characters_that_no_column_takes_is_kept_without_them(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, statement())
    other.verdict = lambda _statements: 400
    other.says = (b'{"detail": "no\\u0000 such \\ud800verb"}',)
    assert delivery.forward(live_database, live_settings, target) == 0
    with live_database.begin() as session:
        (letter,) = queries.dead_letters(session, target, Paging()).page().items
        assert letter.error == "It answers 400: no such verb"


def test_a_refused_batch_goes_on_where_its_time_was_up(
    live_database: Database, live_settings: Settings, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = target_at(live_database, live_settings, other.url)
    sent = [statement() for _ in range(5)]
    store(live_database, *sent)
    asked = 0

    def verdict(statements: list[dict[str, Any]]) -> int:
        nonlocal asked
        asked += 1
        return 400 if len(statements) > 1 or statements[0]["id"] == sent[0]["id"] else 200

    # By this clock the time is up when the whole batch, the first statement and the second one have been asked.
    monkeypatch.setattr(batches, "monotonic", lambda: 10**9 if asked == 3 else 0)
    other.verdict = verdict
    assert delivery.forward(live_database, live_settings, target) == 1
    state = state_of(live_database, target)
    assert (state.sent, state.failures, state.next_attempt_at) == (1, 0, None)
    assert dead(live_database, target) == [sent[0]["id"]]
    assert delivery.forward(live_database, live_settings, target) == 3
    assert [one["id"] for one in other.received] == [one["id"] for one in sent[1:]]


def test_dead_letters_that_there_is_no_time_for_come_next(
    live_database: Database, live_settings: Settings, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, *[statement() for _ in range(3)])
    other.verdict = lambda _statements: 400
    assert delivery.forward(live_database, live_settings, target) == 0
    asked: list[int] = []

    def verdict(statements: list[dict[str, Any]]) -> int:
        asked.append(len(statements))
        return 400 if len(statements) > 1 else 200

    other.verdict = verdict
    monkeypatch.setattr(batches, "monotonic", lambda: 10**9 if len(asked) == 2 else 0)
    monkeypatch.setattr(delivery, "monotonic", lambda: 10**9 if len(asked) == 2 else 0)
    first = delivery.redeliver(live_database, live_settings, target)
    assert first.taken == 1
    assert first.next_after is not None
    assert len(dead(live_database, target)) == 2
    assert delivery.redeliver(live_database, live_settings, target, first.next_after) == Redelivered(2, None)
    assert not dead(live_database, target)
    assert state_of(live_database, target).sent == 3


def test_dead_letters_that_are_taken_count_as_sent_and_end_the_wait(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, statement())
    other.verdict = lambda _statements: 400
    delivery.forward(live_database, live_settings, target)
    other.verdict = lambda _statements: 503
    assert delivery.redeliver(live_database, live_settings, target) == Redelivered(0, None)
    state = state_of(live_database, target)
    assert (state.sent, state.failures, state.last_error) == (0, 1, "It answers 503: because I say so")
    assert state.next_attempt_at is not None
    assert len(dead(live_database, target)) == 1
    other.verdict = lambda _statements: 200
    assert delivery.redeliver(live_database, live_settings, target) == Redelivered(1, None)
    state = state_of(live_database, target)
    assert (state.sent, state.failures, state.last_error, state.next_attempt_at) == (1, 0, None, None)
    assert state.last_success_at is not None


def test_a_target_removed_while_it_is_asked_is_no_fault(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, statement())

    def verdict(_statements: list[dict[str, Any]]) -> int:
        with live_database.begin() as session:
            session.delete(session.get(XapiForwarder, target))
        return 503

    other.verdict = verdict
    assert delivery.forward(live_database, live_settings, target) == 0


def test_a_new_secret_key_is_explained_in_a_sentence(
    live_database: Database, live_settings: Settings, other: Other
) -> None:
    target = target_at(live_database, live_settings, other.url)
    store(live_database, statement())
    changed = live_settings.model_copy(
        update={"secret_key": type(live_settings.secret_key)("another key for tests, of good length")}
    )
    assert delivery.forward(live_database, changed, target) == 0
    assert "SECRET_KEY has changed" in (state_of(live_database, target).last_error or "")
    with pytest.raises(SealBrokenError):
        unseal(live_settings, seal(changed, "x"))
    assert unseal(live_settings, seal(live_settings, "päss")) == "päss"


def test_what_is_committed_while_a_page_is_read_is_not_read_twice() -> None:
    """A page of at most 2, asked for after key 10, when the newest key had been 20."""
    one, later = records.Found(15, "{}"), records.Found(25, "{}")
    assert records.read_to([], 2, 20, 10) == 20
    assert records.read_to([], 2, 0, 10) == 10
    assert records.read_to([one], 2, 20, 10) == 20
    assert records.read_to([later], 2, 20, 10) == 25
    assert records.read_to([one, later], 2, 30, 10) == 25
