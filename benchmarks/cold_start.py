"""How long a fresh process takes to say that a config is right, or to build an optimizer from it.

Run it with ``python benchmarks/cold_start.py``; peers that are not installed are shown as such. Whole processes are
timed, in turn. The yardstick imports what any validating command line written with cattrs, YAML and click imports; the
imports of `optim validate` are these and importlib.metadata, by which plugins are found.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from common import header, installed, interleaved, process_seconds, table

YARDSTICK = 'python -c "import cattrs, yaml, click"'
IMPORTS = 'python -c "import cattrs, yaml, click, importlib.metadata"'
VALIDATE = "`optim validate FILE`"
MOST = 1.6
RECIPE = """\
optimizer:
  type: AdamW
  config: {lr: 3e-4, betas: [0.9, 0.95], weight_decay: 0.1}
scheduler:
  type: CosineAnnealingLR
  config: {T_max: 10000}
  interval: step
gradient_clipping: {type: norm, max_norm: 1.0}
"""
OPTIONS = {"lr": 3e-4, "betas": [0.9, 0.95], "weight_decay": 0.1}

# The program of each contestant; its argument is the path of its config.
CREATE = """
import sys
from optim_core import registry
recipe = registry.build(sys.argv[1])
import torch
recipe.create(torch.nn.Linear(8, 2))
"""
TORCH = """
import json, sys, torch
options = json.load(open(sys.argv[1]))["init_args"]
torch.optim.AdamW(torch.nn.Linear(8, 2).parameters(), **options)
"""
HYDRA = """
import sys, torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
instantiate(OmegaConf.load(sys.argv[1]).hydra, params=torch.nn.Linear(8, 2).parameters())
"""
JSONARGPARSE = """
import sys, torch
from collections.abc import Callable, Iterable
from jsonargparse import ArgumentParser
parser = ArgumentParser()
parser.add_argument("--config", action="config")
parser.add_argument("--optimizer", type=Callable[[Iterable[torch.Tensor]], torch.optim.Optimizer])
config = parser.parse_args(["--config", sys.argv[1]])
parser.instantiate(config).optimizer(torch.nn.Linear(8, 2).parameters())
"""
PYTORCH_OPTIMIZER = """
import json, sys, torch
from pytorch_optimizer import load_optimizer
options = json.load(open(sys.argv[1]))["init_args"]
load_optimizer("adamw")(torch.nn.Linear(8, 2).parameters(), **options)
"""
TRANSFORMERS = """
import json, sys, torch
from transformers import get_scheduler
options = json.load(open(sys.argv[1]))["init_args"]
optimizer = torch.optim.AdamW(torch.nn.Linear(8, 2).parameters(), **options)
get_scheduler("cosine", optimizer, num_warmup_steps=0, num_training_steps=10_000)
"""


def configs(folder: Path) -> dict[str, Path]:
    """Write the config in each form that a contestant reads; return file name to path."""
    forms = {
        "recipe.yaml": RECIPE,
        "plain.json": json.dumps({"init_args": OPTIONS}),
        "hydra.yaml": json.dumps({"hydra": {"_target_": "torch.optim.AdamW", **OPTIONS}}),
        "jsonargparse.yaml": json.dumps({"optimizer": {"class_path": "torch.optim.AdamW", "init_args": OPTIONS}}),
    }
    for name, text in forms.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name: folder / name for name in forms}


def contestants(files: dict[str, Path]) -> dict[str, tuple[str, list[str]]]:
    """Return each contestant by its title: the distribution that it needs, and the arguments of Python."""
    optim = "import sys; from optim_core.cli import main; sys.exit(main())"
    return {
        YARDSTICK: ("cattrs", ["-c", "import cattrs, yaml, click"]),
        IMPORTS: ("cattrs", ["-c", "import cattrs, yaml, click, importlib.metadata"]),
        VALIDATE: ("optim-core", ["-c", optim, "validate", str(files["recipe.yaml"])]),
        "optim-core: build, import torch, create": ("optim-core", ["-c", CREATE, str(files["recipe.yaml"])]),
        "torch alone: JSON to AdamW": ("torch", ["-c", TORCH, str(files["plain.json"])]),
        "hydra: instantiate": ("hydra-core", ["-c", HYDRA, str(files["hydra.yaml"])]),
        "jsonargparse: parse, instantiate": ("jsonargparse", ["-c", JSONARGPARSE, str(files["jsonargparse.yaml"])]),
        "pytorch_optimizer: load_optimizer": ("pytorch_optimizer", ["-c", PYTORCH_OPTIMIZER, str(files["plain.json"])]),
        "transformers: get_scheduler": ("transformers", ["-c", TRANSFORMERS, str(files["plain.json"])]),
    }


def imports_torch(arguments: list[str]) -> bool:
    """Return whether a process of Python with these arguments imports torch."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return any(line.rpartition("|")[2].strip() == "torch" for line in done.stderr.splitlines())


def timed(arguments: list[str]) -> Callable[[], float]:
    """Return a contestant: a function that takes the time of a whole process.

    pip compiles what it installs, but not an editable install: that is compiled by the first process, unless a variable
    of the environment forbids it, which is therefore emptied.
    """
    return lambda: process_seconds([sys.executable, *arguments], {"PYTHONDONTWRITEBYTECODE": ""})


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=15, help="rounds that count (15)")
    runs = options.parse_args().runs
    with TemporaryDirectory() as folder:
        everyone = contestants(configs(Path(folder)))
        there = {name: arguments for name, (needs, arguments) in everyone.items() if installed(needs)}
        medians = interleaved({name: timed(arguments) for name, arguments in there.items()}, runs)
        torch = {name: imports_torch(arguments) for name, arguments in there.items()}
    rows = [
        {
            "a fresh process": name,
            "seconds": f"{medians[name]:.3f}" if name in there else "not installed",
            "against the first": f"{medians[name] / medians[YARDSTICK]:.2f}" if name in there else "",
            "imports torch": ("yes" if torch[name] else "no") if name in there else "",
        }
        for name in everyone
    ]
    print(header("torch", "cattrs", "hydra-core", "jsonargparse", "pytorch_optimizer", "transformers"))
    print(f"Medians of {runs} rounds.\n")
    print(table("A config, cold", rows), end="\n\n")
    print(f"{VALIDATE} takes {medians[VALIDATE] / medians[IMPORTS]:.2f} times its imports (at most {MOST} is wanted).")


if __name__ == "__main__":
    main()
