"""What a config says of some parameters: `param_groups`, `no_decay` and `layer_decay`. Imported where one is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.foreign_words import WORDS_FOR_MATCH
from optim_core.config.issues import Code, ConfigPath, Hint, Issue, IssuesError
from optim_core.config.keys import KIND, LAYER_DECAY, NO_DECAY, PARAM_GROUPS, RULE_KEYS
from optim_core.config.structuring.class_plan import ALIASES
from optim_core.config.structuring.scalars import structure_bool, structure_float
from optim_core.config.structuring.structurer import Structurer
from optim_core.groups.expressions import LONGEST
from optim_core.groups.patterns import expression_error
from optim_core.groups.rule import MATCH_KINDS, NO_DECAY_KINDS, REGEX, GroupRule
from optim_core.plugin_class.fields import config_fields, decay_fields, rate_field
from optim_core.plugin_class.why_not import why_not
from optim_core.text.spelling import nearest
from optim_core.text.values import is_list, shown

__all__ = ["GroupReader"]

# All patterns of an optimizer together have no more letters.
MOST_LETTERS = 100_000


class GroupReader:
    """Reads what a component says of some parameters, and checks it against the plugin class.

    Args:
        structurer: makes instances of the class.
        name: what messages call the class.
        cls: the class; None of a plugin that cannot be had, whose fields are not known.
        options: the component's fields as they were given.
        config: the instance that they make; None where they make none, which is told elsewhere.
    """

    def __init__(self, structurer: Structurer, name: str, cls: type[Any] | None, options: Any, config: Any) -> None:
        self._structurer = structurer
        self._name = name
        self._cls: Any = cls
        self._options: Mapping[str, Any] = options if isinstance(options, Mapping) else {}
        self._config = config
        self._keys = () if cls is None else structurer.keys(cls)
        self._aliases = () if cls is None else structurer.aliases(cls)
        self._rate = None if cls is None else rate_field(cls)
        self._issues: list[Issue] = []
        # Each pattern, and each kind, has the number of the rule in which it stands.
        self._patterns: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._letters = 0

    def read(self, component: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of `OptimizerSpec` for those of the keys that are given and are not null.

        Raises:
            IssuesError: with everything that is wrong, by paths in the component.
        """
        readers = {PARAM_GROUPS: self._rules, NO_DECAY: self._no_decay, LAYER_DECAY: self._layer_decay}
        given = {key: component[key] for key in readers if component.get(key) is not None}
        read = {key: readers[key](value) for key, value in given.items()}
        if self._issues:
            raise IssuesError(*self._issues)
        return read

    def _tell(self, code: Code, path: ConfigPath, value: Any = None, *, hint: Hint | None = None, **data: Any) -> None:
        wanted = str if code in ("no-patterns", "wrong-type") else None
        self._issues.append(Issue(code, path, value, wanted, data, hint))

    # -- param_groups --------------------------------------------------------------------------------------------

    def _rules(self, value: Any) -> tuple[GroupRule, ...]:
        if not is_list(value):
            self._tell("no-rules", (PARAM_GROUPS,), value, hint=Hint.of("rules", value=value))
            return ()
        rules = [self._rule(rule, index) for index, rule in enumerate(value)]
        return tuple(rule for rule in rules if rule is not None)

    def _rule(self, rule: Any, index: int) -> GroupRule | None:
        path = (PARAM_GROUPS, index)
        if not isinstance(rule, Mapping):
            self._tell("no-rule", path, rule, hint=Hint.of("rule", value=rule))
            return None
        fields = {key: value for key, value in rule.items() if key not in RULE_KEYS and self._is_field(key)}
        foreign = [key for key in rule if key not in fields and key not in RULE_KEYS]
        for key in foreign:
            self._unknown(key, rule, path)
        told = len(self._issues)
        match, kinds = self._match(rule, index, misspelt=any(_stands_for_match(key, rule[key]) for key in foreign))
        multiplier = self._number(rule["lr_multiplier"], (*path, "lr_multiplier")) if "lr_multiplier" in rule else 1.0
        freeze = self._freeze(rule, [key for key in rule if key in fields or key == "lr_multiplier"], path)
        config = None if self._cls is None else self._overridden(fields, path)
        if config is None:
            return None
        self._need_a_rate(rule, config, path)
        if foreign or told != len(self._issues):
            return None
        overrides = {key: getattr(config, config_fields(self._cls)[key].name) for key in map(self._key, fields)}
        return GroupRule(
            match=match, kinds=kinds, config=config, overrides=overrides, lr_multiplier=multiplier, freeze=freeze
        )

    def _is_field(self, key: Any) -> bool:
        # Of an optimizer that nobody knows, whatever is a key may be a field.
        return isinstance(key, str) if self._cls is None else key in self._keys or key in self._aliases

    def _key(self, key: str) -> str:
        """Return the key that an alias means."""
        return ALIASES[key] if key in self._aliases else key

    def _match(self, rule: Mapping[str, Any], index: int, *, misspelt: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the patterns and the kinds of parameters that a rule is for."""
        path: ConfigPath = (PARAM_GROUPS, index, "match")
        if "match" not in rule:
            if not misspelt:
                self._tell("missing", path, hint=Hint("pattern"))
            return (), ()
        given = rule["match"]
        if isinstance(given, str):
            self._pattern(given, path, index)
            return (str(given),), ()
        if isinstance(given, Mapping):
            return (), self._kinds_in(given, path, index)
        if not is_list(given):
            self._tell("no-patterns", path, given, hint=Hint("pattern"))
            return (), ()
        if not given:
            self._tell("empty", path, given, hint=Hint("pattern"))
        kinds: list[str] = []
        for place, pattern in enumerate(given):
            if isinstance(pattern, str):
                self._pattern(pattern, (*path, place), index)
            elif isinstance(pattern, Mapping):
                kinds += self._kinds_in(pattern, (*path, place), index)
            else:
                self._tell("wrong-type", (*path, place), pattern, hint=Hint("pattern"))
        return tuple(pattern for pattern in given if isinstance(pattern, str)), tuple(kinds)

    def _kinds_in(self, given: Mapping[Any, Any], path: ConfigPath, index: int) -> tuple[str, ...]:
        """Return the kinds of parameters in {kind: …}, one or a list of them."""
        for key in given:
            if not isinstance(key, str):
                self._tell("key-is-no-text", (*path, shown(key)))
            elif key != KIND:
                self._tell("unknown-key", (*path, key), given[key], hint=Hint.of("kind-key", key=key, given=given))
        if KIND not in given:
            if not given:
                self._tell("missing", (*path, KIND), hint=Hint("kinds-to-match"))
            return ()
        value = given[KIND]
        listed = value if is_list(value) else [value]
        if not listed:
            self._tell("empty", (*path, KIND), value, hint=Hint("kinds-to-match"))
        kinds = []
        for place, kind in enumerate(listed):
            at: ConfigPath = (*path, KIND, place) if listed is value else (*path, KIND)
            if not isinstance(kind, str) or kind not in MATCH_KINDS:
                hint = Hint.of("kind-to-match", value=kind)
                self._tell("no-kind", at, kind, hint=hint, kinds=MATCH_KINDS)
            elif kind in self._kinds:
                first = self._kinds[kind]
                rule = None if first == index else first
                self._tell("pattern-twice", at, kind, hint=Hint("first-match-wins"), rule=rule)
            else:
                self._kinds[kind] = index
                kinds.append(str(kind))
        return tuple(kinds)

    def _pattern(self, pattern: str, path: ConfigPath, index: int) -> None:
        """Check one pattern of the rule at `index`."""
        self._letters += len(pattern)
        if len(pattern) > LONGEST:
            self._tell("refused", path, text=f"has more than {LONGEST:,} letters")
        elif self._letters > MOST_LETTERS:
            if self._letters - len(pattern) <= MOST_LETTERS:
                self._tell("refused", path, text=f"all patterns together have more than {MOST_LETTERS:,} letters")
        elif pattern in ("", REGEX):
            self._tell("empty", path, pattern, hint=Hint("pattern"))
        elif pattern in self._patterns:
            first = self._patterns[pattern]
            rule = None if first == index else first
            self._tell("pattern-twice", path, pattern, hint=Hint("first-match-wins"), rule=rule)
        elif (text := expression_error(pattern)) is not None:
            self._tell("no-expression", path, pattern, hint=Hint("regular-expression"), text=text)
        self._patterns.setdefault(pattern, index)

    def _number(self, value: Any, path: ConfigPath, most: float | None = None) -> float:
        """Return a number above 0, and up to `most` where that is given."""
        try:
            number = structure_float(value, float)
        except IssuesError as error:
            self._issues += [issue.below(*path) for issue in error.issues]
            return 1.0
        if number <= 0 or (most is not None and number > most):
            hint = Hint("freeze-instead") if number == 0 and path[-1] == "lr_multiplier" else None
            self._tell("out-of-range", path, number, hint=hint, most=most)
        return number

    def _freeze(self, rule: Mapping[str, Any], others: list[str], path: ConfigPath) -> bool:
        if "freeze" not in rule:
            return False
        try:
            freeze = structure_bool(rule["freeze"], bool)
        except IssuesError as error:
            self._issues += [issue.below(*path, "freeze") for issue in error.issues]
            return False
        if freeze and others:
            self._tell("frozen-with-others", (*path, "freeze"), freeze, hint=Hint("unfreeze"), others=others)
        return freeze

    def _need_a_rate(self, rule: Mapping[str, Any], config: Any, path: ConfigPath) -> None:
        """Refuse a multiplier of no rate."""
        if "lr_multiplier" not in rule:
            return
        at = (*path, "lr_multiplier")
        if self._rate is None:
            self._tell("no-rate", at, name=self._name)
        elif getattr(config, self._rate, None) is None:
            self._tell("null-rate", at, hint=Hint.of("give-a-rate", rate=self._rate), rate=self._rate)

    def _overridden(self, fields: Mapping[str, Any], path: ConfigPath) -> Any:
        """Return the instance with `fields` in place of the config's; None where there is none."""
        if not fields:
            return self._config
        try:
            config = self._with(fields)
        except IssuesError as error:
            for issue in error.issues:
                own = bool(issue.path) and issue.path[0] in fields
                if own:
                    self._issues.append(issue.below(*path))
                elif self._config is not None:
                    # The config alone is right, so that what is wrong is that the rule's fields do not go with it.
                    self._tell("breaks-a-field", path, hint=issue.hint, cause=issue)
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
            self._tell("key-is-no-text", (*path, shown(key)))
        else:
            known = (*self._keys, *self._aliases)
            said = why_not(self._cls, key, rule[key])
            if said is not None:
                self._tell("unknown-key", (*path, key), rule[key], hint=Hint.of("left-out", text=said))
                return
            hint = Hint.of("rule-key", key=key, rule=rule, name=self._name, keys=self._keys, known=known)
            self._tell("unknown-key", (*path, key), rule[key], hint=hint)

    # -- no_decay and layer_decay --------------------------------------------------------------------------------

    def _no_decay(self, value: Any) -> tuple[str, ...]:
        """Return the kinds, in one order whatever the config's is."""
        given = [value] if isinstance(value, str) else value
        if not is_list(given):
            self._tell("no-kinds", (NO_DECAY,), value, hint=Hint("kinds"))
            return ()
        kinds = []
        for index, kind in enumerate(given):
            path: ConfigPath = (NO_DECAY,) if given is not value else (NO_DECAY, index)
            if not isinstance(kind, str) or kind not in NO_DECAY_KINDS:
                self._tell("no-kind", path, kind, hint=Hint.of("kind", value=kind), kinds=NO_DECAY_KINDS)
            elif kind in kinds:
                self._tell("kind-twice", path, kind, hint=Hint("take-one-away"))
            else:
                kinds.append(kind)
        if given and self._cls is not None:
            self._need_decay()
        return tuple(kind for kind in NO_DECAY_KINDS if kind in kinds)

    def _need_decay(self) -> None:
        """Refuse `no_decay` for a class that has no weight decay, or none that may be 0."""
        zero = dict.fromkeys(decay_fields(self._cls), 0.0)
        if not zero:
            self._tell("no-decay-field", (NO_DECAY,), name=self._name)
        elif self._config is not None:
            try:
                self._with(zero)
            except IssuesError as error:
                for issue in error.issues:
                    self._tell("zero-decay-refused", (NO_DECAY,), hint=issue.hint, cause=issue)

    def _layer_decay(self, value: Any) -> float:
        factor = self._number(value, (LAYER_DECAY,), most=1)
        rate = self._rate
        if self._cls is None:
            return factor
        if rate is None:
            self._tell("no-rate-by-layer", (LAYER_DECAY,), name=self._name)
        elif self._config is not None and getattr(self._config, rate, None) is None:
            self._tell("null-rate", (LAYER_DECAY,), hint=Hint.of("give-a-rate", rate=rate), rate=rate)
        return factor


def _stands_for_match(key: Any, value: Any) -> bool:
    """Return whether an unknown key was meant to be `match`, which then is not missing as well."""
    if not isinstance(key, str) or (isinstance(value, Mapping) and KIND not in value):
        return False
    if key in (KIND, f"{KIND}s"):
        return True
    word = key.lower().replace("-", "_")
    return word in WORDS_FOR_MATCH or word == "regex" or nearest(key, RULE_KEYS) == "match"
