"""The optimizer of two halves: its matrices step as torch.optim.Muon's, and what cannot be trained is refused."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, CyclicLR, LambdaLR, OneCycleLR, ReduceLROnPlateau

from optim_muon.optimizer import Muon

# Stacks of one shape and of several, single matrices, one row, one column, panels.
SHAPES = [(64, 64), (64, 64), (192, 64), (64, 256), (30, 50), (1, 7), (7, 1), (1, 1), (390, 384), (384, 800)]


def matrices(dtype=torch.float32, shapes=SHAPES):
    source = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=source).to(dtype)) for shape in shapes]


def muon(params, **options):
    return Muon([{"params": params, "use_muon": True, **options}])


def give_gradients(step, *several):
    for params in several:
        source = torch.Generator().manual_seed(step)
        for param in params:
            param.grad = torch.randn(param.shape, generator=source).to(param.dtype)


def moved(before, after):
    return [(b.detach() - a).float() for a, b in zip(before, after, strict=True)]


OPTIONS = [
    {},
    {"nesterov": False},
    {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.1},
    {"momentum": 0.5, "ns_steps": 3, "ns_coefficients": (2.0, -1.5, 0.5)},
    {"lr": 0.0, "weight_decay": 0.5},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_matrices_step_as_torchs(dtype, options):
    """Momentum is equal to the bit, the step within what bfloat16 leaves open."""
    if dtype == torch.bfloat16 and options.get("nesterov") is False:
        pytest.skip("torch overwrites its own buffer there")
    ours, theirs = matrices(dtype), matrices(dtype)
    start = [param.detach().clone() for param in ours]
    first = muon(ours, **options)
    second = torch.optim.Muon(theirs, **{"lr": 0.02, "weight_decay": 0.0, **options})
    for step in range(3):
        give_gradients(step, ours, theirs)
        first.step()
        second.step()

    for param, other in zip(ours, theirs, strict=True):
        assert torch.equal(first.state[param]["momentum_buffer"], second.state[other]["momentum_buffer"])
    # A parameter in bfloat16 moves by whole roundings or not at all.
    most = 0.05 if dtype == torch.float32 else 0.2
    found, wanted = (torch.cat([move.flatten() for move in moved(start, params)]) for params in (ours, theirs))
    assert (found - wanted).norm() <= most * wanted.norm()


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gradients_and_buffers_are_left_as_they_are(dtype, nesterov):
    """Only the parameter changes, and the buffer is the mean of the gradients."""
    params = matrices(dtype)
    optimizer = muon(params, nesterov=nesterov, momentum=0.5)
    give_gradients(0, params)
    kept = [param.grad.clone() for param in params]
    optimizer.step()

    for param, grad in zip(params, kept, strict=True):
        assert torch.equal(grad, param.grad)
        torch.testing.assert_close(0.5 * grad, optimizer.state[param]["momentum_buffer"])
        assert {"momentum_buffer"} == set(optimizer.state[param])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("ns_dtype", ["auto", "bfloat16", "float32"])
def test_every_dtype_is_trained(dtype, ns_dtype):
    """The update has the norm that orthogonal matrices have."""
    params = matrices(dtype, [(8, 8), (8, 16), (70, 70)])
    start = [param.detach().clone() for param in params]
    give_gradients(0, params)
    muon(params, lr=1.0, ns_dtype=ns_dtype).step()

    for change in moved(start, params):
        assert 0.5 < change.norm() / min(change.shape) ** 0.5 < 1.21


def test_a_parameter_without_a_gradient_is_left_alone():
    """No state is made for it either."""
    params = matrices(shapes=[(4, 4), (4, 4)])
    optimizer = muon(params, weight_decay=0.5)
    params[0].grad = torch.ones(4, 4)
    before = params[1].detach().clone()
    optimizer.step()

    assert torch.equal(before, params[1])
    assert params[1] not in optimizer.state


def test_gradients_of_zeros_leave_all_but_decay():
    """Finite and in place, times 1 - lr * weight_decay."""
    params = matrices(shapes=[(4, 4), (70, 70), (384, 390)])
    before = [param.detach().clone() for param in params]
    for param in params:
        param.grad = torch.zeros_like(param)
    muon(params, lr=0.1, weight_decay=0.5).step()

    for start, param in zip(before, params, strict=True):
        torch.testing.assert_close(0.95 * start, param.detach())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_gradient_that_is_not_finite_spoils_its_own_matrix_only(value):
    """Others of its stack move as they would without it."""
    params, others = matrices(shapes=[(64, 64)] * 3), matrices(shapes=[(64, 64)] * 3)
    give_gradients(0, params, others)
    params[1].grad[0, 0] = value
    muon(params).step()
    muon(others).step()

    assert torch.equal(others[0], params[0])
    assert torch.equal(others[2], params[2])
    assert not params[1].isfinite().all()


def test_convolutions_count_as_matrices_of_their_rows():
    """Whatever the order of their memory."""
    flat = nn.Parameter(torch.randn(6, 12, generator=torch.Generator().manual_seed(0)))
    conv = nn.Parameter(flat.detach().clone().view(6, 3, 2, 2))
    last = nn.Parameter(conv.detach().clone().to(memory_format=torch.channels_last))
    flat.grad = torch.randn(6, 12, generator=torch.Generator().manual_seed(1))
    conv.grad = flat.grad.clone().view(6, 3, 2, 2)
    last.grad = conv.grad.clone()
    for param in (flat, conv, last):
        muon([param], adjust_lr_fn="match_rms_adamw").step()

    assert torch.equal(flat.view(6, 3, 2, 2), conv)
    torch.testing.assert_close(conv, last)


def test_a_matrix_that_is_no_piece_of_memory_is_trained():
    """A matrix with gaps in its memory moves as its copy without gaps does."""
    cut = nn.Parameter(torch.randn(6, 10, generator=torch.Generator().manual_seed(0))[:, ::2])
    copied = nn.Parameter(cut.detach().clone())
    for param in (cut, copied):
        param.grad = torch.ones(6, 5).tril()
        muon([param], weight_decay=0.1).step()

    torch.testing.assert_close(copied, cut)


def test_parts_are_made_orthogonal_each_by_itself():
    """split: 3 trains a fused weight as three matrices."""
    fused = matrices(shapes=[(24, 8), (24, 8)])
    parts = [nn.Parameter(part.clone()) for param in fused for part in param.detach().chunk(3)]
    give_gradients(0, fused)
    for part, grad in zip(parts, [grad for param in fused for grad in param.grad.chunk(3)], strict=True):
        part.grad = grad.clone()
    muon(fused, split=3).step()
    muon(parts).step()

    assert torch.equal(torch.cat(parts), torch.cat(fused))


def test_each_group_has_options_of_its_own():
    """Stacked together or not."""
    slow, fast = matrices(shapes=[(8, 8), (8, 8)])
    with torch.no_grad():
        fast.copy_(slow)
    start = slow.detach().clone()
    slow.grad, fast.grad = torch.eye(8), torch.eye(8)
    Muon([{"params": [slow], "use_muon": True, "lr": 0.01}, {"params": [fast], "use_muon": True, "lr": 0.03}]).step()

    torch.testing.assert_close(3 * (slow - start), fast - start)


def test_a_closure_is_called_with_gradients_and_its_loss_returned():
    """A step calls the closure with gradients on and returns its loss, as torch's optimizers do."""
    weight = matrices(shapes=[(4, 4)])[0]
    optimizer = muon([weight])

    def closure():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        return loss

    before = weight.square().sum().item()

    assert before == optimizer.step(closure).item()
    assert weight.square().sum() < before


