"""An optimizer for a loop in mixed precision, beside the same loop by hand."""

import copy
import io

import pytest
import torch

from optim_core import CheckpointMismatchError, MissingTypeError, OptimError
from optim_core.compat import MixedPrecisionOptimizer, OptimizerMonitor

STEPS = 4


def loss_of(model, number=0):
    """A loss whose gradients, times the first factor of a scaler, are finite in float16."""
    return 1e-3 * (model.output_head(model.backbone(torch.ones(3, 4) * (number + 1))).float() - 1).square().mean()


def optimizer_for(model, **arguments):
    return MixedPrecisionOptimizer(model=model, optimizer_type="adamw", learning_rate=1e-2, **arguments)


def by_hand(model, dtype, steps=STEPS, max_norm=None):
    """The loop as torch's documents have it."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16)
    for number in range(steps):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
            loss = loss_of(model, number)
        scaler.scale(loss).backward()
        if max_norm is not None:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        scaler.step(optimizer)
        scaler.update()


def same(first, second):
    return all(map(torch.equal, first.parameters(), second.parameters()))


@pytest.mark.parametrize("way", ["backward", "scale", "loss", "function"])
@pytest.mark.parametrize(
    ("arguments", "dtype"),
    [({}, torch.bfloat16), ({"amp_dtype": torch.float16}, torch.float16), ({"use_amp": False}, None)],
)
def test_it_trains_as_the_loop_by_hand(model, way, arguments, dtype):
    """Bit for bit: on a CPU in bfloat16 without a scaler, in float16 with one, and without mixed precision."""
    other = copy.deepcopy(model)
    optimizer = optimizer_for(model, **arguments)
    for number in range(STEPS):
        optimizer.zero_grad()
        if way == "function":
            optimizer.step(lambda number=number: loss_of(model, number))
            continue
        with optimizer.autocast():
            loss = loss_of(model, number)
        if way == "loss":
            optimizer.step(loss)
            continue
        if way == "backward":
            optimizer.backward(loss)
        else:
            optimizer.scale(loss).backward()
        optimizer.step()
    by_hand(other, dtype)

    assert same(model, other)
    assert (dtype == torch.float16) == optimizer.scaler.is_enabled()


def test_gradients_are_unscaled_before_they_are_clipped(model):
    """Clipping stands in the config."""
    other = copy.deepcopy(model)
    optimizer = optimizer_for(model, amp_dtype=torch.float16, gradient_clipping={"enabled": True, "max_norm": 1e-4})
    for number in range(STEPS):
        done = optimizer.step(lambda number=number: loss_of(model, number))
    by_hand(other, torch.float16, max_norm=1e-4)

    assert 1e-4 < done.grad_norm < 1
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(theirs, mine)


def test_gradients_that_were_not_scaled_are_told(model):
    """They would be divided by the scale without a word; where nothing is scaled there is nothing to tell."""
    optimizer = optimizer_for(model, amp_dtype=torch.float16)
    before = copy.deepcopy(model)
    loss_of(model).backward()
    with pytest.raises(OptimError, match=r"scale\(loss\)\.backward\(\)"):
        optimizer.step()
    assert same(before, model)
    plain = optimizer_for(model)
    plain.step()

    assert not same(before, model)


def test_a_step_that_the_scaler_skips_is_told(model):
    """The weights stay, and the scale falls."""
    optimizer = optimizer_for(model, amp_dtype=torch.float16)
    before = copy.deepcopy(model)
    optimizer.backward(loss_of(model) * float("inf"))
    scale = optimizer.scaler.get_scale()

    assert optimizer.step().skipped
    assert same(before, model)
    assert optimizer.scaler.get_scale() < scale


@pytest.mark.parametrize("amp_dtype", [torch.float16, torch.bfloat16])
def test_a_run_that_is_saved_goes_on(model, amp_dtype):
    """Bit for bit, with the scale and the schedule; the file loads with weights_only."""
    config = {"amp_dtype": amp_dtype, "scheduler_type": "linear", "total_steps": 10}
    optimizer = optimizer_for(model, **config)
    for number in range(2):
        optimizer.step(lambda number=number: loss_of(model, number))
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    other = copy.deepcopy(model)
    other.load_state_dict(saved["model"])
    resumed = optimizer_for(other, **config)
    resumed.load_state_dict(saved["optimizer"])
    for number in range(2):
        optimizer.step(lambda number=number: loss_of(model, number))
        resumed.step(lambda number=number: loss_of(other, number))

    assert same(model, other)
    assert optimizer.scaler.state_dict() == resumed.scaler.state_dict()
    assert 0.006 == pytest.approx(resumed.param_groups[0]["lr"]) == optimizer.scheduler.get_last_lr()[0]


def test_a_state_of_something_else_is_told(model):
    """Such as that of torch's optimizer."""
    optimizer = optimizer_for(model)
    with pytest.raises(CheckpointMismatchError, match="none of a MixedPrecisionOptimizer"):
        optimizer.load_state_dict(optimizer.optimizer.state_dict())


def test_an_optimizer_that_computes_the_loss_several_times_is_given_a_function(model):
    """Which runs under autocast each time."""
    optimizer = MixedPrecisionOptimizer(model, optimizer_type="LBFGS", max_iter=2, lr=0.01)
    dtypes = []

    def loss():
        dtypes.append(model.backbone(torch.ones(1, 4)).dtype)
        return loss_of(model)

    optimizer.step(loss)

    assert len(dtypes) > 1
    assert {torch.bfloat16} == set(dtypes)


def test_it_stands_where_an_optimizer_is_looked_at(model, capsys):
    """It has parameter groups, and says what it is."""
    optimizer = optimizer_for(model, lr_multipliers={model.output_head: 2.0})
    OptimizerMonitor(optimizer, to=print).log_lr(0)

    assert "{'step': 0, 'lr/default': 0.01, 'lr/output_head': 0.02}\n" == capsys.readouterr().out
    assert "<MixedPrecisionOptimizer: AdamW in torch.bfloat16>" == repr(optimizer)
    assert "<MixedPrecisionOptimizer: AdamW without mixed precision>" == repr(optimizer_for(model, use_amp=False))


def test_a_name_is_needed(model):
    """As with create_optimizer."""
    with pytest.raises(MissingTypeError, match="optimizer_name"):
        MixedPrecisionOptimizer(model, learning_rate=1e-3)
