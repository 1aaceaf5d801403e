"""One store for each module."""

from collections.abc import Callable, Iterator

import pytest

from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.lrs.serving import Client, Running, running


@pytest.fixture(scope="module")
def store(
    postgres: EmbeddedServer, template: str, make_settings: Callable[..., Settings]
) -> Iterator[Running]:
    """An LRS that answers."""
    with running(postgres, template, make_settings) as found:
        yield found


@pytest.fixture(scope="module")
def xapi(store: Running) -> Client:
    """A client that may do everything, speaking version 2.0."""
    return store.client()
