"""A config file to the mapping in it, and where each key stands; overrides such as ``optimizer.config.lr=3e-4``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from optim_core.errors import ConfigError, Problem

__all__ = ["Document", "apply_overrides", "load"]

LARGEST = 4 * 1024 * 1024
DEEPEST_FLOW = 200

Position = tuple[int, int]
ConfigPath = tuple[str | int, ...]


class Document(NamedTuple):
    """What a file holds.

    Args:
        file: its name, as the caller gave it.
        value: the config in it.
        locate: path in the config to 1-based line and column; None where the place is unknown.
    """

    file: str
    value: Any
    locate: Callable[[ConfigPath], Position | None]


def load(path: str | Path) -> Document:
    """Reads a YAML or JSON file, by its ending: ``.yaml``, ``.yml``, ``.json``.

    Raises:
        ConfigError: the file cannot be read or parsed; the problem holds line and column where the parser knows them.
    """
    file = Path(path)
    text = _read(file)
    readers = {".yaml": _read_yaml, ".yml": _read_yaml, ".json": _read_json}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise _problem(file, f"a config file ends in {', '.join(readers)}; this one ends in `{file.suffix}`")
    return reader(file, text)


def _problem(file: Path, message: str, position: Position = (0, 0), hint: str | None = None) -> ConfigError:
    line, column = position
    return ConfigError(
        [Problem(path="", message=message, hint=hint, file=str(file), line=line or None, column=column or None)]
    )


def _read(file: Path) -> str:
    # A FIFO or a device would be waited for without end, so only regular files are opened.
    if file.is_dir():
        raise _problem(file, "is a folder, not a config file")
    if not file.exists():
        raise _problem(file, "there is no such file")
    if not file.is_file():
        raise _problem(file, "is not a regular file")
    try:
        data = file.read_bytes()[: LARGEST + 1]
    except OSError as error:
        raise _problem(file, f"cannot be read: {error.strerror}") from None
    if len(data) > LARGEST:
        raise _problem(file, f"is larger than {LARGEST // 1024 // 1024} MiB, which no config is")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _problem(file, "is not UTF-8 text", (line, error.start - data.rfind(b"\n", 0, error.start))) from None
    if not text.strip():
        raise _problem(file, "is empty", hint="an optimizer is `optimizer: {type: AdamW, config: {lr: 1e-3}}`")
    return text


def _read_json(file: Path, text: str) -> Document:
    import json

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(items)
        if len(mapping) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise _problem(file, f"the key `{twice}` stands twice in one mapping", hint="keep one of them")
        return mapping

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise _problem(file, f"is not JSON: {error.msg}", (error.lineno, error.colno)) from None
    except RecursionError:
        raise _problem(file, "is nested too deeply for a config") from None

    def locate(path: ConfigPath) -> Position | None:
        # JSON is YAML but for rare escapes, and json itself keeps no positions.
        try:
            return _read_yaml(file, text).locate(path)
        except ConfigError:
            return None

    return Document(str(file), value, locate)


def _read_yaml(file: Path, text: str) -> Document:
    from optim_core.yaml_nodes import YamlProblem, compose, position_of, value_of

    try:
        root = compose(text)
        value = value_of(root)
    except YamlProblem as problem:
        raise _problem(file, problem.message, problem.position, problem.hint) from None
    return Document(str(file), value, lambda path: position_of(root, path))


def apply_overrides(config: Any, overrides: Iterable[str]) -> Any:
    """`config` with values replaced: ``optimizer.config.lr=3e-4``; the caller's mapping stays as it is.

    Args:
        config: a config mapping.
        overrides: ``path=value`` each, the path with dots between its keys (a number for a place in a list), the value
            as YAML writes it. The mappings on the way must exist; the last key may be new.

    Raises:
        ConfigError: an override without ``=``, or a path that leads nowhere.
    """
    from optim_core.yaml_nodes import YamlProblem, compose, value_of

    problems = []
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals or not path.strip():
            problems.append(Problem(path="", message=f"`{override}` is not of the form path=value", file="--set"))
            continue
        try:
            value = value_of(compose(text)) if text.strip() else None
            config = _replaced(config, path.strip().split("."), value, path.strip())
        except YamlProblem as problem:
            problems.append(Problem(path=path, message=problem.message, hint=problem.hint, file="--set"))
        except _NoSuchPlaceError as nowhere:
            problems.append(Problem(path=path, message=nowhere.message, hint=nowhere.hint, file="--set"))
    if problems:
        raise ConfigError(problems)
    return config


class _NoSuchPlaceError(Exception):
    def __init__(self, message: str, hint: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def _replaced(config: Any, keys: list[str], value: Any, whole: str) -> Any:
    if not keys:
        return value
    from optim_core.names import listing, nearest

    key, rest = keys[0], keys[1:]
    done = whole.removesuffix(".".join(keys)).rstrip(".") or "the config"
    if isinstance(config, list):
        place = int(key) if key.isdecimal() else len(config)
        if place >= len(config):
            raise _NoSuchPlaceError(f"{done} is a list of {len(config)}; `{key}` is no place in it", None)
        return [_replaced(item, rest, value, whole) if at == place else item for at, item in enumerate(config)]
    if not isinstance(config, Mapping):
        raise _NoSuchPlaceError(f"{done} is not a mapping, so it has no `{key}`", None)
    if rest and key not in config:
        near = nearest(key, [name for name in config if isinstance(name, str)])
        keys_there = listing(str(name) for name in config) or "nothing"
        hint = f"did you mean `{near}`? {done} has: {keys_there}" if near else f"{done} has: {keys_there}"
        raise _NoSuchPlaceError(f"{done} has no `{key}`", hint)
    return {**config, key: _replaced(config.get(key), rest, value, whole)}
