"""What must be true of a plugin's config and of what is built from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from optim_conformance.kinds import EVERY_KIND, RECIPE_KINDS
from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.alternatives import alternatives
from optim_conformance.trials.live import built
from optim_conformance.trials.traces import same, time_to_try, trace
from optim_conformance.trials.training import begin, equal, model_of, values
from optim_core.errors import ConfigError

__all__: list[str] = []

STRANGE = "a_key_that_no_plugin_has"


# Some plugins compile a kernel when they are built for the first time.
@property_of(*EVERY_KIND, declarable=False, needs_build=False, seconds=120.0)
def defaults(subject: Subject) -> None:
    """With the defaults, or the class's `example` where fields are required, it builds what its kind is to build."""
    try:
        subject.spec()
    except ConfigError as error:
        hint = "" if hasattr(subject.cls, "example") else "; give the class an `example: ClassVar` that is valid"
        raise Differs("a config that is accepted", f"{subject.config} is refused: {error}{hint}") from error
    built(subject)


@property_of(*EVERY_KIND, declarable=False, needs_step=False)
def round_trip(subject: Subject) -> None:
    """The config that `to_config` writes is plain data, and builds an equal spec, by way of JSON, for all values."""
    _comes_back(subject, subject.spec())
    for key in subject.fields:
        for value in alternatives(subject, key)[:3]:
            _comes_back(subject, subject.spec({key: value}))


def _comes_back(subject: Subject, spec: Any) -> None:
    try:
        config = subject.known_to.to_config(spec)
    except ConfigError as error:
        raise Differs("a config of plain data", str(error)) from error
    again = subject.known_to.build(json.loads(json.dumps(config)), subject.kind)
    if again != spec:
        raise Differs(f"{spec.config!r}", f"{again.config!r}")


@property_of(*EVERY_KIND, declarable=False, needs_step=False)
def unknown_keys(subject: Subject) -> None:
    """A key that is no field is refused, in a config and by the class itself."""
    if STRANGE in subject.fields:
        raise DoesNotApply("it has a field of that name")
    given = {key: getattr(subject.spec().config, field.name) for key, field in subject.fields.items()}
    try:
        subject.spec({STRANGE: 1})
    except ConfigError:
        pass
    else:
        raise Differs("a ConfigError", f"a config with {STRANGE} is accepted")
    try:
        subject.cls(**given, **{STRANGE: 1})
    except TypeError:
        return
    raise Differs("a TypeError", f"{subject.cls.__name__}({STRANGE}=1) is accepted")


@property_of(*RECIPE_KINDS)
def deterministic(subject: Subject) -> None:
    """Two builds of one config do the same, to the last bit, and neither changes the config."""
    spec = subject.spec()
    before = repr(spec.config)
    first, second = trace(subject), trace(subject)
    built(subject, spec)
    if repr(spec.config) != before:
        raise Differs(f"the config as it was, {before}", f"{spec.config!r}")
    if not same(first, second):
        raise Differs("two equal runs", "the second run differs from the first")


@property_of("optimizer", needs_step=False)
def build_only_reads(subject: Subject) -> None:
    """Building changes no parameter, sets no gradient, and leaves the list that it is given as it is."""
    model = model_of(subject)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    run = begin(subject, model=model)
    if not equal(before, values(run)):
        raise Differs("the parameters as they were", "building changed them")
    if any(parameter.grad is not None or not parameter.requires_grad for parameter in model.parameters()):
        raise Differs("trainable parameters without gradients", "building set gradients or froze parameters")
    if subject.has_group_options:
        return
    given = list(model.parameters())
    subject.spec().build_for(given, [model])
    if list(map(id, given)) != list(map(id, model.parameters())):
        raise Differs("the list of parameters as it was given", f"building left {len(given)} of {len(before)} in it")


@property_of("optimizer", seconds=300.0, needs_step=False)
def options(subject: Subject) -> None:
    """What the config says stands in the groups of the optimizer under the same name."""
    for key in time_to_try(subject, subject.fields):
        field = subject.fields[key]
        for change in ({}, *({key: value} for value in _telling(subject, key))):
            try:
                spec = subject.spec(change)
                groups = begin(subject, change).optimizer.param_groups
            except Exception:  # noqa: BLE001 - what is refused is looked at by `fields`
                continue
            _compare(key, getattr(spec.config, field.name), groups)


def _telling(subject: Subject, key: str) -> list[Any]:
    """Return two values of a field, and what may be taken for no value at all: zero, False, None."""
    found = alternatives(subject, key)
    return [*found[:2], *(value for value in found[2:] if not value)]


def _compare(key: str, wanted: Any, groups: Iterable[Mapping[str, Any]]) -> None:
    found = [group[key] for group in groups if key in group]
    if found and wanted is not None and wanted != "auto" and not any(_agrees(wanted, each) for each in found):
        raise Differs(f"{key} = {wanted!r} in a group", f"{key} = {found[0]!r:.60}")


def _agrees(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(wanted) == len(found) and all(map(_agrees, wanted, found))
    if isinstance(found, (bool, int, float, str)) and isinstance(wanted, (bool, int, float, str)):
        return bool(found == wanted)
    # The plugin has turned the value into something that is not compared: a tensor, a dtype, a function.
    return True