def test_hooks_are_called():
    """Before and after each step."""
    weight = matrices(shapes=[(4, 4)])[0]
    weight.grad = torch.ones(4, 4)
    optimizer, calls = muon([weight]), []
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    optimizer.step()

    assert ["before", "after"] == calls


@pytest.mark.parametrize(
    "schedule",
    [
        lambda optimizer: CosineAnnealingLR(optimizer, 4),
        lambda optimizer: LambdaLR(optimizer, lambda step: 0.5**step),
        lambda optimizer: OneCycleLR(optimizer, max_lr=[0.02, 3e-4], total_steps=4),
        lambda optimizer: CyclicLR(optimizer, base_lr=1e-5, max_lr=1e-3),
    ],
)
def test_schedulers_of_torch_work(schedule):
    """Schedulers of torch change Muon's groups, also those that move the momentum."""
    matrix, bias = matrices(shapes=[(4, 4), (4,)])
    optimizer = Muon([{"params": [matrix], "use_muon": True}, {"params": [bias], "use_muon": False}])
    scheduler = schedule(optimizer)
    for step in range(3):
        give_gradients(step, [matrix, bias])
        optimizer.step()
        scheduler.step()

    assert matrix.isfinite().all()
    assert len({group["lr"] for group in optimizer.param_groups}) in (1, 2)


