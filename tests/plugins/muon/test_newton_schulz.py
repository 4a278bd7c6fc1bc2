"""The coefficients, how iterations share a Gram matrix, and in what they are computed."""

import pytest
import torch

from optim_muon.orthogonal.coefficients import CLASSIC, POLAR_EXPRESS, canonical, each_step
from optim_muon.orthogonal.newton_schulz import sharing_a_gram
from optim_muon.orthogonal.orthogonalize import Iterations, compute_dtype, orthogonalize
from optim_muon.orthogonal.panels import Panels

CPU = torch.device("cpu")
HAS_BFLOAT16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
THREE = (2.0, -1.5, 0.5)


@pytest.mark.parametrize(
    ("given", "steps", "wanted"),
    [
        ("classic", 2, (CLASSIC, CLASSIC)),
        ([3.4445, -4.775, 2.0315], 1, (CLASSIC,)),
        ((2, -1.5, 0.5), 2, (THREE, THREE)),
        ([THREE, CLASSIC], 2, (THREE, CLASSIC)),
        ("polar_express", 3, POLAR_EXPRESS[:3]),
        ("polar_express", 10, (*POLAR_EXPRESS, POLAR_EXPRESS[-1], POLAR_EXPRESS[-1])),
    ],
)
def test_each_step_has_its_coefficients(given, steps, wanted):
    """A name, three numbers, or three for each step."""
    assert wanted == each_step(given, steps)
    assert wanted == each_step(canonical(given), steps)


@pytest.mark.parametrize(
    "wrong",
    ["jordan", 3, [], (1.0, 2.0), [(1.0, 2.0)], (1.0, 2.0, float("nan")), [THREE, 1.0, 2.0], (True, 1.0, 2.0), None],
)
def test_what_are_no_coefficients_is_refused(wrong):
    """The message says what there is."""
    with pytest.raises(ValueError, match="must be one of classic, polar_express, three finite numbers"):
        each_step(wrong, 5)


def test_another_number_of_triples_than_steps_is_refused():
    """A list of triples has one for each step."""
    with pytest.raises(ValueError, match="a triple for each of ns_steps, 5; has 2"):
        each_step([THREE, THREE], 5)


def test_polar_express_brings_a_wide_range_near_one():
    """Eight iterations bring what is from 1e-3 to 1 within 1 % of 1, up to the room left for rounding."""
    values = torch.logspace(-3, 0, 1000, dtype=torch.float64)
    for a, b, c in each_step("polar_express", 8):
        values = a * values + b * values**3 + c * values**5

    assert (values - 1).abs().max() < 0.01


@pytest.mark.parametrize(
    ("coefficients", "dtype", "sizes"),
    [
        ("classic", torch.bfloat16, [2, 2, 1]),
        ("classic", torch.float32, [3, 2]),
        ("polar_express", torch.bfloat16, [1] * 5),
        ("polar_express", torch.float32, [1] * 5),
        (THREE, torch.bfloat16, [1] * 5),
    ],
)
def test_iterations_share_a_gram_where_that_is_safe(coefficients, dtype, sizes):
    """Others than the classic coefficients let rounding errors grow."""
    assert sizes == [len(group) for group in sharing_a_gram(each_step(coefficients, 5), dtype)]


def test_rounded_float32_counts_as_rounded():
    """Where torch may multiply float32 as TF32 or bfloat16, as few iterations share as in bfloat16."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        sizes = [len(group) for group in sharing_a_gram(each_step("classic", 5), torch.float32)]
    finally:
        torch.set_float32_matmul_precision(before)

    assert [2, 2, 1] == sizes


@pytest.mark.parametrize(("choice", "wanted"), [("bfloat16", torch.bfloat16), ("float32", torch.float32)])
def test_a_fixed_dtype_is_taken(choice, wanted):
    """Whatever the device."""
    assert wanted == compute_dtype(choice, CPU, 512) == compute_dtype(choice, CPU, 8)


def test_auto_asks_the_processor():
    """bfloat16 where there are units for it, except for the smallest matrices."""
    assert (torch.bfloat16 if HAS_BFLOAT16 else torch.float32) == compute_dtype("auto", CPU, 512)
    assert torch.float32 == compute_dtype("auto", CPU, 16)


@pytest.mark.parametrize("size", [384, 512, 700])
def test_panels_give_the_whole_product(size):
    """The mirrored triangles of symmetric products are those of the whole product."""
    matrix = torch.randn(size, 900, generator=torch.Generator().manual_seed(0))
    for given in (matrix, matrix.mT.contiguous()):
        panels = Panels(given)
        gram = panels.gram()
        torch.testing.assert_close(matrix @ matrix.mT, gram)
        assert torch.equal(gram, gram.mT)
        torch.testing.assert_close(gram @ gram, panels.product(gram, gram), rtol=1e-4, atol=1)
        wanted = torch.addmm(gram, gram, gram, beta=2, alpha=3)
        torch.testing.assert_close(wanted, panels.product(gram, gram, gram, 2, 3), rtol=1e-4, atol=3)


@pytest.mark.parametrize("shape", [(24, 60), (70, 200), (64, 64), (384, 500)])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_transpose_is_made_orthogonal_as_the_matrix_is(shape, dtype):
    """Tall matrices are not transposed, and come out as if they were."""
    wide = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    iterations = Iterations(each_step("classic", 5), 1e-7, "auto")
    found = orthogonalize([wide.clone()], iterations)[0]
    tall = orthogonalize([wide.mT.contiguous()], iterations)[0]

    torch.testing.assert_close(found.float(), tall.mT.float(), rtol=0, atol=0.05 if dtype == torch.bfloat16 else 1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 1e25])
def test_a_gpu_finds_what_the_cpu_finds(scale):
    """Without waiting for the device to look at the scale."""
    stack = scale * torch.randn(3, 96, 256, generator=torch.Generator().manual_seed(0))
    iterations = Iterations(each_step("classic", 5), 1e-7, "auto")
    wanted = orthogonalize([stack.clone()], iterations)[0]
    found = orthogonalize([stack.cuda()], iterations)[0]

    torch.testing.assert_close(wanted, found.cpu(), rtol=0, atol=1e-3)
