"""Clipping on a device that is not the CPU: torch's lazy one, which works without a GPU; its own process, as it stays.

Each clipper clips five times, the third time a NaN and the last time nothing; then it tells, twice.
"""

import math
import sys
import warnings

import torch
import torch._lazy.ts_backend
from torch import nn

from optim_core import registry

CONFIGS = [
    {"type": "norm", "max_norm": 0.1},
    {"type": "value", "clip_value": 0.01},
    {"type": "adaptive", "clip_factor": 0.1},
]
SIZES = [1.0, 10.0, math.nan, 1.0, 1e-9]


def gradients(step):
    noise = torch.Generator().manual_seed(step)
    first, second = torch.randn(3, 4, generator=noise), torch.randn(5, generator=noise)
    first[0, 0] *= SIZES[step]
    return [first * min(SIZES[step], 1.0), second * min(SIZES[step], 1.0)]


def clipped(config, device):
    """Return the norms, the gradients, the counts, and what was said while clipping and afterwards."""
    torch.manual_seed(0)
    params = [nn.Parameter(torch.randn(3, 4).to(device)), nn.Parameter(torch.randn(5).to(device))]
    clipper = registry.build(config, "clipper").create_clipper()
    said = [[], [], []]
    norms, left = [], []
    for step in range(len(SIZES)):
        for param, gradient in zip(params, gradients(step), strict=True):
            param.grad = gradient.to(device)
        with warnings.catch_warnings(record=True) as caught:
            norms.append(clipper.clip(params))
        said[0] += [str(warning.message) for warning in caught]
        left += [param.grad.cpu() for param in params]
    for place in (1, 2):
        with warnings.catch_warnings(record=True) as caught:
            clipper.tell()
        said[place] += [str(warning.message) for warning in caught]
    counts = (clipper.steps, int(clipper.clipped), int(clipper.nonfinite))
    return [norm.cpu() for norm in norms], left, counts, said


def check(config):
    norms, left, counts, said = clipped(config, "lazy")
    norms_there, left_there, counts_there, said_there = clipped(config, "cpu")

    torch.testing.assert_close(norms_there, norms, equal_nan=True)
    torch.testing.assert_close(left_there, left, equal_nan=True)
    torch.testing.assert_close(gradients(2), left[4:6], equal_nan=True, rtol=0, atol=0)
    told = "the norm of the gradients was not finite at one step of 5: they were left as they were"
    if (counts, counts_there) != ((5, 3, 1), (5, 3, 1)):
        raise SystemExit(f"{config['type']} counted {counts}, and on the CPU {counts_there}")
    if said != [[], [told], []] or [len(words) for words in said_there] != [1, 0, 0]:
        raise SystemExit(f"{config['type']} said {said}, and on the CPU {said_there}")


if __name__ == "__main__":
    torch._lazy.ts_backend.init()
    warnings.simplefilter("always")
    for clipper_config in CONFIGS:
        check(clipper_config)
    sys.stdout.write("as on the CPU\n")
