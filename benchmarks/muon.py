"""What a whole step of Muon costs: here, in torch.optim.Muon with torch.optim.AdamW, and as others write Muon.

Run it with ``python benchmarks/muon.py``. It takes four minutes at most. Contestants take their steps in turn, on
parameters and gradients of equal numbers, with two threads; what counts is the ratio of the medians. Muon as
KellerJordan and dion write it is a short function each in muon_peers.py; pytorch_optimizer's is its own, if installed.

The last table compares whole GPT-2 models with the floor: the time that the multiplications of the plain iteration
would take at the measured rate of this machine. The larger models need a CUDA device.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import attrs
import torch
from torch import nn
from torch.optim import Optimizer

from common import header, installed, interleaved, table
from muon_peers import batched_by_shape, matrix_by_matrix
from optim_muon.optimizer import Muon

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
    """

    title: str
    shapes: list[Shape]
    others: list[Shape]
    least: float


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
    Case("GPT, d = 64, 12 layers", gpt(64, 12), norms(64, 12), 4.5),
    Case("GPT, d = 256, 6 layers", gpt(256, 6), norms(256, 6), 1.4),
    Case("GPT, d = 768, 2 layers", gpt(768, 2), norms(768, 2), 1.4),
    Case("60 odd shapes", odd(60), [], 1.0),
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


def together(*optimizers: Optimizer | Callable[[], object]) -> Callable[[], None]:
    """Return a step that takes those of several optimizers, one after the other."""
    steps = [each.step if isinstance(each, Optimizer) else each for each in optimizers]

    def step() -> None:
        for each in steps:
            each()

    return step


def adamw(params: list[nn.Parameter]) -> list[Optimizer]:
    """Return the fused AdamW of torch for these parameters, and none where there are no parameters."""
    return [torch.optim.AdamW(params, lr=3e-4, fused=True)] if params else []


def torchs(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of torch.optim.Muon and torch.optim.AdamW."""
    return together(torch.optim.Muon(matrices, lr=LR, momentum=MOMENTUM, weight_decay=0.0), *adamw(others))


def library(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of pytorch_optimizer's Muon."""
    from pytorch_optimizer import Muon as LibraryMuon

    groups = [{"params": matrices, "use_muon": True}]
    return together(LibraryMuon(groups, lr=LR, momentum=MOMENTUM), *adamw(others))


def loop(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of Muon as KellerJordan writes it."""
    return together(matrix_by_matrix(matrices, LR, MOMENTUM), *adamw(others))


def stacks(matrices: list[nn.Parameter], others: list[nn.Parameter]) -> Callable[[], object]:
    """Return the step of Muon as dion writes it."""
    return together(batched_by_shape(matrices, LR, MOMENTUM), *adamw(others))


def contestants() -> dict[str, Contestant]:
    """Return the contestants by name; all are compared with "torch"."""
    found: dict[str, Contestant] = {
        "optim-muon": ours,
        "torch": torchs,
        "KellerJordan's form": loop,
        "dion's form": stacks,
    }
    return {**found, "pytorch_optimizer": library} if installed("pytorch_optimizer") else found


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
    for case in CASES:
        steps = {name: make(parameters(case.shapes), parameters(case.others)) for name, make in contestants().items()}
        taken = medians(steps)
        ratios = {name: f"{taken['torch'] / taken[name]:.2f}" for name in steps if name != "torch"}
        rows.append({"parameters": case.title, "torch, ms": f"{1e3 * taken['torch']:.1f}", **ratios})
        rows[-1]["asked for"] = f"{case.least:.1f}"
    return table("A whole step: how many times as fast as torch.optim.Muon and AdamW(fused=True)", rows)


def adamw_half() -> str:
    """Return the table of the AdamW half alone."""
    rows = []
    sets: dict[str, list[Shape]] = {"10M in 150 tensors": [(66_667,)] * 150, "2,000 of 64": [(64,)] * 2000}
    for title, shapes in sets.items():
        torchs = {name: torch.optim.AdamW(parameters(shapes), lr=3e-4, fused=fused) for name, fused in FORMS.items()}
        half = Muon([{"params": parameters(shapes), "use_muon": False}])
        taken = medians({"optim-muon": half.step, **{name: each.step for name, each in torchs.items()}})
        ratios = {f"against {name}": f"{taken[name] / taken['optim-muon']:.2f}" for name in FORMS}
        rows.append({"parameters": title, "optim-muon, ms": f"{1e3 * taken['optim-muon']:.2f}", **ratios})
    return table("The AdamW half: how many times as fast as torch.optim.AdamW (asked for: 5 and 1.5)", rows)


def whole_models(device: str) -> str:
    """Return the table of GPT-2 models, beside the time that their multiplications need at least."""
    rows = []
    for title, (width, layers) in GPT2.items() if device == "cuda" else [("124M", GPT2["124M"])]:
        shapes, others = gpt(width, layers), [*norms(width, layers), (50_257, width), (1024, width)]
        makers = {"optim-muon": ours, "torch": torchs}
        steps = {name: make(parameters(shapes, device), parameters(others, device)) for name, make in makers.items()}
        taken = medians(steps, device)
        floor = plain_flops(shapes) / multiplication_rate(width, device)
        rows.append(
            {
                "GPT-2": title,
                "optim-muon, ms": f"{1e3 * taken['optim-muon']:.1f}",
                "torch, ms": f"{1e3 * taken['torch']:.1f}",
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


def multiplication_rate(size: int, device: str) -> float:
    """Return how many operations a second this machine does in products of square matrices of bfloat16."""
    square = torch.randn(size, size, device=device).bfloat16()
    seconds = medians({"product": lambda: [square @ square for _ in range(10)]}, device)["product"]
    return 10 * 2 * size**3 / seconds


def main() -> None:
    torch.set_num_threads(THREADS)
    print(header("torch", "pytorch_optimizer"))
    print(f"{torch.get_num_threads()} threads; bfloat16 units: {torch.cpu._is_avx512_bf16_supported()}\n")
    print(whole_steps(), "\n")
    print(adamw_half(), "\n")
    print(whole_models("cuda" if torch.cuda.is_available() else "cpu"))


if __name__ == "__main__":
    main()
