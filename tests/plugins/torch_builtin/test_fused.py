"""``fused: auto`` takes torch's fused kernel where there is one for every parameter, and nothing else changes."""

import pytest
import torch
from torch import nn
from torch.optim import optimizer as of_torch

from optim_core import ParamGroupError, registry
from optim_torch_builtin.fused import has_fused_kernel

WITH_FUSED = ["Adagrad", "Adam", "AdamW", "SGD"]


def fused_of(name, params, **values):
    spec = registry.build({"type": name, "config": {"fused": "auto", **values}}, kind="optimizer")
    return [group["fused"] for group in spec.config.build(params).param_groups]


def parameter(dtype=torch.float32, device="cpu"):
    return nn.Parameter(torch.ones(8, 8, dtype=dtype, device=device))


def is_idle(name, dtype):
    """Whether the installed torch's fused kernel does nothing on a CPU."""
    return name == "SGD" and (stepped_by_torch(dtype) == 1).all()


def stepped_by_torch(dtype):
    """What is left of ones after a step of torch's own fused SGD."""
    weight = parameter(dtype)
    weight.grad = torch.ones_like(weight)
    torch.optim.SGD([weight], lr=0.1, fused=True).step()
    return weight.detach()


def test_exactly_the_optimizers_whose_constructor_has_it_offer_fused(optimizer_class):
    """The four classes with a fused kernel are those with a field `fused`."""
    assert (optimizer_class.__name__ in WITH_FUSED) == hasattr(optimizer_class, "fused")


@pytest.mark.parametrize("name", WITH_FUSED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_auto_is_fused_on_the_cpu_and_trains(name, dtype):
    """For floating-point parameters on the CPU the kernel is taken where it works, and a step moves every number."""
    weight = parameter(dtype)
    optimizer = registry.build(
        {"type": name, "config": {"lr": 0.1, "fused": "auto"}}, kind="optimizer"
    ).create_optimizer([weight])
    weight.grad = torch.ones_like(weight)
    optimizer.step()

    assert (None if is_idle(name, dtype) else True) is optimizer.param_groups[0]["fused"]
    assert (weight < 1).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_fused_sgd_is_refused_just_where_it_would_not_train(dtype):
    """Where the installed torch's kernel moves no number and says nothing it is an error, and elsewhere it trains."""
    weight = parameter(dtype)
    spec = registry.build({"type": "SGD", "config": {"lr": 0.1, "fused": True}}, kind="optimizer")
    if is_idle("SGD", dtype):
        refusal = r"fused SGD leaves parameters of torch\.b?float16 on a CPU as they are"
        with pytest.raises(ParamGroupError, match=refusal):
            spec.create_optimizer([weight])
    else:
        optimizer = spec.create_optimizer([weight])
        weight.grad = torch.ones_like(weight)
        optimizer.step()
        assert torch.equal(stepped_by_torch(dtype), weight)


@pytest.mark.parametrize("name", WITH_FUSED)
def test_auto_leaves_complex_parameters_to_torch(name):
    """One complex parameter among others is enough for torch's default."""
    assert [None] == fused_of(name, [parameter(), parameter(torch.complex64)])


@pytest.mark.parametrize("other", [{"foreach": True}, {"differentiable": True}])
def test_auto_gives_way_to_what_excludes_it(other):
    """Where foreach or differentiable is asked for, auto is torch's default."""
    assert [None] == fused_of("AdamW", [parameter()], **other)


def test_auto_takes_a_device_without_kernels_as_it_is():
    """Parameters on the meta device have no fused kernel in torch's list."""
    assert [None] == fused_of("AdamW", [parameter(device="meta")])


def test_auto_does_not_trust_a_tensor_subclass():
    """A subclass may not implement the fused operator."""

    class Quantized(torch.Tensor):
        pass

    assert not has_fused_kernel(torch.ones(2).as_subclass(Quantized), "adamw")


def test_a_kernel_for_a_dtype_that_torch_does_not_list_is_not_taken():
    """float8 is floating point to torch, but its fused kernels do not know it."""
    assert not has_fused_kernel(torch.ones(2).to(torch.float8_e4m3fn), "adamw")


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64, torch.int64])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_the_answer_is_that_of_torchs_own_check(dtype, device):
    """What is called possible passes the check that torch makes in the first step, and what fails there is not."""
    weight = torch.ones(2, dtype=dtype, device=device)
    try:
        of_torch._device_dtype_check_for_fused(weight)
        possible = True
    except RuntimeError:
        possible = False

    assert possible == has_fused_kernel(weight, "adamw")


@pytest.mark.parametrize(
    "form",
    [
        lambda params: params,
        lambda params: iter(params),
        lambda params: (pair for pair in zip("ab", params, strict=True)),
        lambda params: [{"params": params[:1]}, {"params": iter(params[1:]), "lr": 0.5}],
        lambda params: ({"params": parameter} for parameter in params),
        lambda params: dict.fromkeys(params).keys(),
    ],
    ids=["list", "generator", "names", "groups", "generator of groups", "view"],
)
def test_auto_looks_through_every_form_of_parameters_and_uses_none_up(form):
    """However the parameters come, all of them arrive in the optimizer, and it is fused."""
    params = [parameter(), parameter()]
    optimizer = registry.build({"type": "SGD", "config": {"fused": "auto"}}).config.build(form(params))

    assert params == [each for group in optimizer.param_groups for each in group["params"]]
    assert all(group["fused"] is True for group in optimizer.param_groups)


def test_auto_hands_on_names_and_group_options():
    """The names of parameters and the options of a group reach torch."""
    params = [parameter(), parameter()]
    groups = [{"params": [("a", params[0])], "lr": 0.5}, {"params": [("b", params[1])]}]
    optimizer = registry.build({"type": "SGD", "config": {"lr": 0.1, "fused": "auto"}}).config.build(groups)

    assert [(["a"], 0.5), (["b"], 0.1)] == [(group["param_names"], group["lr"]) for group in optimizer.param_groups]


def test_auto_leaves_a_single_tensor_for_torch_to_refuse():
    """A tensor that stands for an iterable of tensors is torch's TypeError, as without auto."""
    with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts"):
        fused_of("AdamW", parameter())


def test_auto_leaves_a_set_in_a_group_for_torch_to_refuse():
    """A group with a set, whose order would change from run to run, is torch's TypeError."""
    with pytest.raises(TypeError, match="ordered collections"):
        fused_of("AdamW", [{"params": {parameter()}}])


@pytest.mark.parametrize("value", [True, False, None])
def test_a_fixed_value_is_handed_on(value):
    """Only auto is resolved."""
    optimizer = registry.build({"type": "AdamW", "config": {"fused": value}}).config.build([parameter()])

    assert optimizer.param_groups[0]["fused"] is value


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", WITH_FUSED)
def test_auto_is_fused_on_a_gpu_and_trains(name):
    """The kernels that torch has for CUDA are taken, and a step with them succeeds."""
    weight = parameter(device="cuda")
    optimizer = registry.build(
        {"type": name, "config": {"lr": 0.1, "fused": "auto"}}, kind="optimizer"
    ).create_optimizer([weight])
    weight.grad = torch.ones_like(weight)
    optimizer.step()

    assert optimizer.param_groups[0]["fused"] is True
    assert (weight < 1).all()
