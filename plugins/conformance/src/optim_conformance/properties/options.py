"""What the options of an optimizer's groups mean to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.properties.fields import HOW
from optim_conformance.properties.steps import nearly_equal
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.alternatives import alternatives
from optim_conformance.trials.rounding import by_rounding
from optim_conformance.trials.training import (
    IDLE,
    Run,
    begin,
    come_apart,
    difference,
    equal,
    has_rate,
    require_finite,
    require_groups,
    trajectory,
    values,
)

if TYPE_CHECKING:
    from torch.nn import Module

__all__ = ["last_layer_apart"]

MOST = 2
# Steps after which most optimizers show that an option is another.
FEW = 5


def last_layer_apart(model: Module) -> list[dict[str, Any]]:
    """Return the model's parameters in two groups, the last layer in one of its own."""
    *first, last = model.children()
    return [
        {"params": [parameter for layer in first for parameter in layer.parameters()]},
        {"params": list(last.parameters())},
    ]


@property_of("optimizer")
def group_options(subject: Subject) -> None:
    """A group that sets an option of the config for itself is trained by that, and the others by the config."""
    require_groups(subject)
    if subject.has_group_options:
        raise DoesNotApply("it makes its groups itself")
    plain = begin(subject)
    keys = [
        key
        for key in subject.fields
        if key in plain.optimizer.param_groups[0] and key != "lr" and _is_read_at_steps(key)
    ]
    if not keys:
        raise DoesNotApply("its groups have no option that the config has, but `lr`")
    plain.go(FEW)
    for key in keys:
        for value in _of_a_group(subject, key):
            if _follows(subject, plain, key, value):
                break


def _is_read_at_steps(key: str) -> bool:
    """Tell whether steps read an option: what a state begins with is read at once, and `foreach` changes no number."""
    return key not in HOW and not key.startswith("initial_")


def _of_a_group(subject: Subject, key: str) -> list[Any]:
    """Return values of an option as they stand in a group."""
    field = subject.fields[key]
    found = [getattr(subject.spec({key: value}).config, field.name) for value in alternatives(subject, key)]
    return [value for value in found if isinstance(value, (bool, int, float, tuple))][:MOST]


def _follows(subject: Subject, plain: Run, key: str, value: Any) -> bool:
    """Tell whether a group that sets `value` for itself follows it; False where that does not show.

    Raises:
        Differs: it does not.
    """

    def groups(model: Module) -> list[dict[str, Any]]:
        first, last = last_layer_apart(model)
        return [first, {**last, key: value}]

    try:
        whole = begin(subject, {key: value}).go(FEW)
        own = begin(subject, groups=groups)
        found = own.optimizer.param_groups[-1].get(key)
        own.go(FEW)
    except Exception:  # noqa: BLE001 - a plugin may refuse a value, or a pair of them, by whatever it raises
        return False
    if found != value:
        raise Differs(f"{key} = {value} in the group that sets it", f"{key} = {found!r:.60}")
    in_last = len(own.optimizer.param_groups[-1]["params"])
    if equal(values(whole)[-in_last:], values(plain)[-in_last:]):
        return False
    if equal(values(own)[-in_last:], values(plain)[-in_last:]):
        raise Differs(f"a group that follows its own {key} = {value}", "it follows the config's")
    return True


@property_of("optimizer")
def changed_options(subject: Subject) -> None:
    """A momentum or weight decay that is changed in the groups between steps makes other next steps."""
    found = False
    for key in ("weight_decay", "momentum", "betas"):
        start = subject.where_accepted({"weight_decay": 0.1})
        kept, changed = begin(subject, start).go(FEW), begin(subject, start).go(FEW)
        value = _another(subject, changed, key)
        whole = _begun(subject, {**start, key: value}) if value is not None else None
        if whole is None or equal(values(whole.go(FEW)), values(kept)):
            continue
        found = True
        for group in changed.optimizer.param_groups:
            group[key] = value
        if _goes_on_as(kept, changed):
            raise Differs(f"other next steps where {key} is changed to {value} after {FEW}", "the same")
    if not found:
        raise DoesNotApply("its groups have neither a momentum nor a weight decay")


