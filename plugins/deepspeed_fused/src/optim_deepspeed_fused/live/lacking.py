"""What torch's Adam can do and DeepSpeed's kernels cannot: a group or a state that asks for it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.errors import CheckpointMismatchError, ParamGroupError

__all__ = ["refuse_lacking", "refuse_state_with_lacking"]

LACKING = ("amsgrad", "maximize")


def refuse_lacking(group: Mapping[str, Any], title: str) -> None:
    """Refuse a group of parameters that would be trained otherwise than it says.

    Raises:
        ParamGroupError: the group asks for what the kernel cannot do.
    """
    for option in _asked_for(group):
        raise ParamGroupError(f"{title} cannot do {option}, which a group asks for: leave it out, or take AdamW")


def refuse_state_with_lacking(state_dict: Mapping[str, Any], title: str) -> None:
    """Refuse the state of an optimizer, such as torch's AdamW, that did what the kernel cannot.

    Raises:
        CheckpointMismatchError: that optimizer did.
    """
    for index, group in enumerate(state_dict["param_groups"]):
        for option in _asked_for(group):
            raise CheckpointMismatchError(
                f"{title} cannot do {option}, which group {index} of the saved state was trained with: "
                "go on with the optimizer that saved it"
            )


def _asked_for(group: Mapping[str, Any]) -> list[str]:
    return [option for option in LACKING if group.get(option)]
