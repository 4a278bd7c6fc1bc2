"""What a whole step of Muon costs: here, in torch.optim.Muon with torch.optim.AdamW, and as others write Muon.

Run it with ``python benchmarks/muon.py``. It takes four minutes at most. Contestants take their steps in turn, on
parameters and gradients of equal numbers, with two threads; what counts is the ratio of the medians. Muon as
KellerJordan and dion write it is a short function each in muon_peers.py; the packages of muon_packages.py are compared
where they are installed, and what is missing is named with the reason.

Each table has a floor, measured in the same run. That of a whole step is the time which the multiplications of our form
of the iteration take at the rate of this machine; that of whole GPT-2 models, the same for the plain iteration. That of
the AdamW half is one read and write of its memory: three plain passes over tensors of equal size, which read weights,
gradients and both means, and write all but the gradients. The larger models need a CUDA device.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import attrs
import torch
from torch import nn

from common import header, installed, interleaved, table
from muon_packages import PACKAGES, Package, adamw, optimi, together
from muon_peers import batched_by_shape, matrix_by_matrix
from optim_muon.optimizer import Muon
from optim_muon.orthogonal.panels import HALVED_FROM

THREADS = 2
# Seconds that the rounds of one table row may take, and how many rounds there are at least and at most.
BUDGET = 12.0
FEWEST, MOST = 3, 60
LR, MOMENTUM = 0.02, 0.95

Shape = tuple[int, ...]
# Makes, of matrices and other parameters, a function that takes one step.
Contestant = Callable[[list[nn.Parameter], list[nn.Parameter]], Callable[[], object]]


@attrs.frozen
class Case:
    """A set of parameters.

    Args:
        title: its name in the table.
        shapes: the shapes of the matrices.
        others: the shapes of the parameters that AdamW trains.
        least: how many times as fast as torch a step is to be.
        width: the side of the squares whose products tell the rate of multiplications.
    """

    title: str
    shapes: list[Shape]
    others: list[Shape]
    least: float
    width: int


def gpt(width: int, layers: int) -> list[Shape]:
    """Return the shapes of the hidden matrices of a GPT."""
    return [(3 * width, width), (width, width), (4 * width, width), (width, 4 * width)] * layers


def norms(width: int, layers: int) -> list[Shape]:
    """Return the shapes of the biases and norms of a GPT."""
    return [(width,), (width,), (3 * width,), (width,), (width,), (width,), (4 * width,), (width,)] * layers


def odd(count: int) -> list[Shape]:
    """Return shapes of matrices none of which is like another."""
    draw = torch.Generator().manual_seed(0)
    sides = torch.randint(17, 400, (count, 2), generator=draw).tolist()
    return [(rows, columns) for rows, columns in sides]


CASES = [
    Case("GPT, d = 64, 12 layers", gpt(64, 12), norms(64, 12), 4.5, 64),
    Case("GPT, d = 256, 6 layers", gpt(256, 6), norms(256, 6), 1.4, 256),
    Case("GPT, d = 768, 2 layers", gpt(768, 2), norms(768, 2), 1.5, 768),
    Case("60 odd shapes", odd(60), [], 1.0, 200),
]
FORMS = {"its default": None, "fused=True": True}
GPT2 = {"124M": (768, 12), "350M": (1024, 24), "1.3B": (2048, 24)}


def parameters(shapes: list[Shape], device: str = "cpu") -> list[nn.Parameter]:
    """Make parameters with gradients; the numbers are the same at each call."""
    draw = torch.Generator().manual_seed(0)
    made = []
    for shape in shapes:
        made.append(nn.Parameter((0.02 * torch.randn(shape, generator=draw)).to(device)))
        made[-1].grad = (1e-3 * torch.randn(shape, generator=draw)).to(device)
    return made


def ours(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of this project's optimizer, which has both halves."""
    groups = [{"params": matrices, "use_muon": True}, {"params": others, "use_muon": False}]
    return Muon([group for group in groups if group["params"]], lr=LR, momentum=MOMENTUM).step