def _goes_on_as(kept: Run, changed: Run) -> bool:
    """Tell whether a run ignores what was changed in its groups: whatever it raises, it does not."""
    for _ in range(IDLE):
        try:
            changed.go(1)
        except Exception:  # noqa: BLE001 - a plugin may raise anything
            return False
        if not equal(values(kept.go(1)), values(changed)):
            return False
    return True


def _another(subject: Subject, run: Run, key: str) -> Any:
    """Return another value of an option that all groups have and the config too, None where there is none."""
    if f"fields.{key}" in subject.declared or not all(key in group for group in run.optimizer.param_groups):
        return None
    value = run.optimizer.param_groups[0][key]
    if isinstance(value, tuple) and value and all(isinstance(each, float) for each in value):
        return tuple(each / 2 for each in value)
    return value / 2 if isinstance(value, float) and value else None


@property_of("optimizer")
def options_kept(subject: Subject) -> None:
    """Steps leave the rates and the options of the groups as they are: changing them is for schedules."""
    run = begin(subject)
    before = list(_options(subject, run))
    run.go(5)
    for (key, was), (_, now) in zip(before, _options(subject, run), strict=True):
        if was != now:
            raise Differs(f"{key} = {was!r} after 5 steps", f"{key} = {now!r:.60}")


def _options(subject: Subject, run: Run) -> Iterator[tuple[str, Any]]:
    for group in run.optimizer.param_groups:
        for key in ("lr", *subject.fields):
            if isinstance(group.get(key), (bool, int, float, str, tuple, list)):
                yield key, group[key]


@property_of("optimizer")
def zero_rate(subject: Subject) -> None:
    """A step at a rate of 0, at which schedules begin and end, moves nothing and spoils no step after it."""
    run = begin(subject)
    rates = [group.get("lr") for group in run.optimizer.param_groups]
    if not all(map(has_rate, run.optimizer.param_groups)) or "lr_followed" in subject.declared:
        raise DoesNotApply("it does not follow an `lr` of its groups")
    before = values(run)
    for group in run.optimizer.param_groups:
        group["lr"] = 0.0
    run.go(3)
    require_finite(run)
    if not nearly_equal(before, values(run)):
        raise Differs("the parameters as they were", f"they moved by up to {difference(before, values(run)):.3g}")
    for group, rate in zip(run.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    run.go(IDLE)
    require_finite(run)
    if equal(before, values(run)):
        raise Differs("steps at the usual rate move the parameters", "they do not")


@property_of("optimizer")
def by_degree(subject: Subject) -> None:
    """Twice the `lr`, or twice the `weight_decay`, makes another run: it is their size that counts."""
    for key in ("lr", "weight_decay"):
        if f"fields.{key}" in subject.declared:
            continue
        small, large = (_begun(subject, {key: value}) for value in (0.02, 0.04))
        if small is None or large is None:
            continue
        if not come_apart(small, large, IDLE):
            raise Differs(f"another run with {key}: 0.04 than with {key}: 0.02", "the same")


def _begun(subject: Subject, changes: dict[str, Any]) -> Run | None:
    """Begin a run with other values of fields; None where there are no such fields, or the values are refused."""
    accepted = subject.where_accepted(changes)
    return begin(subject, accepted) if accepted else None


@property_of("optimizer")
def same_either_way(subject: Subject) -> None:
    """Options such as `foreach` and `fused` change how a step is computed, and not what comes of it."""
    if not any(key in subject.fields for key in HOW):
        raise DoesNotApply("it has no such option")
    decay = subject.where_accepted({"weight_decay": 0.1})
    wanted = trajectory(begin(subject, decay), 5)
    allowed = max(1e-5, 20 * by_rounding(subject, trajectory(begin(subject), 5)))
    for key in HOW:
        for value in alternatives(subject, key) if key in subject.fields else ():
            try:
                found = trajectory(begin(subject, {**decay, key: value}), 5)
            except Exception:  # noqa: BLE001 - not every way is there on every device
                continue
            apart = difference(wanted, found)
            if not apart <= allowed:
                raise Differs(f"the same with {key}: {value}", f"parameters that differ by up to {apart:.3g}")
