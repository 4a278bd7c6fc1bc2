"""The name that was most likely meant."""

from __future__ import annotations

import pytest

from optim_core.text.spelling import nearest


@pytest.mark.parametrize(
    ("name", "right"),
    [("adamv", "AdamW"), ("Lino", "Lion"), ("sgd_", "SGD"), ("cos", "CosineAnnealingLR"), ("xyz", None), ("", None)],
)
def test_the_nearest_name(name, right):
    """A slip of the hand or a beginning; nothing where nothing is near."""
    assert right == nearest(name, ["AdamW", "Lion", "SGD", "CosineAnnealingLR"])


def test_a_huge_name_costs_no_time():
    """Nobody means anything by it."""
    assert None is nearest("a" * 10**7, ["a"])


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("adamw_torch_fused", "AdamW"),
        ("AdamW(lr=1e-3)", "AdamW"),
        ("get_cosine_schedule_with_warmup", "cosine"),
        ("linear_warmup", "linear"),
        ("epsilon", "eps"),
        ("adam_epsilon", "eps"),
        ("warmup_steps", None),
        ("none", None),
    ],
)
def test_a_name_in_words_of_another_project_is_near_by_its_words(name, right):
    """A whole word of it, or the beginning of one, and no letters from the middle."""
    assert right == nearest(
        name, ["AdamW", "cosine", "constant_with_warmup", "linear", "eps"] if "steps" not in name else ["eps"]
    )
