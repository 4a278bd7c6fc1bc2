"""Copy the standard library's sources, without its tests, into ``data``: ``python fetch.py``."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

LEFT_OUT = ("site-packages", "dist-packages", "test", "tests", "idle_test", "lib2to3", "__pycache__")


def main() -> None:
    """Copy the files, and say how many there are."""
    library = Path(sysconfig.get_paths()["stdlib"])
    data = Path(__file__).parent / "data"
    found = [file for file in sorted(library.rglob("*.py")) if not set(LEFT_OUT) & set(file.relative_to(library).parts)]
    for file in found:
        target = data / file.relative_to(library)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    print(f"{len(found)} files, {sum(file.stat().st_size for file in found) / 1e6:.1f} MB, in {data}")


if __name__ == "__main__":
    main()
