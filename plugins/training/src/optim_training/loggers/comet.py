"""comet: metrics, the config and media at Comet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from optim_training.loggers.libraries import lacking

__all__ = ["Comet"]


@attrs.frozen(kw_only=True)
class Comet:
    """An experiment at Comet, of the same project and name.

    Without the network it is kept as a zip file in ``comet/`` in the run's folder, with ``COMET_START_ONLINE=0`` or
    ``offline: true``; ``comet upload`` hands it in. A run that is resumed goes on with its experiment.

    Args:
        offline: keep the experiment in its folder; null is what COMET_START_ONLINE says.
        workspace: whose project it is; null is that of the login.
        tags: of the experiment.
    """

    conformance: ClassVar[Mapping[str, str]] = {"silent": "differs: Comet says where it keeps the experiment"}

    offline: bool | None = None
    workspace: str | None = None
    tags: tuple[str, ...] = ()

    def check(self) -> list[str]:
        """Say what is not installed."""
        return lacking("comet_ml", "comet")

    def build(self, folder: Path, project: str, run: str) -> Any:
        """Make the logger."""
        from optim_training.loggers.live.comet import RunCometLogger

        return RunCometLogger(folder, project, run, self)
