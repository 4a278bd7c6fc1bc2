"""A field, or a choice of one, that only a newer torch has is there where the installed torch has it."""

import json
import subprocess
import sys

import pytest

LBFGS = """
class LBFGS(Optimizer):
    def __init__(self, params: ParamsT, lr: float | Tensor = 1, max_iter: int = 20{more}): ...
"""
MUON = """
class Muon(Optimizer):
    def __init__(self, params: ParamsT, lr: float = 1e-3, adjust_lr_fn: str | None = None):
        if adjust_lr_fn is not None and adjust_lr_fn not in {choices}:
            raise ValueError(adjust_lr_fn)
"""
IN_EACH = {
    "torch/__init__.py": "raise SystemExit('torch was imported')",
    "torch/optim/__init__.py": "from .optimizer import Optimizer\nfrom .lbfgs import LBFGS\nfrom ._muon import Muon\n",
    "torch/optim/optimizer.py": "class Optimizer: ...\n",
}
OLDER = {
    **IN_EACH,
    "torch/version.py": "__version__ = '2.9.1+cpu'\n",
    "torch/optim/lbfgs.py": "from .optimizer import Optimizer\n" + LBFGS.format(more=""),
    "torch/optim/_muon.py": "from .optimizer import Optimizer\n" + MUON.format(choices=["original", "match_rms_adamw"]),
}
NEWER = {
    **IN_EACH,
    "torch/version.py": "__version__ = '2.14.1'\n",
    "torch/optim/lbfgs.py": "from .optimizer import Optimizer\n" + LBFGS.format(more=", *, maximize: bool = False"),
    "torch/optim/_muon.py": "from .optimizer import Optimizer\n"
    + MUON.format(choices=["original", "match_rms_adamw", "spectral_unclamped"]),
}
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from optim_core import ConfigError, registry
from optim_core.plugin_tools import describe
told = []
for name, field, value in json.loads(sys.argv[2]):
    try:
        registry.build({"type": name, "config": {field: value}}, kind="optimizer")
        told.append(None)
    except ConfigError as error:
        told.append(error.problems[0].hint)
shown = {name: registry.optimizers[name] for name in ("LBFGS", "TorchMuon")}
texts = [shown["LBFGS"].__doc__, shown["TorchMuon"].__doc__]
print(json.dumps([told, texts, [str(registry.schema())]]))
"""
ASKED = [["LBFGS", "maximize", True], ["TorchMuon", "adjust_lr_fn", "spectral_unclamped"]]


def asked_of(torch, folder):
    """Hints, docstrings and schema in a fresh interpreter, with this torch first on sys.path."""
    for name, source in torch.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(folder), json.dumps(ASKED)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_the_installed_torch_has_is_a_field(tmp_path):
    """Where its source has them, the field and the choice are taken and told of, and torch is not imported."""
    told, (of_lbfgs, of_muon), (schema,) = asked_of(NEWER, tmp_path)

    assert [None, None] == told
    assert "maximize: ascend" in of_lbfgs
    assert "spectral_unclamped" in of_muon
    assert "spectral_unclamped" in schema


def test_what_the_installed_torch_lacks_is_refused_with_the_version_that_has_it(tmp_path):
    """Where its source lacks them, neither is told of, and the refusal names the first torch that has it, and this."""
    told, (of_lbfgs, of_muon), (schema,) = asked_of(OLDER, tmp_path)
    end = "from torch 2.14 on, and torch 2.9.1 is installed: pip install 'torch>=2.14'"

    assert [f"torch.optim.LBFGS takes it {end}", f'torch.optim.Muon takes "spectral_unclamped" {end}'] == told
    assert "maximize" not in of_lbfgs
    assert "spectral_unclamped" not in of_muon
    assert "spectral_unclamped" not in schema


@pytest.mark.parametrize("broken", ["torch/optim/lbfgs.py", "torch/version.py"])
def test_where_the_source_cannot_be_read_torch_judges(broken, tmp_path):
    """A file of torch that is no Python leaves what it says open: the field is there, or the version is not told."""
    told, _, _ = asked_of({**OLDER, broken: "class LBFGS(:"}, tmp_path)

    wanted = "torch.optim.LBFGS takes it from torch 2.14 on: pip install 'torch>=2.14'"
    assert (None if "lbfgs" in broken else wanted) == told[0]
