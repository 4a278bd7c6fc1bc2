"""Every hint, followed to the letter, makes its problem go or leads to a smaller one: none leads in a circle."""

from __future__ import annotations

import warnings

import pytest
from following import followed
from test_wrong_configs import MAPPINGS
from wrong_foreign import FOREIGN

from optim_core import ConfigError, Registry

# Of a config, so many hints are followed.
MOST_EDITS = 25
ROWS = [
    pytest.param(wrong.config, id=f"{subject}: {wrong.mistake}")
    for subject, table in MAPPINGS.items()
    if subject != "hostile"
    for wrong in table
]


@pytest.fixture(scope="module")
def registry():
    return Registry(allow=["optim-torch-builtin", "optim-schedules"])


def problems_of(registry, config):
    """Return what is wrong with a config; what is only warned of is right."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            registry.build(config)
        except ConfigError as error:
            return error.problems
    return ()


def follow(registry, config):
    """Follow hints, the first that can be followed each time; return the configs on the way and what is left."""
    way = []
    for _ in range(MOST_EDITS):
        problems = problems_of(registry, config)
        changed = next((new for problem in problems if (new := followed(config, problem)) is not None), None)
        if changed is None:
            return way, problems
        way.append(repr(config))
        assert repr(changed) not in way, f"in a circle: {config} -> {changed}: {problems}"
        config = changed
    return way, problems_of(registry, config)


@pytest.mark.parametrize("config", ROWS)
def test_no_hint_leads_in_a_circle(registry, config):
    """The way ends where the config is right, or where its author has to decide."""
    way, left = follow(registry, config)
    assert len(way) < MOST_EDITS, left


@pytest.mark.parametrize("name", FOREIGN)
def test_the_hints_for_what_other_projects_write_lead_to_a_config_that_is_right(registry, name):
    """Followed to the letter, one by one, they leave nothing that is wrong."""
    _, left = follow(registry, FOREIGN[name])
    assert () == left
