"""Small networks that tests of several distributions train."""

import torch
from torch import nn

__all__ = ["Net"]


class Net(nn.Module):
    """An embedding, two hidden matrices with a norm between them, and a head."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 8)
        self.one = nn.Linear(8, 16)
        self.norm = nn.LayerNorm(16)
        self.two = nn.Linear(16, 8)
        self.head = nn.Linear(8, 10)

    def forward(self, tokens):
        hidden = self.norm(torch.tanh(self.one(self.embedding(tokens))))
        return self.head(torch.tanh(self.two(hidden)))
