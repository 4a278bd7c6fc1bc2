"""Look for files that a reader breaks on, by what their bytes make it run: atheris, where that is installed.

A reader breaks where it raises anything but ConfigError, or takes more than a second or 200 MB. What is found is read
again in a process without atheris, and kept in out/fuzz if it breaks there too.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOUND = ROOT / "out" / "fuzz"
MOST_SECONDS, MOST_MEGABYTES = 1.0, 200
READERS = {"yaml": ".yaml", "json": ".json", "toml": ".toml", "ini": ".ini"}
INSTRUMENTED = ["yaml", "json", "tomllib", "configparser", "ast", "optim_core.config", "optim_training.arguments"]
SEEDS = {
    ".yaml": "a: &x {type: AdamW, lr: 1e-3, betas: [0.9, 0.99]}\nb: {<<: *x, c: !!str 0x1}\n'd': |\n  text\n# e\n",
    ".json": '{"type": "AdamW", "config": {"lr": 1e-3, "betas": [0.9, 0.99], "a": "\\u00e9\\ud800", "b": null}}',
    ".toml": "[optimizer]\ntype = 'AdamW'\nconfig = {lr = 1e-3, betas = [0.9, 0.99]}\n[[a.b]]\nc = 1979-05-27\n",
    ".ini": "[DEFAULTS]\nbatch_size = 8\nrecover = false\nname = 'a # b'\nlist = [1,\n  (2, 3)]\n# c\n[other]\na: 1\n",
}


class BrokenError(Exception):
    """A reader takes too much of something."""


def reader_of(name: str) -> Callable[[Path], Any]:
    """The function that reads files of a format."""
    if name == "ini":
        from optim_training.arguments.ini import read_ini

        return read_ini
    from optim_core.plugin_tools import read_document

    return read_document


def looked_at(name: str) -> Callable[[bytes], None]:
    """What reads bytes as a file of a format, and raises where they break its reader."""
    from optim_core import ConfigError

    read = reader_of(name)
    file = Path(tempfile.mkdtemp()) / f"file{READERS[name]}"
    # What is imported with the first file is not counted.
    file.write_text(SEEDS[READERS[name]])
    read(file)

    def look(data: bytes) -> None:
        file.write_bytes(data)
        began, held = time.process_time(), _most_held()
        with suppress(ConfigError):
            read(file)
        took, grown = time.process_time() - began, _most_held() - held
        if took > MOST_SECONDS or grown > MOST_MEGABYTES:
            raise BrokenError(f"{took:.1f} s and {grown:.0f} MB for {len(data)} bytes")

    return look


def _most_held() -> float:
    """The megabytes that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def search(name: str, arguments: list[str]) -> None:
    """Search in this process, which atheris ends."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        look = looked_at(name)
    atheris.Setup([sys.argv[0], *arguments], look)
    atheris.Fuzz()


def searched(name: str, seconds: int) -> bool:
    """Search in a child process for so long; tell whether nothing was found."""
    ending = READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        texts = [SEEDS[ending], *(file.read_text() for file in sorted((ROOT / "examples").rglob(f"*{ending}")))]
        for number, text in enumerate(texts):
            (corpus / f"seed{number}").write_text(text)
        end = time.monotonic() + seconds
        while (left := int(end - time.monotonic())) > 0:
            limits = [f"-max_total_time={left}", "-max_len=20000", "-timeout=60", "-rss_limit_mb=4096", "-verbosity=0"]
            child = [sys.executable, __file__, "--search", name, f"-artifact_prefix={folder}/", *limits, str(corpus)]
            done = subprocess.run(child, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            found = [file for file in Path(folder).iterdir() if file.is_file()]
            if not found:
                print(done.stdout, done.stderr)
                return False
            for file in found:
                if not _is_right(name, file):
                    return False
                file.unlink()
        print(f"{name}: nothing found in {seconds} s, from {len(list(corpus.iterdir()))} files")
        return True


def _is_right(name: str, file: Path) -> bool:
    """Tell whether a file breaks nothing in a process of its own; keep it where it does."""
    again = subprocess.run([sys.executable, __file__, "--again", name, str(file)], check=False, timeout=600)
    if again.returncode == 0:
        return True
    FOUND.mkdir(parents=True, exist_ok=True)
    kept = FOUND / f"{file.name}{READERS[name]}"
    kept.write_bytes(file.read_bytes())
    print(f"{name}: a file breaks its reader: {kept}")
    return False


def main() -> int:
    """Search with each reader, or say that atheris is not there."""
    if sys.argv[1:2] == ["--search"]:
        search(sys.argv[2], sys.argv[3:])
        return 0
    if sys.argv[1:2] == ["--again"]:
        looked_at(sys.argv[2])(Path(sys.argv[3]).read_bytes())
        return 0
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each reader")
    parser.add_argument("--reader", choices=READERS, action="append")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed, so that the readers of files were not searched by it: pip install atheris")
        return 0
    # Each is searched, also where one breaks.
    right = [searched(name, given.seconds) for name in given.reader or READERS]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
