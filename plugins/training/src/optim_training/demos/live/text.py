"""The demo of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from optim_core import OptimError
from optim_training.demos.live.batches import first_part
from optim_training.loading.seeds import seed_of

__all__ = ["TextDemo"]

_BYTES = 256


class TextDemo:
    """How a model goes on with text.

    Args:
        model: what goes on.
        config: how long, and with what.
    """

    def __init__(self, model: Any, config: Any) -> None:
        self._model, self._config = model, config

    def show(self, batch: Any, step: int, folder: Path) -> list[Path]:
        """Write ``text_00000001.txt``: what the model was given, and after the mark ⟶ what it adds.

        Raises:
            OptimError: the batch holds no symbols.
        """
        given = self._given(first_part(batch, "text"))
        generator = torch.Generator(given.device).manual_seed(seed_of("text", step))
        added = self._continued(given, generator)
        texts = [f"{self._read(before)}⟶{self._read(after)}" for before, after in zip(given, added, strict=True)]
        path = folder / f"text_{step:08}.txt"
        path.write_text(("\n" + "─" * 72 + "\n").join(texts) + "\n", encoding="utf-8")
        return [path]

    def _given(self, symbols: Tensor) -> Tensor:
        if symbols.dim() != 2 or symbols.is_floating_point():
            raise OptimError(f"text is symbols of shape (batch, length), and the data have {tuple(symbols.shape)}")
        config = self._config
        if config.prompt is None:
            return symbols[: config.num_demos, : config.prompt_length]
        if not self._is_bytes:
            raise OptimError("training.demo.prompt is text, and the symbols of this model are no bytes: leave it out")
        prompt = torch.tensor(list(config.prompt.encode()), device=symbols.device)
        return prompt.expand(config.num_demos, -1)

    def _continued(self, given: Tensor, generator: torch.Generator) -> Tensor:
        config = self._config
        own = getattr(self._model, "generate", None)
        if callable(own):
            made: Tensor = own(given, config.length, temperature=config.temperature, generator=generator)
            return made
        said = given
        longest = getattr(self._model, "length", None) or given.shape[1] + config.length
        for _ in range(config.length):
            logits = self._model(said[:, -longest:])[:, -1].float()
            if config.temperature == 0:
                following = logits.argmax(-1, keepdim=True)
            else:
                following = torch.multinomial((logits / config.temperature).softmax(-1), 1, generator=generator)
            said = torch.cat([said, following], dim=1)
        return said[:, given.shape[1] :]

    @property
    def _is_bytes(self) -> bool:
        return getattr(self._model, "vocabulary", _BYTES) == _BYTES

    def _read(self, symbols: Tensor) -> str:
        numbers = symbols.tolist()
        return bytes(numbers).decode(errors="replace") if self._is_bytes else " ".join(map(str, numbers))
