"""YAML text to plain values by the rules of YAML 1.2, with the place of every value.

PyYAML parses; what its loaders get wrong for configs is done here: ``1e-4`` is a number, ``on`` and ``yes`` are texts,
a key that stands twice is an error, and so are anchors that multiply and tags that construct objects. ``<<`` merges, as
in YAML 1.1, since configs in use have it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import yaml

from optim_core.config.formats.format import FormatError
from optim_core.config.issues import DEEPEST, MOST_NODES, ConfigPath, Position
from optim_core.config.keys import NAMED_KEYS, PARTS, RECIPE_KEYS, SECTION, naming_keys
from optim_core.text.numerals import number_in

__all__ = ["Node", "Positions", "between_tokens", "compose", "node_at", "value_of", "written_texts"]

Node = yaml.Node

# Of a text of no more letters, none of its values are counted before PyYAML composes it.
SHORT = 4096
# Each mapping and each list of a document has one of these of its own.
_OPENING = "[{:-?"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves plain scalars as they are written: PyYAML's expressions for numbers and dates are those of YAML 1.1.

    On a text of megabytes they take hundreds of them.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


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
    # libyaml and PyYAML recurse once for each level, on a stack that may be that of a thread.
    if len(text) <= SHORT and sum(map(text.count, _OPENING)) <= DEEPEST:
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


def between_tokens(text: str) -> Iterator[str]:
    """Yield what stands between each two tokens of a text that can be read, and on the first line of a block."""
    end = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        start = token.start_mark.index
        yield text[end:start]
        end = max(end, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            yield text[start : text.find("\n", start)]
    yield text[end:]


def value_of(root: Node) -> Any:
    """Return the plain value of a tree of nodes: dict, list, str, int, float, bool, None.

    Beside a recipe, or the section that holds it, mappings may have tags, which are passed over, and keys that are no
    texts: they are another program's.

    Raises:
        FormatError: a key twice in one mapping, a key that is not a text, a tag, or anchors that multiply to more than
            10,000 values or contain themselves.
    """
    return _Builder(root).value(root)


def written_texts(root: Node, path: ConfigPath = ()) -> Iterator[tuple[ConfigPath, str]]:
    """Yield path and text of what is no text to YAML, of a tree whose value is known: ``1``, ``true``, ``null``."""
    if isinstance(root, yaml.ScalarNode):
        if not isinstance(_scalar(root), str):
            yield path, root.value
    elif isinstance(root, yaml.MappingNode):
        for key, value in _Merges().entries(root):
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
        return {key.value: (key, value) for key, value in _Merges().entries(node) if isinstance(key, yaml.ScalarNode)}
    if isinstance(node, yaml.SequenceNode):
        return {index: (item, item) for index, item in enumerate(node.value)}
    return {}


def _place(node: Any) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _is_merge(key: Any) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


class _Merges:
    """The entries of mappings, with those that ``<<`` merges into them and that they do not have themselves."""

    def __init__(self) -> None:
        self._known: dict[int, list[tuple[Any, Any]]] = {}
        self._depth = self._merged = 0

    def entries(self, node: Any) -> list[tuple[Any, Any]]:
        """Return the entries of a mapping; a mapping that is being looked at has none yet.

        Raises:
            FormatError: what is to be merged is no mapping, or mappings are merged into each other too often.
        """
        if not any(_is_merge(key) for key, _ in node.value):
            return list(node.value)
        if id(node) in self._known:
            return self._known[id(node)]
        self._known[id(node)] = []
        own = [(key, value) for key, value in node.value if not _is_merge(key)]
        names = {key.value for key, _ in own if isinstance(key, yaml.ScalarNode)}
        merged: dict[str, tuple[Any, Any]] = {}
        for entries in self._below(node):
            for key, value in entries:
                if isinstance(key, yaml.ScalarNode) and key.value not in names:
                    merged.setdefault(key.value, (key, value))
        self._known[id(node)] = [*merged.values(), *own]
        return self._known[id(node)]

    def _below(self, node: Any) -> Iterator[list[tuple[Any, Any]]]:
        """Yield the entries of each mapping that is merged into one."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise FormatError(f"`<<` merges mappings into each other more than {DEEPEST} deep", _place(node))
        for source in _merged_into(node):
            entries = self.entries(source)
            self._merged += len(entries) + 1
            if self._merged > MOST_NODES:
                raise FormatError(f"`<<` merges more than {MOST_NODES:,} values", _place(node))
            yield entries
        self._depth -= 1


def _merged_into(node: Any) -> Iterator[Any]:
    """Yield the mappings that ``<<`` names, first those that win."""
    for key, value in node.value:
        if _is_merge(key):
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(source, yaml.MappingNode):
                    hint = "`<<: *name` merges the mapping that `&name` marks"
                    raise FormatError("`<<` merges mappings, and this is none", _place(source), hint)
                yield source


