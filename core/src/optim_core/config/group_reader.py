"""What a config says of some parameters: `param_groups`, `no_decay` and `layer_decay`. Imported where one is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optim_core.config.foreign_words import WORDS_FOR_CONFIG, field_meant
from optim_core.config.issues import MISSING, UNKNOWN_KEY, ConfigPath, Issue, Mismatch
from optim_core.config.keys import LAYER_DECAY, NO_DECAY, NO_DECAY_KINDS, PARAM_GROUPS, RULE_KEYS
from optim_core.config.problems import path_text
from optim_core.config.structuring.class_plan import ALIASES
from optim_core.config.structuring.scalars import structure_bool, structure_float
from optim_core.config.structuring.structurer import Structurer
from optim_core.groups.patterns import expression_fault
from optim_core.groups.rule import REGEX, GroupRule
from optim_core.plugin_class.fields import config_fields, decay_fields, rate_field
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest
from optim_core.text.values import is_list, shown

__all__ = ["GroupReader"]

_RULE = 'for example {match: "*.bias", weight_decay: 0}'
_PATTERN = 'a pattern of parameter names, for example match: "*.bias"'
_FOR_MATCH = frozenset(
    {
        *("params", "param", "parameters", "param_names", "pattern", "patterns", "name", "names", "prefix", "filter"),
        *("module", "modules", "layer", "layers", "key", "keys"),
    }
)
_FOR_MULTIPLIER = frozenset(
    {
        *("lr_mult", "lr_scale", "lr_factor", "lr_ratio", "lr_coef", "lr_multipliers", "mult", "multiplier", "scale"),
        "learning_rate_multiplier",
    }
)
_FOR_DECAY = frozenset({"decay_mult", "wd_mult", "weight_decay_mult", "wd_scale", "wd_multiplier"})
# What is true of parameters that are trained.
_TRAINED = frozenset({"requires_grad", "trainable", "train"})
# What stands in the names of modules, layers and parameters of a kind.
_SIGNS = {"norm": "norm", "bn": "norm", "ln": "norm", "gn": "norm", "bias": "bias", "emb": "embedding"}


class GroupReader:
    """Reads what a component says of some parameters, and checks it against the plugin class.

    Args:
        structurer: makes instances of the class.
        name: what messages call the class.
        cls: the class.
        options: the component's fields as they were given.
        config: the instance that they make; None where they make none, which is told elsewhere.
    """

    def __init__(self, structurer: Structurer, name: str, cls: type[Any], options: Any, config: Any) -> None:
        self._structurer = structurer
        self._name = name
        self._cls = cls
        self._options: Mapping[str, Any] = options if isinstance(options, Mapping) else {}
        self._config = config
        self._keys = structurer.keys(cls)
        self._aliases = structurer.aliases(cls)
        self._rate = rate_field(cls)
        self._issues: list[Issue] = []
        # Pattern to the number of the rule in which it stands.
        self._patterns: dict[str, int] = {}

    def read(self, component: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of `OptimizerSpec` for those of the keys that are given and are not null.

        Raises:
            Mismatch: with everything that is wrong, by paths in the component.
        """
        readers = {PARAM_GROUPS: self._rules, NO_DECAY: self._no_decay, LAYER_DECAY: self._layer_decay}
        given = {key: component[key] for key in readers if component.get(key) is not None}
        read = {key: readers[key](value) for key, value in given.items()}
        if self._issues:
            raise Mismatch(*self._issues)
        return read

    def _tell(self, path: ConfigPath, message: str, hint: str | None = None) -> None:
        self._issues.append(Issue(path, message, hint))

    # -- param_groups --------------------------------------------------------------------------------------------

    def _rules(self, value: Any) -> tuple[GroupRule, ...]:
        if not is_list(value):
            self._tell((PARAM_GROUPS,), f"must be a list of rules, is {shown(value)}", _as_rules(value))
            return ()
        rules = [self._rule(rule, index) for index, rule in enumerate(value)]
        return tuple(rule for rule in rules if rule is not None)

    def _rule(self, rule: Any, index: int) -> GroupRule | None:
        path = (PARAM_GROUPS, index)
        if not isinstance(rule, Mapping):
            hint = f'write {{match: "{rule}", …}}' if isinstance(rule, str) and rule.isprintable() else _RULE
            self._tell(path, f"must be a mapping with `match`, is {shown(rule)}", hint)
            return None
        fields = {key: value for key, value in rule.items() if key not in RULE_KEYS and self._is_field(key)}
        foreign = [key for key in rule if key not in fields and key not in RULE_KEYS]
        for key in foreign:
            self._unknown(key, rule, path)
        told = len(self._issues)
        match = self._match(rule, index, misspelt=any(_stands_for_match(key, rule[key]) for key in foreign))
        multiplier = self._number(rule["lr_multiplier"], (*path, "lr_multiplier")) if "lr_multiplier" in rule else 1.0
        freeze = self._freeze(rule, [key for key in rule if key in fields or key == "lr_multiplier"], path)
        config = self._overridden(fields, path)
        if config is None:
            return None
        self._need_a_rate(rule, config, path)
        if foreign or told != len(self._issues):
            return None
        overrides = {key: getattr(config, config_fields(self._cls)[key].name) for key in map(self._key, fields)}
        return GroupRule(match=match, config=config, overrides=overrides, lr_multiplier=multiplier, freeze=freeze)

    def _is_field(self, key: Any) -> bool:
        return key in self._keys or key in self._aliases

    def _key(self, key: str) -> str:
        """The key that an alias means."""
        return ALIASES[key] if key in self._aliases else key

    def _match(self, rule: Mapping[str, Any], index: int, *, misspelt: bool) -> tuple[str, ...]:
        path: ConfigPath = (PARAM_GROUPS, index, "match")
        if "match" not in rule:
            if not misspelt:
                self._tell(path, MISSING, _PATTERN)
            return ()
        given = rule["match"]
        if isinstance(given, str):
            self._pattern(given, path, index)
            return (str(given),)
        if not is_list(given):
            self._tell(path, f"must be text, or a list of texts, is {shown(given)}", _PATTERN)
            return ()
        if not given:
            self._tell(path, "is empty", _PATTERN)
        for place, pattern in enumerate(given):
            if isinstance(pattern, str):
                self._pattern(pattern, (*path, place), index)
            else:
                self._tell((*path, place), f"must be text, is {shown(pattern)}", _PATTERN)
        return tuple(map(str, given))

    def _pattern(self, pattern: str, path: ConfigPath, index: int) -> None:
        """Checks one pattern of the rule at `index`."""
        if pattern in ("", REGEX):
            self._tell(path, "is empty", _PATTERN)
        elif pattern in self._patterns:
            first = self._patterns[pattern]
            where = "in this rule" if first == index else f"in {PARAM_GROUPS}[{first}], which takes what it matches"
            self._tell(path, f"stands already {where}", "take one of the two away: the first match wins")
        elif (fault := expression_fault(pattern)) is not None:
            self._tell(path, f"is no regular expression: {fault}", f"what follows `{REGEX}` is Python's `re`")
        self._patterns.setdefault(pattern, index)

    def _number(self, value: Any, path: ConfigPath, most: float | None = None) -> float:
        """A number above 0, and up to `most` where that is given."""
        try:
            number = structure_float(value, float)
        except Mismatch as mismatch:
            self._issues += [issue.below(*path) for issue in mismatch.issues]
            return 1.0
        if number <= 0 or (most is not None and number > most):
            wanted = "> 0" if most is None else f"in (0, {most:g}]"
            self._tell(path, f"must be {wanted}, is {shown(number)}")
        return number

    def _freeze(self, rule: Mapping[str, Any], others: list[str], path: ConfigPath) -> bool:
        if "freeze" not in rule:
            return False
        try:
            freeze = structure_bool(rule["freeze"], bool)
        except Mismatch as mismatch:
            self._issues += [issue.below(*path, "freeze") for issue in mismatch.issues]
            return False
        if freeze and others:
            message = f"is true, so that {listing(others)} would do nothing: what is frozen is not trained"
            self._tell((*path, "freeze"), message, "take `freeze` away, or what stands beside it and `match`")
        return freeze

    def _need_a_rate(self, rule: Mapping[str, Any], config: Any, path: ConfigPath) -> None:
        """Refuses a multiplier of no rate."""
        if "lr_multiplier" not in rule:
            return
        at = (*path, "lr_multiplier")
        if self._rate is None:
            self._tell(at, f"{self._name} has no `lr` that it could multiply")
        elif getattr(config, self._rate, None) is None:
            self._tell(at, f"needs an `{self._rate}` to multiply, and that is null", f"give `{self._rate}` a number")

    def _overridden(self, fields: Mapping[str, Any], path: ConfigPath) -> Any:
        """The instance with `fields` in place of the config's; None where there is none."""
        if not fields:
            return self._config
        try:
            config = self._with(fields)
        except Mismatch as mismatch:
            for issue in mismatch.issues:
                own = bool(issue.path) and issue.path[0] in fields
                if own:
                    self._issues.append(issue.below(*path))
                elif self._config is not None:
                    # The config alone is right, so that it is the rule that breaks a rule across fields.
                    message = f"makes `{path_text(issue.path)}` wrong: {issue.message}" if issue.path else issue.message
                    self._tell(path, message, issue.hint)
            return None
        return config

    def _with(self, fields: Mapping[str, Any]) -> Any:
        replaced = {self._key(key) for key in fields}
        kept = {key: value for key, value in self._options.items() if self._kept(key, replaced)}
        return self._structurer.structure({**kept, **fields}, self._cls, self._name)

    def _kept(self, key: Any, replaced: set[str]) -> bool:
        return not isinstance(key, str) or self._key(key) not in replaced

    # -- keys of a rule that there are none of -------------------------------------------------------------------

    def _unknown(self, key: Any, rule: Mapping[str, Any], path: ConfigPath) -> None:
        if not isinstance(key, str):
            self._tell((*path, shown(key)), "is not a key: keys are texts")
        else:
            self._tell((*path, key), UNKNOWN_KEY, self._instead(key, rule))

    def _instead(self, key: str, rule: Mapping[str, Any]) -> str:
        """The hint for an unknown key of a rule."""
        word, value = key.lower().replace("-", "_"), rule[key]
        if isinstance(value, Mapping) and (word == "config" or word in WORDS_FOR_CONFIG):
            return "its fields stand beside `match`, without a key above them"
        if word == "type":
            return "all groups have the optimizer's type; others are `optimizer_configs`"
        if word in _TRAINED:
            return "write `freeze: true`" if value is False else "leave it out: parameters are trained"
        if word in _FOR_DECAY:
            return "write the value itself: `weight_decay: …`"
        if word == "regex" and "match" not in rule:
            return f'did you mean `match: "{REGEX}…"`?'
        near = self._near(key, word)
        takes = f"a rule takes: {', '.join(RULE_KEYS)}, and {self._name}'s fields: {listing(self._keys) or 'none'}"
        if near is None:
            return takes
        return f"`{near}` is given already; {takes}" if near in rule else f"did you mean `{near}`? {takes}"

    def _near(self, key: str, word: str) -> str | None:
        if word in _FOR_MATCH:
            return "match"
        if word in _FOR_MULTIPLIER:
            return "lr_multiplier"
        known = [*self._keys, *self._aliases]
        return field_meant(key, known) or nearest(key, [*known, *RULE_KEYS])

    # -- no_decay and layer_decay --------------------------------------------------------------------------------

    def _no_decay(self, value: Any) -> tuple[str, ...]:
        """The kinds, in one order whatever the config's is."""
        given = [value] if isinstance(value, str) else value
        if not is_list(given):
            hint = f"for example [{', '.join(NO_DECAY_KINDS[:2])}]"
            self._tell((NO_DECAY,), f"must be a list of kinds of parameters, is {shown(value)}", hint)
            return ()
        kinds = []
        for index, kind in enumerate(given):
            path: ConfigPath = (NO_DECAY,) if given is not value else (NO_DECAY, index)
            if not isinstance(kind, str) or kind not in NO_DECAY_KINDS:
                wanted = "`bias`, `norm` or `embedding`"
                self._tell(path, f"must be {wanted}, is {shown(kind)}", _kind_meant(kind))
            elif kind in kinds:
                self._tell(path, f"`{kind}` stands already in the list", "take one of the two away")
            else:
                kinds.append(kind)
        if given:
            self._need_decay()
        return tuple(kind for kind in NO_DECAY_KINDS if kind in kinds)

    def _need_decay(self) -> None:
        """Refuses `no_decay` for a class that has no weight decay, or none that may be 0."""
        zero = dict.fromkeys(decay_fields(self._cls), 0.0)
        if not zero:
            self._tell((NO_DECAY,), f"{self._name} has no `weight_decay` that could be left out")
        elif self._config is not None:
            try:
                self._with(zero)
            except Mismatch as mismatch:
                for path, message, hint, *_ in mismatch.issues:
                    self._tell((NO_DECAY,), f"sets `{path_text(path)}` to 0, which {message}", hint)

    def _layer_decay(self, value: Any) -> float:
        factor = self._number(value, (LAYER_DECAY,), most=1)
        rate = self._rate
        if rate is None:
            self._tell((LAYER_DECAY,), f"{self._name} has no `lr` that could fall from layer to layer")
        elif self._config is not None and getattr(self._config, rate, None) is None:
            self._tell((LAYER_DECAY,), f"needs an `{rate}` to multiply, and that is null", f"give `{rate}` a number")
        return factor


