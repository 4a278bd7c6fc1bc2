"""What is wrong with the values of a saved state, next to those that the live object would save now.

A value that is the live one's is right, whatever it is. Of any other, kind, size and range have to be those of the live
one; nothing here changes anything, so that a state is looked at whole before any of it is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from optim_core.run.distributed.shards import is_divided
from optim_core.text.values import shown

__all__ = [
    "HOW",
    "MOST",
    "entries_of",
    "is_count",
    "kept_in",
    "misfits_of_entries",
    "misfits_of_kept",
    "misfits_of_options",
    "misfits_of_schedule",
    "same",
]

MOST = 2**40
"""No run takes more steps."""

# No option of an optimizer is larger, but where the live one's is.
LARGEST = 1e15

# These are numbers that no optimizer of torch's takes below 0, whatever its options are called beside them.
_NOT_NEGATIVE = frozenset(
    {
        *(
            "lr",
            "initial_lr",
            "max_lr",
            "min_lr",
            "weight_decay",
            "eps",
            "momentum",
            "lr_decay",
            "alpha",
            "lambd",
            "t0",
        ),
        *("betas", "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size", "ns_steps"),
        *("base_lrs", "_last_lr", "min_lrs", "max_lrs", "lr_multiplier", "step_size", "max_momentum", "base_momentum"),
    }
)
# State of torch's optimizers that is a sum or a mean of squares, or counts.
_SQUARES = frozenset(
    {
        *("exp_avg_sq", "max_exp_avg_sq", "exp_inf", "sum", "square_avg", "acc_delta", "row_var", "col_var"),
        *("variance", "step_size", "eta", "mu", "step", "func_evals", "n_iter"),
    }
)
_BELOW_ONE = frozenset({"betas", "momentum", "base_momentum", "max_momentum"})
# How an optimizer computes, and not what; a state saved elsewhere may say it otherwise.
HOW = frozenset({"foreach", "fused", "capturable", "differentiable"})

# What changes in the state of torch's schedules as they are stepped; all else follows from their config.
_MOVES = frozenset(
    {"last_epoch", "_step_count", "_last_lr", "best", "num_bad_epochs", "cooldown_counter", "T_cur", "T_i"}
)
_COUNTS = frozenset(
    {
        *("last_epoch", "_step_count", "num_bad_epochs", "num_good_epochs", "cooldown_counter", "warmup_counter"),
        *("T_i", "current"),
    }
)
_WAITING = frozenset({"last_epoch", "T_cur"})
# Of a schedule that is made of others, the states of those.
_PARTS = ("_schedulers", "schedulers")

Where = str


def is_count(value: Any, least: int = 0) -> bool:
    """Tell whether a value is a whole number of steps that a run may take.

    Args:
        value: the value.
        least: the smallest that it may be.
    """
    return type(value) is int and least <= value <= MOST


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are of one kind and equal; tuple and list are one kind."""
    if is_tensor(one) or is_tensor(other):
        if not (is_tensor(one) and is_tensor(other)) or one.shape != other.shape or one.dtype != other.dtype:
            return False
        return not one.is_meta and not other.is_meta and bool(one.detach().cpu().equal(other.detach().cpu()))
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return type(one) is type(other) and bool(one == other)


def is_tensor(value: Any) -> bool:
    """Tell whether a value is a tensor; torch is not imported for it."""
    return hasattr(value, "is_meta") and hasattr(value, "dtype")


# -- what is kept for each parameter ---------------------------------------------------------------------------------


def entries_of(states: Any) -> dict[Any, dict[str, str]]:
    """Return what the state of an optimizer holds for each parameter: path of each value to what it looks like.

    It is plain data, which stands in a saved state beside the values, so that it can be seen whether they are whole.
    """
    if not isinstance(states, Mapping):
        return {}
    return {key: dict(_looks(entries, "")) for key, entries in states.items()}


