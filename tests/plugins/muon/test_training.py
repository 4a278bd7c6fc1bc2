"""Training with Muon: schedules over both halves, resume, scaled gradients, closures, and a network that learns."""

import pytest
import torch
from torch import nn

from optim_core import registry


def recipe(scheduler=None, **config):
    given = {"optimizer": {"type": "Muon", "config": config}}
    return registry.build({**given, **({"scheduler": scheduler} if scheduler else {})})


def rates(optimizer):
    """The rate of each half."""
    found = {group["use_muon"]: group["lr"] for group in optimizer.param_groups}
    return found[True], found[False]


def test_it_learns(model, losses):
    """The loss of a small problem falls to nearly nothing."""
    optimizer, _ = recipe(adamw_lr=0.01).create(model)
    found = losses(model, optimizer, 60)
    assert found[0] > 1.0
    assert found[-1] < 0.1


def test_a_schedule_multiplies_both_rates(model, losses):
    """Each half starts from its own."""
    optimizer, scheduler = recipe({"type": "linear", "interval": "step"}).create(model, total_steps=10)
    losses(model, optimizer, 4, scheduler)
    assert (pytest.approx(0.02 * 0.6), pytest.approx(3e-4 * 0.6)) == rates(optimizer)


@pytest.mark.parametrize(("max_lr", "peak"), [(0.05, (0.05, 0.05)), ("each", (0.05, 0.001))])
def test_an_absolute_rate_is_set_for_both_halves(model, losses, max_lr, peak):
    """OneCycleLR's `max_lr` is one for all groups, or one for each by its name."""
    given = {"matrices": 0.05, "adamw": 0.001} if max_lr == "each" else max_lr
    schedule = {"type": "OneCycleLR", "config": {"max_lr": given, "pct_start": 0.4, "cycle_momentum": False}}
    optimizer, scheduler = recipe(schedule).create(model, total_steps=10)
    losses(model, optimizer, 3, scheduler)
    assert peak == rates(optimizer)


@pytest.mark.parametrize("config", [{}, {"split": {"*.in_proj_weight": 3}, "ns_coefficients": "polar_express"}])
def test_resume_is_bit_for_bit(model, losses, tmp_path, config):
    """Through Optimization.state_dict, torch.save and a load of weights only."""
    schedule = {"type": "cosine", "interval": "step"}
    whole = recipe(schedule, **config).create(model, total_steps=8)
    losses(model, whole.optimizer, 4, whole.scheduler)
    torch.save({"model": model.state_dict(), "run": whole.state_dict()}, tmp_path / "saved.pt")
    losses(model, whole.optimizer, 4, whole.scheduler)

    again = type(model)()
    resumed = recipe(schedule, **config).create(again, total_steps=8)
    saved = torch.load(tmp_path / "saved.pt", weights_only=True)
    again.load_state_dict(saved["model"])
    resumed.load_state_dict(saved["run"])
    losses(again, resumed.optimizer, 4, resumed.scheduler)

    assert rates(whole.optimizer) == rates(resumed.optimizer)
    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_state_of_another_split_is_refused(model):
    """Matrices that were AdamW's before would lose their state: the parameters are named."""
    run = recipe().create(model)
    with pytest.raises(ValueError, match="does not fit"):
        recipe(matrices=["*.linear1.weight"]).create(model).load_state_dict(run.state_dict())


def test_a_closure_is_called_with_gradients(model):
    """Once a step; its loss is returned."""
    optimizer, _ = recipe().create(model)
    words = torch.arange(12).reshape(2, 6) % 11
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = model(words).square().sum()
        loss.backward()
        calls.append(loss)
        return loss

    assert optimizer.step(closure) is calls[0]
    assert 1 == len(calls)


def test_scaled_gradients(model):
    """With a GradScaler the step is the one without, and is left out where a gradient is not finite."""
    plain = type(model)()
    plain.load_state_dict(model.state_dict())
    words = torch.arange(12).reshape(2, 6) % 11
    optimizer, _ = recipe().create(plain)
    plain(words).square().sum().backward()
    optimizer.step()

    optimizer, _ = recipe().create(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    scaler.scale(model(words).square().sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    for one, other in zip(plain.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(one, other)

    before = [one.detach().clone() for one in model.parameters()]
    for one in model.parameters():
        one.grad.fill_(torch.inf)
    scaler.step(optimizer)
    assert all(map(torch.equal, before, model.parameters()))


def test_hooks_around_a_step_are_called(model):
    """Hooks before and after a step are called, as of every torch optimizer."""
    optimizer, _ = recipe().create(model)
    called = []
    optimizer.register_step_pre_hook(lambda *_: called.append("before"))
    optimizer.register_step_post_hook(lambda *_: called.append("after"))
    optimizer.step()
    assert ["before", "after"] == called


def test_clipping_sees_both_halves(model):
    """The norm is that of all gradients."""
    run = registry.build({"optimizer": {"type": "Muon"}, "gradient_clipping": {"max_norm": 1.0}}).create(model)
    model(torch.zeros(2, 6, dtype=torch.long)).square().sum().mul(1e3).backward()
    run.clipper.clip(model.parameters())
    norm = torch.stack([one.grad.norm() for one in model.parameters() if one.grad is not None]).norm()
    torch.testing.assert_close(norm, torch.tensor(1.0))
    run.optimizer.step()
    assert all(one.isfinite().all() for one in model.parameters())


def test_two_optimizers_by_name(losses, model):
    """Muon beside another optimizer in one recipe; each has its own model."""
    run = registry.build({"optimizer_configs": {"a": {"type": "muon"}, "b": {"type": "AdamW"}}}).create(
        {"a": model, "b": nn.Linear(2, 2)}
    )
    losses(model, run.optimizers["a"], 2)
    assert 2 == len(rates(run.optimizers["a"]))
