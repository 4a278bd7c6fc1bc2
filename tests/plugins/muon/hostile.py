"""Matrices that Newton-Schulz iterations find hard."""

import torch


def hostile_matrices(rows, columns, seed=0, only=None):
    """Name to matrix, in float64; `only` those of these names."""
    source = torch.Generator().manual_seed(seed)
    short = min(rows, columns)

    def normal(*shape):
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    def with_spectrum(values):
        left = torch.linalg.qr(normal(rows, short))[0]
        right = torch.linalg.qr(normal(columns, short))[0]
        return left * values @ right.mT

    places = torch.arange(1, short + 1, dtype=torch.float64)
    plain, repeated, sparse = normal(rows, columns), normal(rows, columns), normal(rows, columns)
    repeated[rows - rows // 2 :] = repeated[: rows // 2].clone()
    sparse[rows // 3 :] = 0
    every = {
        "normal": plain,
        "near rank one": normal(rows, 1) @ normal(1, columns) + 1e-3 * plain,
        "rank one but for rounding": normal(rows, 1) @ normal(1, columns) + 1e-7 * plain,
        "low rank": normal(rows, short // 8 + 1) @ normal(short // 8 + 1, columns),
        "duplicate rows": repeated,
        "rows of zeros": sparse,
        "power law": with_spectrum(1 / places),
        "steep power law": with_spectrum(places**-2),
        "condition 1e3": with_spectrum(torch.logspace(0, -3, short, dtype=torch.float64)),
        "condition 1e6": with_spectrum(torch.logspace(0, -6, short, dtype=torch.float64)),
        "large offset": plain + 100,
        "heavy tails": plain / normal(rows, columns).abs().pow(0.9),
        "orthogonal": with_spectrum(torch.ones(short, dtype=torch.float64)),
    }
    return {name: matrix for name, matrix in every.items() if only is None or name in only}


def polynomial_of(matrix, triples):
    """What the iterations give without rounding: they act on the singular values alone."""
    left, values, right = torch.linalg.svd(matrix.double(), full_matrices=False)
    values = values / values.norm()
    for a, b, c in triples:
        values = a * values + b * values**3 + c * values**5
    return left * values @ right


def relative_error(found, wanted):
    return ((found.double() - wanted).norm() / wanted.norm()).item()


def largest_value(matrix):
    """The largest singular value, found by the eigenvalues of the smaller Gram matrix."""
    matrix = matrix.double()
    gram = matrix @ matrix.mT if matrix.shape[0] <= matrix.shape[1] else matrix.mT @ matrix
    return torch.linalg.eigvalsh(gram)[-1].sqrt().item() if gram.isfinite().all() else float("nan")
