"""A reader who follows the hints of wrong configs to the letter, and has no thought of his own."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

__all__ = ["followed"]

Path = list[str | int]

# Any value for a field that is missing, by what the hint says of it.
SAMPLES = {
    "a whole number": 3,
    "a number": 0.5,
    "a list of whole numbers": [1, 2],
    "a length": 5,
    "text": "1",
}


def steps(path: str) -> Path:
    """Return the steps of a problem's path."""
    found = re.findall(r"[^.\[\]]+|\[\d+\]", path)
    return [int(step[1:-1]) if step.startswith("[") else step for step in found]


def at(config: Any, path: Path) -> Any:
    for step in path:
        config = config[step]
    return config


def renamed(config: Any, path: Path, key: str) -> None:
    """Give a key another name, in its place among the others."""
    holder = at(config, path[:-1])
    items = [(key if name == path[-1] else name, value) for name, value in holder.items()]
    holder.clear()
    holder.update(items)


def replaced(config: Any, path: Path, text: str) -> None:
    """Write what a hint says where the value stood; `key: value` takes the place of the key."""
    value = yaml.safe_load(text.replace("…", "1"))
    holder = at(config, path[:-1])
    own = isinstance(holder, dict) and isinstance(value, dict) and not text.startswith("{")
    if own:
        del holder[path[-1]]
        holder.update(value)
    else:
        holder[path[-1]] = value


def moved(config: Any, path: Path, place: str, key: str | None = None) -> None:
    """Move a key into a mapping that stands beside it, under another name where one is given."""
    holder = at(config, path[:-1])
    value = holder.pop(path[-1])
    for step in place.split("."):
        if not isinstance(holder.get(step), dict):
            # A part that is named by a text is a component by itself once it has fields of its own.
            holder[step] = {"type": holder[step]} if isinstance(holder.get(step), str) else {}
        holder = holder[step]
    holder[key or str(path[-1])] = value


def left_out(config: Any, path: Path) -> None:
    holder = at(config, path[:-1])
    if isinstance(holder, list):
        holder.pop(int(path[-1]))
    else:
        holder.pop(path[-1], None)


def recipe_of(config: Any, path: Path, kind: str) -> Any:
    """Return the recipe that the component at a path is part of; a lone component becomes a recipe of one."""
    if "type" in config:
        lone = dict(config)
        config.clear()
        config[kind] = lone
        return config
    up = next((place for place in range(len(path) - 1, -1, -1) if path[place] in ("optimizer", "scheduler")), 0)
    return at(config, path[:up])


def into_part(config: Any, path: Path, part: str, key: str) -> None:
    """Move a key out of a component, into another part of the recipe, beside its type."""
    value = at(config, path[:-1]).pop(path[-1])
    recipe = recipe_of(config, path[:-1], "scheduler" if part == "optimizer" else "optimizer")
    recipe.setdefault(part, {"type": "AdamW"})
    recipe[part][key] = value


def beside_component(config: Any, path: Path, text: str, kind: str) -> None:
    """Move a key out of a component to the recipe that the component is part of."""
    value = at(config, path[:-1]).pop(path[-1])
    key, _, written = text.partition(":")
    recipe_of(config, path[:-1], kind)[key] = yaml.safe_load(written.replace("…", str(value))) if written else value


def in_place(config: Any, path: Path, text: str, place: str) -> None:
    """Write what a hint says into a mapping that stands beside the key."""
    moved(config, path, place)
    replaced(config, [*path[:-1], *place.split("."), path[-1]], text)


def several(config: Any, path: Path, texts: str, place: str | None = None) -> None:
    """Write several keys in place of one, there or in a mapping that stands beside it."""
    if place:
        moved(config, path, place)
        path = [*path[:-1], *place.split("."), path[-1]]
    holder = at(config, path[:-1])
    del holder[path[-1]]
    for text in re.findall(r"`([^`]+)`", texts):
        holder.update(yaml.safe_load(text.replace("…", "1")))


def several_beside(config: Any, path: Path, texts: str, beside: str) -> None:
    """Write several keys in place of one, and one more beside `type`."""
    several(config, path, texts)
    at(config, path[:-2] if path[-2:-1] == ["config"] else path[:-1]).update(yaml.safe_load(beside))


def frozen(config: Any, path: Path) -> None:
    renamed(config, path, "freeze")
    at(config, path[:-1])["freeze"] = True


def as_pair(config: Any, path: Path, text: str) -> None:
    """Make {optimizer, …} of a named set that is an optimizer, with a key of it beside the optimizer."""
    holder = at(config, path[:-1])
    value = holder.pop(path[-1])
    key, _, written = text.partition(":")
    own = dict(holder)
    holder.clear()
    holder |= {"optimizer": own, key: yaml.safe_load(written.replace("…", str(value))) if written else value}


def out_of_config(config: Any, path: Path, key: str | None = None) -> None:
    """Move a key out of `config`, beside `type`."""
    holder = at(config, path[:-2])
    holder[key or path[-1]] = holder["config"].pop(path[-1])


