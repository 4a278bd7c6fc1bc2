"""What is saved, loaded, and exchanged with torch's optimizers."""

import io

import pytest
import torch
from torch import nn

from optim_muon.optimizer import Muon

SHAPES = [(8, 8), (8, 12), (8,), (3,)]


def parameters(dtype=torch.float32):
    source = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=source).to(dtype)) for shape in SHAPES]


def muon(params, **options):
    return Muon([{"params": params[:2], "use_muon": True}, {"params": params[2:], "use_muon": False}], **options)


def steps(optimizer, params, numbers):
    for number in numbers:
        source = torch.Generator().manual_seed(number)
        for param in params:
            param.grad = torch.randn(param.shape, generator=source).to(param.dtype)
        optimizer.step()


def copies(params):
    return [nn.Parameter(param.detach().clone()) for param in params]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "options", [{}, {"ns_coefficients": "polar_express"}, {"ns_coefficients": [(2, -1.5, 0.5)] * 5}]
)
def test_a_resumed_run_goes_on_to_the_bit(dtype, options):
    """Through a file that is loaded with weights_only."""
    params = parameters(dtype)
    optimizer = muon(params, **options)
    steps(optimizer, params, range(3))
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    resumed = copies(params)
    second = muon(resumed)
    second.load_state_dict(torch.load(file, weights_only=True))
    steps(optimizer, params, range(3, 6))
    steps(second, resumed, range(3, 6))

    assert all(torch.equal(a, b) for a, b in zip(params, resumed, strict=True))
    assert optimizer.param_groups[0]["ns_coefficients"] == second.param_groups[0]["ns_coefficients"]


def test_matrices_have_a_buffer_and_nothing_else():
    """The rest has what torch.optim.AdamW's parameters have."""
    params = parameters()
    optimizer = muon(params)
    steps(optimizer, params, range(1))

    assert [{"momentum_buffer"}] * 2 + [{"step", "exp_avg", "exp_avg_sq"}] * 2 == [
        set(values) for values in optimizer.state_dict()["state"].values()
    ]


@pytest.mark.parametrize("to_torch", [True, False])
def test_state_is_exchanged_with_torchs_muon(to_torch):
    """Each goes on where the other was."""
    params = parameters()[:2]
    wanted, found = copies(params), params

    def ours(params):
        return Muon([{"params": params, "use_muon": True, "ns_eps": 1e-6}])

    def theirs(params):
        return torch.optim.Muon(params, lr=0.02, weight_decay=0.0, eps=1e-6)

    before, after = (ours, theirs) if to_torch else (theirs, ours)
    first, second = before(found), before(wanted)
    steps(first, found, range(3))
    steps(second, wanted, range(3))
    other = after(found)
    other.load_state_dict(first.state_dict())
    start = [param.detach().clone() for param in found]
    steps(other, found, [3])
    steps(second, wanted, [3])

    assert 1e-6 == other.param_groups[0]["eps" if to_torch else "ns_eps"]
    for begun, param, reference in zip(start, found, wanted, strict=True):
        assert torch.equal(second.state[reference]["momentum_buffer"], other.state[param]["momentum_buffer"])
        assert (param - reference).norm() <= 0.05 * (reference - begun).norm()


@pytest.mark.parametrize("to_torch", [True, False])
def test_state_is_exchanged_with_torchs_adamw(to_torch):
    """With counts that are each parameter's own."""
    found = parameters()
    wanted = copies(found)

    def ours(params):
        return Muon([{"params": params, "use_muon": False, "lr": 0.1}])

    def theirs(params):
        return torch.optim.AdamW(params, lr=0.1, fused=True)

    before, after = (ours, theirs) if to_torch else (theirs, ours)
    first, second = before(found), before(wanted)
    steps(first, found, range(3))
    steps(second, wanted, range(6))
    other = after(found)
    other.load_state_dict(first.state_dict())
    steps(other, found, range(3, 6))

    torch.testing.assert_close(wanted, found)
    assert [6] * 4 == [int(other.state[param]["step"]) for param in found]


def test_what_is_loaded_is_not_shared_with_its_source():
    """Two optimizers from one state do not disturb each other."""
    params = parameters()
    optimizer = muon(params)
    steps(optimizer, params, range(1))
    state = optimizer.state_dict()
    before = state["state"][0]["momentum_buffer"].clone()
    twin = copies(params)
    second = muon(twin)
    second.load_state_dict(state)
    steps(second, twin, range(3))

    assert torch.equal(before, optimizer.state[params[0]]["momentum_buffer"])
    assert 1 == optimizer.state[params[2]]["step"]


def test_loaded_counts_are_shared_again():
    """Parameters share one count after loading, so that a resumed run is as fast as one that was not stopped."""
    params = parameters()
    optimizer = muon(params)
    steps(optimizer, params, range(2))
    optimizer.load_state_dict(optimizer.state_dict())

    assert optimizer.state[params[2]]["step"] is optimizer.state[params[3]]["step"]


def test_a_state_of_the_other_half_is_refused():
    """It would be read as something that it is not."""
    params = parameters()[:2]
    adamw = torch.optim.AdamW(params)
    steps(adamw, params, range(1))

    with pytest.raises(ValueError, match="group 0 has matrices, and the state was saved for AdamW's parameters"):
        Muon([{"params": params, "use_muon": True}]).load_state_dict(adamw.state_dict())


def test_a_state_of_other_shapes_is_refused():
    """By the group, both shapes and what may have happened."""
    params = parameters()
    optimizer = muon(params)
    steps(optimizer, params, range(1))
    state = optimizer.state_dict()
    other = [params[1], params[0], *params[2:]]

    with pytest.raises(ValueError, match=r"shape \(8, 12\), for which a momentum_buffer of shape \(8, 8\) was saved"):
        muon(other).load_state_dict(state)


def test_another_number_of_groups_is_refused_by_torch():
    """In torch's words."""
    params = parameters()
    state = muon(params).state_dict()

    with pytest.raises(ValueError, match="different number of parameter groups"):
        Muon([{"params": params, "use_muon": False}]).load_state_dict(state)


def test_what_torchs_adamw_can_and_ours_cannot_is_refused():
    """Loading it would change the algorithm."""
    params = parameters()
    state = torch.optim.AdamW(params, amsgrad=True).state_dict()

    with pytest.raises(ValueError, match="saved with amsgrad=True"):
        Muon([{"params": params, "use_muon": False}]).load_state_dict(state)
