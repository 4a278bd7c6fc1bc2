"""Lengths of schedules: durations in every field that is one, and what is open comes from the run."""

import pytest

from optim_core import ConfigError, Duration, Horizon, HorizonError, registry
from optim_core.plugin_class.fields import field_types

from .support import optimizer_of, spec_of
from .tables import COMBINED

RUN = Horizon(total_steps=1000, steps_per_epoch=50)


def length_fields(cls):
    return [field for field, hint in field_types(cls).items() if hint in (Duration, Duration | None, list[Duration])]


@pytest.mark.parametrize(
    ("written", "steps"), [(100, 100), ("100", 100), ("100 steps", 100), ("10%", 100), ("2 epochs", 100), (1e2, 100)]
)
def test_a_warmup_has_the_length_that_its_duration_means(written, steps):
    """The base rate is reached at that step, however it is written."""
    curve = spec_of("linear", num_warmup_steps=written).curve(1000, 0.1, horizon=RUN)
    assert 0.1 == curve[steps]
    assert 0.1 > curve[steps - 1]


def test_whatever_is_a_length_is_a_duration(name, plugin_class):
    """No field counts steps of the run in plain ints; what counts calls after an event does."""
    counts = {"patience", "cooldown", "warmup", "window_size", "reset_start", "num_cycles"}
    ints = {field for field, hint in field_types(plugin_class).items() if hint in (int, int | None)}
    assert ints <= counts
    assert all(field in length_fields(plugin_class) for field in field_types(plugin_class) if field.endswith("_steps"))


def test_a_length_may_be_given_from_python_too(plugin_class, name):
    """The class itself takes what a config writes, and checks it."""
    for field in length_fields(plugin_class):
        values = dict(getattr(plugin_class, "example", {}))
        values = {key: value for key, value in values.items() if key not in ("scheduler", "schedulers")}
        if name in COMBINED:
            continue
        config = plugin_class(**{**values, field: "5%"} if field != "epochs" else {field: "5%"})
        assert Duration(5, "%") == getattr(config, field)
        with pytest.raises(ValueError, match="10%"):
            plugin_class(**{**values, field: 0.1})


@pytest.mark.parametrize("wrong", [0.1, -1, "ten", "-5%", True, [3], 1.0, "150%"])
@pytest.mark.parametrize(("name", "field"), [("linear", "num_warmup_steps"), ("cosine", "T_max"), ("cosine", "epochs")])
def test_what_is_no_length_is_a_problem_whose_hint_names_one(name, field, wrong):
    """A bare float is one of them, since it may mean steps or a share; a field that may be null says the same."""
    with pytest.raises(ConfigError) as caught:
        spec_of(name, **{field: wrong})
    (problem,) = caught.value.problems
    assert f"config.{field}" == problem.path
    assert "10%" in problem.hint


@pytest.mark.parametrize(
    ("name", "field"),
    [("linear", "num_training_steps"), ("cosine", "epochs"), ("inverse_sqrt", "timescale"), ("cosine", "T_max")],
)
def test_a_length_of_nothing_is_refused(name, field):
    """A decay over 0 steps is none."""
    with pytest.raises(ConfigError, match="must be > 0, is 0"):
        spec_of(name, **{field: "0%"})


@pytest.mark.parametrize("fields", [("T_max", "epochs"), ("num_training_steps", "T_max", "epochs")])
def test_two_lengths_that_mean_the_same_are_refused(fields):
    """Each after the first says which other is set."""
    with pytest.raises(ConfigError, match=f"{fields[1]}: means the same as {fields[0]}, which is set too") as caught:
        spec_of("cosine", **dict.fromkeys(fields, 10))
    assert len(fields) - 1 == len(caught.value.problems)


def test_two_lengths_of_the_stable_stage_are_refused():
    """Where transformers warns and takes one."""
    with pytest.raises(ConfigError, match="num_stable_steps: means the same as num_training_steps"):
        spec_of("warmup_stable_decay", num_decay_steps=5, num_training_steps=50, num_stable_steps=5)


