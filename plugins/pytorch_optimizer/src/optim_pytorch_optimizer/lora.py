"""LoRARite: it takes the two factors of each LoRA layer one after the other, which are found by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from optim_core.bridge import named_groups
from optim_core.errors import ParamGroupError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["by_pairs", "lora_members", "trial_model"]

# The names of PEFT, torchtune and loralib: `q_proj.lora_A.default.weight`, `q_proj.lora_a.weight`, `q_proj.lora_A`.
_FACTOR = re.compile(r"(?P<layer>.*\blora_(?:embedding_)?)(?P<side>[AaBb])(?P<rest>(?:\..*)?)")
_NEITHER = (
    "and it is for the factors of LoRA layers, lora_A and lora_B: freeze it by a rule, {{match: …, freeze: true}}"
)


def lora_members(name: str) -> dict[str, Any]:
    """Return what the plugin class of LoRARite has besides its fields, nothing for any other name."""
    return {"model_to_try": staticmethod(trial_model)} if name == "LoRARite" else {}


def by_pairs(build: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return the `build` of LoRARite: it is given the model, whose names tell the factors of a layer."""

    def build_by_pairs(self: Any, params: Any, model: Module) -> Any:
        """Make an instance of the library's class, with the factors of each layer one after the other."""
        groups = named_groups(params, model)
        _refuse_divided(groups)
        return build(self, [_in_pairs(group, self) for group in groups])

    return build_by_pairs


def _refuse_divided(groups: list[dict[str, Any]]) -> None:
    """Raise ParamGroupError where the factors of a layer are in different groups."""
    places: dict[str, tuple[int, str]] = {}
    for number, group in enumerate(groups):
        for name in group["param_names"]:
            layer, _ = _layer_and_side(name)
            first, other = places.setdefault(layer, (number, name))
            if first != number:
                raise ParamGroupError(
                    f"LoRARite takes the two factors of a layer together, and {other} and {name} are in different "
                    "groups: let one rule match both"
                )


def _in_pairs(group: Mapping[str, Any], config: Any) -> dict[str, Any]:
    """Return a group in which the first factor of each layer stands before its second one."""
    layers: dict[str, dict[str, tuple[str, Tensor]]] = {}
    for name, parameter in zip(group["param_names"], group["params"], strict=True):
        layer, side = _layer_and_side(name)
        layers.setdefault(layer, {})[side] = (name, parameter)
    ordered = [pair[side] for pair in layers.values() for side in _whole(pair)]
    for (left, first), (right, second) in zip(ordered[::2], ordered[1::2], strict=True):
        ranks = (
            first.shape[_dimension(group, config, "lora_l_dim")],
            second.shape[_dimension(group, config, "lora_r_dim")],
        )
        if ranks[0] != ranks[1]:
            raise ParamGroupError(
                f"{left} of shape {tuple(first.shape)} has the rank {ranks[0]}, and {right} of shape "
                f"{tuple(second.shape)} the rank {ranks[1]}; lora_l_dim and lora_r_dim say where the rank is"
            )
    return {**group, "params": [each for _, each in ordered], "param_names": [name for name, _ in ordered]}


def _dimension(group: Mapping[str, Any], config: Any, name: str) -> int:
    return int(group.get(name, getattr(config, name)))


def _layer_and_side(name: str) -> tuple[str, str]:
    found = _FACTOR.fullmatch(name)
    if found is None:
        raise ParamGroupError(f"LoRARite: {name} is no factor of a LoRA layer, {_NEITHER.format()}")
    return f"{found['layer']}{found['rest']}", found["side"].upper()


def _whole(pair: Mapping[str, tuple[str, Tensor]]) -> tuple[str, str]:
    """Return the sides of a layer in their order; ParamGroupError where one is missing."""
    if len(pair) < 2:
        name, _ = next(iter(pair.values()))
        raise ParamGroupError(f"LoRARite takes the two factors of a layer together, and {name} is trained by itself")
    return "A", "B"


def trial_model() -> Module:
    """Return three small LoRA layers, for the conformance kit."""
    import torch

    layers = []
    for rank, wide, narrow in ((2, 5, 4), (3, 6, 7), (2, 3, 8)):
        layer = torch.nn.Module()
        layer.register_parameter("lora_A", torch.nn.Parameter(torch.zeros(rank, wide)))
        layer.register_parameter("lora_B", torch.nn.Parameter(torch.zeros(narrow, rank)))
        layers.append(layer)
    return torch.nn.Sequential(*layers)
