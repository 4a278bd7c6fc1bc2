"""Issue: what is wrong at one place of a config, as data, on its way up to a ConfigError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from optim_core.text.prose import shortened
from optim_core.text.values import is_list

if TYPE_CHECKING:
    from optim_core.errors import PluginError

__all__ = [
    "DEEPEST",
    "LONGEST_KEY",
    "MOST_NODES",
    "NOTES",
    "Code",
    "ConfigPath",
    "Hint",
    "HintCode",
    "Issue",
    "IssuesError",
    "Position",
    "in_order",
    "path_text",
]

ConfigPath = tuple[str | int, ...]
# A line and a column in a file, both counted from 1.
Position = tuple[int, int]

LONGEST_KEY = 200
MOST_NODES = 10_000
DEEPEST = 50

# Each code says what is wrong; its sentence stands in `advice.sentences`.
Code = Literal[
    # Whatever stands in a config.
    "missing",
    "missing-type",
    "missing-name",
    "unknown-key",
    "key-is-no-text",
    "same-as",
    "empty",
    "wrong-type",
    "not-finite",
    "too-large",
    "out-of-range",
    "refused",
    "too-deep",
    "too-many-values",
    "unreadable",
    "no-file-holds",
    # A component.
    "no-component",
    "no-fields",
    "no-plugin-name",
    "unknown-type",
    "unusable-plugin",
    "several-kinds",
    "wrong-interval",
    "decay-grows",
    "does-not-fit",
    # A recipe and named sets.
    "no-config",
    "no-clipping",
    "no-names",
    "name-is-no-text",
    "one-for-several",
    "no-such-optimizer",
    "scheduled-twice",
    "clipped-twice",
    "names-in-clipping",
    "two-decays",
    "floor-above-rate",
    # Other forms.
    "unread",
    "unusual-rate",
    "no-section",
    "empty-section",
    "rate-of-named-sets",
    "beside-its-part",
    "of-both-parts",
    "fields-of-nothing",
    "wrong-algorithm",
    # What is said of some parameters.
    "no-rules",
    "no-rule",
    "no-patterns",
    "pattern-twice",
    "no-expression",
    "frozen-with-others",
    "no-rate",
    "null-rate",
    "no-rate-by-layer",
    "breaks-a-field",
    "no-kinds",
    "no-kind",
    "kind-twice",
    "no-decay-field",
    "zero-decay-refused",
    "groups-of-inner",
    # An override.
    "no-override",
    "no-place-in-list",
    "not-a-mapping",
    "no-such-key",
]

# What has one of these is right: its author is warned of it.
NOTES: frozenset[Code] = frozenset({"unread", "unusual-rate"})

# Each code says what repairs an issue; its sentence stands in `advice.hints`.
HintCode = Literal[
    "said",
    "first-of",
    # A value.
    "write-bool",
    "write-null",
    "write-number",
    "write-list",
    "near-choice",
    "leave-it-out",
    "auto",
    "keep-one",
    "take-one-away",
    "plain-data",
    "python-code",
    # A field and a key.
    "needs-a-value",
    "field",
    "takes",
    "field-of-component",
    "left-out",
    "flat-field",
    "near-config",
    "beside-config",
    "key-beside",
    "stray-key",
    "key-of-recipe",
    "no-field-of-kind",
    "move-beside-type",
    "near-beside-type",
    "move-into-part",
    "or-lead-to-it",
    "move-into-params",
    # A component.
    "component",
    "where-the-type-is",
    "unknown-type",
    "pass-kind",
    "decay",
    "install-decay",
    "fit-length",
    # A recipe and named sets.
    "config",
    "section-name",
    "looks-like-a-recipe",
    "recipe-or-component",
    "names-no-optimizer",
    "recipe-key",
    "optimizer-example",
    "clipping",
    "one-name-each",
    "names",
    "one-or-named",
    "near-optimizer",
    "one-schedule",
    "one-clipping",
    "clipping-by-name",
    "make-it-a-pair",
    "take-one-decay-out",
    "lower-the-floor",
    # Other forms.
    "leave-clipping-out",
    "read-elsewhere",
    "give-both-rates",
    "section-example",
    "other-section",
    "give-each-a-rate",
    "whose-it-is",
    "name-the-part",
    "names-the-part",
    # What is said of some parameters.
    "rules",
    "rule",
    "pattern",
    "first-match-wins",
    "regular-expression",
    "unfreeze",
    "freeze-instead",
    "give-a-rate",
    "rule-key",
    "kinds",
    "kind",
    "kind-key",
    "kind-to-match",
    "kinds-to-match",
    "beside-inner",
    # An override.
    "near-beside-config",
    "near-path",
]


class Hint(NamedTuple):
    """What repairs an issue, as data.

    Args:
        code: which repair.
        data: what its sentence is made of.
    """

    code: HintCode
    data: Mapping[str, Any] = {}

    @classmethod
    def of(cls, code: HintCode, **data: Any) -> Hint:
        return cls(code, data)


class Issue(NamedTuple):
    """What is wrong at one place below a value. No sentence is in it, so that nothing can depend on one.

    Args:
        code: what is wrong.
        path: where, relative to that value.
        value: what stands there.
        wanted: the type of what may stand there.
        data: what else the sentence is made of.
        hint: what repairs it.
        failure: set where the config may be right and the plugin that it names cannot be used.
    """

    code: Code
    path: ConfigPath = ()
    value: Any = None
    wanted: Any = None
    data: Mapping[str, Any] = {}
    hint: Hint | None = None
    failure: PluginError | None = None

    def below(self, *prefix: str | int) -> Issue:
        """Return the same issue of a value in which this one stands at `prefix`."""
        return self._replace(path=(*prefix, *self.path))

    def repaired(self, code: HintCode, **data: Any) -> Issue:
        """Return the same issue with this hint."""
        return self._replace(hint=Hint(code, data))


class IssuesError(Exception):
    """Carries the issues of a value up to where its place in the config is known."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__(issues)
        self.issues = issues


def path_text(path: ConfigPath) -> str:
    """Return ``("schedulers", 0, "type")`` as ``schedulers[0].type``; a key of thousands of letters is cut short."""
    text = ""
    for step in path:
        step = shortened(step, LONGEST_KEY) if isinstance(step, str) else step
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def in_order(issues: Iterable[Issue], config: Any) -> list[Issue]:
    """Return the issues in the order in which their places stand in `config`, what is missing last in its mapping."""
    places: dict[int, dict[Any, int]] = {}
    return sorted(issues, key=lambda issue: _place(issue.path, config, places))


def _place(path: ConfigPath, config: Any, places: dict[int, dict[Any, int]]) -> list[int]:
    """Return for each step of the path the number of its entry; `places` keeps those of the mappings on the way."""
    found = []
    for step in path:
        if isinstance(config, Mapping):
            of_keys = places.get(id(config))
            if of_keys is None:
                of_keys = places[id(config)] = {key: place for place, key in enumerate(config)}
            found.append(of_keys.get(step, len(of_keys)))
            config = config.get(step)
        elif is_list(config) and isinstance(step, int):
            found.append(step)
            config = config[step] if step < len(config) else None
    return found
