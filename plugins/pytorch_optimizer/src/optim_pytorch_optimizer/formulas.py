"""What classes of the library compute, as their papers say it: pytorch_optimizer 4.1.0 has it in no docstring."""

from __future__ import annotations

__all__ = ["FORMULAS"]

_MEAN = "m = beta1 * m + (1 - beta1) * g\n"
_MEANS = f"{_MEAN}v = beta2 * v + (1 - beta2) * g ** 2\n"
_DECAY = "w = w - lr * weight_decay * w\n"
_M, _V = "m / (1 - beta1 ** t)", "v / (1 - beta2 ** t)"
_ADAM = f"w = w - lr * ({_M}) / (sqrt({_V}) + eps)"
_SHAMPOO = "L = L + g g^T\nR = R + g^T g\nw = w - lr * L ** (-1/4) g R ** (-1/4)"
_MUON = (
    "b = momentum * b + g\n"
    "X = g + momentum * b if nesterov else b\n"
    "X = X / norm(X), then ns_steps times: A = X X^T, X = c0 * X + (c1 * A + c2 * A A) X\n"
    f"{_DECAY}w = w - lr * X"
)

# Name of a class to its formula, with the names of its fields; what other fields add to it is not in it.
FORMULAS: dict[str, str] = {
    "AdaBelief": (
        f"{_MEAN}s = beta2 * s + (1 - beta2) * (g - m) ** 2 + eps\n"
        f"w = w - lr * ({_M}) / (sqrt(s / (1 - beta2 ** t)) + eps)"
    ),
    "AdaBound": (
        f"{_MEANS}low = final_lr * (1 - 1 / (gamma * t + 1))\nhigh = final_lr * (1 + 1 / (gamma * t))\n"
        "w = w - min(max(lr / sqrt(v), low), high) * m"
    ),
    "AdaDelta": (
        "v = rho * v + (1 - rho) * g ** 2\nd = sqrt(u + eps) / sqrt(v + eps) * g\n"
        "u = rho * u + (1 - rho) * d ** 2\nw = w - lr * d"
    ),
    "AdaHessian": (
        f"h = estimate of the Hessian's diagonal: mean of z * (H z), z random signs\n{_MEAN}"
        f"v = beta2 * v + (1 - beta2) * h ** 2\nw = w - lr * ({_M}) / (({_V}) ** (hessian_power / 2) + eps)"
    ),
    "AdaMax": f"{_MEAN}u = max(beta2 * u, abs(g))\nw = w - lr / (1 - beta1 ** t) * m / u",
    "AdaMod": (f"{_MEANS}a = lr / (sqrt({_V}) + eps)\ns = beta3 * s + (1 - beta3) * a\nw = w - min(a, s) * {_M}"),
    "AdamMini": (f"{_DECAY}{_MEAN}v = beta2 * v + (1 - beta2) * mean(g ** 2), one number for each block of w\n{_ADAM}"),
    "Adan": (
        f"d = g - (g before)\n{_MEAN}n = beta2 * n + (1 - beta2) * d\n"
        "v = beta3 * v + (1 - beta3) * (g + beta2 * d) ** 2\n"
        "w = (w - lr * (m + beta2 * n) / (sqrt(v) + eps)) / (1 + lr * weight_decay)"
    ),
    "AdEMAMix": (
        f"{_DECAY}{_MEANS}n = beta3 * n + (1 - beta3) * g\nw = w - lr * ({_M} + alpha * n) / (sqrt({_V}) + eps)"
    ),
    "ADOPT": (
        "c = g / max(sqrt(v), eps), each entry clipped to t ** 0.25\nm = beta1 * m + (1 - beta1) * c\n"
        "w = w - lr * m\nv = beta2 * v + (1 - beta2) * g ** 2"
    ),
    "AggMo": "of each of the K betas: b = beta * b + g\nw = w - lr / K * (sum of the b)",
    "DiffGrad": f"{_MEANS}x = 1 / (1 + exp(-abs((g before) - g)))\nw = w - lr * x * ({_M}) / (sqrt({_V}) + eps)",
    "Fromage": "w = (w - lr * norm(w) / norm(g) * g) / sqrt(1 + lr ** 2)",
    "GaLore": (
        "P = first singular vectors of g, anew every so many steps\nn = Adam's step for P^T g\nw = w - lr * P n"
    ),
    "Grams": f"{_MEANS}n = ({_M}) / (sqrt({_V}) + eps)\nw = w - lr * sign(g) * abs(n)",
    "GrokFastAdamW": (
        f"h = grokfast_alpha * h + (1 - grokfast_alpha) * g\ng = g + grokfast_lamb * h\n{_DECAY}{_MEANS}{_ADAM}"
    ),
    "Lamb": (
        f"{_MEANS}n = m / (sqrt(v) + eps) + weight_decay * w\n"
        "w = w - lr * norm(w) / norm(n) * n, with the norms of each parameter"
    ),
    "LaProp": (
        f"v = beta2 * v + (1 - beta2) * g ** 2\nm = beta1 * m + (1 - beta1) * g / (sqrt({_V}) + eps)\nw = w - lr * {_M}"
    ),
    "LARS": (
        "s = trust_coefficient * norm(w) / (norm(g) + weight_decay * norm(w)), of each parameter\n"
        "b = momentum * b + (1 - dampening) * s * (g + weight_decay * w)\nw = w - lr * b"
    ),
    "Lion": f"{_DECAY}w = w - lr * sign(beta1 * m + (1 - beta1) * g)\nm = beta2 * m + (1 - beta2) * g",
    "MADGRAD": (
        "l = lr * sqrt(t)\ns = s + l * g\nv = v + l * g ** 2\nz = (w at first) - s / (v ** (1/3) + eps)\n"
        "w = momentum * w + (1 - momentum) * z"
    ),
    "MARS": (
        "c = g + gamma * beta1 / (1 - beta1) * (g - (g before)), clipped to the norm 1\n"
        "then AdamW, with c in place of g"
    ),
    "Muon": _MUON,
    "NovoGrad": (
        "v = beta2 * v + (1 - beta2) * norm(g) ** 2, of each parameter\n"
        "m = beta1 * m + g / (sqrt(v) + eps) + weight_decay * w\nw = w - lr * m"
    ),
    "PAdam": f"{_MEANS}w = w - lr * ({_M}) / (({_V}) ** partial + eps)",
    "Prodigy": (
        "r = sqrt(beta2) * r + (1 - sqrt(beta2)) * lr * d ** 2 * sum(g * ((w at first) - w))\n"
        "s = sqrt(beta2) * s + (1 - sqrt(beta2)) * lr * d ** 2 * g\n"
        "m = beta1 * m + (1 - beta1) * d * g\nv = beta2 * v + (1 - beta2) * (d * g) ** 2\n"
        "w = w - lr * d * m / (sqrt(v) + d * eps)\nd = max(d, r / sum(abs(s)))"
    ),
    "QHAdam": (
        f"{_MEANS}a = (1 - nu1) * g + nu1 * {_M}\nb = (1 - nu2) * g ** 2 + nu2 * {_V}\nw = w - lr * a / (sqrt(b) + eps)"
    ),
    "QHM": "b = momentum * b + (1 - momentum) * g\nw = w - lr * ((1 - nu) * g + nu * b)",
    "ScalableShampoo": _SHAMPOO,
    "ScheduleFreeAdamW": (
        "g = gradient at y = (1 - beta1) * z + beta1 * x\nv = beta2 * v + (1 - beta2) * g ** 2\n"
        f"z = z - lr * (g / (sqrt({_V}) + eps) + weight_decay * y)\nx = x + (z - x) / t, the weights of run.eval()"
    ),
    "ScheduleFreeSGD": (
        "g = gradient at y = (1 - momentum) * z + momentum * x\nz = z - lr * (g + weight_decay * y)\n"
        "x = x + (z - x) / t, the weights of run.eval()"
    ),
    "SGDW": f"b = momentum * b + (1 - dampening) * g\n{_DECAY}w = w - lr * b",
    "Shampoo": _SHAMPOO,
    "SignSGD": "m = momentum * m + (1 - momentum) * g\nw = w - lr * sign(m)",
    "SimplifiedAdEMAMix": (
        f"{_DECAY}m = beta1 * m + g\nv = beta2 * v + (1 - beta2) * g ** 2\n"
        f"w = w - lr * (m + alpha * g) / (sqrt({_V}) + eps)"
    ),
    "SM3": (
        "of a matrix, with a number r for each row and c for each column:\nv = min(r, c) + g ** 2\n"
        "w = w - lr * g / sqrt(v)\nr = largest v of the row, c = largest v of the column"
    ),
    "SOAP": (
        "L = b * L + (1 - b) * g g^T, R = b * R + (1 - b) * g^T g, where b is shampoo_beta or beta2\n"
        "U, V = eigenvectors of L and R, anew every precondition_frequency steps\n"
        "n = Adam's step for U^T g V\nw = w - lr * U n V^T"
    ),
    "SophiaH": (
        f"{_DECAY}{_MEAN}every update_period steps:\n"
        "    h = beta2 * h + (1 - beta2) * (estimate of the Hessian's diagonal)\n"
        "w = w - lr * (m / max(h, eps), each entry clipped to p)"
    ),
    "StableAdamW": (
        f"{_MEANS}s = max(1, sqrt(mean(g ** 2 / max(v, eps ** 2)))), of each parameter\n"
        "then AdamW, with lr / s in place of lr"
    ),
    "Tiger": f"{_DECAY}m = beta * m + (1 - beta) * g\nw = w - lr * sign(m)",
    "Yogi": f"{_MEAN}v = v - (1 - beta2) * sign(v - g ** 2) * g ** 2\n{_ADAM}",
}
