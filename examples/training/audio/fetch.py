"""Fetch the recordings of Debian's sonic-pi-samples (CC0) into ``data``: ``python fetch.py``.

It runs ``apt-get download`` and ``dpkg -x``, for which nobody has to be root; nothing is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

PACKAGE = "sonic-pi-samples"
SAMPLES = "usr/share/sonic-pi/samples"
# For validation, one of them in so many.
EACH = 8


def main() -> None:
    """Download, unpack, and divide the files into those to train with and those to validate with."""
    data = Path(__file__).parent / "data"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(["apt-get", "download", PACKAGE], check=True, cwd=folder, stdout=subprocess.DEVNULL)
        (archive,) = folder.glob("*.deb")
        subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)
        files = sorted(file for file in (folder / SAMPLES).iterdir() if file.suffix in (".flac", ".wav"))
        for number, file in enumerate(files):
            target = data / ("training" if number % EACH else "validation")
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target / file.name)
    print(f"{len(files)} recordings in {data}")


if __name__ == "__main__":
    main()
