"""What a run tells of itself: right numbers, at the interval alone, and training that is the same with and without."""

from __future__ import annotations

import copy
import time
from pathlib import Path

import pytest
import torch
from script_process import run_script
from torch import nn
from waits import a_device, model_on_the_device, set_gradients, waits_of

from optim_core import OptimError, registry
from optim_core.run.monitors import CsvWriter, Monitor

RECIPE = {
    "optimizer": {"type": "AdamW", "config": {"lr": 0.1}, "no_decay": ["bias"]},
    "scheduler": {"type": "linear", "config": {"num_training_steps": 10}},
    "gradient_clipping": {"type": "norm", "max_norm": 1.0},
}


class Net(nn.Module):
    """A body, a head, and a tensor that no module owns."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 4))
        self.head = nn.Linear(4, 1)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, given):
        return self.head(self.body(given)) * self.scale


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Net()


@pytest.fixture
def reports():
    return []


def batch(number):
    return torch.linspace(-1, 1, 12).view(3, 4) * (number + 1)


def loss_of(model, number):
    return (model(batch(number)) - 3).square().mean()


def train(run, model, steps, **options):
    return [run.step(lambda number=number: loss_of(model, number), **options) for number in range(steps)]


def norm_of(tensors):
    return torch.cat([tensor.reshape(-1) for tensor in tensors]).norm().item()


# -- the numbers -----------------------------------------------------------------------------------------------------


def test_a_report_says_what_the_step_did(model, reports):
    """The rates of the step, the norms of its gradients before clipping, and how far it moved the weights."""
    run = registry.recipe(RECIPE).create(model)
    Monitor(run, every=3, to=reports.append)
    train(run, model, 2)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    gradients = dict(zip(before, torch.autograd.grad(loss_of(model, 2), model.parameters()), strict=True))
    done = run.step(loss_of(model, 2))
    moved = {name: parameter.detach() - before[name] for name, parameter in model.named_parameters()}

    (report,) = reports
    assert {
        *("step", "lr/default", "lr/no_decay"),
        *("grad_norm", "grad_norm/body.0", "grad_norm/body.2", "grad_norm/head", "grad_norm/scale"),
        *("update_ratio", "update_ratio/body.0", "update_ratio/body.2", "update_ratio/head", "update_ratio/scale"),
        *("clipped", "nonfinite", "skipped", "step_time"),
    } == set(report)
    assert ["step", "lr/default", "lr/no_decay", "grad_norm"] == list(report)[:4]
    assert (3, *done.lrs) == (report["step"], report["lr/default"], report["lr/no_decay"])
    assert pytest.approx(norm_of(gradients.values())) == report["grad_norm"] == pytest.approx(done.grad_norm.item())
    assert pytest.approx(norm_of(moved.values()) / norm_of(before.values())) == report["update_ratio"]
    for module in ("body.0", "body.2", "head"):
        names = [f"{module}.weight", f"{module}.bias"]
        assert pytest.approx(norm_of(gradients[name] for name in names)) == report[f"grad_norm/{module}"]
        ratio = norm_of(moved[name] for name in names) / norm_of(before[name] for name in names)
        assert pytest.approx(ratio) == report[f"update_ratio/{module}"]


def test_modules_may_be_larger_or_none(model, reports):
    """By the number of parts of a name; and without the update-to-weight ratio, too."""
    run = registry.recipe({"type": "SGD"}).create(model)
    Monitor(run, every=1, to=reports.append, depth=1, updates=False)
    train(run, model, 1)
    Monitor(registry.recipe({"type": "SGD"}).create(model), every=1, to=reports.append, depth=0)

    assert ["grad_norm", "grad_norm/scale", "grad_norm/body", "grad_norm/head"] == [
        name for name in reports[0] if "norm" in name
    ]
    assert [] == [name for name in reports[0] if "update" in name]


def test_weights_that_are_all_zero_have_no_ratio(model, reports):
    """A share of nothing is no number."""
    nn.init.zeros_(model.head.weight)
    nn.init.zeros_(model.head.bias)
    run = registry.recipe({"type": "SGD", "config": {"lr": 0.1}}).create(model)
    Monitor(run, every=1, to=reports.append, depth=1)
    train(run, model, 2)

    assert ["head" in "".join(name for name in report if "update" in name) for report in reports] == [False, True]


def test_reports_come_at_the_interval_and_none_before(model, reports):
    """Every third step; the time of a step is a mean, without the first, before which there is none."""
    run = registry.recipe({"type": "SGD"}).create(model)
    Monitor(run, every=3, to=reports.append)
    began = time.perf_counter()
    train(run, model, 8)

    assert [3, 6] == [report["step"] for report in reports]
    assert all(0 < report["step_time"] < time.perf_counter() - began for report in reports)


def test_of_a_first_step_no_time_is_known(model, reports):
    """There is no step before it."""
    run = registry.recipe({"type": "SGD"}).create(model)
    Monitor(run, every=1, to=reports.append)
    train(run, model, 2)

    assert [False, True] == ["step_time" in report for report in reports]


def test_the_share_of_clipped_steps_is_that_since_the_last_report(model, reports):
    """Gradients of norm 2 are clipped to 1, those of norm 0.5 are not, and infinite ones are told apart."""
    run = registry.recipe({**RECIPE, "scheduler": {"type": "constant"}}).create(model)
    Monitor(run, every=4, to=reports.append)

    def step(size):
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        model.scale.grad.fill_(size)
        run.step()

    for size in (2.0, 0.5, 2.0, 2.0, 0.5, 0.5, 0.5, 2.0):
        step(size)
    with pytest.warns(RuntimeWarning, match="inf"):
        step(float("inf"))
    for size in (2.0, 0.5, 0.5):
        step(size)

    assert [(0.75, 0.0), (0.25, 0.0), (0.25, 0.25)] == [(report["clipped"], report["nonfinite"]) for report in reports]


@pytest.mark.parametrize("clipping", [{}, {"gradient_clipping": {"type": "norm", "max_norm": 1.0}}])
def test_with_a_scaler_norms_are_without_its_factor_and_skipped_steps_are_counted(model, reports, clipping):
    """The second of four steps has an infinite gradient; those that are unscaled by hand are not unscaled again."""
    plain = copy.deepcopy(model)
    run = registry.recipe({"optimizer": {"type": "SGD", "config": {"lr": 0.01}}, **clipping}).create(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    Monitor(run, every=4, to=reports.append)
    train(run, model, 1, scaler=scaler)
    loss = loss_of(model, 0) * float("inf")
    if clipping:
        with pytest.warns(RuntimeWarning, match="not finite|is nan|is inf"):
            assert run.step(loss, scaler=scaler).skipped
    else:
        assert run.step(loss, scaler=scaler).skipped
    train(run, model, 1, scaler=scaler)
    plain.load_state_dict(model.state_dict())
    gradients = torch.autograd.grad(loss_of(plain, 0), plain.parameters())
    train(run, model, 1, scaler=scaler)
    for _ in range(3):
        train(run, model, 1, scaler=scaler)
    plain.load_state_dict(model.state_dict())
    again = torch.autograd.grad(loss_of(plain, 0), plain.parameters())
    scaler.scale(loss_of(model, 0)).backward()
    scaler.unscale_(run.optimizer)
    run.step(scaler=scaler)

    assert [0.25, 0.0] == [report["skipped"] for report in reports]
    assert pytest.approx(norm_of(gradients)) == reports[0]["grad_norm"]
    assert pytest.approx(norm_of(again)) == reports[1]["grad_norm"]


def test_a_clipper_of_several_optimizers_is_counted_for_each(reports):
    """Each tells at its own steps, below its name."""
    models = {"generator": nn.Linear(2, 2), "critic": nn.Linear(2, 1)}
    recipe = registry.recipe(
        {
            "optimizer_configs": {name: {"type": "SGD"} for name in models},
            "gradient_clipping": {"type": "norm", "max_norm": 1.0},
        }
    )
    run = recipe.create(models)
    Monitor(run, every=2, to=reports.append)

    def step(name, size):
        for parameter in models[name].parameters():
            parameter.grad = torch.full_like(parameter, size)
        run[name].step()

    for sizes in ((5.0, 0.1), (5.0, 0.1), (0.1, 5.0)):
        for _ in range(2):
            step("critic", sizes[0])
        step("generator", sizes[1])

    assert [("critic", 2), ("critic", 4), ("generator", 2), ("critic", 6)] == [
        (next(name for name in report if "/" in name).partition("/")[0], report["step"]) for report in reports
    ]
    assert [1.0, 1.0, 0.0, 0.0] == [next(report[name] for name in report if "clipped" in name) for report in reports]
    assert {"step", "generator/lr/default", "generator/grad_norm", "generator/update_ratio"} <= reports[2].keys()


def test_clipping_of_its_own_is_counted_for_each_set(reports):
    """Beside one that is not clipped."""
    models = {"generator": nn.Linear(2, 2), "critic": nn.Linear(2, 1), "judge": nn.Linear(2, 1)}
    sets = {name: {"optimizer": {"type": "SGD"}} for name in models}
    for name, most in (("generator", 1.0), ("critic", 1000.0)):
        sets[name]["gradient_clipping"] = {"max_norm": most}
    run = registry.recipe({"optimizer_configs": sets}).create(models)
    Monitor(run, every=2, to=reports.append)
    for name in (*models, *models):
        for parameter in models[name].parameters():
            parameter.grad = torch.full_like(parameter, 5.0)
        run[name].step()
    shares = {name: value for report in reports for name, value in report.items() if name.endswith("clipped")}
    assert {"generator/clipped": 1.0, "critic/clipped": 0.0} == shares


def test_the_groups_of_muon_are_its_halves(model, reports):
    """Names that hold when a rule adds a group."""
    run = registry.recipe({"type": "Muon", "config": {"lr": 0.02, "adamw_lr": 0.001}}).create(model)
    Monitor(run, every=1, to=reports.append)
    train(run, model, 1)

    assert {"lr/matrices": 0.02, "lr/adamw": 0.001} == {
        name: reports[0][name] for name in reports[0] if name.startswith("lr/")
    }


def test_an_optimizer_that_computes_the_loss_several_times_is_seen_at_the_first(model, reports):
    """Its gradients are those of the weights before the step."""
    run = registry.recipe({"type": "LBFGS", "config": {"max_iter": 3}}).create(model)
    Monitor(run, every=1, to=reports.append)
    gradients = torch.autograd.grad(loss_of(model, 0), model.parameters())
    train(run, model, 1)

    assert pytest.approx(norm_of(gradients)) == reports[0]["grad_norm"]
    assert reports[0]["update_ratio"] > 0


def test_the_rate_may_be_a_tensor(model, reports):
    """As for CUDA graphs; it is the one with which the step was taken."""
    run = registry.recipe({"type": "Adam", "config": {"lr": 0.5}}).create(model)
    run.optimizer.param_groups[0]["lr"] = torch.tensor(0.25)
    Monitor(run, every=1, to=reports.append)
    train(run, model, 1)

    assert 0.25 == reports[0]["lr/default"]


# -- the run ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["AdamW", "LBFGS", "Muon"])
def test_a_run_is_the_same_with_and_without(model, reports, optimizer):
    """Bit for bit."""
    other = copy.deepcopy(model)
    recipe = registry.recipe({**RECIPE, "optimizer": {"type": optimizer, "config": {"lr": 0.01}}})
    run, alone = recipe.create(model), recipe.create(other)
    Monitor(run, every=2, to=reports.append)
    with_monitor, without = train(run, model, 5), train(alone, other, 5)

    assert 2 == len(reports)
    assert [done.loss for done in without] == [done.loss for done in with_monitor]
    assert all(map(torch.equal, model.parameters(), other.parameters()))


def test_a_run_that_is_resumed_reports_at_the_same_steps(model, reports, tmp_path):
    """The steps are those of the whole run, and the file goes on."""
    recipe = registry.recipe(RECIPE)
    run = recipe.create(model)
    Monitor(run, every=4, to=CsvWriter(tmp_path / "run.csv"))
    train(run, model, 6)
    resumed = recipe.create(model)
    Monitor(resumed, every=4, to=CsvWriter(tmp_path / "run.csv"))
    resumed.load_state_dict(copy.deepcopy(run.state_dict()))
    train(resumed, model, 2)

    rows = (tmp_path / "run.csv").read_text(encoding="utf-8").splitlines()
    assert ["step", "4", "8"] == [row.partition(",")[0] for row in rows]
    assert {len(rows[0].split(","))} == {len(row.split(",")) for row in rows}


def test_a_monitor_leaves_the_run(model, reports):
    """And only then can another one come."""
    run = registry.recipe({"type": "SGD"}).create(model)
    assert run["default"].watch is None
    monitor = Monitor(run, every=1, to=reports.append)
    with pytest.raises(OptimError, match="has a monitor"):
        Monitor(run)
    monitor.detach()
    train(run, model, 1)
    assert [] == reports
    Monitor(run, every=1, to=reports.append)
    train(run, model, 1)

    assert [2] == [report["step"] for report in reports]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"every": 0}, "every"), ({"every": 1.5}, "every"), ({"depth": -1}, "depth"), ({"to": "run.csv"}, "CsvWriter")],
)
def test_what_means_nothing_is_told(model, arguments, says):
    """Before the run has a monitor."""
    run = registry.recipe({"type": "SGD"}).create(model)
    with pytest.raises(OptimError, match=says):
        Monitor(run, **arguments)

    assert run["default"].watch is None


# -- outputs and devices ---------------------------------------------------------------------------------------------


def test_tensorboard_shows_every_number(model, reports, tmp_path):
    """The event files that its SummaryWriter wrote are read back."""
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from torch.utils.tensorboard import SummaryWriter

    run = registry.recipe(RECIPE).create(model)
    with SummaryWriter(tmp_path) as writer:
        Monitor(run, every=2, to=[writer, reports.append])
        train(run, model, 4)
    events = accumulators.EventAccumulator(str(tmp_path))
    events.Reload()

    assert set(reports[1]) - {"step"} == set(events.Tags()["scalars"])
    for name in events.Tags()["scalars"]:
        expected = [(report["step"], pytest.approx(report[name])) for report in reports if name in report]
        assert expected == [(event.step, event.value) for event in events.Scalars(name)]


@pytest.mark.parametrize("named", [False, True])
def test_nothing_waits_for_the_device_but_a_report(reports, named):
    """Neither the counts of every step nor the first of them; at the interval it is waited for."""
    component = {"optimizer": {"type": "AdamW", "config": {"lr": 0.1, "foreach": True}}}
    clipping = {"gradient_clipping": {"max_norm": 1.0}}
    with a_device():
        model = model_on_the_device()
        models = {"a": model, "b": nn.Linear(2, 2)} if named else model
        config = {"optimizer_configs": {"a": component, "b": component}} if named else component
        run = registry.recipe({**config, **clipping}).create(models)
        Monitor(run, every=4, to=reports.append)
        name = "a" if named else "default"

        def train_for(steps):
            for _ in range(steps):
                set_gradients(model)
                run[name].step()

        assert [] == waits_of(lambda: train_for(3))
        with pytest.warns(RuntimeWarning, match="not finite"):
            # A norm without a number counts as one that is not finite.
            at_the_interval = waits_of(lambda: train_for(1))
        assert {"optim_core/run/monitors/measures.py", "optim_torch_builtin/clippers/live.py"} >= {
            line.partition(":")[0] for line in at_the_interval
        }
        assert at_the_interval
        assert [] == waits_of(lambda: train_for(3))
    assert 1 == len(reports)


def test_a_model_that_is_divided_is_told_of_as_a_whole(tmp_path):
    """Under fully_shard the norms are those of all processes, in each of them, and names are as without it."""
    script = Path(__file__).with_name("monitored_processes.py")
    run_script(script, tmp_path)
    for rank in range(2):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        for (whole,), (divided,) in found.values():
            assert list(whole) == list(divided)
            assert pytest.approx(list(whole.values()), rel=1e-4) == list(divided.values())
        assert {"lr/matrices", "grad_norm/0", "update_ratio/2", "clipped"} <= found["Muon"][1][0].keys()


def test_a_process_that_writes_nothing_measures_all_the_same(model):
    """An empty list of outputs is for processes other than the first, since norms are sums over all of them."""
    run = registry.recipe({"type": "SGD"}).create(model)
    Monitor(run, every=1, to=[])
    done = train(run, model, 1)

    assert 1 == len(done)
    assert run["default"].watch is not None
