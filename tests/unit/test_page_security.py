"""HTTP headers of the page, and the host names that it answers to."""

import base64
import hashlib
import re

import pytest
from flask.testing import FlaskClient

from warehouse.dashboards.app import build_app, build_refresh_caches
from warehouse.database.connections import make_pool
from warehouse.settings import PageSettings

UNREACHABLE = "postgresql://reader@127.0.0.1:9/afluente"  # the discard port: nothing listens there


@pytest.fixture
def client() -> FlaskClient:
    pool = make_pool(UNREACHABLE, 1)
    page = PageSettings(host="127.0.0.1", port=0, refresh_seconds=1)
    return build_app(build_refresh_caches(pool, page.refresh_seconds), page).server.test_client()


def test_every_inline_script_is_allowed_by_its_hash_and_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Host": "127.0.0.1"})
    policy = answer.headers["Content-Security-Policy"]
    inline = [
        body
        for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.DOTALL)
        if "src=" not in attributes and "application/json" not in attributes
    ]

    assert inline
    for body in inline:
        assert base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() in policy
    scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "unsafe" not in scripts
    assert "frame-ancestors 'none'" in policy


def test_no_asset_comes_from_another_server(client: FlaskClient) -> None:
    page = client.get("/", headers={"Host": "localhost"}).text

    assert "http://" not in page
    assert "https://" not in page


def test_other_host_names_are_refused_on_loopback(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/health", headers={"Host": "localhost:8050"}).status_code == 200


def test_the_page_can_be_opened_without_a_database(client: FlaskClient) -> None:
    assert client.get("/_dash-layout", headers={"Host": "127.0.0.1"}).status_code == 200
