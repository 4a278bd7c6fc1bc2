"""The source of a plugin class that is written around a class of a library."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from typing import Any

from optim_core.bridge import SeenClass, SeenField

__all__ = ["wrapping_module"]

WIDTH = 120
_COMPARED = {"ge": "ge", "gt": "gt", "le": "le", "lt": "lt"}
_RETURNED = {"optimizer": "torch.optim.Optimizer", "scheduler": "torch.optim.lr_scheduler.LRScheduler"}
_GIVEN = {
    "optimizer": "params: torch.optim.optimizer.ParamsT",
    "scheduler": "optimizer: torch.optim.Optimizer, horizon: Any",
    "clipper": "",
}
_WORKS_ON = {"optimizer": "params", "scheduler": "optimizer"}


def wrapping_module(seen: SeenClass, cls: str, plugin: str, module: str) -> str:
    """Return the source of the module with the plugin class.

    Args:
        seen: the class of the library.
        cls: what the plugin class is called.
        plugin: the name of the plugin.
        module: the module from which the class of the library is imported.
    """
    body = [*_fields(seen), *_members(seen, plugin), "", *_build(seen, plugin, module)]
    text = "\n".join(f"    {line}".rstrip() for line in [*_docstring(seen, module), "", *body])
    title = f"{plugin}, a plugin of optim-core around {module}.{seen.name}, which is imported when it is built."
    parts = [
        f'"""{title}"""',
        "from __future__ import annotations",
        "\n".join(_typing_names(text)),
        "\n".join(["import attrs", *(["from attrs import validators"] if "validators." in text else [])]),
        "if TYPE_CHECKING:\n    import torch" if seen.kind != "clipper" else "",
        f'__all__ = ["{cls}"]',
    ]
    head = "\n\n".join(part for part in parts if part)
    return f"{head}\n\n\n@attrs.frozen(kw_only=True)\nclass {cls}:\n{text}\n"


def _typing_names(text: str) -> list[str]:
    names = [name for name in ("Any", "ClassVar", "Literal") if re.search(rf"\b{name}\b", text)]
    names = sorted(
        [*(["TYPE_CHECKING"] if "torch." in text else []), *names], key=lambda name: (name != "TYPE_CHECKING", name)
    )
    return [f"from typing import {', '.join(names)}"]


def _docstring(seen: SeenClass, module: str) -> list[str]:
    lines = [_safe(f"{module}.{seen.name}{': ' if seen.summary else ''}{seen.summary}.")]
    fields = [(field.name, field.text) for field in seen.fields]
    if seen.waits_for_metric:
        fields.append(("monitor", "name of the metric that `step` is given; null leaves it to the training loop."))
    if fields:
        lines += ["", "Args:"]
    for name, text in fields:
        lines += _wrapped(_safe(f"{name}: {text}"), "    ")
    if len(lines) == 1:
        return [f'"""{lines[0]}"""']
    return [f'"""{lines[0]}', *lines[1:], '"""']


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH - 8,
        initial_indent=indent,
        subsequent_indent=f"{indent}    " if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _safe(text: str) -> str:
    """Return a text as it may stand in a docstring."""
    return text.replace("\\", "\\\\").replace('"""', "'''")


def _fields(seen: SeenClass) -> list[str]:
    lines = [line for field in seen.fields for line in _field(field)]
    if seen.waits_for_metric:
        lines.append("monitor: str | None = None")
    lines += [f"# No field: `{name}`; {why}." for name, why in seen.left_out.items()]
    return lines


def _field(field: SeenField) -> list[str]:
    default = None if field.default is None else _python(ast.literal_eval(field.default))
    validator = _validator(field)
    if validator is None and default is not None and not default.startswith("["):
        return [f"{field.name}: {field.type} = {default}"]
    given = []
    if default is not None:
        given.append(f"factory=lambda: {default}" if default.startswith("[") else f"default={default}")
    if validator is not None:
        given.append(f"validator={validator}")
    if not given:
        return [f"{field.name}: {field.type}"]
    line = f"{field.name}: {field.type} = attrs.field({', '.join(given)})"
    if len(line) + 4 <= WIDTH:
        return [line]
    inner = ", ".join(given)
    if len(inner) + 8 <= WIDTH:
        return [f"{field.name}: {field.type} = attrs.field(", f"    {inner}", ")"]
    return [f"{field.name}: {field.type} = attrs.field(", *(f"    {each}," for each in given), ")"]


