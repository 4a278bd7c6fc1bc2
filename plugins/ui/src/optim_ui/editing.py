"""A value in the text of a config is set or taken out, and all else in the text stays as it is.

In YAML the text outside of the value is kept letter by letter, comments with it; TOML is edited by tomlkit, which does
the same. JSON has no comments, and is written anew with the indent that it had.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import tomlkit
import yaml
from tomlkit.exceptions import TOMLKitError

from optim_core import OptimError
from optim_core.plugin_tools import config_text, formats

__all__ = ["Path", "flow", "set_value", "take_out", "typed"]

Path = tuple[str | int, ...]

_YAML = formats()[0]


def flow(value: Any) -> str:
    """Return a value as YAML on one line, in which numbers stay numbers and texts stay texts."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    written = config_text({"x": value}, _YAML, lambda given: given)[len("x: ") :].rstrip("\n")
    # Such a text ends a value of a list or a mapping in one line.
    if isinstance(value, str) and ("\n" in written or re.search(r"[,\[\]{}]", written)):
        return json.dumps(value, ensure_ascii=False)
    return written


def typed(text: str) -> Any:
    """Return what somebody typed, read as YAML.

    Raises:
        OptimError: it is no YAML.
    """
    from optim_core.plugin_tools import document_of

    try:
        return document_of(f"x: {text}" if "\n" not in text else f"x:\n{_indented(text, 2)}", "typed.yaml").value["x"]
    except (OptimError, KeyError, TypeError) as error:
        raise OptimError("is no YAML value") from error


def set_value(text: str, format_name: str, path: Path, value: Any) -> str:
    """Return the text with `value` at `path`; mappings that are not there on the way are made.

    Raises:
        OptimError: the text cannot be edited, or its format has no such value.
    """
    if format_name == "yaml":
        return _set_in_yaml(text, path, value)
    return _edited(text, format_name, lambda root: _set_in(root, path, value))


def take_out(text: str, format_name: str, path: Path) -> str:
    """Return the text without what stands at `path`.

    Raises:
        OptimError: the text cannot be edited, or there is nothing at `path`.
    """
    if format_name == "yaml":
        return _take_out_of_yaml(text, path)
    return _edited(text, format_name, lambda root: _take_out_of(root, path))


# -- JSON and TOML ---------------------------------------------------------------------------------------------------


def _edited(text: str, format_name: str, change: Callable[[Any], None]) -> str:
    try:
        root: Any = tomlkit.parse(text) if format_name == "toml" else json.loads(text.strip() or "{}")
        change(root)
        if format_name == "toml":
            return tomlkit.dumps(root)
    except (TOMLKitError, ValueError, TypeError, LookupError) as error:
        raise OptimError(f"the form cannot change this text: {error}") from error
    indent = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return json.dumps(root, indent=indent[1] if indent else 2, ensure_ascii=False) + "\n"


def _set_in(root: Any, path: Path, value: Any) -> None:
    *above, last = path
    at = root
    for key in above:
        if isinstance(at, dict) and at.get(key) is None:
            at[key] = {}
        at = at[key]
    at[last] = value


def _take_out_of(root: Any, path: Path) -> None:
    *above, last = path
    at = root
    for key in above:
        at = at[key]
    del at[last]


# -- YAML ------------------------------------------------------------------------------------------------------------


def _composed(text: str) -> yaml.Node | None:
    """Return the tree of a text, None for an empty one.

    Raises:
        OptimError: it is no YAML.
    """
    try:
        # PyYAML's own scanner, and not that of libyaml, knows where in the text a node ends.
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise OptimError("the form cannot change this text, which cannot be read") from error


def _set_in_yaml(text: str, path: Path, value: Any) -> str:
    root = _composed(text)
    if root is None or _is_null(root):
        return text + ("\n" if text and not text.endswith("\n") else "") + _block(_nested(path, value), 0)
    node, depth = root, 0
    while depth < len(path):
        found = _child(node, path[depth])
        if found is None:
            break
        node, depth = found, depth + 1
    missing = _nested(path[depth:], value)
    if depth == len(path) or _is_null(node):
        return _replaced(text, node, missing)
    if not isinstance(node, yaml.MappingNode):
        raise OptimError(f"the form cannot change this text: `{'.'.join(map(str, path[:depth]))}` is no mapping")
    return _added(text, node, str(path[depth]), _nested(path[depth + 1 :], value))


