"""What the classes of the library compute, and where that was published: what their docstrings leave out."""

from __future__ import annotations

__all__ = ["about"]

_SOURCES = {
    "AdEMAMix": "Pagliardini et al. 2024, arXiv:2409.03137",
    "Adagrad": "Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html",
    "AdamW": "Loshchilov and Hutter 2017, arXiv:1711.05101",
    "Adam": "Kingma and Ba 2014, arXiv:1412.6980",
    "LAMB": "You et al. 2019, arXiv:1904.00962",
    "LARS": "You et al. 2017, arXiv:1708.03888",
    "Lion": "Chen et al. 2023, arXiv:2302.06675",
    "RMSprop": "Hinton 2012, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf",
    "SGD": "Qian 1999, https://doi.org/10.1016/S0893-6080(98)00116-6",
}
_BITS = "The state is kept in {} bits (Dettmers et al. 2021, arXiv:2110.02861)."
_PAGED = " It lies in memory that moves to the CPU where the GPU has none left."

_MEANS = """\
w = w - lr * weight_decay * w
m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * g ** 2
"""
_ADAM = f"""{_MEANS}\
w = w - lr * (m / (1 - beta1 ** t)) / (sqrt(v / (1 - beta2 ** t)) + eps)"""
_FORMULAS = {
    "AdEMAMix": f"""\
{_MEANS}\
n = beta3 * n + (1 - beta3) * g
w = w - lr * (m / (1 - beta1 ** t) + alpha * n) / (sqrt(v / (1 - beta2 ** t)) + eps)""",
    "Adagrad": """\
g = g + weight_decay * w
v = v + g ** 2
w = w - lr * g / (sqrt(v) + eps)""",
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "LAMB": f"""\
{_MEANS}\
u = (m / (1 - beta1 ** t)) / (sqrt(v / (1 - beta2 ** t)) + eps)
s = min(1, max_unorm * norm(w) / norm(u)), of each parameter; 1 without max_unorm
w = w - lr * s * u""",
    "LARS": """\
g = g + weight_decay * w
m = g at first, then momentum * m + g
s = min(1, max_unorm * norm(w) / norm(m)), of each parameter; 1 without max_unorm
w = w - lr * s * m""",
    "Lion": """\
w = w - lr * weight_decay * w
w = w - lr * sign(beta1 * m + (1 - beta1) * g)
m = beta2 * m + (1 - beta2) * g""",
    "RMSprop": """\
g = g + weight_decay * w
v = alpha * v + (1 - alpha) * g ** 2
w = w - lr * g / (sqrt(v) + eps)""",
    "SGD": """\
g = g + weight_decay * w
m = g at first, then momentum * m + g
w = w - lr * m""",
}


def about(name: str) -> str:
    """Return what stands below the first line of the docstring of the plugin class `name`."""
    # The longer names stand first: AdamW's begin with Adam's.
    method = next(each for each in sorted(_FORMULAS, key=len, reverse=True) if each in name)
    bits = "32" if "32bit" in name else "8" if "8bit" in name else "`optim_bits`"
    paged = _PAGED if name.startswith("Paged") else ""
    formula = _FORMULAS[method].replace("\n", "\n    ")
    return f"{_SOURCES[method]}. {_BITS.format(bits)}{paged}\n\nFormula:\n    {formula}"
