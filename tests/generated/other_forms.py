"""Strategies for the forms that configs have elsewhere, each beside the canonical config that says the same."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from recipe_configs import named_sets, recipes

__all__ = ["forms", "in_another_form"]

Config = dict[str, Any]
loop_settings = st.fixed_dictionaries(
    {}, optional={"epochs": st.just(3), "batch_size": st.just(8), "amp": st.booleans(), "seed": st.integers(0, 9)}
)


@st.composite
def in_another_form(draw: st.DrawFn) -> tuple[Config, Config]:
    """A canonical config, and the same as a section, flat, or as serialized pairs; `build` may refuse the second.

    It does where a key is one of both parts, or where sets without a key above them are single components.
    """
    if draw(st.booleans()):
        canonical = draw(named_sets())
        sets = canonical["optimizer_configs"]
        bare = len(canonical) == 1 and not {"optimizer", "type"} & set(sets)
        written = draw(st.sampled_from([canonical, sets])) if bare else canonical
    else:
        canonical = draw(recipes())
        written = draw(st.sampled_from([_as_it_is, _flat, _serialized, _with_flat_parts]))(canonical)
    if draw(st.booleans()):
        written = {"training": {**written, **draw(loop_settings)}, **draw(st.sampled_from([{}, {"model": {"d": 1}}]))}
    return canonical, written


def forms() -> st.SearchStrategy[Config]:
    """Configs in other forms, without the canonical ones."""
    return in_another_form().map(lambda pair: pair[1])


def _as_it_is(recipe: Config) -> Config:
    return dict(recipe)


def _with_flat_parts(recipe: Config) -> Config:
    """Each part with its fields beside its type."""
    return {key: _flat_component(value) if isinstance(value, dict) else value for key, value in recipe.items()}


def _flat_component(component: Config) -> Config:
    fields = component.get("config") or {}
    return {key: value for key, value in component.items() if key != "config"} | fields


def _flat(recipe: Config) -> Config:
    """The fields of all parts side by side."""
    flat: Config = {}
    for part in ("optimizer", "scheduler"):
        if recipe.get(part):
            fields = _flat_component(recipe[part])
            flat |= {f"{part}_name": fields.pop("type"), **fields}
    return {**flat, **_clipping(recipe)}


def _serialized(recipe: Config) -> Config:
    """The type and the fields of each part under keys of their own."""
    flat: Config = {}
    for part in ("optimizer", "scheduler"):
        if recipe.get(part):
            fields = _flat_component(recipe[part])
            flat |= {f"{part}_type": fields.pop("type"), f"{part}_params": fields}
    return {**flat, **_clipping(recipe)}


def _clipping(recipe: Config) -> Config:
    return {key: recipe[key] for key in ("gradient_clipping",) if key in recipe}
