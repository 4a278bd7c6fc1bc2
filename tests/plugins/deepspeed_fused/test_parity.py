"""FusedAdam and CPUAdam give the numbers of torch's Adam and AdamW."""

import pytest
import torch
from deepspeed.ops.adam import DeepSpeedCPUAdam
from deepspeed.ops.adam import FusedAdam as DeepSpeedFusedAdam

from optim_core import registry

both = pytest.mark.parametrize("name", ["FusedAdam", "CPUAdam"])
both_modes = pytest.mark.parametrize(("adam_w_mode", "peer"), [(True, torch.optim.AdamW), (False, torch.optim.Adam)])
OPTIONS = {"betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.1}


@pytest.mark.parametrize(("name", "cls"), [("FusedAdam", DeepSpeedFusedAdam), ("CPUAdam", DeepSpeedCPUAdam)])
def test_what_is_built_is_deepspeeds(name, cls, make, weights):
    """The optimizer is an instance of DeepSpeed's own class, and of the same name."""
    assert isinstance(make(name, weights(torch.float32)), cls)


@both
@both_modes
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_parity_over_100_steps(name, adam_w_mode, peer, dtype, make, weights, train, assert_close):
    """After 100 steps with the same gradients the weights are those of torch's class."""
    expected, found = weights(dtype), weights(dtype)
    extra = {"fp32_optimizer_states": False} if name == "CPUAdam" else {}
    optimizer = make(name, found, adam_w_mode=adam_w_mode, **OPTIONS, **extra)
    train(peer(expected, lr=1e-2, **OPTIONS, fused=True), expected, range(100))
    train(optimizer, found, range(100))

    assert_close(expected, found)


@both
@both_modes
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_parity_of_several_groups(name, adam_w_mode, peer, dtype, make, weights, train, assert_close):
    """Groups with a rate, betas, eps and decay of their own are each trained with these."""

    def groups(params):
        return [
            {"params": params[:2]},
            {"params": params[2:3], "lr": 3e-3, "betas": (0.5, 0.9)},
            {"params": params[3:], "weight_decay": 0.0, "eps": 1e-3},
        ]

    expected, found = weights(dtype), weights(dtype)
    extra = {"fp32_optimizer_states": False} if name == "CPUAdam" else {}
    train(peer(groups(expected), lr=1e-2, **OPTIONS, fused=True), expected, range(100))
    train(make(name, groups(found), adam_w_mode=adam_w_mode, **OPTIONS, **extra), found, range(100))

    assert_close(expected, found)


@both
@pytest.mark.parametrize(("key", "value"), [("betas", (0.0, 0.9999999)), ("eps", 1e-45), ("eps", 1e30)])
def test_parity_at_the_ends_of_the_ranges(name, key, value, make, weights, train, assert_close):
    """The numbers nearest to those that the kernel cannot compute with give what torch gives."""
    expected, found = weights(torch.float32), weights(torch.float32)
    train(torch.optim.AdamW(expected, lr=1e-2, weight_decay=0.0, **{key: value}), expected, range(20))
    train(make(name, found, **{key: value}), found, range(20))

    assert_close(expected, found)


@both
def test_parity_where_gradients_come_and_go(name, make, weights, train, assert_close):
    """A parameter without a gradient in some steps is left alone in these, its count of steps too."""

    def without(index, step):
        return (step + index) % 3 == 0 or (index == 4 and step < 7)

    expected, found = weights(torch.float32), weights(torch.float32)
    train(torch.optim.AdamW(expected, lr=1e-2), expected, range(40), without)
    train(make(name, found, weight_decay=0.01), found, range(40), without)

    assert_close(expected, found)


@both
def test_parity_with_every_dtype_in_one_group(name, make, weights, train, assert_close):
    """A group of float32, bfloat16 and float16 parameters is trained as torch trains it."""
    dtypes = (torch.float32, torch.bfloat16, torch.float16)
    extra = {"fp32_optimizer_states": False} if name == "CPUAdam" else {}
    expected, found = weights(*dtypes), weights(*dtypes)
    train(torch.optim.AdamW(expected, lr=1e-2, fused=True), expected, range(30))
    train(make(name, found, weight_decay=0.01, **extra), found, range(30))

    assert_close(expected, found)


@both
def test_without_bias_correction_the_first_step_is_small(name, make, weights, train):
    """The first step of size lr * (1 - beta1) / sqrt(1 - beta2) shows that the means are taken as they are."""
    [weight] = weights(torch.float32)[2:3]
    before = weight.item()
    train(make(name, [weight], bias_correction=False), [weight], [0])

    assert pytest.approx(1e-2 * 0.1 / 0.001**0.5, rel=1e-3) == abs(weight.item() - before)


@both
def test_cpu_adam_keeps_means_in_float32(name, make, weights, train):
    """CPUAdam's means of bfloat16 parameters are float32 unless that is turned off, FusedAdam's are bfloat16."""
    found = weights(torch.bfloat16)
    optimizer = make(name, found)
    train(optimizer, found, [0])

    expected = torch.float32 if name == "CPUAdam" else torch.bfloat16
    assert {expected} == {state[key].dtype for state in optimizer.state.values() for key in ("exp_avg", "exp_avg_sq")}


@both
def test_a_schedule_and_multipliers_reach_every_part_of_a_split_group(name, make, train, assert_close):
    """A model of two dtypes with lr multipliers and a schedule is trained as torch's AdamW trains it."""

    def model():
        torch.manual_seed(0)
        return torch.nn.ModuleDict({"body": torch.nn.Linear(9, 9), "head": torch.nn.Linear(9, 3).bfloat16()})

    def trained(kind, config):
        network = model()
        network.body.bias.data = network.body.bias.data.bfloat16()
        recipe = registry.build(
            {
                "optimizer": {"type": kind, "config": {"lr": 1e-2, "weight_decay": 0.01, **config}},
                "scheduler": {"type": "cosine_with_min_lr", "config": {"num_warmup_steps": 5, "min_lr": 1e-3}},
            }
        )
        run = recipe.create(network, lr_multipliers={network.head: 3.0}, total_steps=30)
        parameters = list(network.parameters())
        train(run.optimizer, parameters, range(30), scheduler=run.scheduler)
        rates = {id(each): group["lr"] for group in run.optimizer.param_groups for each in group["params"]}
        return parameters, [rates[id(each)] for each in parameters], run.optimizer

    extra = {"fp32_optimizer_states": False} if name == "CPUAdam" else {}
    expected, expected_rates, _ = trained("AdamW", {"fused": True})
    found, found_rates, optimizer = trained(name, extra)

    assert expected_rates == found_rates
    assert pytest.approx([1e-3, 1e-3, 3e-3, 3e-3]) == found_rates
    assert_close(expected, found)
    if name == "FusedAdam":
        assert [["body.weight"], ["body.bias"], ["head.weight", "head.bias"]] == [
            group["param_names"] for group in optimizer.param_groups
        ]


@both
def test_the_closure_is_called_with_gradients_and_its_loss_returned(name, make):
    """step(closure) computes gradients by the closure and gives back its loss."""
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = make(name, [weight])

    def closure():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss

    assert 4.0 == optimizer.step(closure).item()
    assert weight.item() < 2.0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@both_modes
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_parity_on_a_gpu(adam_w_mode, peer, dtype, make, weights, train, assert_close):
    """The kernel for CUDA gives the numbers of torch's class, for mixed steps and memory that is not contiguous."""

    def on_gpu():
        found = [torch.nn.Parameter(weight.detach().cuda()) for weight in weights(dtype)]
        return [*found, torch.nn.Parameter(torch.ones(6, 4, device="cuda", dtype=dtype).t())]

    def train_on_gpu(optimizer, parameters):
        for step in range(30):
            for index, parameter in enumerate(parameters):
                generator = torch.Generator("cuda").manual_seed(step)
                gradient = torch.randn(parameter.shape, generator=generator, device="cuda").to(dtype)
                parameter.grad = None if (step + index) % 5 == 0 else gradient
            optimizer.step()

    expected, found = on_gpu(), on_gpu()
    train_on_gpu(peer(expected, lr=1e-2, **OPTIONS, fused=True), expected)
    train_on_gpu(make("FusedAdam", found, adam_w_mode=adam_w_mode, **OPTIONS), found)

    assert_close([each.cpu() for each in expected], [each.cpu() for each in found])
