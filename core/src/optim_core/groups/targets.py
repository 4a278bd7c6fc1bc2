"""What a caller hands over as parameters, a model, several or an iterable, as names and tensors, each once.

Of a model only what ``torch.nn.Module`` shows (``named_parameters``, ``modules``) is needed, so torch is not imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from optim_core.errors import ParamGroupError
from optim_core.groups.matching import rule_title
from optim_core.groups.model.module_kinds import class_name, kind_of
from optim_core.groups.model.tree import Tree, tree_of
from optim_core.groups.model.wrappers import clean_names, inside_of, unwrapped, without_prefixes
from optim_core.groups.request import GroupRequest
from optim_core.groups.rule import VECTOR
from optim_core.text.prose import listing

__all__ = [
    "MODEL",
    "Group",
    "Target",
    "as_one_model",
    "refuse_flat",
    "refuse_for_ready_made",
    "refuse_lazy",
    "refuse_without_model",
    "target_of",
    "target_of_models",
    "title_of",
]

# What FullyShardedDataParallel calls the tensor into which it puts a module's parameters.
FLAT = "_flat_param"
# The kinds of parameters that names and shapes tell.
KNOWN_WITHOUT_MODEL = frozenset({"bias", VECTOR})
MODEL = "hand over the model instead of its parameters"

Group = dict[str, Any]


@attrs.frozen(eq=False)
class Target:
    """The parameters to divide.

    Args:
        names: the name of each parameter, in the order of the model, without the prefixes of wrappers; None for tensors
            without names.
        parameters: the parameters, as many; those of a model include parameters that take no gradient.
        models: the models that they come from; none for an iterable.
        trees: the trees of the models.
        aliases: the other names of tied parameters, by the parameter's index.
    """

    names: list[str] | None
    parameters: list[Any]
    models: tuple[Any, ...] = ()
    trees: tuple[Tree, ...] = ()
    aliases: dict[int, list[str]] = attrs.field(factory=dict)

    @property
    def title(self) -> str:
        """What messages call the target."""
        return " and ".join(map(title_of, self.models)) or "the parameters"

    def trained(self) -> list[bool]:
        """Return for each parameter whether it takes part; in an iterable every one does."""
        if not self.models:
            return [True] * len(self.parameters)
        return [bool(parameter.requires_grad) for parameter in self.parameters]

    def name(self, place: int) -> str:
        """Return what messages call a parameter."""
        return f"parameter {place}" if self.names is None else self.names[place]


def target_of(params: Any, *, layered: bool = True) -> Target | list[Any]:
    """Return the parameters in what `create_optimizer` is given; ready-made groups are returned as a list of groups.

    Args:
        params: a model or an iterable.
        layered: whether the layers of the model are wanted too, which take time to find.

    Raises:
        ParamGroupError: there is no parameter, one is given twice, or some have names and others not.
    """
    if hasattr(params, "named_parameters"):
        return target_of_models([params], layered=layered)
    items = _items(params)
    if any(isinstance(item, Mapping) for item in items):
        return _ready_made(items)
    model = next((item for item in items if hasattr(item, "named_parameters")), None)
    if model is not None:
        raise ParamGroupError(
            f"a {type(model).__name__} stands among the parameters; hand over one model by itself, "
            "or several to create_optimizer_for_multiple"
        )
    named = [item for item in items if isinstance(item, tuple)]
    if named and len(named) < len(items):
        raise ParamGroupError("some parameters have names and some have none; give (name, tensor) pairs or tensors")
    pairs = [pair for pair in named if len(pair) != 2 or not isinstance(pair[0], str)]
    if pairs:
        raise ParamGroupError(f"a parameter is a tensor or a (name, tensor) pair, not {pairs[0]!r:.60}")
    names = without_prefixes([name for name, _ in named])
    target = Target(names, [each for _, each in named]) if named else Target(None, items)
    _refuse_repeated(target)
    return target


def title_of(model: Any) -> str:
    """Return what messages call a model: by its own class, not that of a wrapper."""
    return class_name(type(unwrapped(model)))


def target_of_models(models: Sequence[Any], *, layered: bool = True) -> Target:
    """Return the parameters of several models, each once; of more than one, names begin with the model's index.

    Args:
        models: some models.
        layered: as in `target_of`.

    Raises:
        ParamGroupError: one of `models` is not a model, or they have no trainable parameter.
    """
    for index, model in enumerate(models):
        if not hasattr(model, "named_parameters"):
            raise ParamGroupError(f"item {index} is not a model (torch.nn.Module) but of type {type(model).__name__}")
    trees = tuple(_tree(model, layered=layered) for model in models)
    places: dict[int, int] = {}
    target = Target([], [], tuple(models), trees)
    for index, tree in enumerate(trees):
        _add(target, tree, f"{index}." if len(models) > 1 else "", places)
    names = target.names or []
    if not any(parameter.requires_grad for parameter in target.parameters):
        title = target.title if models else "an empty list"
        frozen = f": all {len(names)} are frozen" if names else ""
        raise ParamGroupError(f"{title} has no parameter that requires a gradient{frozen}")
    return target


def _tree(model: Any, *, layered: bool) -> Tree:
    if not layered:
        return tree_of(model, None)
    from optim_core.groups.model.survey import layered_tree

    return layered_tree(model)


def _add(target: Target, tree: Tree, prefix: str, places: dict[int, int]) -> None:
    """Add a model's parameters to a target, and their places there to `places`, by their ``id``."""
    names = [] if target.names is None else target.names
    before = len(names)
    if not tree.is_plain:
        for name, parameter in _listed(tree.model):
            if places.setdefault(id(parameter), len(places)) == len(names):
                names.append(prefix + name)
                target.parameters.append(parameter)
    for path, _, parameters, *_ in tree.rows:
        start = f"{prefix}{path}." if path else prefix
        for own, parameter in parameters.items():
            if parameter is None:
                continue
            place = places.setdefault(id(parameter), len(places))
            name = start + own
            if place == len(names):
                names.append(name)
                target.parameters.append(parameter)
            elif names[place] != name:
                target.aliases.setdefault(place, []).append(name)
    if tree.is_wrapped and len(set(names[before:])) < len(names) - before:
        # This names the two that are one.
        clean_names(tree.model)


