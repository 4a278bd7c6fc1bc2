"""YAML text to plain values by the rules of YAML 1.2, with the place of every value.

PyYAML parses; what its loaders get wrong for configs is done here: ``1e-4`` is a number, ``on`` and ``yes`` are texts,
a key that stands twice is an error, and so are anchors that multiply and tags that construct objects.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml

from optim_core.config.formats.format import FormatError
from optim_core.config.issues import DEEPEST, MOST_NODES, ConfigPath, Position
from optim_core.text.numerals import number_in

__all__ = ["Node", "Positions", "compose", "node_at", "value_of", "written_texts"]

Node = yaml.Node

# A longer text is looked through before PyYAML composes it, since that recurses once for each level.
SHORT = 4096

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INFINITE = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_CORE_TAGS = ("map", "seq", "str", "int", "float", "bool", "null")


TEMPLATE_HINT = "{{ }} is a template's: fill it in before, or put it in quotes"
# Editors and web pages put these where a space was typed.
_NO_SPACES = frozenset("\u00a0\u2007\u202f\u3000")


def compose(text: str) -> Node:
    """Return the tree of nodes of the one document in `text`.

    Raises:
        FormatError: it is not YAML, holds several documents, is nested over 50 deep, or refers to itself.
    """
    loader = _Loader(text)
    try:
        _refuse_size(text)
        node: Node | None = loader.get_single_node()
    except RecursionError:
        raise FormatError(f"is nested more than {DEEPEST} deep", (0, 0)) from None
    except yaml.YAMLError as error:
        from optim_core.config.formats.yaml_errors import explained

        raise FormatError(*explained(error, text)) from None
    finally:
        loader.dispose()
    if node is None:
        raise FormatError("holds nothing but comments", (1, 1))
    return node


def _refuse_size(text: str) -> None:
    """Count nesting and values on the stream of events, which is read no further than a config may be long."""
    if len(text) <= SHORT:
        return
    depth = events = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise FormatError(f"is nested more than {DEEPEST} deep", _place(event))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            continue
        events += 1
        # A mapping's keys are events too.
        if events > 2 * MOST_NODES + DEEPEST:
            raise FormatError(f"holds more than {MOST_NODES:,} values", _place(event))


def value_of(root: Node) -> Any:
    """Return the plain value of a tree of nodes: dict, list, str, int, float, bool, None.

    Raises:
        FormatError: a key twice in one mapping, a key that is not a text, a tag, or anchors that multiply to more than
            10,000 values or contain themselves.
    """
    return _Builder().value(root)


def written_texts(root: Node, path: ConfigPath = ()) -> Iterator[tuple[ConfigPath, str]]:
    """Yield path and text of what is no text to YAML, of a tree whose value is known: ``1``, ``true``, ``null``."""
    if isinstance(root, yaml.ScalarNode):
        if not isinstance(_scalar(root), str):
            yield path, root.value
    elif isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            yield from written_texts(value, (*path, key.value))
    else:
        for index, item in enumerate(root.value):
            yield from written_texts(item, (*path, index))


def node_at(root: Node, path: ConfigPath) -> Node | None:
    """Return the node below `root` at a path, None where there is none; of a key that stands twice, the last."""
    node: Node | None = root
    for step in path:
        node = None if node is None else _children(node).get(step, (None, None))[1]
    return node


class Positions:
    """Where the values of a tree of nodes stand; each mapping on the way is looked through once."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._children: dict[int, dict[str | int, tuple[Node, Node]]] = {}

    def of(self, path: ConfigPath) -> Position:
        """Return the place of the value at `path`: of the key for a mapping's entry, or the nearest place above it."""
        node, place = self._root, _place(self._root)
        for step in path:
            children = self._children.get(id(node))
            if children is None:
                children = self._children[id(node)] = _children(node)
            if step not in children:
                break
            mark, node = children[step]
            place = _place(mark)
        return place


def _children(node: Node) -> dict[str | int, tuple[Node, Node]]:
    """Return key or number to the node that marks the place, and the node of the value."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if isinstance(node, yaml.SequenceNode):
        return {index: (item, item) for index, item in enumerate(node.value)}
    return {}


def _place(node: Any) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


class _Builder:
    """Builds values; `nodes` counts them, shared ones each time, and `open` holds the containers being built."""

    def __init__(self) -> None:
        self.nodes = 0
        self.open: set[int] = set()

    def value(self, node: Node) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise FormatError(
                f"holds more than {MOST_NODES:,} values, anchors counted where they are used", _place(node)
            )
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self.open:
            raise FormatError("contains itself by an anchor", _place(node))
        if len(self.open) >= DEEPEST:
            raise FormatError(f"is nested more than {DEEPEST} deep", _place(node))
        self.open.add(id(node))
        _refuse_tag(node)
        built = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.value(item) for item in node.value]
        self.open.discard(id(node))
        return built

    def _mapping(self, node: Any) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise FormatError("a key must be a text", _place(key_node), TEMPLATE_HINT)
            if not key_node.style and not _NO_SPACES.isdisjoint(key_node.value):
                hint = "replace it by a space that you type"
                raise FormatError("a no-break space is no space to YAML, but part of the key", _place(key_node), hint)
            key = key_node.value if key_node.style else _scalar(key_node)
            if key_node.value == "<<" and not key_node.style:
                raise FormatError("`<<` merges are YAML 1.1; write the keys out", _place(key_node))
            if not isinstance(key, str):
                hint = f"put it in quotes: '{key_node.value}'"
                raise FormatError(f"a key must be a text, `{key_node.value}` is not", _place(key_node), hint)
            if key in mapping:
                raise FormatError(f"the key `{key}` stands twice in one mapping", _place(key_node), "keep one of them")
            mapping[key] = self.value(value_node)
        return mapping


def _refuse_tag(node: Any) -> None:
    tag = node.tag or ""
    if tag.startswith("tag:yaml.org,2002:") and tag.rpartition(":")[2] in (*_CORE_TAGS, "merge", "timestamp", "value"):
        return
    written = tag.replace("tag:yaml.org,2002:", "!!")
    hint = "a config holds plain values only: numbers, texts, lists [a, b] and mappings {key: value}"
    raise FormatError(f"has the tag `{written}`", _place(node), hint)


def _scalar(node: Any) -> Any:
    text: str = node.value
    _refuse_tag(node)
    if node.style:
        return text
    if text.lower() in _WORDS and text in (text.lower(), text.capitalize(), text.upper()):
        return _WORDS[text.lower()]
    if text[:2] in ("0x", "0o"):
        return _based(text)
    number = number_in(text)
    if number is not None:
        return number
    return _INFINITE.get(text.lower(), text)


def _based(text: str) -> Any:
    """Return the whole number that ``0x1F`` or ``0o17`` writes, or the text itself."""
    try:
        return text if "_" in text else int(text, 0)
    except ValueError:
        return text