def _looks(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        yield path, "mapping"
        for key, item in value.items():
            yield from _looks(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        yield path, f"list of {len(value)}"
        for place, item in enumerate(value):
            yield from _looks(item, f"{path}[{place}]")
    else:
        yield path, _look(value)


def _look(value: Any) -> str:
    if is_tensor(value):
        return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
    return type(value).__name__


def misfits_of_entries(states: Mapping[Any, Any], saved: Any, groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with the saved state of parameters.

    Args:
        states: what is kept for each parameter, by its number.
        saved: what `entries_of` said of it when it was saved; None where that is not known.
        groups: the saved groups, which have the numbers of their parameters.
    """
    numbers = {number for group in groups for number in group["params"]}
    if isinstance(saved, Mapping):
        found = entries_of(states)
        for number in dict.fromkeys([*saved, *found]):
            yield from _unlike(saved.get(number), found.get(number), f"state[{number!r}]")
    elif saved is not None:
        yield "what was said of its state is no mapping"
    for number, entries in states.items():
        where = f"state[{number!r}]"
        if number not in numbers and (isinstance(number, int) or not isinstance(saved, Mapping)):
            yield f"{where}: there is no parameter of this number in its groups"
        elif not isinstance(entries, Mapping):
            if number in numbers:
                yield f"{where}: must be a mapping, is {shown(entries)}"
        else:
            for key, value in entries.items():
                yield from _of_entry(value, str(key), f"{where}.{key}")


def _unlike(before: Any, now: Mapping[str, str] | None, where: Where) -> Iterator[str]:
    """Yield how the state of one parameter differs from what was said of it."""
    if not isinstance(before, Mapping) or now is None:
        yield f"{where}: {'is missing' if now is None else 'was not there when it was saved'}"
        return
    for path in dict.fromkeys([*before, *now]):
        at = f"{where}.{path}" if path else where
        if path not in now:
            yield f"{at}: is missing, it was {before[path]}"
        elif path not in before:
            yield f"{at}: was not there when it was saved"
        elif before[path] != now[path]:
            yield f"{at}: was {before[path]} and is {now[path]}"


def _of_entry(value: Any, name: str, where: Where) -> Iterator[str]:
    """Yield what is wrong with a value that is kept for a parameter, whatever it is."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _of_entry(item, str(key), f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for place, item in enumerate(value):
            yield from _of_entry(item, name, f"{where}[{place}]")
    elif is_tensor(value):
        yield from _of_tensor(value, name, where)
    elif isinstance(value, float) and math.isnan(value):
        yield f"{where}: is not a number (nan)"
    elif name == "step" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        yield f"{where}: must be a number of steps, is {shown(value)}"
    elif name in _SQUARES and isinstance(value, (int, float)) and value < 0:
        yield f"{where}: must be ≥ 0, is {shown(value)}"
    elif name == "step" and (value > MOST or value != int(value)):
        yield f"{where}: must be a whole number of steps, is {shown(value)}"


def _of_tensor(value: Any, name: str, where: Where) -> Iterator[str]:
    local = value.to_local() if is_divided(value) else value
    if local.is_meta or not local.numel() or not (local.is_floating_point() or name in _SQUARES):
        return
    local = local.detach()
    # In half precision a mean of squares may overflow in a run that goes on.
    if local.is_floating_point() and bool((local.isnan() if local.element_size() < 4 else ~local.isfinite()).any()):
        yield f"{where}: holds what is no finite number"
    elif name in _SQUARES and bool((local < 0).any()):
        yield f"{where}: holds numbers below 0"
    elif name == "step" and bool(((local > MOST) | (local != local.floor())).any()):
        yield f"{where}: must be a whole number of steps"


# -- the options of a group ------------------------------------------------------------------------------------------


def misfits_of_options(
    live: Mapping[str, Any], saved: Mapping[str, Any], given: Mapping[str, Any], where: Where
) -> Iterator[str]:
    """Yield what is wrong with the saved options of a group.

    Args:
        live: those of the live group.
        saved: the saved ones.
        given: what the optimizer itself puts in where an option is missing, as in a state of an older torch.
        where: the path of the group.
    """
    for key, value in live.items():
        if key in saved:
            yield from _of_option(value, saved[key], key, f"{where}.{key}")
        elif key not in given:
            yield f"{where}.{key}: is missing"
        elif not same(given[key], value) and key not in HOW:
            yield f"{where}.{key}: is missing, and would be {shown(given[key])}, where it is {shown(value)} here"


def kept_in(groups: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what groups hold beside the options that their optimizer was made with: key to what it looks like."""
    return [
        {key: _look(value) for key, value in group.items() if isinstance(key, str) and key not in (*options, "params")}
        for group in groups
    ]


def misfits_of_kept(live: Mapping[str, Any], saved: Mapping[str, Any], kept: Any, place: int) -> Iterator[str]:
    """Yield what is wrong with what a saved group holds, and the live one only after some steps.

    Args:
        live: the options of the live group.
        saved: the saved group.
        kept: what `kept_in` said of all groups when they were saved; None where that is not known.
        place: the number of the group.
    """
    looks = kept[place] if isinstance(kept, (list, tuple)) and place < len(kept) else {}
    where = f"param_groups[{place}]"
    for key, look in looks.items() if isinstance(looks, Mapping) else ():
        value = saved.get(key)
        if key in live or key in ("param_names", "name"):
            continue
        if key not in saved or _look(value) != look:
            yield f"{where}.{key}: was {look} and is {shown(value) if key in saved else 'missing'}"
        elif type(value) is int and not is_count(value):
            yield f"{where}.{key}: must be a whole number of steps, is {shown(value)}"
        elif isinstance(value, float) or is_tensor(value):
            yield from _of_entry(value, key, f"{where}.{key}")


def _of_option(live: Any, saved: Any, name: str, where: Where) -> Iterator[str]:
    if same(live, saved):
        return
    wrong = _other_kind(live, saved, name)
    if wrong is not None:
        yield f"{where}: {wrong}"
    elif isinstance(saved, (list, tuple)) and not isinstance(live, str):
        for place, (item, other) in enumerate(zip(live, saved, strict=True)):
            yield from _of_option(item, other, name, f"{where}[{place}]")
    elif isinstance(saved, Mapping):
        for key in live:
            yield from _of_option(live[key], saved[key], str(key), f"{where}.{key}")
    else:
        yield from _out_of_range(live, saved, name, where)


def _other_kind(live: Any, saved: Any, name: str) -> str | None:
    """Return what is wrong with the kind of a value, None where it is that of the live one."""
    if name in HOW and (saved is None or live is None):
        return None if saved is None or isinstance(saved, bool) else f"must be true, false or null, is {shown(saved)}"
    if live is None:
        return f"must be null, is {shown(saved)}" if isinstance(saved, (str, bool, Mapping, list)) else None
    if is_tensor(live):
        if is_tensor(saved):
            return None if saved.shape == live.shape else f"must be of the shape {list(live.shape)}"
        return None if live.numel() == 1 and _is_number(saved) else f"must be a tensor, is {shown(saved)}"
    if name == "_last_lr" and is_tensor(saved) and saved.numel() == 1:
        # It is what the rates are, which may be in tensors; a schedule reads it no more.
        return None
    for kind, takes, word in _KINDS:
        if isinstance(live, kind):
            return None if takes(saved) else f"must be {word}, is {shown(saved)}"
    if isinstance(live, (list, tuple)):
        alike = isinstance(saved, (list, tuple)) and len(saved) == len(live)
        return None if alike else f"must be a list of {len(live)}, is {shown(saved)}"
    if isinstance(live, Mapping):
        alike = isinstance(saved, Mapping) and saved.keys() == live.keys()
        return None if alike else f"must be a mapping with {', '.join(map(str, live))}, is {shown(saved)}"
    return None if type(saved) is type(live) else f"must be {shown(live)}, is {shown(saved)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# A bool is an int to Python, so that it comes first.
_KINDS: tuple[tuple[type, Callable[[Any], bool], str], ...] = (
    (bool, lambda saved: isinstance(saved, bool), "true or false"),
    (int, lambda saved: type(saved) is int, "a whole number"),
    (float, _is_number, "a number"),
    (str, lambda saved: isinstance(saved, str), "text"),
)


def _out_of_range(live: Any, saved: Any, name: str, where: Where) -> Iterator[str]:
    value = saved.item() if is_tensor(saved) and saved.numel() == 1 and not saved.is_meta else saved
    if not _is_number(value):
        return
    usual = not _is_number(live) or abs(live) <= LARGEST
    if value != value or (usual and abs(value) > LARGEST):
        yield f"{where}: must be a finite number, is {shown(value)}"
    elif name in _NOT_NEGATIVE and value < 0:
        yield f"{where}: must be ≥ 0, is {shown(value)}"
    elif name in _BELOW_ONE and value > 1:
        yield f"{where}: must be ≤ 1, is {shown(value)}"


# -- schedules -------------------------------------------------------------------------------------------------------


def misfits_of_schedule(live: Any, saved: Any, where: Where, *, as_made: bool, waits: bool = False) -> Iterator[str]:
    """Yield what is wrong with the saved state of a schedule.

    Args:
        live: the live schedule.
        saved: the state.
        where: its path.
        as_made: whether the saved one was made from the same config, for the same length.
        waits: whether it may wait in a sequence for its first step, before which torch counts from -1.
    """
    if not isinstance(saved, Mapping):
        yield f"{where}: must be a mapping, is {shown(saved)}"
        return
    own = live.state_dict()
    for key in saved:
        if key not in own and (not isinstance(key, str) or key == "optimizer" or hasattr(type(live), key)):
            yield f"{where}.{key}: is no state of a {type(live).__name__}"
    moves = _moves_of(live)
    for key, value in own.items():
        parts = getattr(live, key, None) if key in _PARTS else None
        if key not in saved:
            # What follows from the config stays as the live schedule has it, which may be of a newer torch.
            if moves is None or key in moves or parts is not None:
                yield f"{where}.{key}: is missing"
        elif isinstance(parts, list):
            yield from _of_parts(parts, saved[key], f"{where}.{key}", as_made=as_made)
        else:
            stays = as_made and moves is not None and key not in moves
            value = _with_later_groups(value, saved[key], len(live.optimizer.param_groups))
            if not (waits and key in _WAITING and type(saved[key]) is int and saved[key] == -1):
                yield from _of_schedules_value(value, saved[key], key, f"{where}.{key}", stays=stays)


def _with_later_groups(live: Any, saved: Any, count: int) -> Any:
    """Return a list with a value for each group, also those that a schedule takes in when it is stepped next."""
    if not isinstance(live, list) or not isinstance(saved, list) or not len(live) < len(saved) == count:
        return live
    later = saved[len(live) :]
    known = all(each is None or (_is_number(each) and 0 <= each <= LARGEST) for each in later)
    return [*live, *later] if known else live


def _of_schedules_value(live: Any, saved: Any, name: str, where: Where, *, stays: bool) -> Iterator[str]:
    """Yield what is wrong with one value; `stays` says that it follows from the config."""
    if name in _COUNTS and type(live) is int:
        if not is_count(saved):
            yield f"{where}: must be a whole number of steps, is {shown(saved)}"
    elif not stays:
        yield from _of_moving(live, saved, name, where)
    elif not _follows(live, saved):
        yield f"{where}: is {shown(saved)}, and by this config it is {shown(live)}"


def _moves_of(live: Any) -> frozenset[str] | None:
    """Return what changes in a schedule's state as it is stepped; None where nobody says so."""
    moves = getattr(live, "moves", None)
    if isinstance(moves, frozenset):
        return moves
    return _MOVES if type(live).__module__.startswith("torch.") else None


def _of_parts(parts: list[Any], saved: Any, where: Where, *, as_made: bool) -> Iterator[str]:
    if not isinstance(saved, (list, tuple)) or len(saved) != len(parts):
        yield f"{where}: must be a list of {len(parts)}, is {shown(saved)}"
        return
    for place, (part, state) in enumerate(zip(parts, saved, strict=True)):
        yield from misfits_of_schedule(part, state, f"{where}[{place}]", as_made=as_made, waits=True)


def _of_moving(live: Any, saved: Any, name: str, where: Where) -> Iterator[str]:
    """Yield what is wrong with a value that is another one after some steps."""
    if name == "T_cur" and _is_number(saved) and saved == saved and 0 <= saved <= MOST:
        return
    if name == "best" and _is_number(live):
        if not _is_number(saved) or saved != saved:
            yield f"{where}: must be a number, is {shown(saved)}"
        return
    if same(live, saved):
        return
    if _is_growing(live, name) and isinstance(saved, (list, tuple)):
        wrong = [item for item in saved if not _is_number(item) or not math.isfinite(item)]
        if wrong:
            yield f"{where}: must be a list of finite numbers, one is {shown(wrong[0])}"
        return
    yield from _of_option(live, saved, name, where)


def _is_growing(live: Any, name: str) -> bool:
    """Tell whether a value is a list of numbers that may have another length after some steps."""
    return isinstance(live, list) and name != "_last_lr" and all(map(_is_number, live))


def _follows(live: Any, saved: Any) -> bool:
    """Tell whether a saved value is that of the config; a flag that torch only sets while it steps is."""
    if same(live, saved):
        return True
    if isinstance(live, Mapping) and isinstance(saved, Mapping):
        return live.keys() == saved.keys() and all(_follows(value, saved[key]) for key, value in live.items())
    return type(live) is type(saved) is float and math.isclose(live, saved, rel_tol=1e-12)
