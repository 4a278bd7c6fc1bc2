"""What is wrong, in words: the one sentence of each code. Imported where a config is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optim_core.config.issues import DEEPEST, MOST_NODES, Code, Issue, path_text
from optim_core.config.keys import PARAM_GROUPS
from optim_core.discovery.unknown_names import nothing_is_called
from optim_core.text.prose import listing
from optim_core.text.values import shown, type_in_words

__all__ = ["SENTENCES", "sentence"]


def sentence(issue: Issue) -> str:
    """Return what is wrong, in words."""
    return SENTENCES[issue.code](issue)


def _either(words: Sequence[str]) -> str:
    """Return some words, at least two, as a choice: `` `bias`, `norm` or `embedding` ``."""
    *first, last = (f"`{word}`" for word in words)
    return f"{listing(first)} or {last}"


def _wrong_type(issue: Issue) -> str:
    # For a union, the sentence is that of the member for which the value was most likely meant.
    wanted = issue.data.get("member") or issue.wanted
    return f"must be {type_in_words(wanted)}, is {shown(issue.value)}"


def _unknown_type(issue: Issue) -> str:
    return nothing_is_called(issue.data["kind"], issue.value)


def _out_of_range(issue: Issue) -> str:
    most = issue.data["most"]
    return f"must be {'> 0' if most is None else f'in (0, {most:g}]'}, is {shown(issue.value)}"


def _pattern_twice(issue: Issue) -> str:
    first = issue.data["rule"]
    where = "in this rule" if first is None else f"in {PARAM_GROUPS}[{first}], which takes what it matches"
    return f"stands already {where}"


def _breaks_a_field(issue: Issue) -> str:
    cause: Issue = issue.data["cause"]
    return f"makes `{path_text(cause.path)}` wrong: {sentence(cause)}" if cause.path else sentence(cause)


def _unusual_rate(issue: Issue) -> str:
    meaning, rates = issue.data["meaning"], issue.data["rates"]
    others = "".join(f"; `{name}` is not given, and is {shown(rate)}" for name, rate in rates.items())
    default = issue.data["default"]
    usual = f", {shown(default)} by default" if default is not None else ""
    return f"{shown(issue.value)} is unusual for {issue.data['name']}, whose `lr` is {meaning.what}{usual}{others}"


def _unreadable(issue: Issue) -> str:
    error = issue.data["error"]
    # Lines that are set in, such as OmegaConf's `full_key: …`, say again where and of what type.
    lines = [line for line in str(error).splitlines() if line and not line[0].isspace()]
    return f"cannot be read: it raised {type(error).__name__}" + (f": {' '.join(lines)}" if lines else "")


def _zero_decay_refused(issue: Issue) -> str:
    cause: Issue = issue.data["cause"]
    return f"sets `{path_text(cause.path)}` to 0, which {sentence(cause)}"


SENTENCES: dict[Code, Callable[[Issue], str]] = {
    "missing": lambda _: "is required and missing",
    "missing-type": lambda _: "`type` is missing",
    "missing-name": lambda _: "is required and missing",
    "unknown-key": lambda _: "unknown key",
    "key-is-no-text": lambda _: "is not a key: keys are texts",
    "same-as": lambda issue: f"means the same as `{issue.data['other']}`",
    "empty": lambda _: "is empty",
    "wrong-type": _wrong_type,
    "not-finite": lambda issue: f"must be a finite number, is {issue.value}",
    "too-large": lambda _: "is too large for a number",
    "out-of-range": _out_of_range,
    "refused": lambda issue: str(issue.data["text"]),
    "too-deep": lambda _: f"is nested more than {DEEPEST} deep, or contains itself",
    "too-many-values": lambda _: f"holds more than {MOST_NODES:,} values",
    "unreadable": _unreadable,
    "no-file-holds": lambda issue: f"is {shown(issue.value)}, which no file can hold",
    "no-component": lambda issue: f"must be a mapping with `type`, is {shown(issue.value)}",
    "no-fields": lambda issue: f"must be a mapping of {issue.data['name']}'s fields, is {shown(issue.value)}",
    "no-plugin-name": lambda issue: f"must be the name of a plugin, is {shown(issue.value)}",
    "unknown-type": _unknown_type,
    "unusable-plugin": lambda issue: str(issue.failure),
    "several-kinds": lambda issue: f"`{issue.value}` is the name of several kinds of plugin",
    "wrong-interval": lambda issue: f"must be `step` or `epoch`, is {shown(issue.value)}",
    "decay-grows": lambda issue: f"must be in (0, 1], is {issue.value}",
    "does-not-fit": lambda issue: str(issue.data["misfit"].sentence),
    "no-config": lambda issue: f"a config is a mapping, this is {shown(issue.value)}",
    "no-clipping": lambda issue: f"must be a mapping or null, is {shown(issue.value)}",
    "no-names": lambda issue: f"must be a mapping of names to components, is {shown(issue.value)}",
    "name-is-no-text": lambda _: "is not a name: names are texts",
    "one-for-several": lambda issue: f"is one {issue.data['part']}, not a mapping of names to several",
    "no-such-optimizer": lambda _: "there is no optimizer of this name",
    "scheduled-twice": lambda issue: f"optimizer_configs.{issue.data['name']} has a scheduler already",
    "names-in-clipping": lambda _: "has the names of sets, and is one clipping for all of them",
    "clipped-twice": lambda issue: f"{issue.data['other']} says already how its gradients are clipped",
    "two-decays": lambda _: "the optimizer's lr_decay_gamma is a schedule already; the two would collide",
    "floor-above-rate": lambda issue: (
        f"must be ≤ the optimizer's lr, which is {issue.data['lr']!r}, is {issue.value!r}"
    ),
    "unusual-rate": _unusual_rate,
    "unread": lambda _: "speaks of what a recipe is about, and is not read where it stands",
    "no-section": lambda issue: f"must be a mapping with an optimizer, is {shown(issue.value)}",
    "empty-section": lambda _: "names no optimizer",
    "rate-of-named-sets": lambda _: "is not the rate of named sets",
    "beside-its-part": lambda issue: f"stands beside the {issue.data['part']} that takes it",
    "of-both-parts": lambda issue: f"is a field of both {' and '.join(issue.data['names'])}",
    "fields-of-nothing": lambda issue: f"has no {issue.data['kind']} beside it",
    "wrong-algorithm": lambda issue: f"must be `norm` or `value`, is {shown(issue.value)}",
    "no-rules": lambda issue: f"must be a list of rules, is {shown(issue.value)}",
    "no-rule": lambda issue: f"must be a mapping with `match`, is {shown(issue.value)}",
    "no-patterns": lambda issue: f"must be text, a list of texts or {{kind: …}}, is {shown(issue.value)}",
    "pattern-twice": _pattern_twice,
    "no-expression": lambda issue: f"is no regular expression: {issue.data['text']}",
    "frozen-with-others": lambda issue: (
        f"is true, so that {listing(issue.data['others'])} would do nothing: what is frozen is not trained"
    ),
    "no-rate": lambda issue: f"{issue.data['name']} has no `lr` that it could multiply",
    "null-rate": lambda issue: f"needs an `{issue.data['rate']}` to multiply, and that is null",
    "no-rate-by-layer": lambda issue: f"{issue.data['name']} has no `lr` that could fall from layer to layer",
    "breaks-a-field": _breaks_a_field,
    "no-kinds": lambda issue: f"must be a list of kinds of parameters, is {shown(issue.value)}",
    "no-kind": lambda issue: f"must be {_either(issue.data['kinds'])}, is {shown(issue.value)}",
    "kind-twice": lambda issue: f"`{issue.value}` stands already in the list",
    "no-decay-field": lambda issue: f"{issue.data['name']} has no `weight_decay` that could be left out",
    "zero-decay-refused": _zero_decay_refused,
    "groups-of-inner": lambda issue: (
        f"{issue.data['name']} has the parameter groups of the optimizer that it is around"
    ),
    "no-override": lambda issue: f"`{issue.value}` is not of the form path=value",
    "no-place-in-list": lambda issue: (
        f"{issue.data['here']} is a list of {issue.data['length']}; `{issue.data['key']}` is no place in it"
    ),
    "not-a-mapping": lambda issue: f"{issue.data['here']} is not a mapping, so it has no `{issue.data['key']}`",
    "no-such-key": lambda issue: f"{issue.data['here']} has no `{issue.data['key']}`",
}