def _validator(field: SeenField) -> str | None:
    checks = [f"validators.{name}({_number(bound)})" for name, bound in field.bounds.items()]
    if not checks:
        return None
    check = checks[0] if len(checks) == 1 else f"validators.and_({', '.join(checks)})"
    if field.of_items:
        check = f"validators.deep_iterable({check})"
    elif len(checks) > 1 and not field.nullable:
        check = f"[{', '.join(checks)}]"
    return f"validators.optional({check})" if field.nullable else check


def _number(bound: float) -> str:
    return repr(int(bound)) if float(bound).is_integer() else repr(bound)


def _python(value: Any) -> str:
    """Return a value as it stands in source that ruff has formatted."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if "\\" not in value else repr(value)
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(_python, value))
        opening, closing = "[]" if isinstance(value, list) else "()"
        return f"{opening}{inner}{',' if isinstance(value, tuple) and len(value) == 1 else ''}{closing}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_python(key)}: {_python(each)}" for key, each in value.items()) + "}"
    return re.sub(r"e([+-])0*(\d)", lambda found: f"e{found[1].strip('+')}{found[2]}", repr(value))


def _members(seen: SeenClass, plugin: str) -> list[str]:
    lines = []
    if seen.kind == "scheduler":
        lines += [
            "",
            '# After what the training loop calls `step()`: "step" or "epoch".',
            f'interval = "{seen.interval}"',
        ]
    if seen.needs:
        needs = ", ".join(f'"{need}"' for need in seen.needs)
        lines += [
            "",
            "# What it needs of the training loop beyond gradients.",
            f"needs: ClassVar[tuple[str, ...]] = ({needs}{',' if len(seen.needs) == 1 else ''})",
        ]
    if seen.example:
        lines += ["", f"example: ClassVar[dict[str, Any]] = {_python(seen.example)}"]
    return [
        *lines,
        "",
        f"# What it cannot do by its nature; `optim conformance {plugin} --declare` finds it out.",
        "conformance: ClassVar[dict[str, str]] = {}",
    ]


def _build(seen: SeenClass, plugin: str, module: str) -> list[str]:
    returned = _RETURNED.get(seen.kind, "Any")
    outer = seen.name.partition(".")[0]
    arguments = [f"{field.name}={_argument(field, seen)}" for field in seen.fields]
    works_on = _WORKS_ON.get(seen.kind)
    if works_on is not None:
        arguments.insert(0, f"{seen.first}={works_on}" if seen.first_by_keyword else works_on)
    lines = [
        f"def build(self{', ' if _GIVEN[seen.kind] else ''}{_GIVEN[seen.kind]}) -> {returned}:",
        f'    """Make the {seen.kind} of the library."""',
    ]
    if any(field.is_dtype for field in seen.fields):
        lines += ["    import torch", ""] if module.partition(".")[0] != "torch" else ["    import torch"]
    lines += [f"    from {module} import {outer}", ""]
    if seen.length is not None:
        name = seen.length
        lines += [
            f"    {name} = self.{name}",
            f"    if {name} is None:",
            f'        {name} = horizon.require("total_steps", "{plugin}")',
        ]
    call = f"made: {returned} = {seen.name}({', '.join(arguments)})"
    if len(call) + 8 <= WIDTH:
        return [*lines, f"    {call}", "    return made"]
    return [
        *lines,
        f"    made: {returned} = {seen.name}(",
        *(f"        {argument}," for argument in arguments),
        "    )",
        "    return made",
    ]


def _argument(field: SeenField, seen: SeenClass) -> str:
    if field.name == seen.length:
        return field.name
    if field.is_dtype:
        value = f"getattr(torch, self.{field.name})"
        return f"None if self.{field.name} is None else {value}" if field.nullable else value
    return f"self.{field.name}"
