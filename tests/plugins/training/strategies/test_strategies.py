"""Each strategy trains, saves and resumes in two processes on CPUs, and all of them train the same."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch.distributed")

pytestmark = pytest.mark.xdist_group("training_processes")

SCRIPT = Path(__file__).with_name("two_processes.py")
NAMES = {
    "auto": "DDPStrategy",
    "ddp_find_unused_parameters_true": "DDPStrategy",
    "fsdp": "ModelParallelStrategy",
    "deepspeed": "CpuDeepSpeedStrategy",
}


def test_two_processes(python, tmp_path):
    """A resumed run has the bits of one that was not interrupted, and one process may call a divided model alone."""
    done = python.file(SCRIPT, str(tmp_path), *NAMES, cwd=tmp_path)
    assert not done.returncode, done.stderr
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first == second
    assert NAMES == {name: found.pop("strategy") for name, found in first.items()}
    sums = {name: found.pop("sum") for name, found in first.items() if "unused" not in name}
    assert pytest.approx(sums["auto"], rel=1e-6) == sums["fsdp"]
    assert pytest.approx(sums["auto"], rel=1e-6) == sums["deepspeed"]
    assert 6 == first["fsdp"].pop("is divided")
    for found in first.values():
        assert {"steps": [12, 12], "resumed": True, "unchanged by one process": True} == {
            name: found[name] for name in ("steps", "resumed", "unchanged by one process")
        }
