"""A decoder-only transformer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from optim_core import OptimError

__all__ = ["LanguageModel", "length_of"]

BYTES = 256
# The standard deviation of what the weights begin as; that of what adds to the stream is divided by its depth.
BEGINNING = 0.02
BASE = 10_000.0


def length_of(batch: Any) -> int:
    """Return the length of the windows.

    Raises:
        OptimError: the batch is no pair of symbols.
    """
    pair = isinstance(batch, (list, tuple)) and len(batch) == 2 and all(isinstance(part, Tensor) for part in batch)
    if not pair or batch[0].dim() != 2 or batch[0].is_floating_point():
        raise OptimError(
            "the model `transformer` takes batches of symbols and of those that follow, of shape "
            "(batch, length), and the data have others"
        )
    return int(batch[0].shape[1])


class LanguageModel(nn.Module):
    """A transformer with the loss of the next symbol.

    Args:
        vocabulary: how many symbols there are.
        length: of the windows; learned positions end there.
        width: of the residual stream.
        depth: number of blocks.
        heads: of the attention.
        expansion: width of the feed-forward half by that of the stream.
        rotary: whether positions are rotations; else they are learned.
        tied: whether the head has the weights of the embedding.
        dropout: of what each half of a block adds.
    """

    def __init__(
        self,
        vocabulary: int,
        length: int,
        *,
        width: int,
        depth: int,
        heads: int,
        expansion: int,
        rotary: bool,
        tied: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.length = length
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = None if rotary else nn.Embedding(length, width)
        self.blocks = nn.ModuleList(_Block(width, heads, expansion, rotary, dropout) for _ in range(depth))
        self.norm = nn.RMSNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        for name, module in self.named_modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                adds = name.endswith((".out", ".down"))
                nn.init.normal_(module.weight, std=BEGINNING / math.sqrt(2 * depth) if adds else BEGINNING)
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, symbols: Tensor) -> Tensor:
        """Return the logits of the next symbol at each place, of shape (batch, length, vocabulary).

        Raises:
            OptimError: the positions are learned, and the symbols are more.
        """
        stream = self.embedding(symbols)
        if self.positions is not None:
            if symbols.shape[1] > self.length:
                raise OptimError(
                    f"the learned positions end at {self.length}, and there are {symbols.shape[1]} symbols"
                )
            stream = stream + self.positions.weight[: symbols.shape[1]]
        for block in self.blocks:
            stream = block(stream)
        logits: Tensor = self.head(self.norm(stream))
        return logits

    def loss(self, batch: Sequence[Tensor]) -> Tensor:
        """Return the mean cross entropy of the next symbol, in nats."""
        symbols, following = batch
        return functional.cross_entropy(self(symbols).flatten(0, 1), following.flatten())

    def metrics(self, batch: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return how many bits the next symbol takes."""
        name = "bits_per_byte" if self.vocabulary == BYTES else "bits_per_token"
        return {name: self.loss(batch) / math.log(2)}

    @torch.no_grad()
    def generate(
        self, symbols: Tensor, count: int, *, temperature: float = 1.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return what follows, one symbol after the other, of shape (batch, count).

        Args:
            symbols: what has been said, of shape (batch, length).
            count: how many symbols follow.
            temperature: the logits are divided by it; 0 takes the likeliest.
            generator: where the random numbers come from; None is torch's own.
        """
        said = symbols
        for _ in range(count):
            logits = self(said[:, -self.length :])[:, -1]
            if temperature == 0:
                following = logits.argmax(-1, keepdim=True)
            else:
                shares = (logits / temperature).softmax(-1)
                following = torch.multinomial(shares, 1, generator=generator)
            said = torch.cat([said, following], dim=1)
        return said[:, symbols.shape[1] :]


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, expansion: int, rotary: bool, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(width)
        self.attention = _Attention(width, heads, rotary)
        self.feed_forward_norm = nn.RMSNorm(width)
        self.up = nn.Linear(width, expansion * width, bias=False)
        self.down = nn.Linear(expansion * width, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, stream: Tensor) -> Tensor:
        stream = stream + self.dropout(self.attention(self.attention_norm(stream)))
        hidden = functional.gelu(self.up(self.feed_forward_norm(stream)))
        added: Tensor = self.dropout(self.down(hidden))
        return stream + added


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int, rotary: bool) -> None:
        super().__init__()
        self.heads = heads
        self.rotary = rotary
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, stream: Tensor) -> Tensor:
        query, key, value = (
            layer(stream).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        if self.rotary:
            query, key = _rotated(query), _rotated(key)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        out: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return out


def _rotated(heads: Tensor) -> Tensor:
    """Turn pairs of numbers by an angle that grows with the place, for each pair at a speed of its own."""
    length, width = heads.shape[-2:]
    speeds = BASE ** (-torch.arange(0, width, 2, device=heads.device, dtype=torch.float32) / width)
    angles = torch.arange(length, device=heads.device, dtype=torch.float32)[:, None] * speeds
    cosine, sine = angles.cos().to(heads.dtype), angles.sin().to(heads.dtype)
    first, second = heads.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