def test_plateau_lowers_both_rates():
    """Each by the same factor."""
    matrix, bias = matrices(shapes=[(4, 4), (4,)])
    optimizer = Muon([{"params": [matrix], "use_muon": True}, {"params": [bias], "use_muon": False}])
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    for _ in range(2):
        scheduler.step(1.0)

    assert [0.01, 1.5e-4] == [group["lr"] for group in optimizer.param_groups]


def test_a_rate_may_be_a_tensor():
    """Of one number."""
    weight = matrices(shapes=[(4, 4)])[0]
    other = nn.Parameter(weight.detach().clone())
    weight.grad, other.grad = torch.eye(4), torch.eye(4)
    muon([weight], lr=torch.tensor(0.5)).step()
    muon([other], lr=0.5).step()

    assert torch.equal(weight, other)


def test_copies_go_on_by_themselves():
    """A deep copy and a pickled one take the steps that the original takes, and add groups as it does."""
    params = matrices(shapes=[(4, 4), (4,)])
    groups = [{"params": params[:1], "use_muon": True}, {"params": params[1:], "use_muon": False}]
    optimizer = Muon(groups, adamw_lr=0.5)
    give_gradients(0, params)
    optimizer.step()
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        theirs = [param for group in twin.param_groups for param in group["params"]]
        expected = copy.deepcopy(optimizer)
        wanted = [param for group in expected.param_groups for param in group["params"]]
        give_gradients(1, theirs, wanted)
        twin.step()
        expected.step()
        twin.add_param_group({"params": [nn.Parameter(torch.ones(2))], "use_muon": False})

        assert all(torch.equal(a, b) for a, b in zip(theirs, wanted, strict=True))
        assert 0.5 == twin.param_groups[2]["lr"]


def test_groups_of_one_make_another():
    """A complete group is one that the constructor takes."""
    params = matrices(shapes=[(4, 4), (4,)])
    groups = [{"params": params[:1], "use_muon": True}, {"params": params[1:], "use_muon": False}]
    optimizer = Muon(groups)

    assert optimizer.param_groups == Muon(optimizer.param_groups).param_groups


def test_empty_matrices_are_left_alone():
    """They have nothing to move."""
    params = matrices(shapes=[(0, 3), (3, 0), (2, 2)])
    for param in params:
        param.grad = torch.ones_like(param)
    muon(params).step()

    assert params[2].isfinite().all()


SPARSE = torch.eye(2).to_sparse()
WRONG = [
    ({}, "must say which half it is.*it says nothing"),
    ({"use_muon": 1}, "it says 1"),
    ({"use_muon": True, "params": [nn.Parameter(torch.ones(3))]}, r"shape \(3,\).*use_muon=False"),
    ({"use_muon": True, "params": [nn.Parameter(torch.ones(2, 2, dtype=torch.complex64))]}, "complex64"),
    ({"use_muon": False, "params": [nn.Parameter(torch.ones(2, 2, dtype=torch.complex64))]}, "complex64"),
    ({"use_muon": True, "params": [torch.ones(2, 2, dtype=torch.int64)]}, "int64"),
    ({"use_muon": True, "params": [SPARSE]}, "sparse"),
    ({"use_muon": True, "params": [nn.Parameter(torch.ones(2, 2, device="meta"))]}, "meta device"),
    ({"use_muon": False, "params": [nn.Parameter(torch.ones(2, 2, device="meta"))]}, "meta device"),
    ({"use_muon": True, "params": [nn.LazyLinear(3).weight]}, "no shape before the model's first call"),
    ({"use_muon": True, "split": 3}, "has 4 rows, which split=3 does not divide"),
    ({"use_muon": True, "adamw_lr": 0.1}, "has lr, not adamw_lr"),
    ({"use_muon": True, "betas": (0.5, 0.5)}, "a group of matrices does not read betas"),
    ({"use_muon": False, "momentum": 0.5}, "a group of AdamW does not read momentum"),
    ({"use_muon": True, "lr": -1.0}, "lr must be a number ≥ 0, is -1.0"),
    ({"use_muon": True, "lr": float("nan")}, "lr must be"),
    ({"use_muon": True, "lr": torch.ones(2)}, "lr must be"),
    ({"use_muon": True, "weight_decay": float("inf")}, "weight_decay must be"),
    ({"use_muon": True, "momentum": 1.0}, r"momentum must be a number in \[0, 1\), is 1.0"),
    ({"use_muon": True, "nesterov": "false"}, "nesterov must be True or False"),
    ({"use_muon": True, "ns_steps": 0}, "ns_steps must be a whole number from 1 to 99, is 0"),
    ({"use_muon": True, "ns_steps": 5.0}, "ns_steps must be"),
    ({"use_muon": True, "ns_coefficients": "jordan"}, "ns_coefficients must be"),
    ({"use_muon": True, "ns_coefficients": [(1, 2, 3)]}, "ns_coefficients must have a triple for each"),
    ({"use_muon": True, "adjust_lr_fn": "rms"}, "adjust_lr_fn must be None"),
    ({"use_muon": True, "ns_dtype": "float16"}, 'ns_dtype must be "auto"'),
    ({"use_muon": False, "betas": (0.9, 1.0)}, "betas must be two numbers"),
    ({"use_muon": False, "eps": -1e-8}, "eps must be"),
]


