"""Strategies for whole configs in canonical form: recipes, named sets, and what clips."""

from __future__ import annotations

from typing import Any

from component_configs import parts
from hypothesis import strategies as st

__all__ = ["configs", "named_sets", "recipes"]

Config = dict[str, Any]

# Some that are keys elsewhere, and some that need quotes in one file format or another.
names = st.sampled_from(["default", "generator", "discriminator", "optimizer", "type", "a.b", "1", "null", "é", " "])


@st.composite
def recipes(draw: st.DrawFn) -> Config:
    """An optimizer, with or without a schedule and clipping."""
    return draw(_with_clipping(draw(_pairs())))


@st.composite
def _pairs(draw: st.DrawFn) -> Config:
    pair = {"optimizer": draw(parts(1)("optimizer"))}
    # A schedule beside a decay is refused; of most pairs one is left out.
    if pair["optimizer"].get("lr_decay_gamma") is not None and draw(st.integers(0, 9)):
        del pair["optimizer"]["lr_decay_gamma"]
    return {**pair, **draw(st.fixed_dictionaries({}, optional={"scheduler": st.none() | parts(1)("scheduler")}))}


@st.composite
def named_sets(draw: st.DrawFn) -> Config:
    """Several optimizers, each in a pair with its schedule, or with the schedules in a set of their own."""
    chosen = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    if draw(st.booleans()):
        return draw(_with_clipping({"optimizer_configs": {name: draw(_pairs()) for name in chosen}}))
    pairs = {name: draw(_pairs()) for name in chosen}
    config = {
        "optimizer_configs": {name: pair["optimizer"] for name, pair in pairs.items()},
        "scheduler_configs": {name: pair["scheduler"] for name, pair in pairs.items() if "scheduler" in pair},
    }
    if not config["scheduler_configs"]:
        del config["scheduler_configs"]
    return draw(_with_clipping(config))


def _with_clipping(config: Config) -> st.SearchStrategy[Config]:
    clipping = st.none() | parts(0)("clipper") | parts(0)("clipper").map(_flat) | st.just({"enabled": False})
    return st.just(config) | clipping.map(lambda value: {**config, "gradient_clipping": value})


def _flat(clipper: Config) -> Config:
    return {"type": clipper["type"], "enabled": True, **(clipper["config"] or {})}


def configs() -> st.SearchStrategy[Config]:
    """Any of the canonical forms."""
    alone = st.one_of([parts(1)(kind) for kind in ("optimizer", "scheduler", "clipper")])
    return st.one_of(recipes(), named_sets(), alone)