def _listed(model: Any) -> list[tuple[str, Any]]:
    """Return the parameters of a model in which a class has names of its own for them; a wrapper adds its prefix."""
    while kind_of(type(model)).is_plain and (inner := inside_of(model)) is not None:
        model = inner
    listed = list(model.named_parameters())
    names = clean_names(model, [name for name, _ in listed])
    return [(names[name], parameter) for name, parameter in listed if name in names]


def _ready_made(items: list[Any]) -> list[Any]:
    """Return groups as the caller divided them, with generators made lists; refuse a parameter in two places."""
    groups = _without_prefixes([_kept(item) for item in items])
    places: dict[int, str] = {}
    for number, group in enumerate(groups):
        if not isinstance(group, Mapping) or "params" not in group:
            raise ParamGroupError(f"group {number} must be a mapping with `params`, is {group!r:.60}")
        members = group.get("params") if isinstance(group, Mapping) else None
        for place, member in enumerate(members if isinstance(members, list) else ()):
            named = isinstance(member, tuple) and len(member) == 2
            title = f"`{member[0]}`" if named else f"parameter {place}"
            key = id(member[1] if named else member)
            if key in places:
                raise ParamGroupError(f"{title} of group {number} is in two places: it is {places[key]} too")
            places[key] = f"{title} of group {number}"
    return groups


def _without_prefixes(groups: list[Any]) -> list[Any]:
    """Return groups with the prefixes of wrappers taken off the names in them; groups without any as they are."""
    named = [_named(group) for group in groups]
    given = [name for pairs in named for name, _ in pairs]
    names = without_prefixes(given)
    if names == given:
        return groups
    left = iter(names)
    return [
        {**group, "params": [(next(left), tensor) for _, tensor in pairs]} if pairs else group
        for group, pairs in zip(groups, named, strict=True)
    ]


def _named(group: Any) -> list[tuple[str, Any]]:
    """Return the members of a group where all of them are (name, tensor) pairs."""
    members = group.get("params") if isinstance(group, Mapping) else None
    pairs = members if isinstance(members, list) else []
    are_named = all(isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], str) for each in pairs)
    return pairs if are_named else []


