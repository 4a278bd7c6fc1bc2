"""An application that knows nothing of optim-core: run in a process of its own, in which that is never imported.

Its first argument is a folder for its configs.
"""

import sys
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.errors import ConfigCompositionException

KEYS = {
    "plain": "optimizer: adam\nscheduler: {name: cosine}\n",
    "empty": "epochs: 3\n",
}
GROUPS = {
    "config": "defaults: [optimizer: AdamW, scheduler: cosine, _self_]\n",
    "optimizer/AdamW": "mine: 1\n",
    "optimizer/SGD": "mine: 2\n",
    "elsewhere/clipper/norm": "mine: 3\n",
    "searching": "hydra: {searchpath: ['file://FOLDER/elsewhere']}\ndefaults: [clipper: norm, _self_]\n",
}


def composed(name, *overrides):
    """Return a config as plain data."""
    return dict(compose(name, overrides=list(overrides)))


def refused(name, *overrides):
    """Return what Hydra says of a config that it refuses."""
    try:
        compose(name, overrides=list(overrides))
    except ConfigCompositionException as error:
        return f"{error} {error.__cause__}"
    raise AssertionError(f"{name} {overrides} was composed")


def write(folder, configs):
    """Write configs into a folder, and return it as text."""
    for name, text in configs.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("FOLDER", str(folder)), encoding="utf-8")
    return str(folder)


def main(folder):
    """Compose what such applications have; all of it must be as Hydra has it without optim-core."""
    with initialize_config_dir(write(folder / "keys", KEYS), version_base=None):
        # A key that is called as one of our groups stays a key.
        assert composed("plain", "optimizer=sgd", "scheduler.name=x") == {
            "optimizer": "sgd",
            "scheduler": {"name": "x"},
        }
        assert composed("empty", "+clipper=norm") == {"epochs": 3, "clipper": "norm"}
        assert "Key 'clipper' is not in struct" in refused("empty", "clipper=norm")
    ConfigStore.instance().store(group="scheduler", name="cosine", node={"mine": 4})
    with initialize_config_dir(write(folder / "groups", GROUPS), version_base=None):
        # A config of its own comes before ours, from the file system, from the store, and from further search paths.
        assert composed("config") == {"optimizer": {"mine": 1}, "scheduler": {"mine": 4}}
        assert composed("config", "optimizer=SGD") == {"optimizer": {"mine": 2}, "scheduler": {"mine": 4}}
        assert composed("searching") == {"clipper": {"mine": 3}}
    assert not [name for name in sys.modules if name.partition(".")[0] in ("optim_core", "torch")]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
