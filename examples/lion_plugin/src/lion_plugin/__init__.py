from typing import ClassVar

import attrs


@attrs.frozen(kw_only=True)
class Lion:
    """Lion: the sign of an interpolated momentum (Chen et al. 2023, arXiv:2302.06675)."""

    lr: float = attrs.field(default=1e-4, validator=attrs.validators.gt(0))
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))

    # What optim-core's conformance kit found; it then checks that this is so.
    conformance: ClassVar = {
        "deepcopy": "refuses: a copy of lion-pytorch's optimizer lacks an attribute that its step needs",
        "pickled": "refuses: as a copy",
    }

    def build(self, params):
        from lion_pytorch import Lion

        return Lion(params, lr=self.lr, betas=self.betas, weight_decay=self.weight_decay)
