"""Two hosts, one process: what each answers."""

import pytest
from fastapi.testclient import TestClient

CONTENT = "127.0.0.1:8000"


@pytest.mark.parametrize("host", ["localhost:8000", "lms.example.edu", "[::1]:8000", "[broken"])
def test_any_host_but_the_content_host_is_the_schools(client: TestClient, host: str) -> None:
    assert client.get("/nothing", headers={"Host": host}).status_code == 404


def test_a_page_asked_for_on_the_content_host_leads_to_the_schools_address(client: TestClient) -> None:
    answer = client.get("/sign-in?next=%2Flearn", headers={"Host": CONTENT})
    assert answer.status_code == 307
    assert answer.headers["location"] == "http://localhost:8000/sign-in?next=%2Flearn"


@pytest.mark.parametrize("path", ["//evil.example/x", "/%2F%2Fevil.example", "/\\evil.example"])
def test_the_redirect_stays_on_the_schools_address(client: TestClient, path: str) -> None:
    answer = client.get(f"http://localhost:8000{path}", headers={"Host": CONTENT})
    assert answer.headers["location"].startswith("http://localhost:8000/")


def test_the_content_host_takes_no_form_of_the_school(client: TestClient) -> None:
    answer = client.post("/sign-in", headers={"Host": CONTENT}, data={"email": "a@b.example"})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["localhost:8000", CONTENT])
def test_the_record_store_answers_on_both_hosts(client: TestClient, host: str) -> None:
    answer = client.get("/xapi/about", headers={"Host": host})
    assert answer.status_code == 200
    assert "2.0.0" in answer.json()["version"]
    assert client.get("/xapis", headers={"Host": "localhost"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/xapi/about", "/xapi//about", "/xapi///about/", "/xapiabout", "/xapi/./about"]
)
def test_the_record_store_is_found_with_a_slash_more_or_less(client: TestClient, path: str) -> None:
    """Content joins its endpoint and a resource carelessly."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert "version" in answer.json()
    assert client.get("/xapi//nothing").status_code == 404
    assert client.get("/xapinothing").status_code == 404
