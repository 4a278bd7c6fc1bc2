"""A transformer with a scoring head, what Muon makes of a model, and steps of training."""

import pytest
import torch
from torch import nn


class Scorer(nn.Module):
    """An embedding, a transformer, and two heads of which one is trained faster."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.scoring_head = nn.Linear(8, 3)
        self.output_head = nn.Linear(8, 1)

    def forward(self, words):
        hidden = self.transformer(self.embedding(words)).mean(dim=1)
        return self.scoring_head(hidden) + self.output_head(hidden)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Scorer()


@pytest.fixture
def losses():
    """Trains a Scorer for some steps on data that is always the same; gives the loss before each of them."""

    def train(model, optimizer, steps=5, scheduler=None):
        data = torch.Generator().manual_seed(1)
        words = torch.randint(11, (16, 6), generator=data)
        wanted = words.sum(dim=1) % 3
        found = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(words), wanted)
            loss.backward()
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
            found.append(loss.item())
        return found

    return train


@pytest.fixture
def halves():
    """The names in each half of an optimizer: Muon's and AdamW's."""

    def of(optimizer):
        found = {True: [], False: []}
        for group in optimizer.param_groups:
            found[group["use_muon"]] += group["param_names"]
        return found[True], found[False]

    return of