@pytest.mark.parametrize(("group", "message"), WRONG)
def test_what_cannot_be_trained_is_refused(group, message):
    """At construction, and by add_param_group, which then adds nothing."""
    full = {"params": [nn.Parameter(torch.ones(4, 4))], **group}
    optimizer = muon([nn.Parameter(torch.ones(2, 2))])
    with pytest.raises((TypeError, ValueError), match=message):
        Muon([dict(full)])
    with pytest.raises((TypeError, ValueError), match=message):
        optimizer.add_param_group(dict(full))

    assert 1 == len(optimizer.param_groups)


@pytest.mark.parametrize("options", [{"momentum": -1.0}, {"adamw_lr": -1.0}, {"muon_weight_decay": -1.0}, {"eps": "x"}])
def test_options_that_no_group_takes_are_looked_at_too(options):
    """A typing mistake does not wait for the first matrix."""
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        Muon([{"params": [nn.Parameter(torch.ones(2))], "use_muon": False, "lr": 1.0}], **options)


def test_bare_tensors_are_refused():
    """Nothing is guessed from a shape."""
    with pytest.raises(ValueError, match="use_muon=True for matrices"):
        Muon([nn.Parameter(torch.ones(2, 2))])


def test_sparse_gradients_are_refused():
    """They have no orthogonal update."""
    table = nn.Embedding(4, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()

    with pytest.raises(RuntimeError, match="sparse"):
        muon([table.weight]).step()


def test_the_kind_of_loss_scaling_that_skips_steps_works():
    """A gradient that overflowed leaves parameters and state as they are."""
    weight = matrices(shapes=[(4, 4)])[0]
    before = weight.detach().clone()
    optimizer, scaler = muon([weight]), torch.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale(weight.sum() * float("inf")).backward()
    scaler.step(optimizer)
    scaler.update()

    assert torch.equal(before, weight)
    assert 1.0 == scaler.get_scale()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_trains_to_the_loss_that_torchs_muon_reaches(seed):
    """On a small net: the mean of the last losses is within 5 %."""

    def final_loss(make):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(16, 64, bias=False), nn.Tanh(), nn.Linear(64, 64, bias=False), nn.Tanh())
        net.append(nn.Linear(64, 4, bias=False))
        inputs = torch.randn(256, 16)
        wanted = torch.sin(inputs[:, :4] * 2) * inputs[:, 4:8]
        optimizer, losses = make(list(net.parameters())), []
        for _ in range(150):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(net(inputs), wanted)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return sum(losses[-20:]) / 20

    ours = final_loss(lambda params: muon(params, lr=0.01))
    theirs = final_loss(lambda params: torch.optim.Muon(params, lr=0.01, weight_decay=0.0))

    assert theirs == pytest.approx(ours, rel=0.05)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_it_steps_on_a_gpu_as_torchs():
    """Matrices of several shapes in one stack."""
    ours, theirs = ([nn.Parameter(param.detach().cuda()) for param in matrices()] for _ in range(2))
    start = [param.detach().clone() for param in ours]
    for param, other in zip(ours, theirs, strict=True):
        param.grad = torch.randn_like(param)
        other.grad = param.grad.clone()
    muon(ours).step()
    torch.optim.Muon(theirs, lr=0.02, weight_decay=0.0).step()

    for found, wanted in zip(moved(start, ours), moved(start, theirs), strict=True):
        assert (found - wanted).norm() <= 0.05 * wanted.norm()
