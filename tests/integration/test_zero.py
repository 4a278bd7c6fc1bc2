"""torch's ZeroRedundancyOptimizer takes a factory where it wants the class of an optimizer."""

from pathlib import Path

import torch
from script_process import run_script

from optim_core import registry

from .zero_processes import CONFIG, model, train

SCRIPT = Path(__file__).with_name("zero_processes.py")


def test_it_trains_as_one_optimizer_does(tmp_path):
    """In each of the processes into which the factory was pickled, with the groups of the config and without."""
    run_script(SCRIPT, tmp_path)
    expected = {}
    for name, config in (("of_groups", CONFIG), ("of_tensors", {"type": "AdamW", "config": CONFIG["config"]})):
        trained = model()
        optimizer = registry.build(config).changed(lr=0.05).create_optimizer(trained)
        expected[name] = train(trained, optimizer), [group["lr"] for group in optimizer.param_groups]
    assert 4 == len(expected["of_groups"][1])
    for process in ("0 of 1", "0 of 2", "1 of 2"):
        found = torch.load(tmp_path / f"{process}.pt", weights_only=True)
        for name, (weights, rates) in expected.items():
            assert rates == found[name][1]
            torch.testing.assert_close(weights, found[name][0], rtol=1e-6, atol=1e-7)
