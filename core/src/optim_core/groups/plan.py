"""From parameters to the groups that an optimizer takes: rules, no_decay, layer_decay and multipliers together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from operator import itemgetter
from typing import Any

import attrs

from optim_core.errors import ParamGroupError
from optim_core.groups.matching import match_rules, rule_title
from optim_core.groups.model.module_kinds import is_bias
from optim_core.groups.model.survey import Traits, survey
from optim_core.groups.multipliers import ModuleFactor, module_factors
from optim_core.groups.names import NAME, common_module, names_of_parts, rule_name
from optim_core.groups.options import MULTIPLIER, RATE, OptionMaker, Options, has_hook
from optim_core.groups.parameter_info import ParameterInfo
from optim_core.groups.request import GroupRequest
from optim_core.groups.rule import MATCH_KINDS, NO_DECAY_KINDS, VECTOR
from optim_core.groups.targets import Group, Target, refuse_flat, refuse_lazy, refuse_without_model, title_of
from optim_core.plugin_class.fields import decay_fields
from optim_core.text.prose import listing

__all__ = ["Plan", "needs_layers", "plan_of"]


@attrs.define(eq=False)
class Plan:
    """What is decided for each parameter of a target. The lists are as long as its parameters.

    Args:
        request: what the config asks.
        target: the parameters.
        rules: the index of each parameter's rule, None where it has none.
        traits: what the models say of each parameter; empty where nothing needed that.
        exempt: the word of ``no_decay`` that holds for each parameter, "" where none does.
        layer_factors: the factor of ``layer_decay`` for each parameter; empty without it.
        module_factors: the factors of ``lr_multipliers``, by the parameter's ``id``.
        trained: the indices of the parameters that are trained, in order.
        options: the options of the group of each parameter that is trained.
    """

    request: GroupRequest
    target: Target
    rules: list[int | None]
    traits: list[Traits]
    exempt: list[str]
    layer_factors: list[float]
    module_factors: dict[int, ModuleFactor] = attrs.field(factory=dict)
    trained: list[int] = attrs.field(factory=list)
    options: list[Options] = attrs.field(factory=list)

    def module_factor(self, place: int) -> ModuleFactor | None:
        """Return what ``lr_multipliers`` says of a parameter, None where it says nothing."""
        return self.module_factors.get(id(self.target.parameters[place]))

    def factors(self, place: int) -> dict[str, float]:
        """Return the factors on a parameter's rate that are not 1, by what gives them."""
        index, given = self.rules[place], self.module_factor(place)
        factors = {
            f"param_groups[{index}]": 1.0 if index is None else self.request.rules[index].lr_multiplier,
            "layer_decay": self.layer_factors[place] if self.layer_factors else 1.0,
            "lr_multipliers": 1.0 if given is None else given.factor,
        }
        return {name: factor for name, factor in factors.items() if factor != 1}

    def multipliers(self) -> list[float]:
        """Return the product of all factors for each parameter that is trained."""
        found = [1.0] * len(self.trained)
        if any(rule.lr_multiplier != 1 for rule in self.request.rules):
            factors = [rule.lr_multiplier for rule in self.request.rules]
            rules = [self.rules[place] for place in self.trained]
            found = [1.0 if index is None else factors[index] for index in rules]
        if self.layer_factors:
            found = [factor * self.layer_factors[place] for factor, place in zip(found, self.trained, strict=True)]
        if self.module_factors:
            given = [self.module_factor(place) for place in self.trained]
            found = [one if by is None else one * by.factor for one, by in zip(found, given, strict=True)]
        return found

    def groups(self) -> list[Group]:
        """Return group dicts, one for each set of options, in the order of first appearance."""
        names, parameters = self.target.names, self.target.parameters
        groups: list[Group] = []
        for options, places in self.parts:
            group: Group = {"params": [parameters[place] for place in places]}
            if names is not None:
                group["param_names"] = [names[place] for place in places]
            groups.append({**group, **options})
        return groups

    @cached_property
    def parts(self) -> list[tuple[Options, list[int]]]:
        """The different options with the parameters that have them, in the order of first appearance.

        They are worked out once: `options` is complete when they are first asked for.
        """
        known: dict[int, list[int]] = {}
        parts: dict[Hashable, tuple[Options, list[int]]] = {}
        for place, options in zip(self.trained, self.options, strict=True):
            members = known.get(id(options))
            if members is None:
                _, members = parts.setdefault(_key(options), (options, []))
                known[id(options)] = members
            members.append(place)
        if any(MULTIPLIER in options for options, _ in parts.values()):
            return [
                ({**options, MULTIPLIER: options.get(MULTIPLIER, 1.0)}, places) for options, places in parts.values()
            ]
        return list(parts.values())

    @property
    def is_by_rules(self) -> bool:
        """Whether rules alone have divided the parameters: those that one rule is for are in one group."""
        group_of: dict[int | None, int] = {}
        rules = self.rules
        return all(
            group_of.setdefault(rules[place], number) == number
            for number, (_, places) in enumerate(self.parts)
            for place in places
        )

    @cached_property
    def group_names(self) -> list[str]:
        """The name of each of `parts`."""
        words = _Words(self)
        labels = [words.of(places) for _, places in self.parts]
        return names_of_parts(labels, [options for options, _ in self.parts], self._explained)

    def planned_names(self) -> dict[int, str]:
        """Return the name of the group of each parameter that is trained, by the parameter's ``id``."""
        parameters = self.target.parameters
        return {
            id(parameters[place]): name
            for name, (_, places) in zip(self.group_names, self.parts, strict=True)
            for place in places
        }

    def given_names(self) -> set[str]:
        """Return the names that the plugin class's hook gives groups."""
        return {str(options[NAME]) for options, _ in self.parts if NAME in options}

    def _explained(self, number: int) -> set[str]:
        """Return the options of a group that come from multipliers, ``no_decay`` and rules."""
        options, places = self.parts[number]
        rules = {self.rules[place] for place in places} - {None}
        found = {key for index in rules for key in self.request.rules[index or 0].overrides}
        found |= set(decay_fields(type(self.request.config))) if any(self.exempt[place] for place in places) else set()
        return found | ({MULTIPLIER, RATE} if options.get(MULTIPLIER, 1.0) != 1.0 else {MULTIPLIER})

    def freeze(self) -> None:
        """Make the parameters that a rule freezes require no gradient."""
        for place, index in enumerate(self.rules):
            if index is not None and self.request.rules[index].freeze:
                self.target.parameters[place].requires_grad = False


