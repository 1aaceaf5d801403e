"""Commands name the address at which the school really answers."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from app.db.session import Database
from app.ops import address
from app.settings import Settings
from tests.ops.test_lrs_commands import aada
from tests.ops.test_serving import free_port


@pytest.fixture
def moved(live_settings: Settings) -> Settings:
    """What a server started with --port has."""
    return live_settings.model_copy(
        update={"app_origin": "http://localhost:18123", "content_origin": "http://127.0.0.1:18123"}
    )


def _listening() -> tuple[socket.socket, int]:
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def test_a_command_uses_the_address_of_the_server_that_runs(
    live_settings: Settings, live_database: Database, moved: Settings
) -> None:
    listener, port = _listening()
    with listener, address.announced(moved, "127.0.0.1", port):
        status, shown = aada(live_settings, "keys", "create", "Simulator")
        assert (status, "Endpoint  http://localhost:18123/xapi\n" in shown) == (0, True)
        assert "APP_ORIGIN" not in shown
    status, shown = aada(live_settings, "keys", "rotate", "1")
    assert (status, f"Endpoint  {live_settings.app_origin}/xapi\n" in shown) == (0, True)
    assert "No server is running on this data; the address is taken from APP_ORIGIN." in shown


def test_an_address_at_which_nobody_listens_is_not_believed(live_settings: Settings, moved: Settings) -> None:
    with address.announced(moved, "127.0.0.1", free_port()):
        assert address.of_running_server(live_settings) == (live_settings, False)


def test_what_a_killed_server_left_is_replaced_and_removed(live_settings: Settings, moved: Settings) -> None:
    live_settings.data_dir.mkdir(parents=True, exist_ok=True)
    place = live_settings.data_dir / address.FILE
    for left in ("", "[1]", json.dumps({"port": "x"}), json.dumps({"host": "127.0.0.1", "port": 70000})):
        place.write_text(left)
        assert address.of_running_server(live_settings) == (live_settings, False)
    listener, port = _listening()
    with listener, address.announced(moved, "0.0.0.0", port):  # noqa: S104 -- as a container listens
        found, known = address.of_running_server(live_settings)
        assert (found.app_origin, found.content_origin, known) == (
            moved.app_origin,
            moved.content_origin,
            True,
        )
    assert not place.exists()


def test_the_second_of_two_servers_takes_nothing_from_the_first(
    live_settings: Settings, moved: Settings, make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    first, port = _listening()
    with first, address.announced(live_settings, "127.0.0.1", port):
        second, other = _listening()
        with second, address.announced(moved, "127.0.0.1", other):
            assert address.of_running_server(live_settings)[0].app_origin == moved.app_origin
            (live_settings.data_dir / address.FILE).write_text("a third has written here")
        assert (live_settings.data_dir / address.FILE).exists()
