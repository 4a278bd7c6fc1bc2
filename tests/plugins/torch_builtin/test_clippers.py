"""Clippers: the numbers of torch and of the paper, any form of parameters, and no NaN made in silence."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from optim_core import ConfigError, registry
from optim_torch_builtin.clippers.live import NonFiniteGradientWarning

CONFIGS = [
    {"type": "norm", "max_norm": 0.1},
    {"type": "value", "clip_value": 0.01},
    {"type": "adaptive"},
]


def clipper_of(**config):
    return registry.build(config, kind="clipper").create_clipper()


def with_gradients(dtype=torch.float32):
    """Parameters of every rank with gradients, and one without."""
    torch.manual_seed(0)
    shapes = [(), (5,), (3, 4), (3, 1), (2, 3, 5), (4, 2, 3, 3)]
    params = [nn.Parameter(torch.randn(shape, dtype=dtype)) for shape in shapes]
    for param in params:
        param.grad = torch.randn_like(param)
    return [*params, nn.Parameter(torch.ones(2))]


def gradients(params):
    return [param.grad.clone() for param in params if param.grad is not None]


def norm_of(params):
    return torch.cat([gradient.flatten() for gradient in gradients(params)]).norm()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.5, "inf"])
@pytest.mark.parametrize("max_norm", [0.1, 1e6])
def test_norm_clips_bit_for_bit_as_torch(dtype, norm_type, max_norm):
    """Gradients and the returned norm are those of clip_grad_norm_, whether or not there is anything to clip."""
    expected, clipped = with_gradients(dtype), with_gradients(dtype)
    norm = torch.nn.utils.clip_grad_norm_(expected, max_norm, norm_type=float(norm_type))

    assert torch.equal(norm, clipper_of(type="norm", max_norm=max_norm, norm_type=norm_type).clip(clipped))
    assert all(map(torch.equal, gradients(expected), gradients(clipped)))


def test_value_clips_bit_for_bit_as_torch():
    """Gradients are those of clip_grad_value_, and the norm before it is returned."""
    expected, clipped = with_gradients(), with_gradients()
    torch.nn.utils.clip_grad_value_(expected, 0.3)

    torch.testing.assert_close(norm_of(with_gradients()), clipper_of(type="value", clip_value=0.3).clip(clipped))
    assert all(map(torch.equal, gradients(expected), gradients(clipped)))


def clipped_by_the_paper(weight, gradient, clip_factor, eps):
    """Equation 3 of arXiv:2102.06171, unit by unit, in plain loops over rows."""
    is_vector = weight.squeeze().ndim <= 1
    units = [(weight, gradient)] if is_vector else list(zip(weight, gradient, strict=True))
    rows = []
    for unit, grad in units:
        largest = clip_factor * max(float(unit.norm()), eps)
        rows.append(grad * (largest / float(grad.norm())) if float(grad.norm()) > largest else grad)
    return rows[0] if is_vector else torch.stack(rows)


@pytest.mark.parametrize(("clip_factor", "eps"), [(0.01, 1e-3), (0.5, 1e-3), (0.9, 2.0), (10.0, 1e-3)])
def test_adaptive_clips_by_the_formula_of_the_paper(clip_factor, eps):
    """For every rank of parameter the gradient is that of the formula, and the norm before is returned."""
    params = with_gradients(torch.float64)
    expected = [
        clipped_by_the_paper(param.detach(), param.grad.clone(), clip_factor, eps)
        for param in params
        if param.grad is not None
    ]

    norm = clipper_of(type="adaptive", clip_factor=clip_factor, eps=eps).clip(params)

    torch.testing.assert_close(norm_of(with_gradients(torch.float64)), norm)
    torch.testing.assert_close(expected, gradients(params))


def test_adaptive_lets_zero_weights_move():
    """A weight of zeros counts as eps, so its gradient is small but not zero."""
    weight = nn.Parameter(torch.zeros(2, 3))
    weight.grad = torch.ones(2, 3)
    clipper_of(type="adaptive", clip_factor=0.1, eps=0.01).clip([weight])

    torch.testing.assert_close(torch.tensor([1e-3, 1e-3]), weight.grad.norm(dim=1))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["type"])
@pytest.mark.parametrize(
    "form", [lambda module: module.parameters(), lambda module: tuple(module.parameters())], ids=["generator", "tuple"]
)
def test_parameters_may_come_as_any_iterable(config, form):
    """A generator is gone through once, and its gradients are clipped."""
    module = nn.Linear(3, 2)
    module(torch.ones(1, 3)).sum().backward()
    before = norm_of([*module.parameters()])

    torch.testing.assert_close(before, clipper_of(**config).clip(form(module)))
    assert norm_of([*module.parameters()]) < before


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["type"])
def test_a_single_tensor_is_clipped_as_one_parameter(config):
    """A tensor stands for the list that holds it, as in torch."""
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.ones(3)

    torch.testing.assert_close(torch.tensor(3.0).sqrt(), clipper_of(**config).clip(weight))
    assert weight.grad.norm() < 1


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["type"])
def test_without_gradients_the_norm_is_zero(config):
    """Nothing was computed yet, and nothing is to be clipped."""
    norm = clipper_of(**config).clip([nn.Parameter(torch.ones(2))])

    assert (0.0, ()) == (norm.item(), norm.shape)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["type"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_gradients_without_a_finite_norm_stay_as_they_are_with_a_warning(config, bad):
    """One bad entry reaches no other: the gradients are not touched, and the norm and a warning say so."""
    params = with_gradients()
    params[2].grad[0, 0] = bad
    before = gradients(params)

    with pytest.warns(NonFiniteGradientWarning, match="were left as they are"):
        norm = clipper_of(**config).clip(params)

    assert not norm.isfinite()
    torch.testing.assert_close(before, gradients(params), equal_nan=True, rtol=0, atol=0)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["type"])
def test_a_norm_that_is_not_finite_is_an_error_where_that_is_asked_for(config):
    """error_if_nonfinite raises, as in torch, before anything is changed."""
    weight = nn.Parameter(torch.ones(2))
    weight.grad = torch.tensor([1.0, float("nan")])

    with pytest.raises(RuntimeError, match="the norm of the gradients is nan"):
        clipper_of(**config, error_if_nonfinite=True).clip([weight])
    assert 1.0 == weight.grad[0]


@pytest.mark.parametrize(
    ("config", "path", "words"),
    [
        ({"type": "norm"}, "max_norm", "is required and missing"),
        ({"type": "norm", "max_norm": 0}, "max_norm", "must be > 0"),
        ({"type": "norm", "max_norm": 1.0, "norm_type": 0}, "norm_type", 'must be > 0 or the text "inf", is 0.0'),
        ({"type": "norm", "max_norm": 1.0, "norm_type": "two"}, "norm_type", "must be"),
        ({"type": "value", "clip_value": -1}, "clip_value", "must be > 0"),
        ({"type": "adaptive", "clip_factor": 0}, "clip_factor", "must be > 0"),
        ({"type": "adaptive", "eps": 0}, "eps", "must be > 0"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_field_and_range(config, path, words):
    """The one problem is at the field that is to be changed."""
    with pytest.raises(ConfigError) as caught:
        registry.build(config, kind="clipper")

    (problem,) = caught.value.problems
    assert path == problem.path
    assert words in problem.message


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config["type"])
def test_a_clipper_counts_its_steps(config):
    """Steps with something to clip, steps without a finite norm, and all; calls without any gradient are none."""
    clipper, params = clipper_of(**config), with_gradients()
    assert (0, 0, 0) == (clipper.steps, clipper.clipped, clipper.nonfinite)

    for factor in (1.0, 100.0, 1e-9):
        for param, fresh in zip(params, with_gradients(), strict=True):
            param.grad = None if fresh.grad is None else fresh.grad * factor
        clipper.clip(params)
    params[0].grad.fill_(torch.inf)
    with pytest.warns(NonFiniteGradientWarning):
        clipper.clip(params)
    clipper.clip([])

    assert (4, 2, 1) == (clipper.steps, clipper.clipped, clipper.nonfinite)


def test_what_lies_on_the_limit_is_not_clipped():
    """A norm of exactly max_norm, and an entry of exactly clip_value, are within."""
    weight = nn.Parameter(torch.zeros(2))
    for config in ({"type": "norm", "max_norm": 5.0}, {"type": "value", "clip_value": 4.0}):
        weight.grad = torch.tensor([3.0, 4.0])
        clipper = clipper_of(**config)
        clipper.clip([weight])
        assert (1, 0) == (clipper.steps, clipper.clipped)


def test_on_the_cpu_a_warning_is_given_at_once_and_once():
    """Reading costs nothing there, so nothing is left for `tell`."""
    weight = nn.Parameter(torch.zeros(2))
    weight.grad = torch.tensor([1.0, float("nan")])
    clipper = clipper_of(type="norm", max_norm=1.0)
    with pytest.warns(NonFiniteGradientWarning, match="the norm of the gradients is nan") as caught:
        clipper.clip([weight])

    assert [__file__] == [warning.filename for warning in caught]
    clipper.tell()


def test_clippers_of_one_config_count_for_themselves_and_copies_go_on():
    """State is in the clipper, not in the config; a copy and a pickle have what it had."""
    spec = registry.build({"type": "norm", "max_norm": 0.1}, kind="clipper")
    first, second = spec.create_clipper(), spec.create_clipper()
    first.clip(with_gradients())

    for clipper in (first, copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        assert (1, 1, 0.1) == (clipper.steps, clipper.clipped, clipper.max_norm)
        assert "<live clipper of NormClipper(max_norm=0.1, norm_type=2.0, error_if_nonfinite=False)>" == repr(clipper)
        assert not hasattr(clipper, "clip_value")
    assert 0 == second.steps


def test_on_another_device_the_same_is_done_and_told_later():
    """Where reading would wait, gradients and norms are those of the CPU, and `tell` says once what was not finite."""
    script = Path(__file__).with_name("on_another_device.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)

    assert ("as on the CPU\n", "") == (done.stdout, done.stderr)


def test_sharded_parameters_are_trained_as_if_they_were_whole(tmp_path):
    """On two ranks, clipping DTensors of two meshes beside a plain tensor, and a step under FSDP2, is as on one."""
    script = Path(__file__).with_name("on_two_ranks.py")
    ranks = [
        subprocess.Popen(
            [sys.executable, script, str(rank), str(tmp_path / "store")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [rank.communicate(timeout=120) for rank in ranks]

    assert [0, 0] == [rank.returncode for rank in ranks], outputs
    # gloo of torch 2.9 prints there too: what the script says is the last line.
    assert ["as in one process"] * 2 == [out.splitlines()[-1] for out, _ in outputs]