class _Words:
    """What is said of parameters, as the parts of a group's name."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # With a factor of 1 for each layer, none differs.
        is_layered = plan.request.layer_decay not in (None, 1)
        depths = [one.depth for one in plan.traits] if is_layered else repeat(None)
        factors = map(plan.module_factor, range(len(plan.rules))) if plan.module_factors else repeat(None)
        self._decided = list(zip(plan.rules, plan.exempt, depths, factors, strict=False))
        self._known: dict[Hashable, tuple[str, ...]] = {}

    def of(self, places: Sequence[int]) -> list[tuple[str, ...]]:
        """Return what is said of parameters, each of the different words once."""
        different = dict.fromkeys(map(self._decided.__getitem__, places))
        for decided in different:
            if decided not in self._known:
                self._known[decided] = tuple(self._words(*decided))
        return list(dict.fromkeys(map(self._known.__getitem__, different)))

    def _words(self, index: int | None, exempt: str, depth: int | None, factor: ModuleFactor | None) -> Iterator[str]:
        request = self._plan.request
        rule = None if index is None else request.rules[index]
        if factor is not None and factor.factor != 1:
            yield self._module(factor)
        if index is not None and rule is not None and (rule.overrides or rule.lr_multiplier != 1):
            yield rule_name(index)
        if depth is not None:
            yield f"layer_{depth}"
        if exempt:
            config, kept = (request.config, {}) if rule is None else (rule.config, rule.overrides)
            decays = [name for name in decay_fields(type(config)) if name not in kept and getattr(config, name) != 0]
            if decays:
                yield "no_decay"

    def _module(self, factor: ModuleFactor) -> str:
        """Return the place in the model of a module of ``lr_multipliers``; its class where that says nothing."""
        module = common_module(self._parameters.get(id(factor), ()))
        says_something = module and not module.replace(".", "").isdigit()
        return module if says_something else f"{factor.title} {module}".strip()

    @cached_property
    def _parameters(self) -> dict[int, list[str]]:
        """The names of the parameters of each factor of ``lr_multipliers``, by its ``id``."""
        plan, found = self._plan, dict[int, list[str]]()
        for place in plan.trained if plan.target.names is not None else ():
            found.setdefault(id(plan.module_factor(place)), []).append(plan.target.name(place))
        return found


def plan_of(
    request: GroupRequest, target: Target, lr_multipliers: Mapping[Any, float] | None, *, thorough: bool = False
) -> Plan:
    """Decide for each parameter; nothing is changed.

    Args:
        request: what the config asks.
        target: the parameters.
        lr_multipliers: module to factor, > 0.
        thorough: whether to look at the modules of the model also where no rule needs that.

    Raises:
        ParamGroupError: a rule, ``no_decay``, ``layer_decay`` or a multiplier does not fit the parameters.
    """
    hooked = has_hook(request.config)
    refuse_without_model(request, target)
    refuse_flat(request, target)
    by_kind = _kinds_of_rules(request)
    if thorough or by_kind or needs_layers(request) or VECTOR in request.no_decay:
        refuse_lazy(target)
    wanted = thorough or hooked or by_kind or request.no_decay or request.layer_decay is not None
    traits = _traits(target) if wanted and target.models else []
    trained = target.trained()
    plan = Plan(
        request,
        target,
        rules=_rules(request, target, trained, traits),
        traits=traits,
        exempt=_exempt(request, target, traits),
        layer_factors=[] if request.layer_decay is None else _layer_factors(request.layer_decay, target, traits),
    )
    freezing = {index for index, rule in enumerate(request.rules) if rule.freeze}
    takes_part = zip(plan.rules, trained, strict=True)
    plan.trained = [place for place, (index, takes) in enumerate(takes_part) if takes and index not in freezing]
    if not plan.trained:
        rules = listing(rule_title(index, request.rules[index]) for index in sorted(freezing))
        raise ParamGroupError(f"nothing of {target.title} is left to train: {rules} freezes the rest; leave something")
    if lr_multipliers:
        trained = [target.parameters[place] for place in plan.trained]
        plan.module_factors = module_factors(trained, lr_multipliers, target.models)
    plan.options = _options(plan, hooked=hooked)
    return plan


def needs_layers(request: GroupRequest) -> bool:
    """Tell whether more is asked of a model than which module owns a parameter."""
    # An output head is known by coming last.
    return request.layer_decay is not None or has_hook(request.config) or "head" in _kinds_of_rules(request)


def _traits(target: Target) -> list[Traits]:
    known = survey(target.trees)
    missing = [place for place, parameter in enumerate(target.parameters) if id(parameter) not in known]
    if missing:
        raise ParamGroupError(
            f"{target.title}: no module owns {listing(target.name(place) for place in missing)}; "
            "named_parameters gives what named_modules does not hold"
        )
    return [known[id(parameter)] for parameter in target.parameters]


def _rules(request: GroupRequest, target: Target, trained: list[bool], traits: list[Traits]) -> list[int | None]:
    if not request.rules or target.names is None:
        return [None] * len(target.parameters)
    kinds = _kinds(target, traits) if _kinds_of_rules(request) else ()
    return match_rules(request.rules, target.names, target.aliases, trained, kinds)


def _kinds_of_rules(request: GroupRequest) -> set[str]:
    return {kind for rule in request.rules for kind in rule.kinds}


def _kinds(target: Target, traits: list[Traits]) -> list[frozenset[str]]:
    """Return the kinds of each parameter, as far as they are known: without a model, by its own name and shape."""
    vector, matrix = frozenset({VECTOR}), frozenset[str]()
    shaped = [vector if parameter.ndim < 2 else matrix for parameter in target.parameters]
    if not traits:
        bias = frozenset({"bias"})
        names = target.names or []
        return [
            own | bias if is_bias(name.rpartition(".")[2]) else own for own, name in zip(shaped, names, strict=True)
        ]
    known = {
        key: frozenset(kind for kind in MATCH_KINDS if getattr(one, f"is_{kind}", False))
        for key, one in _different(traits).items()
    }
    return [own | known[id(one)] for own, one in zip(shaped, traits, strict=True)]


def _exempt(request: GroupRequest, target: Target, traits: list[Traits]) -> list[str]:
    """Return the word of ``no_decay`` that holds for each parameter, "" where none does.

    Raises:
        ParamGroupError: the optimizer has no weight decay.
    """
    if not request.no_decay:
        return [""] * len(target.parameters)
    if not decay_fields(type(request.config)):
        raise ParamGroupError(f"no_decay: {request.type} has no weight_decay; take it out of the config")
    kinds = _exempt_kinds(request, target, traits)
    if VECTOR not in request.no_decay:
        return kinds
    return [
        kind or (VECTOR if parameter.ndim < 2 else "") for kind, parameter in zip(kinds, target.parameters, strict=True)
    ]


def _exempt_kinds(request: GroupRequest, target: Target, traits: list[Traits]) -> list[str]:
    """Return for each parameter the word of ``no_decay`` that says what it is, "" where none does."""
    wanted = [kind for kind in NO_DECAY_KINDS if kind in request.no_decay and kind != VECTOR]
    if not traits:
        names = target.names if wanted and target.names is not None else [""] * len(target.parameters)
        return ["bias" if is_bias(name.rpartition(".")[2]) else "" for name in names]
    known = {
        key: next((kind for kind in wanted if getattr(one, f"is_{kind}")), "")
        for key, one in _different(traits).items()
    }
    return [known[id(one)] for one in traits]


def _layer_factors(decay: float, target: Target, traits: list[Traits]) -> list[float]:
    for place, one in enumerate(traits):
        if one.depth is None:
            number = int(target.name(place).partition(".")[0]) if len(target.models) > 1 else 0
            raise ParamGroupError(
                f"layer_decay: {title_of(target.models[number])} has no layers to count: no ModuleList or "
                "Sequential of layers; give param_groups with lr_multiplier instead"
            )
    factors = {key: decay ** (one.num_layers + 1 - (one.depth or 0)) for key, one in _different(traits).items()}
    return [factors[id(one)] for one in traits]


def _different(traits: list[Traits]) -> dict[int, Traits]:
    """Return the traits by their ``id``: thousands of parameters have the same."""
    return {id(one): one for one in traits}


def _options(plan: Plan, *, hooked: bool) -> list[Options]:
    maker = OptionMaker(plan.request.config, plan.request.rules)
    multipliers = plan.multipliers()
    rules = [plan.rules[place] for place in plan.trained]
    exempt = [plan.exempt[place] for place in plan.trained]
    if not hooked:
        return maker.without_hook(rules, exempt, multipliers)
    infos = [info_of(plan, place, factor) for place, factor in zip(plan.trained, multipliers, strict=True)]
    return maker.with_hook(rules, exempt, infos)


def info_of(plan: Plan, place: int, multiplier: float) -> ParameterInfo:
    """Return what a hook is told about a parameter."""
    name = None if plan.target.names is None else plan.target.names[place]
    shape = tuple(plan.target.parameters[place].shape)
    source = tuple(plan.factors(place))
    if not plan.traits:
        bias = name is not None and is_bias(name.rpartition(".")[2])
        return ParameterInfo(name=name, shape=shape, is_bias=bias, lr_multiplier=multiplier, multiplier_from=source)
    one = plan.traits[place]
    return ParameterInfo(
        name=name,
        shape=shape,
        module=one.module,
        is_bias=one.is_bias,
        is_norm=one.is_norm,
        is_embedding=one.is_embedding,
        is_head=one.is_head,
        in_block=one.in_block,
        depth=one.depth,
        num_layers=one.num_layers or None,
        lr_multiplier=multiplier,
        multiplier_from=source,
    )


def _key(options: Options) -> Hashable:
    """Return a key that is equal for options that may share a group."""
    return tuple(sorted(((name, _hashable(value)) for name, value in options.items()), key=itemgetter(0)))


def _hashable(value: Any) -> Hashable:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value  # type: ignore[no-any-return]
