"""A small language model."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import attrs

from optim_core.validators import FieldError, fraction, in_range

__all__ = ["Transformer"]


@attrs.frozen(kw_only=True)
class Transformer:
    """A decoder-only transformer that predicts the next symbol: RMSNorm before each half, no biases.

    A batch is the symbols and those that come one later, both of shape (batch, length). It tells the bits per byte
    where the symbols are the 256 bytes, and per token where they are others.

    Args:
        width: of the residual stream, ≥ 1; a multiple of `heads`, with rotary positions an even one.
        depth: number of blocks, ≥ 1.
        heads: of the attention, ≥ 1.
        expansion: width of a block's feed-forward half by that of the stream, ≥ 1.
        positions: "rope", rotary ones (Su et al. 2021, arXiv:2104.09864), or "learned", for the length of the windows.
        tied: the head that predicts has the weights of the embedding.
        dropout: in [0, 1), of what each half of a block adds.
    """

    demo_type: ClassVar[str] = "text"

    width: int = attrs.field(default=128, validator=in_range(ge=1))
    depth: int = attrs.field(default=4, validator=in_range(ge=1))
    heads: int = attrs.field(default=4, validator=in_range(ge=1))
    expansion: int = attrs.field(default=4, validator=in_range(ge=1))
    positions: Literal["rope", "learned"] = "rope"
    tied: bool = False
    dropout: float = attrs.field(default=0.0, validator=fraction)

    @heads.validator
    def _divide_the_width(self, attribute: attrs.Attribute[Any], value: int) -> None:
        if self.width % value:
            raise FieldError(f"must divide `width`, which is {self.width}, is {value}")
        if self.positions == "rope" and self.width // value % 2:
            raise FieldError(
                f"must leave each head an even width, and {self.width} by {value} is {self.width // value}"
            )

    def build(self, data: Any) -> Any:
        """Make the model for the vocabulary of the data.

        Raises:
            OptimError: the batches of the data are no pairs of symbols.
        """
        from optim_training.models.networks.transformer import LanguageModel, length_of

        return LanguageModel(
            data.vocabulary,
            length_of(data.first_batch),
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            expansion=self.expansion,
            rotary=self.positions == "rope",
            tied=self.tied,
            dropout=self.dropout,
        )

    @classmethod
    def example_data(cls) -> Any:
        """Return data with which the model can be tried: two lines of bytes."""
        from types import SimpleNamespace

        import torch

        lines = torch.tensor([list(b"to be or not to be"), list(b"that's the questio")])
        return SimpleNamespace(vocabulary=256, first_batch=(lines[:, :-1], lines[:, 1:]))
