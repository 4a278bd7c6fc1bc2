"""A run that is stepped in the loop of a framework: what it leaves to its host, and what it does itself."""

import copy

import pytest

pytest.importorskip("torch")

import torch

from optim_core import OptimError, registry
from optim_core.plugin_tools import Host

RECIPE = {
    "optimizer": {"type": "AdamW", "config": {"lr": 0.1}},
    "scheduler": {"type": "linear"},
    "gradient_clipping": {"type": "norm", "config": {"max_norm": 0.01}},
}


class Accumulating(Host):
    """Divides the loss, as frameworks do, and lets the optimizer step after each so many batches."""

    def __init__(self, batches=2, scaler=None):
        self.batches = batches
        self.calls = 0
        self.given = []
        self.told = []
        self._scaler = scaler

    @property
    def scaler(self):
        return self._scaler

    def is_due(self, loop, loss):
        self.calls += 1
        return self.calls % self.batches == 0

    def backward(self, loss, **arguments):
        self.given.append(arguments)
        scaled = loss / self.batches
        (scaled if self._scaler is None else self._scaler.scale(scaled)).backward(**arguments)

    def after_step(self, loop, done):
        self.told.append((loop, done))


def made(config=RECIPE, host=None):
    torch.manual_seed(0)
    model = torch.nn.Linear(8, 2)
    run = registry.recipe(config).create(model, total_steps=10)
    run["default"].host = host
    return model, run


def batches(count):
    return torch.randn(count, 4, 8, generator=torch.Generator().manual_seed(1))


def loss_of(model, batch):
    return model(batch).square().mean()


def same(one, other):
    return all(map(torch.equal, one.state_dict().values(), other.state_dict().values()))


@pytest.mark.parametrize("given", ["a function", "a loss", "nothing"])
def test_between_the_batches_that_are_due_only_gradients_are_added(given):
    """No clipping, no step, no schedule; and the result says so."""
    host = Accumulating()
    model, run = made(host=host)
    hand, by_hand = made()
    rates = []
    for number, batch in enumerate(batches(6), start=1):
        before = copy.deepcopy(model.state_dict())
        if given == "a function":
            done = run.step(lambda batch=batch: loss_of(model, batch))
        elif given == "a loss":
            done = run.step(loss_of(model, batch))
        else:
            host.backward(loss_of(model, batch))
            done = run.step()
        (loss_of(hand, batch) / 2).backward()
        assert done.accumulated is (number % 2 == 1)
        if done.accumulated:
            assert done.grad_norm is None
            assert not done.skipped
            assert all(map(torch.equal, before.values(), model.state_dict().values()))
            assert done.lr == run.optimizer.param_groups[0]["lr"]
        else:
            rates.append(done.lr)
            assert torch.equal(by_hand.step().grad_norm, done.grad_norm)
        if given != "nothing":
            assert not done.loss.requires_grad
    assert same(hand, model)
    assert 3 == run["default"].steps
    assert [0.1, 0.09, 0.08] == pytest.approx(rates)


def test_the_host_is_told_of_each_step_that_was_due():
    """With what step returns, once all of it is done."""
    host = Accumulating()
    model, run = made(host=host)
    results = [run.step(loss_of(model, batch)) for batch in batches(4)]
    assert [(run["default"], results[1]), (run["default"], results[3])] == host.told


def test_the_host_scales_and_the_step_unscales_before_it_clips():
    """Its scaler is used as by hand, and a loss is scaled once."""
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    model, run = made(host=Accumulating(1, scaler))
    hand, by_hand = made()
    for batch in batches(3):
        done, plain = run.step(loss_of(model, batch)), by_hand.step(loss_of(hand, batch))
        assert torch.allclose(plain.grad_norm, done.grad_norm)
    assert same(hand, model)


def test_a_step_that_the_scaler_of_the_host_leaves_out_moves_no_schedule():
    """As with a scaler that step is given."""
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    model, run = made({**RECIPE, "gradient_clipping": None}, Accumulating(1, scaler))
    assert run.step(loss_of(model, batches(1)[0]) * float("inf")).skipped
    assert 0 == run.scheduler.last_epoch
    assert 512.0 == scaler.get_scale()


def test_another_scaler_beside_that_of_the_host_is_refused():
    """One loss would be scaled by one, and unscaled by the other."""
    own = torch.amp.GradScaler("cpu")
    model, run = made(host=Accumulating(1, own))
    with pytest.raises(OptimError, match="scales the loss itself; leave scaler= away"):
        run.step(loss_of(model, batches(1)[0]), scaler=torch.amp.GradScaler("cpu"))
    assert model.weight.grad is None
    assert not run.step(loss_of(model, batches(1)[0]), scaler=own).skipped