@pytest.mark.parametrize(
    ("name", "values", "missing"),
    [
        ("linear", {}, "linear needs total_steps"),
        ("cosine_with_restarts", {"num_cycles": 2}, "cosine_with_restarts needs total_steps"),
        ("polynomial", {"num_training_steps": "2 epochs"}, r"polynomial.num_training_steps is 2 epochs, which needs s"),
        (
            "constant_with_warmup",
            {"num_warmup_steps": "5%"},
            "num_warmup_steps is 5%, which needs total_steps: pass to",
        ),
        ("inverse_sqrt", {"timescale": "5%"}, "inverse_sqrt.timescale is 5%, which needs total_steps"),
        ("warmup_cosine", {"warmup_epochs": 1}, "warmup_cosine needs epochs: pass epochs=…"),
        ("cosine", {"T_max": "50%"}, r"cosine.T_max is 50%, which needs epochs"),
        (
            "cosine",
            {"T_max": 5, "num_warmup_steps": "9 steps"},
            "is 9 steps, but the schedule is stepped once an epoch",
        ),
        (
            "warmup_stable_decay",
            {"num_warmup_steps": 1, "num_decay_steps": "9%"},
            "warmup_stable_decay.num_decay_steps is 9%, which needs",
        ),
        (
            "sequential",
            {"schedulers": [{"type": "linear"}, {"type": "linear"}], "durations": ["20 epochs"]},
            r"sequential.durations\[0\] is 20 epochs, which needs steps_per_epoch",
        ),
        (
            "sequential",
            {"schedulers": [{"type": "constant"}, {"type": "linear"}], "durations": [9]},
            "linear needs tot",
        ),
        ("warmup", {"scheduler": {"type": "linear"}, "num_warmup_steps": 9}, "linear needs total_steps"),
        ("warmup", {"scheduler": {"type": "linear"}, "num_warmup_steps": "9%"}, "warmup.num_warmup_steps is 9%, which"),
    ],
)
def test_a_length_that_is_open_and_not_given_is_named(name, values, missing):
    """With the schedule and its field, when the scheduler is made and when the curve is drawn."""
    spec = spec_of(name, **values)
    with pytest.raises(HorizonError, match=missing):
        spec.create_scheduler(optimizer_of())
    with pytest.raises(HorizonError, match=missing):
        spec.curve(3, 0.1)


def test_a_schedule_over_epochs_has_its_lengths_in_epochs():
    """Of 20 epochs a tenth are 2, as are "2 epochs" and 2."""
    for warmup in ("10%", "2 epochs", 2):
        curve = spec_of("warmup_cosine", warmup_epochs=warmup).curve(21, 0.1, horizon=RUN)
        assert (0.05, 0.1, 0.0) == (curve[1], curve[2], curve[20])


@pytest.mark.parametrize(
    ("name", "values"),
    [("warmup_cosine", {"warmup_epochs": 2, "max_epochs": 10}), ("cosine", {"num_warmup_steps": 100, "epochs": 10})],
)
def test_a_length_that_is_called_epochs_is_epochs_also_where_steps_are_counted(name, values):
    """Stepped 50 times an epoch, the schedule is the same curve, finer."""
    spec = registry.build({"type": name, "config": values, "interval": "step"})
    fine = spec.curve([50, 100, 300, 500], 0.1, horizon=RUN)
    assert pytest.approx([0.05, 0.1, 0.05, 0.0]) == list(fine)


def test_stages_that_do_not_fit_into_the_run_are_refused():
    """transformers would begin the decay part-way."""
    spec = spec_of("warmup_stable_decay", num_warmup_steps=30, num_decay_steps="98%")
    with pytest.raises(HorizonError, match="30 warmup and 980 decay steps do not fit into 1000; shorten one of them"):
        spec.create_scheduler(optimizer_of(), horizon=RUN)


def test_a_config_is_written_back_as_it_was_written():
    """Steps as a number, anything else as its text."""
    lengths = {"num_warmup_steps": "2.50 %", "num_decay_steps": "1 epochs", "num_stable_steps": "300"}
    canonical = registry.to_config(spec_of("warmup_stable_decay", **lengths))
    written = [canonical["config"][field] for field in lengths]
    assert ["2.5%", "1 epoch", 300] == written
    assert registry.build(canonical) == spec_of("warmup_stable_decay", **lengths)