def sample(config: Any, path: Path, wanted: str) -> None:
    value = next((value for words, value in SAMPLES.items() if wanted.startswith(words)), None)
    at(config, path[:-1])[path[-1]] = value


def as_section(config: Any, _path: Path, name: str) -> None:
    """Call a section `training`, one that stands in another with its name and dots."""
    *above, last = name.split(".")
    config["training"] = at(config, [*above]).pop(last)


def put_below(config: Any, path: Path) -> None:
    """Put a whole recipe below `training`, and what is not its own beside it."""
    own = {key: config.pop(key) for key in list(config) if key in ("optimizer", "scheduler", "gradient_clipping")}
    config["training"] = {**own, **(config.get("training") or {})}


# What a hint says, and what is done for it; the groups of the expression are its arguments. The first that fits counts.
RULES: list[tuple[str, Callable[..., None]]] = [
    (r"did you mean `([^`]+)`, in `([\w.]+)`, beside `type`", lambda c, p, key, part: moved(c, p, part, key)),
    (r"did you mean `([^`]+)` in `([\w.]+)`\?", lambda c, p, key, place: moved(c, p, place, key)),
    (r"did you mean `([^`]+)`, beside `type` and `config`", out_of_config),
    (r"did you mean `type` where `([^`]+)` stands", lambda c, p, key: renamed(c, [*p, key], "type")),
    (r"did you mean `training` where `([^`]+)` stands", as_section),
    (r"did you mean `([\w ]+: [^`]+)`", replaced),
    (r"`([^`]+)` looks like a recipe", as_section),
    (r"^write (`[^`]+`(?: and `[^`]+`)*), and `([^`]+)` beside `type`", several_beside),
    (r"^write (`[^`]+`(?: and `[^`]+`)+)(?: in `([\w.]+)`)?", several),
    (r"write `([^`]+)` in `([\w.]+)`", in_place),
    (r"write `([^`]+)`, beside `type`", lambda c, p, text: several_beside(c, p, "", text)),
    (r"^(?:no schedule is named here: )?write `([^`]+)`", replaced),
    (r"after each epoch, write `([^`]+)`", replaced),
    (r"has no warmup, which goes around it: write `([^`]+)`", replaced),
    (r"the rate of some parameters is `([^`]+)`", replaced),
    (r"^write the set as \{optimizer: \{type, config\}, (.*)\}, beside its optimizer", as_pair),
    (r"^write (\[?\{.*\}\]?|[a-z_]+: .*)$", replaced),
    (r"^write (null|true|false|\[[^\]]*\]|-?[\d.e-]+)(?: without quotes| alone|,|$)", replaced),
    (r"^it is a field of \w+: move it into `(\w+)`", moved),
    (r"^move it into `([\w.]+)`, beside `type`", moved),
    (r"^`([^`]+)` belongs into `(\w+)`, beside its", lambda c, p, key, part: into_part(c, p, part, key)),
    (r"^`([^`]+)` belongs beside the (\w+), not in it", beside_component),
    (r"^`([^`]+)` belongs beside `type` and `config`, not in", out_of_config),
    (r"stands beside `config`, not in it: take it out", left_out),
    (r"^(?:give|keep|leave) one of the two|keep that one|keep one of the two|take one of the two away", left_out),
    (r"^leave it out|for no \w+ leave it out|for no clipping (?:write null|leave)", left_out),
    (r"^`\w+` is given already", left_out),
    (r"has no such field", left_out),
    (r"what is not optim-core's may stand beside a recipe", put_below),
    (r"\b(?:needs|to be) (a whole number|a number|a list of whole numbers|a length|text)\b.* here", sample),
    (r"`freeze: true` in its place", frozen),
]


def followed(config: Any, problem: Any) -> Any | None:
    """Return a config in which the hint of one problem is followed; None where it asks for a thought of its author."""
    if problem.hint is None:
        return None
    changed = copy.deepcopy(config)
    path = steps(problem.path)
    if problem.message.startswith(("no optimizer is", "no scheduler is", "no clipper is")):
        name = re.match(r"did you mean `([^`]+)`", problem.hint)
        if name is None:
            return None
        component = at(changed, path[:-1])
        fields = component.setdefault("config", {}) if component.keys() == {"type"} else component
        fields = fields.get("config", fields)
        for text in re.findall(r"with `([^`]+)` where none is given", problem.hint):
            for key, value in yaml.safe_load(text).items():
                fields.setdefault(key, value)
        return _put(changed, path, name[1])
    for expression, repair in RULES:
        found = re.search(expression, problem.hint)
        if found is not None:
            repair(changed, path, *found.groups())
            return changed
    name = re.match(r"did you mean `(\w+)`", problem.hint)
    if name is None:
        return None
    if problem.message == "unknown key" or (isinstance(at(changed, path[:-1]), Mapping) and "name" in problem.message):
        renamed(changed, path, name[1])
        return changed
    return _put(changed, path, name[1])


def _put(config: Any, path: Path, value: Any) -> Any:
    at(config, path[:-1])[path[-1]] = value
    return config
