"""text: how a language model goes on."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.validators import in_range, non_negative

__all__ = ["Text"]


@attrs.frozen(kw_only=True)
class Text:
    """How a language model goes on with text, in ``text_00000001.txt``.

    Batches are symbols of shape (batch, length), alone or as the first of several parts. The model goes on by
    ``model.generate(symbols, count, temperature=…, generator=…)``, where it has that, else by the logits that
    ``model(symbols)`` gives. Symbols are bytes of UTF-8, where the model's vocabulary is 256, else they are shown as
    numbers.

    Args:
        num_demos: how many texts of a batch, ≥ 1; with a `prompt`, how many times it is continued.
        length: how many symbols the model adds, ≥ 1.
        prompt_length: how many symbols of the data it is given, ≥ 1.
        prompt: what it is given in place of data.
        temperature: the logits are divided by it; 0 takes the likeliest symbol.
    """

    num_demos: int = attrs.field(default=2, validator=in_range(ge=1))
    length: int = attrs.field(default=200, validator=in_range(ge=1))
    prompt_length: int = attrs.field(default=64, validator=in_range(ge=1))
    prompt: str | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.min_len(1)))
    temperature: float = attrs.field(default=0.8, validator=non_negative)

    def build(self, model: Any) -> Any:
        """Make the demo."""
        from optim_training.demos.live.text import TextDemo

        return TextDemo(model, self)

    @classmethod
    def example_shown(cls) -> tuple[Any, Any]:
        """Return a model and a batch with which the demo can be tried: it knows which byte follows another."""
        import torch

        model = torch.nn.Embedding.from_pretrained(torch.eye(256).roll(1, dims=1) * 5, freeze=False)
        return model, torch.tensor([list(b"abcdefgh"), list(b"01234567")])
