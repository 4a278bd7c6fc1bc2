"""A config file to the mapping in it, and where each key stands."""

from __future__ import annotations

from pathlib import Path

from optim_core.config.document import Document
from optim_core.config.issues import Position
from optim_core.errors import ConfigError, Problem

__all__ = ["load"]


LARGEST = 4 * 1024 * 1024


def load(path: str | Path) -> Document:
    """Reads a YAML, JSON or TOML file, by its ending: ``.yaml``, ``.yml``, ``.json``, ``.toml``.

    Raises:
        ConfigError: the file cannot be read or parsed; the problem holds line and column where the parser knows them.
    """
    file = Path(path)
    if "\n" in str(path):
        hint = "this is the text of a config; give the path of its file, or a mapping"
        raise ConfigError([Problem(path="", message="a path has one line", hint=hint)])
    text = _read(file)
    readers = {".yaml": _read_yaml, ".yml": _read_yaml, ".json": _read_json, ".toml": _read_toml}
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
    try:
        # A FIFO or a device would be waited for without end, so only regular files are opened.
        if file.is_dir():
            raise _problem(file, "is a folder, not a config file")
        if not file.exists():
            raise _problem(file, "there is no such file")
        if not file.is_file():
            raise _problem(file, "is not a regular file")
        with file.open("rb") as stream:
            data = stream.read(LARGEST + 1)
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
    from optim_core.config.formats.json_reader import JsonProblem, read_json

    try:
        value, places = read_json(text)
    except JsonProblem as problem:
        raise _problem(file, problem.message, problem.position, problem.hint) from None
    return Document(str(file), value, places.of)


def _read_yaml(file: Path, text: str) -> Document:
    from optim_core.config.formats.yaml_reader import Positions, YamlProblem, compose, value_of

    try:
        root = compose(text)
        value = value_of(root)
    except YamlProblem as problem:
        raise _problem(file, problem.message, problem.position, problem.hint) from None
    return Document(str(file), value, Positions(root).of)


def _read_toml(file: Path, text: str) -> Document:
    from optim_core.config.formats.toml_reader import TomlProblem, read_toml

    try:
        value, places = read_toml(text)
    except TomlProblem as problem:
        raise _problem(file, problem.message, problem.position, problem.hint) from None
    return Document(str(file), value, places.of)
