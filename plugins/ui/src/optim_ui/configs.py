"""A config that is edited: its text, the file that it came from, and what is found in it."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import attrs

from optim_core import ConfigError, OptimError, PluginError, Problem, registry
from optim_core.cli import write_file
from optim_core.errors import ConfigWarning
from optim_core.plugin_tools import config_text, document_of, endings, format_of, formats, read_text, visible

__all__ = ["ChangedOnDiskError", "Config", "Reading", "lost_comments"]

FORMATS = {each.name: each for each in formats()}


class ChangedOnDiskError(OptimError):
    """The file is no longer what was read."""


@attrs.frozen
class Reading:
    """What is found in a text.

    Args:
        value: the config as it stands there; None where it cannot be read.
        built: the spec or recipe; None where it is wrong.
        problems: what is wrong.
        warnings: what is right, and most likely not what its author wants.
    """

    value: Any
    built: Any
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


@attrs.define(eq=False)
class Config:
    """A config that is edited.

    Args:
        label: what the page calls it.
        text: as it stands in the editor, with line ends of one letter.
        file: where it came from, None for one that was made on the page.
        format_name: what the text is: yaml, json or toml.
        saved: the text that the file held when it was last read or written.
    """

    label: str
    text: str = ""
    file: Path | None = None
    format_name: str = "yaml"
    saved: str = ""
    _raw: bytes = b""
    _reading: tuple[str, Reading] | None = None

    @classmethod
    def of_file(cls, name: str) -> Config:
        """Read a file, which may be wrong or empty.

        Raises:
            ConfigError: it is not there, cannot be read, is no text, or its ending says no format.
        """
        file = Path(name)
        text = read_text(file, may_be_empty=True)
        file_format = format_of(file)
        if file_format is None:
            known = ", ".join(endings())
            message = f"a config file ends in {known}; this one ends in `{visible(file.suffix)}`"
            raise ConfigError([Problem(path="", message=message, file=name)])
        text = text.replace("\r\n", "\n")
        return cls(file.name, text, file, file_format.name, saved=text, raw=file.read_bytes())

    def variant(self, label: str) -> Config:
        """Return another config, of no file, that begins as this one."""
        return Config(label, self.text, None, self.format_name)

    @property
    def name(self) -> str:
        """What messages call the file."""
        return str(self.file) if self.file else f"{self.label}{FORMATS[self.format_name].endings[0]}"

    @property
    def is_changed(self) -> bool:
        """Whether the text is another than that of the file."""
        return self.file is not None and self.text != self.saved

    def reading(self) -> Reading:
        """Return what is found in the text as it is now."""
        if self._reading is None or self._reading[0] != self.text:
            self._reading = (self.text, self._read())
        return self._reading[1]

    def _read(self) -> Reading:
        value = built = None
        problems: list[Problem] = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                document = document_of(self.text, self.name)
                value = document.value
                built = registry.build(document)
            except ConfigError as error:
                problems += error.problems
            except PluginError as error:
                problems.append(Problem(path="", message=str(error), file=self.name))
        warned = [problem for each in caught for problem in _told(each.message)]
        return Reading(value, built, tuple(problems), tuple(warned))

    def canonical(self, *, defaults: bool) -> str:
        """Return the config in canonical form, in the format of the text.

        Args:
            defaults: whether every default is filled in.

        Raises:
            OptimError: the config is wrong.
        """
        document = document_of(self.text, self.name)
        config = registry.to_config(registry.build(document)) if defaults else registry.migrate(document)
        return config_text(config, FORMATS[self.format_name], registry.build)

    def save(self, *, over: bool = False) -> None:
        """Write the text to the file that it came from, which holds the old until it holds all of the new.

        Args:
            over: whether what somebody else wrote there meanwhile is replaced.

        Raises:
            ChangedOnDiskError: somebody else wrote to it, or took it away.
            OptimError: it cannot be written.
        """
        if self.file is None:
            raise OptimError("it came from no file: copy it, or begin with `optim ui FILE`")
        name = visible(str(self.file))
        if not over and (not self.file.is_file() or self.file.read_bytes() != self._raw):
            raise ChangedOnDiskError(f"{name} was changed by something else since it was read")
        # The file keeps its line ends and its byte order mark.
        text = self.text.replace("\n", "\r\n") if b"\r\n" in self._raw else self.text
        raw = text.encode("utf-8-sig" if self._raw.startswith(b"\xef\xbb\xbf") else "utf-8")
        write_file(raw, str(self.file))
        self._raw, self.saved = raw, self.text

    def load(self) -> None:
        """Take what the file holds now, in place of the text.

        Raises:
            ConfigError: it cannot be read.
        """
        if self.file is not None:
            found = Config.of_file(str(self.file))
            self.text, self.saved, self._raw = found.text, found.saved, found._raw


def _told(warning: Warning | str) -> list[Problem]:
    if isinstance(warning, ConfigWarning):
        return list(warning.problems)
    return [Problem(path="", message=str(warning))]


def lost_comments(before: str, after: str) -> list[str]:
    """Return the comments of a text that another one lacks."""
    found = [Counter(re.findall(r"(?:^|\s)(#.*)$", text, re.MULTILINE)) for text in (before, after)]
    return list((found[0] - found[1]).elements())
