"""The faults of DeepSpeed's classes: each is shown on the bare class, and does not reach who takes the plugin."""

import copy

import pytest
import torch
from deepspeed.ops.adam import DeepSpeedCPUAdam
from deepspeed.ops.adam import FusedAdam as DeepSpeedFusedAdam
from torch import nn

from optim_core import ParamGroupError

both = pytest.mark.parametrize(("name", "bare"), [("FusedAdam", DeepSpeedFusedAdam), ("CPUAdam", DeepSpeedCPUAdam)])


def steps_of(optimizer, parameters):
    return [optimizer.state[parameter]["step"] for parameter in parameters]


def close(expected, found):
    return all(torch.allclose(one, other, rtol=1e-4, atol=1e-5) for one, other in zip(expected, found, strict=True))


# -- a group that mixes dtypes ---------------------------------------------------------------------------------------


def mixed():
    return [nn.Parameter(torch.ones(4)), nn.Parameter(torch.ones(4, dtype=torch.bfloat16)), nn.Parameter(torch.ones(2))]


def test_a_group_that_mixes_dtypes_counts_a_step_once(make, train):
    """Three steps are three for each parameter; DeepSpeed's class counts six for the last one and none for others."""
    found, of_bare = mixed(), mixed()
    optimizer, bare = make("FusedAdam", found), DeepSpeedFusedAdam(of_bare)
    train(optimizer, found, range(3))
    train(bare, of_bare, range(3))

    assert [3, 3, 3] == steps_of(optimizer, found)
    assert [0, 0, 6] == steps_of(bare, of_bare)


def test_a_group_that_mixes_dtypes_is_split(make):
    """It becomes one group for each dtype, with its options, in the order of the first parameters."""
    params = mixed()
    named = list(zip("abc", params, strict=True))
    optimizer = make("FusedAdam", [{"params": named, "lr": 0.5, "lr_multiplier": 2.0}])

    assert [["a", "c"], ["b"]] == [group["param_names"] for group in optimizer.param_groups]
    assert [[params[0], params[2]], [params[1]]] == [group["params"] for group in optimizer.param_groups]
    assert [(0.5, 2.0), (0.5, 2.0)] == [(group["lr"], group["lr_multiplier"]) for group in optimizer.param_groups]


def test_a_group_that_is_added_later_is_split(make, train):
    """add_param_group does the same, and the parts are trained."""
    first, *later = mixed()
    optimizer = make("FusedAdam", [first])
    train(optimizer, [first], range(2))
    optimizer.add_param_group({"params": later, "lr": 0.5})
    train(optimizer, [first, *later], range(1))

    assert [[first], [later[0]], [later[1]]] == [group["params"] for group in optimizer.param_groups]
    assert [1e-2, 0.5, 0.5] == [group["lr"] for group in optimizer.param_groups]
    assert [3, 1, 1] == steps_of(optimizer, [first, *later])


def test_a_group_of_one_dtype_stays_as_it_is(make, weights):
    """Nothing is split that need not be."""
    params = weights(torch.bfloat16)

    assert [params] == [group["params"] for group in make("FusedAdam", params).param_groups]


# -- the count of steps ----------------------------------------------------------------------------------------------


def test_the_count_of_steps_does_not_depend_on_the_last_parameter(make, train):
    """Where the last parameter has no gradient the others go on counting; DeepSpeed's class falls back.

    The weights are torch's; those of DeepSpeed's class are not.
    """

    def without(index, step):
        return index == 1 and step > 0

    def parameters():
        return [nn.Parameter(torch.ones(8)), nn.Parameter(torch.ones(8))]

    found, of_bare, expected = parameters(), parameters(), parameters()
    optimizer, bare = make("FusedAdam", found), DeepSpeedFusedAdam(of_bare, lr=1e-2)
    train(optimizer, found, range(5), without)
    train(bare, of_bare, range(5), without)
    train(torch.optim.AdamW(expected, lr=1e-2, weight_decay=0.0), expected, range(5), without)

    assert [5, 1] == steps_of(optimizer, found)
    assert [4, 1] == steps_of(bare, of_bare)
    assert close(expected, found)
    assert not close(expected, of_bare)


def test_a_step_is_counted_once_whatever_comes_last(make, train):
    """Permuting the parameters of a group changes nothing."""

    def without(index, step):
        return (index + step) % 2 == 0

    first, second = [[nn.Parameter(torch.ones(8)) for _ in range(3)] for _ in range(2)]
    train(make("FusedAdam", first), first, range(6), without)
    train(make("FusedAdam", second[::-1]), second, range(6), without)

    assert [each.tolist() for each in first] == [each.tolist() for each in second]


# -- zero_grad -------------------------------------------------------------------------------------------------------


def with_gradient():
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.ones(3)
    return weight


def test_zero_grad_takes_set_to_none(make):
    """zero_grad(set_to_none=True) removes gradients and False fills them with zeros; DeepSpeed's is a TypeError."""
    weight = with_gradient()
    optimizer = make("FusedAdam", [weight])
    optimizer.zero_grad(set_to_none=False)
    assert [0.0, 0.0, 0.0] == weight.grad.tolist()
    optimizer.zero_grad(set_to_none=True)
    assert weight.grad is None

    with pytest.raises(TypeError, match="set_to_none"):
        DeepSpeedFusedAdam([with_gradient()]).zero_grad(set_to_none=True)