def _kept(group: Any) -> Any:
    # torch refuses a lone tensor and a set; it must see them as they are to do so.
    members = group.get("params") if isinstance(group, Mapping) else None
    if not isinstance(members, Iterable) or isinstance(members, (set, list)) or hasattr(members, "requires_grad"):
        return group
    return {**group, "params": list(members)}


def _refuse_repeated(target: Target) -> None:
    places: dict[int, int] = {}
    for place, parameter in enumerate(target.parameters):
        first = places.setdefault(id(parameter), place)
        if first != place:
            raise ParamGroupError(
                f"the same tensor is given twice, as {target.name(first)} and as {target.name(place)}; "
                "give each parameter once, or the model, of which tied parameters are taken once"
            )


def as_one_model(models: Sequence[Any]) -> Any:
    """Return the model, or several as one ``ModuleList``, in which names begin with the model's index as here."""
    if len(models) == 1:
        return models[0]
    from torch.nn import ModuleList

    return ModuleList(models)


def _items(params: Any) -> list[Any]:
    if hasattr(params, "requires_grad") or not isinstance(params, Iterable) or isinstance(params, (str, Mapping)):
        raise ParamGroupError(
            f"parameters are a model, or an iterable of tensors, (name, tensor) pairs or groups, "
            f"not {type(params).__name__}"
        )
    items = list(params)
    if not items:
        raise ParamGroupError("there is no parameter: the iterable is empty (a generator that was used up before?)")
    return items


def refuse_without_model(request: GroupRequest, target: Target) -> None:
    """Raise ParamGroupError where names or modules are needed that the target does not have."""
    if target.models:
        return
    if request.rules and target.names is None:
        raise ParamGroupError(
            f"{rule_title(0, request.rules[0])} goes by names, and these tensors have none: "
            "hand over the model, or (name, tensor) pairs such as model.named_parameters()"
        )
    needed = [
        rule_title(index, rule)
        for index, rule in enumerate(request.rules)
        if not KNOWN_WITHOUT_MODEL.issuperset(rule.kinds)
    ]
    by_modules = [kind for kind in request.no_decay if kind != VECTOR]
    needed += [f"no_decay: {kind}" for kind in by_modules if kind != "bias" or target.names is None]
    needed += [] if request.layer_decay is None else ["layer_decay"]
    if needed:
        raise ParamGroupError(f"{needed[0]} goes by the modules that own the parameters: {MODEL}")


def refuse_lazy(target: Target) -> None:
    """Raise ParamGroupError where a parameter has no shape yet."""
    for place, parameter in enumerate(target.parameters):
        if type(parameter).__name__ == "UninitializedParameter":
            raise ParamGroupError(
                f"{target.name(place)} has no shape before the model's first call; call the model once before"
            )


def refuse_flat(request: GroupRequest, target: Target) -> None:
    """Raise ParamGroupError where one tensor holds parameters that are to be told apart."""
    flat = next((name for name in target.names or () if name.endswith(FLAT)), None)
    asked = _asked_for(request)
    if flat is not None and asked:
        raise ParamGroupError(
            f"{listing(asked)} goes by parameters, and FullyShardedDataParallel put those of {target.title} into "
            f"{flat}; give it use_orig_params=True"
        )


def refuse_for_ready_made(request: GroupRequest, lr_multipliers: Mapping[Any, float] | None) -> None:
    """Raise ParamGroupError where ready-made groups would be divided once more."""
    if lr_multipliers:
        raise ParamGroupError("ready-made groups set their own `lr`; give those or lr_multipliers, not both")
    asked = _asked_for(request)
    if asked:
        raise ParamGroupError(
            f"ready-made groups are divided already; the config's {listing(asked)} would have no effect: "
            f"{MODEL}, or take it out of the config"
        )


def _asked_for(request: GroupRequest) -> list[str]:
    asked = {
        "param_groups": request.rules,
        "no_decay": request.no_decay,
        "layer_decay": request.layer_decay is not None,
    }
    return [key for key, given in asked.items() if given]
