"""The options of each parameter's group: what rules and ``no_decay`` change, and what the plugin class's hook says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from optim_core.errors import ParamGroupError
from optim_core.groups.matching import rule_title
from optim_core.groups.parameter_info import ParameterInfo
from optim_core.groups.rule import GroupRule
from optim_core.plugin_class.fields import config_fields, decay_fields, rate_field

__all__ = ["OptionMaker", "Options", "base_rate", "has_hook"]

Options = dict[str, Any]

RATE, MULTIPLIER = "lr", "lr_multiplier"
# The name that torch's optimizers, and so their groups, have for a field `learning_rate` of a plugin class.
_OPTION_NAMES = {"learning_rate": RATE}


@attrs.frozen(eq=False)
class _Variant:
    """A config with the changes that some parameters get.

    Args:
        config: an instance of the plugin class.
        changed: option to value, for the values that differ from the optimizer's own config.
        title: what changes the config, for messages.
    """

    config: Any
    changed: Options
    title: str


def base_rate(config: Any) -> Any:
    """Return the rate that a config gives every group, None where it has none."""
    field = rate_field(type(config))
    return None if field is None else getattr(config, field)


def has_hook(config: Any) -> bool:
    """Tell whether a plugin class chooses options for each parameter."""
    return callable(getattr(config, "group_options_for", None)) or callable(getattr(config, "group_options", None))


class OptionMaker:
    """Works out the options of one optimizer's groups.

    Args:
        config: the config of the optimizer, without any rule.
        rules: what is different for some parameters.
    """

    def __init__(self, config: Any, rules: Sequence[GroupRule]) -> None:
        self._config = config
        self._rules = rules
        self._variants: dict[tuple[int | None, bool], _Variant] = {}

    def without_hook(
        self, rules: Sequence[int | None], exempt: Sequence[str], multipliers: Sequence[float]
    ) -> list[Options]:
        """Return the options of each parameter, for a plugin class without a hook; equal options are one dict.

        Args:
            rules: index of each parameter's rule, None where it has none.
            exempt: for each parameter, which of the words of ``no_decay`` holds for it, or "".
            multipliers: the factor on the rate of each parameter.
        """
        made: dict[Any, Options] = {}
        options: list[Options] = []
        for key in zip(rules, map(bool, exempt), multipliers, strict=True):
            if key not in made:
                rule, without_decay, multiplier = key
                variant = self._variant(rule, without_decay=without_decay)
                made[key] = _with_rate(dict(variant.changed), variant.config, multiplier)
            options.append(made[key])
        return options

    def with_hook(
        self, rules: Sequence[int | None], exempt: Sequence[str], infos: Sequence[ParameterInfo]
    ) -> list[Options]:
        """Return the options of each parameter, by the plugin class's hook.

        Args:
            rules: index of each parameter's rule, None where it has none.
            exempt: for each parameter, which of the words of ``no_decay`` holds for it, or "".
            infos: what the hook is told of each parameter.

        Raises:
            ParamGroupError: the hook refuses something, gives no mapping, or makes nothing of what a rule changes.
        """
        of_rule: dict[int | None, list[int]] = {}
        for place, rule in enumerate(rules):
            of_rule.setdefault(rule, []).append(place)
        answers = _asked(self._config, infos, range(len(infos)))
        configs: dict[int, Any] = dict.fromkeys(answers, self._config)
        # The changes of rules that the hook does not act on, which are put into the groups as they are.
        left: dict[int, Options] = {place: {} for place in answers}
        for rule, own in of_rule.items():
            variant = self._variant(rule, without_decay=False)
            if variant.changed:
                given = _asked(variant.config, infos, own)
                extra = self._left_to_core(variant, infos, own, answers, given)
                answers |= given
                left |= {place: dict(extra) for place in own}
                configs |= dict.fromkeys(own, variant.config)
        exempt_ones = {rule: [each for each in own if exempt[each]] for rule, own in of_rule.items()}
        self._without_decay(exempt_ones, infos, answers, left)
        return [
            _with_rate({**left[place], **answers[place]}, configs[place], info.lr_multiplier)
            for place, info in enumerate(infos)
        ]

    def _left_to_core(
        self,
        variant: _Variant,
        infos: Sequence[ParameterInfo],
        own: Sequence[int],
        before: Mapping[int, Options],
        after: Mapping[int, Options],
    ) -> Options:
        """Return the changes of a rule that the hook does not act on; each change is looked at by itself.

        Args:
            variant: the config with the changes of the rule.
            infos: what the hook is told of each parameter.
            own: the places of the rule's parameters.
            before: what the hook says of them by the optimizer's own config.
            after: what the hook says of them by the variant's config.
        """
        left: Options = {}
        for option in variant.changed:
            one, given = variant, after
            if len(variant.changed) > 1:
                config = _with_one_change(self._config, variant.config, option)
                if config is None:
                    continue
                one = _Variant(config, {option: variant.changed[option]}, variant.title)
                given = _asked(config, infos, own)
            left |= _unanswered(one, [(before[place], given[place]) for place in own])
        return left

    def _without_decay(
        self,
        of_rule: Mapping[int | None, list[int]],
        infos: Sequence[ParameterInfo],
        answers: dict[int, Options],
        left: dict[int, Options],
    ) -> None:
        """Change `answers` and `left` to what holds without weight decay.

        Args:
            of_rule: the places of the parameters that ``no_decay`` is for, by the index of their rule.
            infos: what the hook is told of each parameter.
            answers: what the hook says of each parameter.
            left: the changes on each parameter that the hook does not act on.
        """
        pairs: list[tuple[Options, Options]] = []
        decays: dict[int, Options] = {}
        asked: _Variant | None = None
        for rule, own in of_rule.items():
            decaying, variant = self._variant(rule, without_decay=False), self._variant(rule, without_decay=True)
            if own and variant.config is not decaying.config:
                asked = _Variant(variant.config, _changes(decaying.config, variant.config), "no_decay")
                given = _asked(variant.config, infos, own)
                decaying_yet = [place for place in own if not _says_no_decay(given[place], variant.config)]
                pairs += [(answers[place], given[place]) for place in decaying_yet]
                answers |= given
                decays |= dict.fromkeys(decaying_yet, asked.changed)
        if asked is not None and pairs and _unanswered(asked, pairs):
            for place, changed in decays.items():
                left[place] |= changed

    def _variant(self, rule: int | None, *, without_decay: bool) -> _Variant:
        known = self._variants.get((rule, without_decay))
        if known is None:
            known = self._variants[rule, without_decay] = self._new_variant(rule, without_decay=without_decay)
        return known

    def _new_variant(self, index: int | None, *, without_decay: bool) -> _Variant:
        rule = None if index is None else self._rules[index]
        config = self._config if rule is None else rule.config
        titles = [rule_title(index, rule)] if rule is not None and index is not None else []
        if without_decay:
            own = rule.overrides if rule is not None else {}
            decays = {
                name: 0.0 for name in decay_fields(type(config)) if name not in own and getattr(config, name) != 0
            }
            if decays:
                config = _evolved(config, decays)
            titles.append("no_decay")
        return _Variant(config, _changes(self._config, config), " and ".join(titles))


def _evolved(config: Any, decays: Mapping[str, float]) -> Any:
    try:
        return attrs.evolve(config, **decays)
    except ValueError as error:
        raise ParamGroupError(
            f"no_decay: {type(config).__name__} does not take {', '.join(decays)} = 0: {error}"
        ) from error


def _changes(base: Any, config: Any) -> Options:
    """Return option to value for each field in which two configs differ."""
    if config is base:
        return {}
    names = [field.name for field in config_fields(type(base)).values()]
    return {
        _OPTION_NAMES.get(name, name): getattr(config, name)
        for name in names
        if getattr(config, name) != getattr(base, name)
    }


def _with_one_change(base: Any, changed: Any, option: str) -> Any | None:
    """Return `base` with one field of `changed`; None where a config cannot have that field without the others."""
    field = next(
        field for field in config_fields(type(base)).values() if _OPTION_NAMES.get(field.name, field.name) == option
    )
    try:
        return attrs.evolve(base, **{field.alias or field.name: getattr(changed, field.name)})
    except ValueError:
        return None


def _with_rate(options: Options, config: Any, multiplier: float) -> Options:
    """Return `options` with the multiplied rate where the factor is not 1; an `lr_multiplier` in them is the factor."""
    factor = options.pop(MULTIPLIER, multiplier)
    if factor != 1:
        rate = options.get(RATE, base_rate(config))
        if rate is None:
            raise ParamGroupError(
                f"{type(config).__name__} has no `lr` that lr_multiplier, layer_decay or lr_multipliers could multiply"
            )
        options.update({RATE: rate * factor, MULTIPLIER: factor})
    return options


def _asked(config: Any, infos: Sequence[ParameterInfo], places: Sequence[int]) -> dict[int, Options]:
    """Return what the hook of `config` says of the parameters at `places`, by place."""
    name = type(config).__name__
    ask_all = getattr(config, "group_options_for", None)
    if callable(ask_all):
        answers = ask_all(infos)
        if not isinstance(answers, Sequence) or len(answers) != len(infos):
            raise ParamGroupError(f"{name}.group_options_for must give {len(infos)} mappings, one for each parameter")
        return {place: _mapping(answers[place], name) for place in places}
    ask: Callable[[ParameterInfo], Any] = config.group_options
    return {place: _mapping(ask(infos[place]), name) for place in places}


def _mapping(answer: Any, name: str) -> Options:
    if not isinstance(answer, Mapping):
        raise ParamGroupError(f"{name}: a hook for group options must give a mapping, gave {answer!r:.60}")
    return dict(answer)


def _unanswered(variant: _Variant, answers: Sequence[tuple[Options, Options]]) -> Options:
    """Return the changes of a variant that the hook does not act on, and that are therefore put into the groups.

    Args:
        variant: a config with changes.
        answers: for each parameter what the hook says by the optimizer's own config, and by the variant's.

    Raises:
        ParamGroupError: the hook sets the options of a group itself, and no change makes a difference to it.
    """
    if any(before != after for before, after in answers):
        return {}
    if any(not variant.changed.keys().isdisjoint(after) for _, after in answers) or _sets_fields(variant, answers):
        raise ParamGroupError(
            f"{variant.title}: {', '.join(variant.changed)} makes no difference to the parameters that it is for, "
            f"by what {type(variant.config).__name__} says of their groups"
        )
    return dict(variant.changed)


def _says_no_decay(answer: Options, config: Any) -> bool:
    """Tell whether a hook says itself that a group does not decay."""
    said = [answer[name] for name in decay_fields(type(config)) if name in answer]
    return bool(said) and not any(said)


def _sets_fields(variant: _Variant, answers: Sequence[tuple[Options, Options]]) -> bool:
    """Tell whether a hook gives the values of the config's fields, and not only marks of its own."""
    fields = config_fields(type(variant.config))
    return any(not fields.keys().isdisjoint(after) for _, after in answers)
