"""A child process: builds every config of the tests under an audit hook, and tells what was opened, run or sent.

    python audited.py FOLDER

FOLDER is where configs of files are written.
"""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from audited_events import WATCHED


class Watch:
    """Notes what happens between `begin` and `end`."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.events is not None and event.startswith(WATCHED):
            self.events.append((event, repr(arguments[0])[:200] if arguments else ""))


def configs(folder: Path) -> list[tuple[str, Any]]:
    """Return name and config, as `registry.build` takes it, of all that the tables of wrong configs hold."""
    from test_wrong_configs import MAPPINGS
    from wrong_files import FILES
    from wrong_groups import GROUP_FILES

    found = [(f"{table}: {each.mistake}", each.config) for table, rows in MAPPINGS.items() for each in rows]
    for number, each in enumerate((*FILES, *GROUP_FILES)):
        (folder / str(number)).mkdir()
        file = folder / str(number) / each.file
        file.write_text(each.text, encoding="utf-8", newline="")
        found.append((f"file: {each.mistake}", file))
    rights: list[Any] = [
        {"type": "AdamW", "config": {"lr": 1e-3}},
        {
            "optimizer": {"type": "SGD", "config": {"lr": 0.1}},
            "scheduler": {"type": "StepLR", "config": {"step_size": 3}},
        },
        {"optimizer": {"type": "AdamW"}, "gradient_clipping": {"type": "norm", "max_norm": 1.0}},
    ]
    evil = [
        "os:system",
        "__import__('os').system('id')",
        "os.system",
        "../../etc/passwd",
        "/etc/passwd",
        "file:///x",
        "$(id)",
    ]
    found += [(f"right {number}", each) for number, each in enumerate(rights)]
    found += [(f"evil {text}", {"type": text, "config": {text: text}}) for text in evil]
    found += [(f"evil lr {text}", {"type": "AdamW", "config": {"lr": text, "betas": text}}) for text in evil]
    return found


def main(folder: Path) -> None:
    watch = Watch()
    found = configs(folder)
    from optim_core import OptimError, Registry

    registry = Registry(allow=["optim-torch-builtin", "optim-schedules"])

    def build(config: Any) -> None:
        with warnings.catch_warnings(), contextlib.suppress(OptimError):
            warnings.simplefilter("ignore")
            registry.build(config)

    # The first round imports what reading and explaining take, and the plugins that are named; the second has it all.
    rounds = []
    for _ in range(2):
        told = {}
        for name, config in found:
            watch.events = []
            build(config)
            told[name], watch.events = watch.events, None
        rounds.append(told)
    files = {name: str(config) for name, config in found if isinstance(config, Path)}
    sys.stdout.write(
        json.dumps({"first": rounds[0], "second": rounds[1], "files": files, "modules": sorted(sys.modules)})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