class _Builder:
    """Builds values; `nodes` counts them, shared ones each time, and `open` holds the containers being built.

    Args:
        root: the whole document, some entries of which may be another program's.
    """

    def __init__(self, root: Node) -> None:
        self.nodes = 0
        self.open: set[int] = set()
        self._root = root
        self._foreign = False
        self._merges = _Merges()

    def value(self, node: Node) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise FormatError(
                f"holds more than {MOST_NODES:,} values, anchors counted where they are used", _place(node)
            )
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, any_tag=self._foreign)
        if id(node) in self.open:
            raise FormatError("contains itself by an anchor", _place(node))
        if len(self.open) >= DEEPEST:
            raise FormatError(f"is nested more than {DEEPEST} deep", _place(node))
        self.open.add(id(node))
        if not self._foreign:
            _refuse_tag(node)
        built = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.value(item) for item in node.value]
        self.open.discard(id(node))
        return built

    def _mapping(self, node: Any) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        is_root = node is self._root
        foreign = _foreign_keys(node) if is_root else frozenset()
        passed_over = _for_reuse(node) if is_root else ()
        for key_node, value_node in self._entries_of(node):
            key = self._key(key_node)
            if key in passed_over:
                # What is wrong in it is told where it is used.
                continue
            if key in mapping:
                raise FormatError(f"the key `{key}` stands twice in one mapping", _place(key_node), "keep one of them")
            if key in foreign:
                self._foreign = True
            mapping[key] = self.value(value_node)
            if key in foreign:
                self._foreign = False
        return mapping

    def _entries_of(self, node: Any) -> list[tuple[Any, Any]]:
        for source in _merged_into(node):
            if id(source) in self.open:
                raise FormatError("contains itself by an anchor", _place(node))
        return self._merges.entries(node)

    def _key(self, node: Any) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise FormatError("a key must be a text", _place(node), TEMPLATE_HINT)
        if not node.style and not _NO_SPACES.isdisjoint(node.value):
            hint = "replace it by a space that you type"
            raise FormatError("a no-break space is no space to YAML, but part of the key", _place(node), hint)
        key = node.value if node.style else _scalar(node, any_tag=self._foreign)
        if not isinstance(key, str) and not self._foreign:
            hint = f"put it in quotes: '{node.value}'"
            raise FormatError(f"a key must be a text, `{node.value}` is not", _place(node), hint)
        return key


def _for_reuse(root: Any) -> list[str]:
    """Return the keys of a document whose mappings stand there to be used elsewhere in it, by their anchors."""
    held = {id(value): key.value for key, value in root.value if isinstance(key, yaml.ScalarNode)}
    used: dict[int, int] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        used[id(node)] = used.get(id(node), 0) + 1
        if used[id(node)] > 1 or not isinstance(node, yaml.CollectionNode):
            continue
        waiting += [child for entry in node.value for child in (entry if isinstance(entry, tuple) else (entry,))]
    ours = {*RECIPE_KEYS, *NAMED_KEYS, SECTION, *(name for part in PARTS for name in naming_keys(part))}
    mappings = {id(value) for _, value in root.value if isinstance(value, yaml.MappingNode)}
    return [key for place, key in held.items() if place in mappings and used[place] > 1 and key not in ours]


def _foreign_keys(root: Any) -> frozenset[str]:
    """Return the keys of a document below which another program's settings stand: beside the section, or the recipe."""
    values = {key.value: value for key, value in root.value if isinstance(key, yaml.ScalarNode)}
    if isinstance(values.get(SECTION), yaml.MappingNode):
        return frozenset(values) - {SECTION}
    if not any(isinstance(values.get(key), yaml.MappingNode) for key in (*RECIPE_KEYS, *NAMED_KEYS)):
        return frozenset()
    mappings = {key for key, value in values.items() if isinstance(value, yaml.MappingNode)}
    return frozenset(mappings) - {*RECIPE_KEYS, *NAMED_KEYS}


def _refuse_tag(node: Any) -> None:
    tag = node.tag or ""
    if tag.startswith("tag:yaml.org,2002:") and tag.rpartition(":")[2] in (*_CORE_TAGS, "merge", "timestamp", "value"):
        return
    written = tag.replace("tag:yaml.org,2002:", "!!")
    hint = "a config holds plain values only: numbers, texts, lists [a, b] and mappings {key: value}"
    raise FormatError(f"has the tag `{written}`", _place(node), hint)


def _scalar(node: Any, *, any_tag: bool = False) -> Any:
    text: str = node.value
    if not any_tag:
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
