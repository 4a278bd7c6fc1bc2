"""`optim ui`: a page that edits a config, on this machine's loopback."""

from __future__ import annotations

import time
from typing import Any

import click

from optim_core import ConfigError, Problem

__all__ = ["command"]

BEGUN = time.perf_counter()


@click.command(name="ui", short_help="Edit a config on a page in the browser.")
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--model", "words", metavar="MODULE:CALLABLE", help="A model, whose parameters are shown in a table.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="By default one that is free.")
@click.option("--browser/--no-browser", default=True, help="Whether to open the page in the browser.")
def command(files: tuple[str, ...], words: str | None, port: int, *, browser: bool) -> None:
    """Edit config files on a page: plugins and their fields, problems as you type, the learning rate over the run.

    The page is served at an address of 127.0.0.1 that holds a token, and needs no network. Several files are drawn over
    each other. Nothing is written but a FILE, when you save it. Ctrl-C ends it.

    The model is what `optim explain` takes as --model; only for it, and for a schedule without closed form, is torch
    imported.
    """
    from optim_ui.configs import Config

    problems: list[Problem] = []
    configs: list[Config] = []
    for name in dict.fromkeys(files):
        try:
            configs.append(Config.of_file(name))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    model: Any = None
    if words is not None:
        from optim_core.cli import users_model

        model = users_model(words)
    from optim_ui.server import serve

    serve(configs or [Config("config")], model, port=port, browser=browser, begun=BEGUN)