def _stands_for_match(key: Any, value: Any) -> bool:
    """Whether an unknown key was meant to be `match`, which then is not missing as well."""
    if not isinstance(key, str) or isinstance(value, Mapping):
        return False
    word = key.lower().replace("-", "_")
    return word in _FOR_MATCH or word == "regex" or nearest(key, RULE_KEYS) == "match"


def _as_rules(value: Any) -> str:
    """The hint for rules that are no list."""
    if not isinstance(value, Mapping):
        return f"for example [{_RULE.removeprefix('for example ')}]"
    if "match" in value:
        return "write it in a list: in YAML, with a `-` before it"
    first = next((key for key, item in value.items() if isinstance(key, str) and isinstance(item, Mapping)), None)
    return f'write [{{match: "{first}", …}}, …]' if first is not None and len(first) < 100 else _RULE


def _kind_meant(kind: Any) -> str | None:
    """The hint for what is none of the kinds of parameters that have no decay."""
    if not isinstance(kind, str):
        return None
    parts = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower())
    near = next((meant for sign, meant in _SIGNS.items() for part in parts if _has(sign, part)), None)
    near = near or nearest(kind, NO_DECAY_KINDS)
    names = "for parameters by name, `param_groups: [{match: …, weight_decay: 0}]`"
    return f"did you mean `{near}`? It goes by the module's type; {names}" if near else names


def _has(sign: str, part: str) -> bool:
    """Whether a part of a name says so; a sign of two letters is all of it."""
    return sign in part if len(sign) > 2 else re.fullmatch(rf"{sign}\d*", part) is not None
