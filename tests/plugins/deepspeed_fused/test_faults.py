"""The faults of DeepSpeed's classes: each is shown on the bare class, and does not reach who takes the plugin."""

import copy
import textwrap

import pytest
import torch
from deepspeed.ops.adam import DeepSpeedCPUAdam
from deepspeed.ops.adam import FusedAdam as DeepSpeedFusedAdam
from torch import nn

from optim_core import CheckpointMismatchError, ParamGroupError

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


SHAPES = """
    import sys, torch
    from optim_core import ParamGroupError, registry
    def make(size):
        weight = torch.nn.Parameter(torch.ones(size))
        spec = registry.build({"type": sys.argv[1], "config": {"lr": 1e-3}})
        weight.grad = torch.ones(size)
        return weight, spec.create_optimizer([weight])
    def told(step):
        try:
            step()
        except ParamGroupError as error:
            print(error)
    _, small = make(4)
    small.step()
    _, large = make(100_000)
    state = small.state_dict()
    # A state that says what it is of is refused when it is loaded.
    del state["made_as"]
    large.load_state_dict(state)
    told(large.step)
    weight, grown = make(4)
    grown.step()
    weight.data, weight.grad = torch.ones(100_000), None
    weight.grad = torch.ones(100_000)
    told(grown.step)
    weight, stale = make(4)
    weight.data = torch.ones(100_000)
    told(stale.step)
"""


@both
def test_memory_that_is_too_short_is_refused(name, bare, with_deepspeed, tmp_path):
    """A state of smaller weights, and a gradient from before they grew, are errors: the kernel reads past their end."""
    done = with_deepspeed.code(textwrap.dedent(SHAPES), name, cwd=tmp_path)
    means, gradient = (
        f"{name}: a parameter has the shape [100000], and its {what} has [4]: load a state of this model, or build the "
        "optimizer after changing the shape\n"
        for what in ("exp_avg", "gradient")
    )

    assert (0, means + means + gradient) == (done.returncode, done.stdout), done.stderr


@both
@pytest.mark.parametrize(("first", "second"), [(torch.float32, torch.bfloat16), (torch.bfloat16, torch.float32)])
def test_a_model_that_is_converted_after_a_step_trains_on(name, bare, first, second, make, train, assert_close):
    """The means follow their parameter; DeepSpeed's kernel for GPUs reads the old ones as if they had its dtype."""
    expected, found = (nn.Linear(3, 5, dtype=first) for _ in range(2))
    found.load_state_dict(expected.state_dict())
    options = {"fp32_optimizer_states": False} if name == "CPUAdam" else {}
    optimizer, peer = make(name, found, **options), torch.optim.AdamW(expected.parameters(), lr=1e-2, weight_decay=0.0)
    for network, each in ((expected, peer), (found, optimizer)):
        train(each, list(network.parameters()), range(5))
        network.zero_grad()
        network.to(second)
    for state in peer.state.values():
        state |= {key: state[key].to(second) for key in ("exp_avg", "exp_avg_sq")}
    for network, each in ((expected, peer), (found, optimizer)):
        train(each, list(network.parameters()), range(5, 10))

    assert {second} == {state[key].dtype for state in optimizer.state.values() for key in ("exp_avg", "exp_avg_sq")}
    assert_close([each.bfloat16() for each in expected.parameters()], [each.bfloat16() for each in found.parameters()])


# -- autograd --------------------------------------------------------------------------------------------------------


@both
def test_a_graph_from_before_a_step_is_not_gone_through(name, bare, make):
    """Its weights are gone, so it is torch's error; DeepSpeed's class gives the gradient of other weights."""

    def backward_after_step(make_optimizer):
        weight = nn.Parameter(torch.ones(3))
        loss = weight.square().sum()
        weight.grad = torch.ones(3)
        make_optimizer([weight]).step()
        weight.grad = None
        loss.backward()
        return weight.grad

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        backward_after_step(lambda weights: make(name, weights))
    assert [2.0, 2.0, 2.0] != backward_after_step(lambda weights: bare(weights, lr=1e-2)).tolist()


@both
def test_it_trains_in_inference_mode(name, bare, make):
    """Tensors that autograd knows nothing of are trained, too."""
    with torch.inference_mode():
        weight = nn.Parameter(torch.ones(3))
        optimizer = make(name, [weight])
        weight.grad = torch.ones(3)
        optimizer.step()

    assert [pytest.approx(0.99)] * 3 == weight.tolist()


# -- what torch's Adam can do and the kernel cannot ------------------------------------------------------------------


@both
@pytest.mark.parametrize("option", ["amsgrad", "maximize"])
def test_a_group_that_asks_for_what_the_kernel_lacks_is_refused(name, bare, option, make):
    """DeepSpeed's class takes `maximize: true` and minimizes."""
    optimizer = make(name, [nn.Parameter(torch.ones(3))])
    with pytest.raises(ParamGroupError, match=f"{name} cannot do {option}, which a group asks for: leave it out"):
        optimizer.add_param_group({"params": [nn.Parameter(torch.ones(3))], option: True})

    assert 1 == len(optimizer.param_groups)


@both
@pytest.mark.parametrize("option", ["amsgrad", "maximize"])
def test_a_state_of_what_the_kernel_lacks_is_refused(name, bare, option, make, train, weights):
    """A run of torch's AdamW that maximized does not go on minimizing, and nothing is loaded."""
    params = weights(torch.float32)
    peer = torch.optim.AdamW(params, lr=0.5, **{option: True})
    train(peer, params, range(2))
    optimizer = make(name, params)
    with pytest.raises(CheckpointMismatchError, match=f"{name} cannot do {option}, which group 0 of the saved state"):
        optimizer.load_state_dict(peer.state_dict())

    assert ({}, 1e-2) == (dict(optimizer.state), optimizer.param_groups[0]["lr"])