def test_set_grad_none_false_leaves_zeros(make):
    """It decides what zero_grad() does; DeepSpeed's class removes the gradients in either case."""
    kept, removed, of_bare = with_gradient(), with_gradient(), with_gradient()
    make("FusedAdam", [kept], set_grad_none=False).zero_grad()
    make("FusedAdam", [removed]).zero_grad()
    DeepSpeedFusedAdam([of_bare], set_grad_none=False).zero_grad()

    assert [0.0, 0.0, 0.0] == kept.grad.tolist()
    assert removed.grad is None
    assert of_bare.grad is None


# -- memory ----------------------------------------------------------------------------------------------------------


@both
def test_a_parameter_that_is_not_contiguous_is_trained(name, bare, make, train):
    """It gets the values of its contiguous twin; DeepSpeed's kernel for the CPU leaves it as it was."""
    found, of_bare = (nn.Parameter(torch.ones(6, 4).t()) for _ in range(2))
    twin = nn.Parameter(torch.ones(4, 6))
    for optimizer, weight in ((make(name, [found]), found), (make(name, [twin]), twin), (bare([of_bare]), of_bare)):
        train(optimizer, [weight], range(3))

    assert twin.tolist() == found.tolist()
    assert torch.equal(torch.ones(4, 6), of_bare)


@both
def test_gradients_in_another_order_of_memory_are_read_right(name, bare, make):
    """A gradient that lies in memory otherwise than its parameter is the same gradient."""
    first, second = (nn.Parameter(torch.ones(2, 3, 4, 5)) for _ in range(2))
    gradient = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    first.grad, second.grad = gradient, gradient.contiguous(memory_format=torch.channels_last)
    make(name, [first]).step()
    make(name, [second]).step()

    assert torch.equal(first, second)


def test_a_step_does_not_depend_on_other_optimizers(make, train):
    """Optimizers that step in turn give the bits that each gives alone, whatever their betas and counts."""
    alone, in_turn, other = (nn.Parameter(torch.ones(500)) for _ in range(3))
    train(make("FusedAdam", [alone], betas=(0.83, 0.997)), [alone], range(60))
    first, second = make("FusedAdam", [in_turn], betas=(0.83, 0.997)), make("FusedAdam", [other])
    for step in range(60):
        train(first, [in_turn], [step])
        train(second, [other], [step])

    assert torch.equal(alone, in_turn)


# -- copies ----------------------------------------------------------------------------------------------------------


@both
def test_a_copy_trains_on(name, bare, make, train, weights):
    """A deep copy goes on as the original does; one of DeepSpeed's class has lost its kernel."""
    params = weights(torch.float32)
    optimizer = make(name, params)
    train(optimizer, params, range(3))
    twin = copy.deepcopy({"optimizer": optimizer, "params": params})
    train(optimizer, params, range(3, 6))
    train(twin["optimizer"], twin["params"], range(3, 6))

    assert all(torch.equal(one, other) for one, other in zip(params, twin["params"], strict=True))
    of_bare = weights(torch.float32)
    broken = copy.deepcopy({"optimizer": bare(of_bare), "params": of_bare})
    with pytest.raises(AttributeError):
        train(broken["optimizer"], broken["params"], [0])


# -- what the kernel cannot read -------------------------------------------------------------------------------------


@both
def test_other_dtypes_are_refused_at_once(name, bare, make):
    """A float64 parameter is an error that names it when the optimizer is made; DeepSpeed's waits for a step."""
    named = [("good", nn.Parameter(torch.ones(2))), ("bad", nn.Parameter(torch.ones(2, dtype=torch.float64)))]
    with pytest.raises(ParamGroupError, match=r"`bad` is float64"):
        make(name, named)
    optimizer = make(name, named[:1])
    with pytest.raises(ParamGroupError, match="is float64"):
        optimizer.add_param_group({"params": named[1:]})

    assert 1 == len(optimizer.param_groups)
    assert 1 == len(bare([weight for _, weight in named]).param_groups)


@both
def test_a_frozen_parameter_of_another_dtype_is_none_of_its_business(name, bare, make, train):
    """Quantized weights that are not trained may stand beside those that are."""
    frozen = nn.Parameter(torch.ones(3, dtype=torch.int8), requires_grad=False)
    weight = nn.Parameter(torch.ones(3))
    optimizer = make(name, [frozen, weight])
    train(optimizer, [weight], [0])

    assert 1 == optimizer.state[weight]["step"]


@both
def test_another_device_is_refused(name, bare, make):
    """Memory of another device is not read: that would end the process."""
    weight = nn.Parameter(torch.ones(3, device="meta"))
    optimizer = make(name, [weight])
    weight.grad = torch.ones(3, device="meta")

    with pytest.raises(ParamGroupError, match=r"on cpu, and a parameter is float32 on meta: move"):
        optimizer.step()


@both
def test_tensor_subclasses_are_refused(name, bare, make):
    """What is behind a subclass is not known to be dense memory."""

    class Quantized(torch.Tensor):
        pass

    weight = torch.ones(3).as_subclass(Quantized).requires_grad_()
    optimizer = make(name, [weight])
    weight.grad = torch.ones(3)

    with pytest.raises(ParamGroupError, match="plain tensors, and a parameter is a Quantized"):
        optimizer.step()


@both
def test_sparse_gradients_are_refused_before_anything_is_changed(name, bare, make):
    """The error names SparseAdam, and the step has not begun for the parameters before it."""
    first, second = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
    optimizer = make(name, [first, second])
    first.grad, second.grad = torch.ones(3), torch.ones(3).to_sparse()

    with pytest.raises(RuntimeError, match="SparseAdam"):
        optimizer.step()
    assert {} == dict(optimizer.state)
    assert [1.0, 1.0, 1.0] == first.tolist()
