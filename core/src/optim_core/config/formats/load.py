"""A config file to the mapping in it, and where each key stands."""

from __future__ import annotations

from pathlib import Path

from optim_core.config.document import Document
from optim_core.config.formats.format import Format, FormatError
from optim_core.config.issues import Position
from optim_core.errors import ConfigError, Problem

__all__ = ["FORMATS", "LARGEST", "document_of", "endings", "format_of", "formats", "has_comments", "load", "read_text"]

LARGEST = 4 * 1024 * 1024

# To add a format is to write its module and its row here.
FORMATS = (
    Format("yaml", (".yaml", ".yml"), "optim_core.config.formats.yaml_format", "YAML"),
    Format(
        "json",
        (".json",),
        "optim_core.config.formats.json_format",
        "JSON",
        has_half_letters=True,
    ),
    Format("toml", (".toml",), "optim_core.config.formats.toml_format", "TOML", has_null=False, line_ends=r"\r?\n"),
)


def formats() -> tuple[Format, ...]:
    """Return the formats that config files may have.

    Example:
        >>> from optim_core.plugin_tools import formats
        >>> [each.name for each in formats()]
        ['yaml', 'json', 'toml']
    """
    return FORMATS


def endings() -> list[str]:
    """Return the endings of config files.

    Example:
        >>> from optim_core.plugin_tools import endings
        >>> endings()
        ['.yaml', '.yml', '.json', '.toml']
    """
    return [ending for each in FORMATS for ending in each.endings]


def format_of(file: str | Path) -> Format | None:
    """Return the format that the ending of a file says, None where it says none.

    Example:
        >>> from optim_core.plugin_tools import format_of
        >>> format_of("train.YML").name
        'yaml'
    """
    ending = Path(file).suffix.lower()
    return next((each for each in FORMATS if ending in each.endings), None)


def has_comments(file: str | Path) -> bool:
    """Tell whether a config file has comments, which are lost where it is read and written again.

    Raises:
        ConfigError: it cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.plugin_tools import has_comments
        >>> _ = Path("train.yaml").write_text("type: 'Adam #1'  # the first")
        >>> has_comments("train.yaml")
        True
    """
    file_format = format_of(file)
    return file_format is not None and file_format.code().has_comments(read_text(file))


def load(path: str | Path) -> Document:
    """Read a file in the format that its ending says: ``.yaml``, ``.yml``, ``.json``, ``.toml``.

    Raises:
        ConfigError: the file cannot be read or parsed; the problem holds line and column where the parser knows them.
    """
    file = Path(path)
    if "\n" in str(path):
        hint = "this is the text of a config; give the path of its file, or a mapping"
        raise ConfigError([Problem(path="", message="a path has one line", hint=hint)])
    return document_of(read_text(file, may_be_empty=True), file)


def document_of(text: str, path: str | Path) -> Document:
    r"""Return what the text of a config file holds, and where in it each key stands; nothing is read from the disk.

    Args:
        text: what the file holds, or would.
        path: the name of the file, whose ending says the format.

    Raises:
        ConfigError: the text is empty, or not of that format; the problem holds line and column where they are known.

    Example:
        >>> from optim_core import ConfigError, registry
        >>> from optim_core.plugin_tools import document_of
        >>> try:
        ...     registry.build(document_of("epochs: 3\noptimiser: {}", "sgd.yaml"))
        ... except ConfigError as error:
        ...     print(error)
        sgd.yaml:2:1: optimiser: unknown key
            did you mean `optimizer`? a recipe has: optimizer, scheduler, gradient_clipping
    """
    file = Path(path)
    if not text.strip():
        raise _problem(file, "is empty", hint="an optimizer is `optimizer: {type: AdamW, config: {lr: 1e-3}}`")
    file_format = format_of(file)
    if file_format is None:
        own = f"ends in `{file.suffix}`" if file.suffix else "has no ending"
        raise _problem(file, f"a config file ends in {', '.join(endings())}; this one {own}")
    try:
        value, locate = file_format.code().read(text)
    except FormatError as error:
        raise _problem(file, error.message, error.position, error.hint) from None
    return Document(str(file), value, locate)


def _problem(file: Path, message: str, position: Position = (0, 0), hint: str | None = None) -> ConfigError:
    line, column = position
    return ConfigError(
        [Problem(path="", message=message, hint=hint, file=str(file), line=line or None, column=column or None)]
    )


def _for_a_name(file: Path) -> str | None:
    """Return what to write where the path may be the name of a plugin."""
    name = str(file)
    return f"where a plugin is meant, write {{type: {name}}}" if name.isidentifier() else None


def read_text(path: str | Path, hint: str | None = None, *, may_be_empty: bool = False) -> str:
    """Return the text of a file of a config's size, in UTF-8.

    Args:
        path: of the file.
        hint: what is to stand in it, for whoever gives an empty one.
        may_be_empty: whether that is no error.

    Raises:
        ConfigError: it is none, cannot be read, or is no text.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.plugin_tools import read_text
        >>> _ = Path("defaults.ini").write_text("[DEFAULTS]")
        >>> read_text("defaults.ini")
        '[DEFAULTS]'
    """
    file = Path(path)
    try:
        # A FIFO or a device would be waited for without end, so only regular files are opened.
        if file.is_dir():
            raise _problem(file, "is a folder, not a config file")
        if not file.exists():
            raise _problem(file, "there is no such file", hint=_for_a_name(file))
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
    if not text.strip() and not may_be_empty:
        raise _problem(file, "is empty", hint=hint)
    return text
