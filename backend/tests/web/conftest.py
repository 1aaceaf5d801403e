import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from tests.web.gallery import create_gallery
from tests.web.walk import walk

__all__ = ["gallery_url", "walk"]


@pytest.fixture(scope="session")
def gallery_url() -> Iterator[str]:
    """The gallery of macros on a real socket."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_gallery(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
    listening.close()