def test_what_computes_its_gradients_anew_is_not_accumulated():
    """It would lose those of all batches but the last."""
    model, run = made({"type": "LBFGS"}, Accumulating())
    with pytest.raises(OptimError, match="those of several batches cannot be accumulated"):
        run.step(lambda: loss_of(model, batches(1)[0]))
    assert model.weight.grad is None
    assert not run.step(lambda: loss_of(model, batches(1)[0])).accumulated


def test_the_host_differentiates_for_optimizers_that_compute_the_loss_several_times():
    """As often as they ask."""
    host = Accumulating(1)
    model, run = made({"type": "LBFGS", "config": {"max_iter": 3}}, host)
    run.step(lambda: loss_of(model, batches(1)[0]))
    assert len(host.given) > 1


def test_the_host_may_tell_such_an_optimizer_another_loss():
    """It decides by what all processes have; the result says what this one had."""

    class Constant(Accumulating):
        def backward(self, loss, **arguments):
            super().backward(loss, **arguments)
            return torch.tensor(0.0)

    told = []
    _, run = made({"type": "LBFGS"}, Constant(1))
    step = run.optimizer.step
    run.optimizer.step = lambda closure: step(lambda: told.append(closure()) or told[-1])
    assert run.step(lambda: loss_of(run.models["default"], batches(1)[0])).loss > 0
    assert {0.0} == set(map(float, told))


def test_the_gradients_of_the_other_optimizers_stay_as_they_are():
    """Also where the step is none."""
    models = {"first": torch.nn.Linear(8, 8), "second": torch.nn.Linear(8, 1)}
    run = registry.recipe({"optimizer_configs": {name: {"type": "SGD"} for name in models}}).create(models)
    host = Accumulating()
    for name in models:
        run[name].host = host
    assert run["first"].step(models["second"](models["first"](torch.ones(4, 8))).mean()).accumulated
    assert models["second"].weight.grad is None
    assert models["first"].weight.grad is not None


@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_the_host_may_refuse_a_metric(interval):
    """Before a weight or a rate has changed."""

    class Strict(Accumulating):
        def refuse_metric(self, loop, metric):
            raise OptimError(f"{loop.name}: {metric}")

    model, run = made({**RECIPE, "scheduler": {"type": "ReduceLROnPlateau", "interval": interval}}, Strict(1))
    loss = loss_of(model, batches(1)[0])
    with pytest.raises(OptimError, match=r"default: 0\.5"):
        run.step(loss, metric=0.5) if interval == "step" else run.end_epoch(0.5)
    assert model.weight.grad is None
    assert 0 == run.scheduler.last_epoch


def test_a_metric_is_asked_for_where_the_schedule_moves():
    """A batch that only adds gradients needs none."""
    config = {**RECIPE, "scheduler": {"type": "ReduceLROnPlateau", "interval": "step"}}
    model, run = made(config, Accumulating())
    assert run.step(loss_of(model, batches(1)[0])).accumulated
    with pytest.raises(OptimError, match="waits for a metric"):
        run.step(loss_of(model, batches(1)[0]))


class Stepping(Accumulating):
    """It clips and steps by itself, and ends epochs by itself too."""

    def __init__(self):
        super().__init__(1)
        self.closures = []

    def take_step(self, loop, closure):
        self.closures.append(closure)
        norm = loop.clip()
        loop.optimizer.step(closure)
        return norm, False

    def refuse_epoch(self, loop):
        raise OptimError("epochs end by themselves")


def test_a_host_that_steps_is_given_the_step():
    """It clips, and nothing else does; what it returns is what the step says."""
    host = Stepping()
    model, run = made(host=host)
    same, plain = made()
    for batch in batches(3):
        done, expected = run.step(loss_of(model, batch)), plain.step(loss_of(same, batch))
        assert expected.grad_norm == done.grad_norm
        assert expected.lr == done.lr
    assert torch.equal(same.weight, model.weight)
    assert [None] * 3 == host.closures


def test_a_host_that_steps_is_given_the_closure():
    """An optimizer that computes the loss several times gets it through the host, which alone clips."""
    host = Stepping()
    model, run = made({"type": "LBFGS", "config": {"max_iter": 1}}, host)
    same, plain = made({"type": "LBFGS", "config": {"max_iter": 1}})
    batch = batches(1)[0]
    done, expected = run.step(lambda: loss_of(model, batch)), plain.step(lambda: loss_of(same, batch))
    assert torch.equal(expected.loss, done.loss)
    assert torch.equal(same.weight, model.weight)
    assert callable(host.closures[0])


def test_a_host_that_ends_epochs_refuses_that_the_run_does():
    """Schedules by epochs would go twice as fast."""
    _, run = made(host=Stepping())
    with pytest.raises(OptimError, match="epochs end by themselves"):
        run.end_epoch()