def _nested(path: Path, value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _child(node: yaml.Node, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        return node.value[key] if isinstance(key, int) and key < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    return None


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _is_block(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _end(node: yaml.Node) -> int:
    """Return where a node ends in the text: of a block PyYAML has the begin of what comes after it."""
    if not _is_block(node) or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return max(_end(last[0]), _end(last[1])) if isinstance(node, yaml.MappingNode) else _end(last)


def _replaced(text: str, node: yaml.Node, value: Any) -> str:
    begin, end = node.start_mark.index, _end(node)
    new = flow(value)
    if begin == end:
        # Nothing stands there: `config:` and the end of the line.
        colon = text.rfind(":", 0, begin + 1) + 1
        return f"{text[:colon]} {new}{text[colon:]}"
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        end = len(text[:end].rstrip("\n"))
    # A block begins on the line below its key.
    before = text[:begin]
    if _is_block(node) and not before.rpartition("\n")[2].strip(" -"):
        indent = len(before.rpartition("\n")[2])
        if isinstance(value, Mapping) and value:
            return before + _block(value, indent).strip("\n ") + text[end:]
    return before + new + text[end:]


def _added(text: str, node: yaml.MappingNode, key: str, value: Any) -> str:
    if node.flow_style:
        closing = _end(node) - 1
        last: int = len(text[:closing].rstrip()) if not node.value else _end(node.value[-1][1])
        comma = ", " if node.value else ""
        return f"{text[:last]}{comma}{flow(key)}: {flow(value)}{text[last:]}"
    indent = node.value[0][0].start_mark.column
    end: int = _end(node.value[-1][1])
    # A comment on the same line stays with what it is about.
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    added = " " * int(indent) + _block({key: value}, indent).strip("\n ")
    return f"{text[:line_end]}\n{added}{text[line_end:]}"


def _block(value: Mapping[str, Any], indent: int) -> str:
    """Return a mapping over several lines, with what is in a `config` on one line where it is short."""
    lines = []
    for key, item in value.items():
        if isinstance(item, Mapping) and item and (key != "config" or len(flow(item)) > 70):
            lines.append(f"{' ' * indent}{flow(key)}:\n{_block(item, indent + 2)}")
        else:
            lines.append(f"{' ' * indent}{flow(key)}: {flow(item)}\n")
    return "".join(lines)


def _take_out_of_yaml(text: str, path: Path) -> str:
    node: Any = _composed(text)
    for key in path[:-1]:
        node = node and _child(node, key)
    if not isinstance(node, yaml.MappingNode) or _child(node, path[-1]) is None:
        raise OptimError("the form cannot change this text: what is to be taken out is not there")
    place = next(place for place, (key, _) in enumerate(node.value) if key.value == path[-1])
    name, value = node.value[place]
    begin: int
    end: int
    begin, end = name.start_mark.index, max(_end(value), name.end_mark.index)
    if node.flow_style:
        if place:
            return text[: _end(node.value[place - 1][1])] + text[end:]
        if len(node.value) > 1:
            return text[:begin] + text[node.value[1][0].start_mark.index :]
        return text[:begin] + text[end:]
    if len(node.value) == 1:
        if node.start_mark.index == 0 or len(path) == 1:
            return text[:begin] + text[_line_end(text, end) :]
        return text[:begin] + "{}" + text[end:]
    first = text.rfind("\n", 0, begin) + 1
    if text[first:begin].strip():
        # It is the first key of an item of a list.
        return text[:begin] + text[node.value[place + 1][0].start_mark.index :]
    return text[:first] + text[_line_end(text, end) :]


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _indented(text: str, columns: int) -> str:
    return "".join(f"{' ' * columns}{line}\n" for line in text.splitlines())
