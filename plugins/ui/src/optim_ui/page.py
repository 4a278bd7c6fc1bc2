"""The page: the form and the text beside each other, problems, curves and parameters below."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from nicegui import background_tasks, run, ui

from optim_core import OptimError, Problem, registry
from optim_core.cli import HEADINGS, rows_of, summary_of
from optim_core.plugin_tools import visible
from optim_ui.configs import ChangedOnDiskError, Config, lost_comments
from optim_ui.curve import Lengths, chart_options, waits_for_metric
from optim_ui.form import Form
from optim_ui.parts import parts_of

__all__ = ["Page"]

# The text is read once in so many seconds while somebody types.
PATIENCE = 0.15
NO_FORM = "This text cannot be read: the form waits until it can."
OTHER_FORM = (
    "The form cannot edit a config of this form, such as a flat one or parallel sets. It shows what it means; edit the "
    "text, or rewrite it in canonical form first."
)
SCHEME = """<script>
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => emitEvent("scheme", event.matches));
</script>"""
IS_DARK = 'matchMedia("(prefers-color-scheme: dark)").matches'
COPY = (
    "(async () => {{ try {{ await navigator.clipboard.writeText({text}); return true }} catch {{ return false }} }})()"
)


class Page:
    """What all windows of the page share: the configs, which stay where the page is loaded again.

    Args:
        configs: at least one.
        model: what the table is of, None for no table.

    Attributes:
        current: the place of the config that is shown.
        ready_after: the seconds that the start took.
    """

    def __init__(self, configs: list[Config], model: Any) -> None:
        self.configs = configs
        self.model = model
        self.current = 0
        self.ready_after = 0.0

    async def show(self) -> None:
        """Build the page for a window that has just been opened."""
        window = _Window(self)
        await ui.context.client.connected()
        await window.begin()


class _Window:
    """One window of the page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._client = ui.context.client
        self._is_due = self._is_dark = False
        self._drawing = 0
        ui.add_css((files("optim_ui") / "page.css").read_text(encoding="utf-8"))
        ui.add_body_html(SCHEME)
        ui.on("scheme", lambda event: self._scheme(bool(event.args)))
        with ui.element("header").classes("bar"):
            ui.label("optim ui").classes("title")
            self._tabs = ui.element("nav")
            ui.element("div").classes("grow")
            self._started = ui.label().classes("note")
            ui.button("Copy", icon="content_copy", on_click=self._copy).props("flat dense color=white no-caps")
            with ui.button("More", icon="expand_more").props("flat dense color=white no-caps"), ui.menu():
                ui.menu_item("Copy with every default", self._copy_resolved)
                ui.menu_item("Rewrite in canonical form", self._rewrite)
                ui.menu_item("Add a variant of this config", self._add_variant)
                self._remove = ui.menu_item("Remove this variant", self._remove_variant)
            self._save = ui.button("Save", icon="save", on_click=self._save_file)
            self._save.props("flat dense color=white no-caps")
        with ui.element("main").classes("page"):
            with ui.element("section").classes("pane"):
                self._banner = ui.column().classes("banner")
                self._form = Form(self._edit, self._tell)
            with ui.element("section").classes("pane side"):
                self._editor = ui.codemirror(
                    on_change=self._typed, line_wrapping=True, keymap={"Mod-s": self._save_file}, indent="  "
                )
                self._editor.classes("editor").props('aria-label="text of the config"')
                self._problems = ui.column().classes("problems").props('role="status" aria-label="problems"')
                self._curve()
            if page.model is not None:
                with ui.element("section").classes("pane wide"):
                    self._table()
        ui.timer(PATIENCE, self._if_due)

    def _curve(self) -> None:
        with ui.element("div").classes("lengths"):
            boxes = [
                ui.input(name.replace("_", " "), placeholder=f"--{name.replace('_', '-')}", on_change=self._draw)
                for name in ("total_steps", "steps_per_epoch", "epochs")
            ]
            self._metrics = ui.input("metrics", placeholder="0.9, 0.7, 0.71", on_change=self._draw).classes("long")
            self._lengths = [*boxes, self._metrics]
            for box in self._lengths:
                box.props("outlined dense stack-label debounce=200 autocomplete=off")
            self._log = ui.switch("logarithmic", on_change=self._draw)
        self._notes = ui.label().classes("note").props('role="status" aria-label="about the curve"')
        self._chart = ui.echart({}, renderer="svg").classes("chart")

    def _table(self) -> None:
        with ui.element("div").classes("lengths"):
            ui.label("Parameters").classes("text-subtitle1")
            self._all = ui.switch("a row for each", on_change=self._explain)
        self._groups = ui.label().classes("note").props('role="status" aria-label="groups"')
        columns = [
            {"name": str(place), "label": name, "field": str(place), "align": "left", "sortable": True}
            for place, name in enumerate(["optimizer", *HEADINGS])
        ]
        self._rows = ui.table(rows=[], columns=columns, row_key="key", pagination=50).props("flat dense bordered")

    async def begin(self) -> None:
        """Show the current config, now that the browser can be asked."""
        self._started.set_text(f"ready after {self._page.ready_after:.1f} s")
        self._scheme(bool(await ui.run_javascript(IS_DARK)))
        self._show_tabs()

    # -- which config ------------------------------------------------------------------------------------------------

    @property
    def _config(self) -> Config:
        return self._page.configs[min(self._page.current, len(self._page.configs) - 1)]

    def _show_tabs(self) -> None:
        self._tabs.clear()
        with self._tabs, ui.tabs() as tabs:
            for place, config in enumerate(self._page.configs):
                ui.tab(str(place), label=visible(config.label)).props("no-caps")
        tabs.set_value(str(self._page.current))
        tabs.on_value_change(lambda event: self._go_to(int(event.value)))
        self._show_config()

    def _go_to(self, place: int) -> None:
        self._page.current = place
        self._show_config()

    def _show_config(self) -> None:
        config = self._config
        self._editor.set_language({"yaml": "YAML", "json": "JSON", "toml": "TOML"}[config.format_name])  # type: ignore[arg-type]
        self._editor.set_value(config.text)
        self._remove.set_enabled(config.file is None and len(self._page.configs) > 1)
        self._refresh()

    def _add_variant(self) -> None:
        number = len(self._page.configs) + 1
        self._page.configs.append(self._config.variant(f"variant {number}"))
        self._page.current = len(self._page.configs) - 1
        self._show_tabs()

    def _remove_variant(self) -> None:
        self._page.configs.remove(self._config)
        self._page.current = max(0, self._page.current - 1)
        self._show_tabs()

    # -- what is edited ----------------------------------------------------------------------------------------------

    def _typed(self, event: Any) -> None:
        if event.value != self._config.text:
            self._config.text = event.value
            self._is_due = True

    def _if_due(self) -> None:
        if self._is_due:
            self._refresh()

    def _edit(self, change: Callable[[str, str], str]) -> None:
        """Change the text as the form asks for; what cannot be done is told, and changes nothing."""
        config = self._config
        try:
            text = change(config.text, config.format_name)
        except OptimError as error:
            self._tell(str(error))
            return
        gone = lost_comments(config.text, text) if config.format_name != "json" else []
        if gone:
            self._tell(f"A comment went with it, Ctrl+Z in the text brings it back: {'; '.join(gone)}")
        self._set_text(text)

    def _set_text(self, text: str) -> None:
        self._config.text = text
        self._editor.set_value(text)
        self._refresh()

    def _rewrite(self) -> None:
        try:
            text = self._config.canonical(defaults=False)
        except OptimError as error:
            self._tell(f"It is wrong, and not rewritten: {error}")
            return
        gone = lost_comments(self._config.text, text) if self._config.format_name != "json" else []
        self._set_text(text)
        if gone:
            self._tell(f"Comments are gone, Ctrl+Z in the text brings them back: {'; '.join(gone)}")

    def _refresh(self) -> None:
        self._is_due = False
        config = self._config
        reading = config.reading()
        self._show_problems(reading.problems, reading.warnings)
        parts = parts_of(reading.value)
        is_unread = reading.value is None and bool(config.text.strip())
        self._banner.set_visibility(parts is None or is_unread)
        if parts is not None and not is_unread:
            self._form.show(reading.value, parts, reading.problems, is_read_only=False)
        else:
            self._show_other_form(is_unread=is_unread, built=reading.built)
        self._save.set_visibility(config.file is not None)
        self._save.set_text("Save *" if config.is_changed else "Save")
        self._draw()
        if self._page.model is not None:
            self._explain()

    def _show_other_form(self, *, is_unread: bool, built: Any) -> None:
        self._banner.clear()
        with self._banner:
            ui.label(NO_FORM if is_unread else OTHER_FORM)
            if built is not None:
                ui.button("Rewrite in canonical form", on_click=self._rewrite).props("outline dense no-caps")
        if built is not None:
            value = registry.to_config(built)
            self._form.show(value, parts_of(value) or [], (), is_read_only=True)

    def _show_problems(self, problems: tuple[Problem, ...], warned: tuple[Problem, ...]) -> None:
        last = self._config.text.count("\n") + 1
        looks = [(each, "wrong-line") for each in problems] + [(each, "warned-line") for each in warned]
        self._editor.decorations = [
            {"kind": "line", "line": each.line, "class": look}
            for each, look in looks
            if each.line and each.line <= last
        ]
        self._problems.clear()
        with self._problems:
            if not looks:
                ui.label("No problems.").classes("note")
            for each, look in looks:
                self._show_problem(each, look)

    def _show_problem(self, problem: Problem, look: str) -> None:
        def reveal() -> None:
            if problem.line:
                self._editor.reveal_line(problem.line)

        with ui.column().classes(f"problem {'warned' if look == 'warned-line' else ''}") as row:
            place = ":".join(str(number) for number in (problem.line, problem.column) if number)
            said = ": ".join(part for part in (place, problem.path, problem.message) if part)
            ui.label(f"Warning: {said}" if look == "warned-line" else said)
            if problem.hint:
                ui.label(problem.hint).classes("hint")
        row.on("click", reveal)

    def _tell(self, message: str) -> None:
        # What it is about may have left the page by now.
        with self._client:
            ui.notify(message, multi_line=True, timeout=8000, close_button="Close")

    # -- curves and parameters ---------------------------------------------------------------------------------------

    def _scheme(self, is_dark: bool) -> None:
        self._is_dark = is_dark
        self._editor.set_theme("basicDark" if is_dark else "basicLight")
        self._draw()

    def _draw(self) -> None:
        background_tasks.create(self._drawn(), name="curve")

    async def _drawn(self) -> None:
        configs = self._page.configs
        built = {config.label: config.reading().built for config in configs}
        drawn = {label: each for label, each in built.items() if each is not None}
        self._metrics.set_visibility(any(map(waits_for_metric, drawn.values())))
        lengths = Lengths(*(box.value or "" for box in self._lengths))
        self._drawing += 1
        mine = self._drawing
        wrong = [config.label for config in configs if built[config.label] is None and config.text.strip()]
        notes = [f"{label} is wrong, and not drawn." for label in wrong]
        if wrong and not drawn:
            # Whoever is typing has the curve from before in view.
            self._notes.set_text("\n".join(notes))
            return
        try:
            # A schedule without closed form is stepped, and torch imported for it: the page goes on meanwhile.
            found = await run.io_bound(chart_options, drawn, lengths, log=bool(self._log.value), is_dark=self._is_dark)
        except OptimError as error:
            found = {}, [str(error)]
        if mine != self._drawing or found is None:
            return
        options, more = found
        self._notes.set_text("\n".join(notes + more))
        self._chart.options.clear()
        self._chart.options.update(options)
        self._chart.set_visibility(bool(options))
        self._chart.update()

    def _explain(self) -> None:
        built = self._config.reading().built
        try:
            if built is None:
                raise OptimError("The config is wrong: its parameters are not shown.")
            explanation = registry.explain(built, self._page.model)
        except (OptimError, ValueError) as error:
            self._groups.set_text(str(error))
            self._rows.rows = []
            return
        rows: list[list[str]] = []
        for name in dict.fromkeys(plan.optimizer for plan in explanation):
            plans = [plan for plan in explanation if plan.optimizer == name]
            rows += [[name, *row] for row in rows_of(plans, everything=bool(self._all.value))]
        self._groups.set_text("\n".join(map(summary_of, explanation.groups())))
        self._rows.rows = [
            {"key": key, **{str(place): cell for place, cell in enumerate(row)}} for key, row in enumerate(rows)
        ]

    # -- what leaves the page ----------------------------------------------------------------------------------------

    async def _copy(self) -> None:
        await self._copy_text(self._config.text)

    async def _copy_resolved(self) -> None:
        try:
            await self._copy_text(self._config.canonical(defaults=True))
        except OptimError as error:
            self._tell(f"It is wrong, and not copied: {error}")

    async def _copy_text(self, text: str) -> None:
        if await ui.run_javascript(COPY.format(text=json.dumps(text))):
            ui.notify("Copied.")
            return
        with ui.dialog(value=True) as dialog, ui.card():
            ui.label("The browser does not let a page copy here: press Ctrl+C.")
            box = ui.textarea(value=text).props("readonly outlined autogrow input-class=mono autofocus")
            ui.button("Close", on_click=dialog.close).props("flat no-caps")
        ui.run_javascript(f"setTimeout(() => getElement({box.id}).$refs.qRef.select(), 300)")

    def _save_file(self) -> None:
        config = self._config
        if config.file is None:
            self._tell("This config came from no file, and nothing is written: copy it.")
            return
        try:
            config.save()
        except ChangedOnDiskError as error:
            self._ask_what_counts(config, str(error))
            return
        except (OptimError, OSError, UnicodeError) as error:
            self._tell(str(error))
            return
        self._saved(config)

    def _saved(self, config: Config) -> None:
        ui.notify(f"Saved {visible(str(config.file))}.")
        self._refresh()

    def _ask_what_counts(self, config: Config, message: str) -> None:
        def replace() -> None:
            dialog.close()
            try:
                config.save(over=True)
            except (OptimError, OSError, UnicodeError) as error:
                self._tell(str(error))
                return
            self._saved(config)

        def load() -> None:
            dialog.close()
            try:
                config.load()
            except OptimError as error:
                self._tell(str(error))
                return
            self._show_config()

        with ui.dialog(value=True) as dialog, ui.card():
            ui.label(f"{message}. What counts?")
            with ui.row():
                ui.button("Load the file", on_click=load).props("outline no-caps")
                ui.button("Replace the file", on_click=replace).props("outline no-caps color=negative")
                ui.button("Neither", on_click=dialog.close).props("flat no-caps")
