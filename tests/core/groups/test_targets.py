"""What may be handed over as the parameters, and what the errors say of anything else."""

from __future__ import annotations

import pytest
from model_tree import Model, Module, Parameter
from parameter_groups import spec

from optim_core import ParamGroupError


def test_names_of_several_models_begin_with_their_index():
    """Rules see those names; each model has layers and a head of its own."""
    built = spec(param_groups=[{"match": "1.head.*", "lr": 0.5}], layer_decay=0.5)
    optimizer = built.create_optimizer_for_multiple([Model(1), Model(3)])
    rates = {name: group.get("lr") for group in optimizer.param_groups for name in group["param_names"]}
    assert (0.1 / 4, 0.1 / 16, None, 0.5) == tuple(
        rates[name] for name in ("0.embed.weight", "1.embed.weight", "0.head.weight", "1.head.weight")
    )


@pytest.mark.parametrize(
    ("beside", "params", "message"),
    [
        (
            {"param_groups": [{"match": "*", "lr": 1}]},
            lambda m: m.parameters(),
            "hand over the model, or .name, tensor",
        ),
        ({"no_decay": ["norm"]}, lambda m: m.named_parameters(), "no_decay: norm goes by the modules"),
        ({"no_decay": ["bias"]}, lambda m: m.parameters(), "no_decay: bias goes by the modules"),
        ({"layer_decay": 0.5}, lambda m: m.named_parameters(), "hand over the model instead of its parameters"),
        (
            {"no_decay": ["bias"], "layer_decay": 0.5},
            lambda m: [{"params": list(m.parameters())}],
            "ready-made groups are divided already; the config's no_decay, layer_decay would have no effect",
        ),
    ],
)
def test_what_needs_the_model_says_so(beside, params, message):
    """Names and modules cannot be guessed from tensors."""
    with pytest.raises(ParamGroupError, match=message):
        spec(**beside).create_optimizer(params(Model(1)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ([Model(1), Model(1)], "a Model stands among the parameters; .* several to create_optimizer_for_multiple"),
        ([{"lr": 1.0}], "group 0 must be a mapping with `params`, is {'lr': 1.0}"),
        ([{"params": [Parameter(4)]}, Parameter(4)], "group 1 must be a mapping with `params`"),
    ],
)
def test_what_is_neither_parameters_nor_groups_is_named(params, message):
    """The error says what stands there and what is to."""
    with pytest.raises(ParamGroupError, match=message):
        spec().create_optimizer(params)


def test_a_parameter_in_two_places_is_named():
    """A tensor that stands twice in an iterable, or in two ready-made groups, is told with both places."""
    one = Parameter(2)
    with pytest.raises(ParamGroupError, match="given twice, as a and as b"):
        spec().create_optimizer([("a", one), ("b", one)])
    with pytest.raises(ParamGroupError, match="`a` of group 1 is in two places: it is parameter 0 of group 0 too"):
        spec().create_optimizer([{"params": [one]}, {"params": iter([("a", one)])}])
    with pytest.raises(ParamGroupError, match="some parameters have names and some have none"):
        spec().create_optimizer([("a", one), Parameter(3)])


def test_a_model_that_is_frozen_as_a_whole_says_so():
    """The number of frozen parameters tells it from a model without any."""
    with pytest.raises(ParamGroupError, match="no parameter that requires a gradient: all 1 are frozen"):
        spec().create_optimizer(Module(weight=Parameter(2, requires_grad=False)))