def torchs(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of torch.optim.Muon and torch.optim.AdamW."""
    return together(torch.optim.Muon(matrices, lr=LR, momentum=MOMENTUM, weight_decay=0.0), *adamw(others))


def loop(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of Muon as KellerJordan writes it."""
    return together(matrix_by_matrix(matrices, LR, MOMENTUM), *adamw(others))


def stacks(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of Muon as dion writes it."""
    return together(batched_by_shape(matrices, LR, MOMENTUM), *adamw(others))


def contestants(shapes: list[Shape], device: str = "cpu") -> dict[str, Contestant]:
    """Return the contestants by name; all are compared with "torch"."""
    forms = {} if device == "cuda" else {"KellerJordan's form": loop, "dion's form": stacks}
    packages = {each.distribution: each.make for each in present(device) if each.fits(shapes, device)}
    return {"optim-muon": ours, "torch": torchs, **forms, **packages}


def present(device: str) -> list[Package]:
    """Return the packages that are compared on this device."""
    return [each for each in PACKAGES if device in each.devices and not each.missing()]


def slow_ones() -> list[str]:
    """Return the packages that take so long on a CPU that the others' rounds are not to wait for them."""
    return [each.distribution for each in PACKAGES if each.widest is not None]


def remarks(device: str) -> str:
    """Return a line for each package with which there is something to say."""
    lines = []
    for each in PACKAGES:
        missing = each.missing() if device in each.devices else f"it is compared on {each.devices[0]} only"
        said = [said for said in (missing, each.remark) if said]
        lines += [f"{each.distribution}: {'; '.join(said)}"] if said else []
    optimi = "" if installed("torch-optimi") else "torch-optimi: it is not installed"
    return "\n".join([*lines, *([optimi] if optimi else [])])


def medians(steps: Mapping[str, Callable[[], object]], device: str = "cpu") -> dict[str, float]:
    """Return the median seconds of a step of each, over as many rounds as the budget allows."""
    timed = {name: _timed(step, device) for name, step in steps.items()}
    for seconds in timed.values():
        seconds()
    once = sum(seconds() for seconds in timed.values())
    return interleaved(timed, min(max(int(BUDGET / once), FEWEST), MOST))


def _timed(step: Callable[[], object], device: str) -> Callable[[], float]:
    def seconds() -> float:
        _finish(device)
        began = time.perf_counter()
        step()
        _finish(device)
        return time.perf_counter() - began

    return seconds


def _finish(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def whole_steps() -> str:
    """Return the table of whole steps: the ratio of torch's median to that of each contestant."""
    rows = []
    names = [name for name in contestants(CASES[0].shapes) if name != "torch"]
    for case in CASES:
        makers = contestants(case.shapes)
        steps = {name: make(parameters(case.shapes), parameters(case.others)) for name, make in makers.items()}
        slow = {name: steps.pop(name) for name in slow_ones() if name in steps}
        taken = medians(steps)
        taken |= medians(slow) if slow else {}
        ratios = {name: f"{taken['torch'] / taken[name]:.2f}" if name in taken else "-" for name in names}
        floor = shared_flops(case.shapes) / multiplication_rate(case.width, "cpu")
        rows.append({"parameters": case.title, "torch, ms": f"{1e3 * taken['torch']:.1f}", **ratios})
        rows[-1]["asked for"] = f"{case.least:.1f}"
        rows[-1]["optim-muon, ms"] = f"{1e3 * taken['optim-muon']:.1f}"
        rows[-1]["floor of its products, ms"] = f"{1e3 * floor:.1f}"
    return table("A whole step: how many times as fast as torch.optim.Muon and AdamW(fused=True)", rows)


def adamw_half() -> str:
    """Return the table of the AdamW half alone."""
    rows = []
    sets: dict[str, list[Shape]] = {"10M in 150 tensors": [(66_667,)] * 150, "2,000 of 64": [(64,)] * 2000}
    for title, shapes in sets.items():
        steps: dict[str, Callable[[], object]] = {
            "optim-muon": Muon([{"params": parameters(shapes), "use_muon": False}]).step,
            "its memory": one_read_and_write(sum(shape[0] for shape in shapes)),
            **{name: torch.optim.AdamW(parameters(shapes), lr=3e-4, fused=fused).step for name, fused in FORMS.items()},
        }
        if installed("torch-optimi"):
            steps["torch-optimi"] = optimi(parameters(shapes))
        taken = medians(steps)
        peers = [name for name in (*FORMS, "torch-optimi") if name in taken]
        ratios = {f"against {name}": taken[name] / taken["optim-muon"] for name in peers}
        rows.append(
            {
                "parameters": title,
                "optim-muon, ms": f"{1e3 * taken['optim-muon']:.2f}",
                **{name: f"{ratio:.2f}" for name, ratio in ratios.items()},
                "one read and write of its memory, ms": f"{1e3 * taken['its memory']:.2f}",
                "times that": f"{taken['optim-muon'] / taken['its memory']:.2f}",
            }
        )
    asked = "asked for: 5 and 1.5, and of 10M 1.05 times its memory"
    return table(f"The AdamW half: how many times as fast as torch.optim.AdamW ({asked})", rows)


def one_read_and_write(count: int) -> Callable[[], object]:
    """Return what reads weights, gradients and two means of `count` numbers, and writes all but the gradients."""
    weights, grads, means, squares = (torch.rand(count) for _ in range(4))

    def passes() -> None:
        weights.add_(grads, alpha=1e-9)
        means.mul_(1.0)
        squares.mul_(1.0)

    return passes


def whole_models(device: str) -> str:
    """Return the table of GPT-2 models, beside the time that their multiplications need at least."""
    rows = []
    for title, (width, layers) in GPT2.items() if device == "cuda" else [("124M", GPT2["124M"])]:
        shapes, others = gpt(width, layers), [*norms(width, layers), (50_257, width), (1024, width)]
        makers = contestants(shapes, device) if device == "cuda" else {"optim-muon": ours, "torch": torchs}
        steps = {name: make(parameters(shapes, device), parameters(others, device)) for name, make in makers.items()}
        taken = medians(steps, device)
        floor = plain_flops(shapes) / multiplication_rate(width, device)
        rows.append(
            {
                "GPT-2": title,
                **{f"{name}, ms": f"{1e3 * seconds:.1f}" for name, seconds in taken.items()},
                "ratio": f"{taken['torch'] / taken['optim-muon']:.2f}",
                "floor of the plain iteration, ms": f"{1e3 * floor:.1f}",
            }
        )
    return table(f"Whole models on {device}", rows)


def plain_flops(shapes: list[Shape]) -> float:
    """Return the operations of five plain iterations: in each, R = X Xᵀ, R² and the product with X."""
    total = 0.0
    for shape in shapes:
        short, long = sorted(shape)
        total += 5 * (2 * 2 * short * short * long + 2 * short**3)
    return total


def shared_flops(shapes: list[Shape]) -> float:
    """Return the operations of the iteration as optim-muon computes it on a CPU.

    Iterations share their n x n matrices, by 2, 2 and 1, where matrices are long enough, and of symmetric products of
    large matrices one triangle is computed.
    """
    total = 0.0
    for shape in shapes:
        short, long = sorted(shape)
        ratio, halved = long / short, short >= HALVED_FROM
        shared, plain = (9 * ratio + 11, 15 * ratio + 5) if halved else (12 * ratio + 22, 20 * ratio + 10)
        total += min(shared, plain) * short**3
    return total


def multiplication_rate(size: int, device: str) -> float:
    """Return how many operations a second this machine does in products of square matrices of bfloat16.

    Small ones are multiplied as many at once as have a quarter of a million numbers.
    """
    squares = torch.randn(max(1, 2**18 // size**2), size, size, device=device).bfloat16()
    several = squares if len(squares) > 1 else squares[0]
    seconds = medians({"product": lambda: [several @ several for _ in range(10)]}, device)["product"]
    return 10 * 2 * len(squares) * size**3 / seconds


def main() -> None:
    torch.set_num_threads(THREADS)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(header("torch", *(each.distribution for each in PACKAGES), "torch-optimi"))
    print(f"{torch.get_num_threads()} threads; bfloat16 units: {torch.cpu._is_avx512_bf16_supported()}\n")
    print(whole_steps(), "\n")
    print(adamw_half(), "\n")
    print(whole_models(device), "\n")
    print(remarks(device))


if __name__ == "__main__":
    main()
