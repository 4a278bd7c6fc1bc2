"""Who may talk to `optim ui`, asked over sockets as a stranger would."""

import contextlib
import http.client
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("ui")


def ask(served, path="/", method="GET", **headers):
    """Asks the server; returns the status, the headers and what it says."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"host": f"127.0.0.1:{served.port}", **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    with contextlib.closing(connection), connection.getresponse() as answer:
        return answer.status, answer.headers, answer.read().decode()


SOCKET = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec_websocket_version": "13",
}
WEBSOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


def test_the_page_is_for_those_who_know_the_token(served):
    """In the address, or in the cookie that the first answer gives; without it nothing is served, whatever the path."""
    status, headers, text = ask(served, f"/?token={served.token}")
    assert 200 == status
    assert "optim ui" in text
    assert f"{served.cookie}; Path=/; HttpOnly; SameSite=Strict" == headers["set-cookie"]
    assert 200 == ask(served, cookie=served.cookie)[0]
    other_name = f"localhost:{served.port}"
    assert 200 == ask(served, cookie=served.cookie, host=other_name, origin=f"http://{other_name}")[0]
    wrong = [f"/?token={token}" for token in ("", served.token[:-1], f"{served.token}x", "%C3%A9")]
    for path in ("/", *wrong, "/favicon.ico", WEBSOCKET):
        status, headers, text = ask(served, path)
        assert 403 == status, path
        assert "set-cookie" not in headers
    assert 403 == ask(served, cookie=f"{served.cookie}x")[0]
    assert 403 == ask(served, cookie="optim-ui-1=" + served.token)[0]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "0.0.0.0:{port}"]
)
def test_another_host_is_refused(served, host):
    """A name that a stranger's DNS leads to this machine is none of ours."""
    assert ask(served, f"/?token={served.token}", host=host.format(port=served.port))[0] in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_refused(served, origin, method):
    """A page of another origin, that of another port too, gets neither page nor socket, whatever cookie comes along."""
    origin = origin.format(port=served.port)
    assert 403 == ask(served, "/", method, cookie=served.cookie, origin=origin)[0]
    assert 403 == ask(served, WEBSOCKET, cookie=served.cookie, origin=origin, **SOCKET)[0]


def test_the_socket_is_for_those_who_know_the_token(served):
    """A websocket is opened with the cookie, and refused without."""
    own = {**SOCKET, "origin": f"http://127.0.0.1:{served.port}"}
    assert 403 == ask(served, WEBSOCKET, **own)[0]
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.request(
        "GET",
        WEBSOCKET,
        headers={key.replace("_", "-"): value for key, value in {**own, "cookie": served.cookie}.items()},
    )
    assert 101 == connection.getresponse().status
    connection.close()


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_the_cookie_is_good_for_our_own_page_alone(served, site):
    """What another page asks for, one on another port too, is refused where the browser says so."""
    assert 403 == ask(served, cookie=served.cookie, sec_fetch_site=site)[0]


def test_the_page_may_load_nothing_from_elsewhere(served):
    """The browser is told so, not to tell the address to anybody, and not to show the page in another one."""
    headers = ask(served, cookie=served.cookie)[1]
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert "'none'" == policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"]
    allowed = {word for words in policy.values() for word in words.split()}
    assert {"'none'", "'self'", "'unsafe-inline'", "'unsafe-eval'", "data:", f"ws://127.0.0.1:{served.port}"} >= allowed
    assert "no-referrer" == headers["referrer-policy"]
    assert "same-origin" == headers["cross-origin-resource-policy"]


@pytest.mark.parametrize("path", ["/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/docs", "/openapi.json"])
def test_no_file_is_served_but_those_of_the_page(served, path):
    """Whatever the path, there is the page or nothing."""
    status, _, text = ask(served, path, cookie=served.cookie)
    assert "root:" not in text
    assert "swagger" not in text.lower()
    assert status in (200, 404)


def test_it_listens_on_loopback_alone(served):
    """No other machine reaches the port."""
    table = Path("/proc/net/tcp").read_text().splitlines()
    listening = [line.split()[1] for line in table if f":{served.port:04X} " in line and " 0A " in line]
    assert ["0100007F"] == [address.partition(":")[0] for address in listening]
