"""Who may talk to the server: this machine, by the address with the token, and pages of its own."""

from __future__ import annotations

import secrets

import attrs
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

HOSTS = ("127.0.0.1", "localhost")
# Vue makes functions of its templates, and styles stand in attributes; nothing comes from another origin.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@attrs.frozen(eq=False)
class Guard:
    """An application that lets through to another one only who knows the token, and is no stranger's page.

    Args:
        app: what it guards.
        token: what the first address holds; a cookie after that.
        port: where it is served.
    """

    app: ASGIApp
    token: str
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        refusal = self._refusal(asked)
        if refusal and scope["type"] == "websocket":
            # Before it is accepted, this is answered with the status 403.
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        elif refusal:
            await PlainTextResponse(f"{refusal}\n", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, self._with_headers(asked, send))

    @property
    def _cookie(self) -> str:
        # Cookies are sent to every port of a host, and another server of ours may have one.
        return f"optim-ui-{self.port}"

    def _refusal(self, asked: HTTPConnection) -> str:
        """Return why it is refused, "" where it is not."""
        hosts = {f"{host}:{self.port}" for host in HOSTS}
        given = asked.headers.getlist("host")
        if len(given) != 1 or given[0] not in hosts:
            return "This is served to 127.0.0.1 alone."
        origins = asked.headers.getlist("origin")
        if any(origin != f"http://{given[0]}" for origin in origins):
            return "A page of another origin has no access."
        if self._knows(asked.query_params.get("token")):
            return ""
        # The browser also sends the cookie for what a page on another port asks for.
        is_own = asked.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        if is_own and self._knows(asked.cookies.get(self._cookie)):
            return ""
        return "The token is missing or wrong: open the address that `optim ui` printed."

    def _knows(self, given: str | None) -> bool:
        return given is not None and secrets.compare_digest(given.encode(), self.token.encode())

    def _with_headers(self, asked: HTTPConnection, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = POLICY.format(host=asked.headers["host"])
                # The address has the token in it.
                headers["referrer-policy"] = "no-referrer"
                headers["x-content-type-options"] = "nosniff"
                headers["cross-origin-resource-policy"] = "same-origin"
                if "token" in asked.query_params:
                    headers.append("set-cookie", f"{self._cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict")
            await send(message)

        return sending
