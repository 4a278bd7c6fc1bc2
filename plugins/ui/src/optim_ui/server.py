"""The server of the page: uvicorn on a socket of loopback, with NiceGUI behind the guard."""

from __future__ import annotations

import logging
import secrets
import socket
import time
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from optim_core import OptimError
from optim_core.cli import say
from optim_ui.configs import Config
from optim_ui.guard import Guard
from optim_ui.page import Page

__all__ = ["serve"]

FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1565c0"/>'
    '<path d="M3 13 6 4q4 8 7 9" fill="none" stroke="#fff" stroke-width="2"/></svg>'
)


class _OfClosedWindows(logging.Filter):
    """What a window sent while it was being closed or loaded again finds nothing any more, and is no fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "has been deleted" not in record.getMessage()


def serve(configs: list[Config], model: Any, *, port: int, browser: bool, begun: float) -> None:
    """Serve the page until the process is interrupted.

    Args:
        configs: those that it begins with, at least one.
        model: what the table of parameters is of, None for no table.
        port: 0 for one that is free.
        browser: whether to open it in the browser.
        begun: `time.perf_counter` when the command began.

    Raises:
        OptimError: the port cannot be had.
    """
    with _listening(port) as listening:
        port = listening.getsockname()[1]
        token = secrets.token_urlsafe(32)
        address = f"http://127.0.0.1:{port}/?token={token}"

        @asynccontextmanager
        async def announced(_: FastAPI) -> AsyncIterator[None]:
            page.ready_after = time.perf_counter() - begun
            say(f"optim ui: {address}\n(ready after {page.ready_after:.1f} s; Ctrl-C ends it)")
            if browser and not webbrowser.open(address):
                say("no browser was found: open the address above in one", err=True)
            yield

        logging.getLogger("nicegui").addFilter(_OfClosedWindows())
        app = FastAPI(lifespan=announced, docs_url=None, redoc_url=None, openapi_url=None)
        page = Page(configs, model)
        ui.run_with(
            app,
            root=page.show,
            title="optim ui",
            favicon=FAVICON,
            dark=None,
            tailwind=False,
            gzip_middleware_factory=None,
            show_welcome_message=False,
            reconnect_timeout=30,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                Guard(app, token, port),
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])
        unsaved = [config.label for config in configs if config.is_changed]
        if unsaved:
            say(f"not saved: {', '.join(unsaved)}", err=True)


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        # Whoever takes the address as soon as it is printed waits, and is not refused.
        listening.listen()
    except OSError as error:
        listening.close()
        raise OptimError(f"--port {port}: {error.strerror}") from None
    return listening
