"""What it costs that every installed plugin is a member of Hydra's config groups, found when it is named.

Run it with ``python benchmarks/hydra_groups.py``. Whole programs are timed, in turn: Hydra with a config file of its
own for the optimizer, the same with a plugin of optim-core named in its place, and a program that stores a config of
every plugin before Hydra starts, which is what Hydra has for classes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from common import header, interleaved, process_seconds, table

PLAIN = "Hydra alone, optimizer/own.yaml"
MOST = 0.3

APPLICATION = """
import hydra
@hydra.main(config_path="conf", config_name="{config}", version_base=None)
def main(config):
    assert config.optimizer.config.lr == 0.02
    {use}
main()
"""
STORED = """
from hydra.core.config_store import ConfigStore
from optim_core import ConfigError, registry
for name in registry.names("optimizer"):
    try:
        node = registry.to_config(registry.build({"type": name}, "optimizer"))
    except ConfigError:
        continue
    ConfigStore.instance().store(group="optimizer", name=name.replace(":", "_"), node=node)
"""
BUILD = "from optim_core import registry; registry.recipe(config)"

# Title to program, its config, and the member of the group.
PROGRAMS = {
    PLAIN: ("pass", "plain", "own"),
    "optimizer=AdamW": ("pass", "ours", "AdamW"),
    "optimizer=AdamW, and registry.recipe(config)": (BUILD, "ours", "AdamW"),
    "optimizer=Muon": ("pass", "ours", "Muon"),
    "optimizer=pytorch_optimizer:RAdam": ("pass", "ours", "pytorch_optimizer:RAdam"),
    "every plugin stored before, optimizer=AdamW": ("pass", "stored", "AdamW"),
}


def programs(folder: Path) -> dict[str, list[str]]:
    """Write the programs and their configs; return the arguments of Python for each by its title."""
    conf = folder / "conf"
    (conf / "optimizer").mkdir(parents=True)
    (conf / "optimizer" / "own.yaml").write_text("type: AdamW\nconfig: {lr: 0.001}\n", encoding="utf-8")
    for name in ("plain", "ours", "stored"):
        member = "own" if name == "plain" else "AdamW"
        (conf / f"{name}.yaml").write_text(f"defaults: [optimizer: {member}, _self_]\n", encoding="utf-8")
    commands = {}
    for number, (title, (use, config, member)) in enumerate(PROGRAMS.items()):
        file = folder / f"program{number}.py"
        text = APPLICATION.format(config=config, use=use)
        file.write_text((STORED if config == "stored" else "") + text, encoding="utf-8")
        quiet = ["hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=disabled"]
        commands[title] = [str(file), f"optimizer={member}", "optimizer.config.lr=0.02", *quiet]
    return commands


def timed(arguments: list[str]) -> Callable[[], float]:
    """Return a contestant: a function that takes the time of a whole process."""
    return lambda: process_seconds([sys.executable, *arguments], {"PYTHONDONTWRITEBYTECODE": ""})


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=9, help="rounds that count (9)")
    runs = options.parse_args().runs
    with TemporaryDirectory() as folder:
        medians = interleaved({title: timed(each) for title, each in programs(Path(folder)).items()}, runs)
    rows = [
        {"program": title, "seconds": f"{medians[title]:.2f}", "more": f"{medians[title] - medians[PLAIN]:+.2f}"}
        for title in PROGRAMS
    ]
    print(header("hydra-core", "omegaconf", "torch"))
    print(f"Medians of {runs} rounds; at most {MOST} s more is wanted for one plugin.\n")
    print(table("A plugin as a member of a config group", rows))


if __name__ == "__main__":
    main()
