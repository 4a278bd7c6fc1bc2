"""Every plugin's config can be written in every format, and is read back as it was."""

import pytest

from optim_core import registry
from optim_core.cli.config_text import format_names, render
from optim_core.reference.describe import example


@pytest.mark.parametrize("form", format_names())
def test_what_is_written_builds_the_same_and_is_written_alike(plugin_class, plugin_targets, form, tmp_path):
    """A resolved file of each plugin's example is stable under resolving again."""
    target = f"{plugin_class.__module__}:{plugin_class.__qualname__}"
    kind, name = next(place for place, found in plugin_targets.items() if found == target)
    spec = registry.build({"type": name, "config": example(plugin_class)}, kind)
    text = render(registry.to_config(spec), form)
    file = tmp_path / f"resolved.{form}"
    file.write_text(text, encoding="utf-8")
    again = registry.build(file)
    assert spec == again
    assert text == render(registry.to_config(again), form)
