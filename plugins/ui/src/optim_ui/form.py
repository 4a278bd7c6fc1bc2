"""The form: a card for each part of a config, with a plugin to choose and its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from optim_core import OptimError, Problem, registry
from optim_core.plugin_tools import describe, listing
from optim_ui.editing import Path, set_value, take_out
from optim_ui.fields import Field, begin_with, fields_of, names_of, shown_text, value_of
from optim_ui.parts import Part, value_at

__all__ = ["Form"]


@attrs.define(eq=False)
class _Row:
    """A field on the page, with what it is of."""

    part: Part
    field: Field
    box: ValidationElement[Any]
    # What was typed is no value, and stays to be mended.
    is_unread: bool = False

    @property
    def path(self) -> Path:
        return (*self.part.path, *self.field.path)


@attrs.define(eq=False)
class _Card:
    """The card of a part: its list of plugins, and below it what changes with the plugin."""

    part: Part
    picker: ui.select
    body: ui.column
    # The plugin and fields that it shows.
    shown: Any = None
    rows: list[_Row] = attrs.Factory(list)


class Form:
    """The form of one config at a time.

    Args:
        edit: is called with a function of the text and its format that gives the new text.
        tell: shows a sentence.
    """

    def __init__(self, edit: Callable[[Callable[[str, str], str]], None], tell: Callable[[str], None]) -> None:
        self._edit = edit
        self._tell = tell
        self._value: Any = None
        self._shape: Any = None
        self._cards: list[_Card] = []
        self._is_updating = False
        self._place = ui.column().classes("form")

    def show(self, value: Any, parts: Sequence[Part], problems: Sequence[Problem], *, is_read_only: bool) -> None:
        """Show a config; what is typed meanwhile stays as it is typed where it means the same.

        Args:
            value: the config.
            parts: its parts.
            problems: what is wrong with it; each is shown at its field.
            is_read_only: whether it is only looked at.
        """
        self._value = value
        self._is_updating = True
        shape = list(parts), is_read_only
        if shape != self._shape:
            self._shape = shape
            self._place.clear()
            with self._place:
                self._cards = [self._card(part, is_read_only=is_read_only) for part in parts]
        for card in self._cards:
            self._fill(card, is_read_only=is_read_only)
            for row in card.rows:
                self._update(row, problems)
            _tell_at(card.picker, problems, (*card.part.path, "type"))
        self._is_updating = False

    def _card(self, part: Part, *, is_read_only: bool) -> _Card:
        with ui.card().props("flat bordered").classes("part"):
            picker = ui.select(
                names_of(part.kind),
                label=part.title,
                with_input=True,
                clearable=not part.is_needed,
                on_change=lambda event: self._choose(part, event.value),
            )
            picker.props("outlined dense hide-bottom-space options-dense transition-duration=0").classes("picker")
            picker.props["data-part"] = part.title
            picker.without_auto_validation().set_enabled(not is_read_only)
            return _Card(part, picker, ui.column().classes("form"))

    def _fill(self, card: _Card, *, is_read_only: bool) -> None:
        """Show the fields of the plugin that is chosen, where it does not show these already."""
        part = card.part
        name, fields = _chosen(part, value_at(self._value, part.path))
        card.picker.set_value(name)
        if card.shown == (name, fields):
            return
        card.shown = (name, fields)
        card.body.clear()
        with card.body:
            if name is not None:
                _describe(part, name)
            with ui.element("div").classes("fields"):
                card.rows = [self._row(part, field, is_read_only=is_read_only) for field in fields]

    def _row(self, part: Part, field: Field, *, is_read_only: bool) -> _Row:
        box: ValidationElement[Any]
        if field.choices:
            box = ui.select(list(field.choices), label=field.name, clearable=True).props("options-dense")
        elif field.is_long:
            box = ui.textarea(field.name).props("autogrow debounce=60 input-class=mono")
        else:
            box = ui.input(field.name).props("debounce=60")
        box.props("outlined dense hide-bottom-space stack-label")
        box.props["hint"] = field.about
        box.props["placeholder"] = field.default
        box.props["data-field"] = ".".join(map(str, (*part.path, *field.path)))
        box.set_enabled(not is_read_only)
        # What is wrong is told by the config's problems, and not taken away when a value has come.
        box.without_auto_validation()
        row = _Row(part, field, box)
        box.on_value_change(lambda event: self._type(row, event.value))
        return row

    def _update(self, row: _Row, problems: Sequence[Problem]) -> None:
        value, box = value_at(self._value, row.path), row.box
        if row.is_unread:
            return
        is_given = _is_given(self._value, row.path)
        if is_given != bool(box.value) or (is_given and not _means(row.field, box.value, value)):
            text = shown_text(row.field, value) if is_given else None
            if isinstance(box, ui.select) and text is not None and text not in box.options:
                box.set_options([*box.options, text])
            box.set_value(text if text is not None or isinstance(box, ui.select) else "")
        if row.field.choices:
            # A list that is not chosen from has no placeholder.
            box.props["display-value"] = None if is_given else row.field.default or None
            box.classes(remove="is-default") if is_given else box.classes("is-default")
        _tell_at(box, problems, row.path)

    def _type(self, row: _Row, text: str | None) -> None:
        if self._is_updating:
            return
        is_given = _is_given(self._value, row.path)
        row.is_unread = False
        if not text:
            if is_given:
                self._edit(lambda text, form: take_out(text, form, row.path))
            return
        try:
            value = value_of(row.field, text)
        except OptimError as error:
            row.is_unread = True
            _mark(row.box, str(error))
            return
        if (
            is_given
            and value == value_at(self._value, row.path)
            and type(value) is type(value_at(self._value, row.path))
        ):
            return
        self._edit(lambda text, form: set_value(text, form, row.path, value))

    def _choose(self, part: Part, name: str | None) -> None:
        component = value_at(self._value, part.path)
        if self._is_updating or name == _chosen(part, component)[0]:
            return
        if name is None:
            if _is_given(self._value, part.path):
                self._edit(lambda text, form: take_out(text, form, part.path))
            return
        below = part.fields_path(component)
        given = value_at(self._value, below)
        old_fields = dict(given) if isinstance(given, Mapping) else {}
        if below == part.path:
            old_fields = {key: item for key, item in old_fields.items() if key not in part.beside}
        try:
            fields, left_out = begin_with(part.kind, name, old_fields)
        except OptimError as error:
            self._tell(str(error))
            return
        self._edit(lambda text, form: _begun(text, form, part, component, name, below, old_fields, fields))
        gone = [key for key in left_out if key not in fields]
        if gone:
            self._tell(f"{name} has no {listing(gone)}: left out")


def _begun(
    text: str,
    form: str,
    part: Part,
    component: Any,
    name: str,
    below: Path,
    old: Mapping[str, Any],
    fields: Mapping[str, Any],
) -> str:
    """Return the text with another plugin, and as much of the old as means something there."""
    if not isinstance(component, Mapping):
        return set_value(text, form, part.path, {"type": name, **({"config": dict(fields)} if fields else {})})
    text = set_value(text, form, (*part.path, "type"), name)
    for key in old:
        if key not in fields:
            text = take_out(text, form, (*below, key))
    for key, value in fields.items():
        if key not in old or old[key] != value:
            text = set_value(text, form, (*below, key), value)
    return text


def _chosen(part: Part, component: Any) -> tuple[str | None, list[Field]]:
    """Return the plugin of a component, by the name that lists show, and its fields; None where it is none."""
    wanted = component.get("type") if isinstance(component, Mapping) else None
    if not isinstance(wanted, str):
        return None, []
    below = part.fields_path(component)[len(part.path) :]
    try:
        found = registry.find(part.kind, wanted)
        return (None, []) if found is None else (found.name, fields_of(part.kind, wanted, component, below))
    except OptimError:
        # It is told with the other problems.
        return None, []


def _describe(part: Part, name: str) -> None:
    found = registry.find(part.kind, name)
    if found is None:
        return
    said = describe(found.cls)
    ui.label(said.summary).classes("summary")
    if said.body:
        with ui.expansion(f"About {name}, from {found.provided_by}").props("dense").classes("about"):
            ui.label(said.body).classes("body")


def _is_given(value: Any, path: Path) -> bool:
    above = value_at(value, path[:-1])
    return isinstance(above, Mapping) and path[-1] in above if path else value is not None


def _means(field: Field, text: Any, value: Any) -> bool:
    try:
        return bool(text) and bool(value_of(field, text) == value)
    except OptimError:
        return False


def _written(path: Path) -> str:
    """Return a path as problems have it."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _tell_at(box: ValidationElement[Any], problems: Sequence[Problem], path: Path) -> None:
    here = _written(path)
    found = [each for each in problems if each.path == here or each.path.startswith((f"{here}.", f"{here}["))]
    _mark(box, "\n".join(f"{each.message}{f': {each.hint}' if each.hint else ''}" for each in found) or None)


def _mark(box: ValidationElement[Any], message: str | None) -> None:
    if box.error != message:
        box.error = message
