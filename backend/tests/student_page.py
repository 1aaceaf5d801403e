"""A student's page with all that comes once it is in sight."""

import re

from fastapi.testclient import TestClient


def whole_page(client: TestClient, user_id: int) -> str:
    """The page of a student and each of its sections, as text."""
    text = client.get(f"/people/{user_id}").text
    return text + "".join(
        client.get(path).text for path in re.findall(r'hx-get="(/people/\d+/sections/\w+)"', text)
    )
