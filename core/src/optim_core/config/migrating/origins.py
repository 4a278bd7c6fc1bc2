"""ORIGINS: the projects whose configs can be turned into recipes, and which of them a config looks like."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast

from optim_core.text.names import normalise
from optim_core.text.spelling import nearest

__all__ = ["ORIGINS", "Origin", "Sure", "looks_like", "nearest_origin", "origin_of", "origins", "sure_origin"]

# How sure it is whose a config is, by the keys in it.
Sure = Literal["yes", "perhaps", "no"]

# A protocol takes time to make, and no code needs it.
if TYPE_CHECKING:
    from optim_core.config.migrating.source import Source

    class OriginModule(Protocol):
        """What the module of an origin has."""

        def recognise(self, value: Any) -> Sure:
            """Say whether a config is this project's."""

        def read(self, source: Source) -> None:
            """Put the recipe into `source`, and what is wrong or assumed."""


class Origin(NamedTuple):
    """A project whose configs are read: a row of `ORIGINS`.

    Args:
        name: its name, as ``--from`` takes it.
        title: how sentences call its config.
        module: the name of its module, which is imported when a config may be the project's.
        known: its keys are known, so that one which speaks of a recipe and is not read is an error; where they are not,
            since applications put their own beside them, it is a warning.
        others: other names that it goes by.
    """

    name: str
    title: str
    module: str
    known: bool = True
    others: tuple[str, ...] = ()

    def code(self) -> OriginModule:
        """Return its module, imported."""
        return cast("OriginModule", import_module(f"optim_core.config.migrating.projects.{self.module}"))


# To add a project is to write its module and its row here.
ORIGINS = (
    Origin("hydra", "a config of Hydra: _target_", "hydra", known=False, others=("omegaconf",)),
    Origin("lightning", "a config of Lightning's CLI: class_path", "lightning", known=False, others=("jsonargparse",)),
    Origin("pytorch-template", "a config of pytorch-template: {type, args}", "pytorch_template", known=False),
    Origin("deepspeed", "DeepSpeed's JSON: optimizer, scheduler, gradient_clipping", "deepspeed"),
    Origin(
        "training-arguments",
        "transformers' TrainingArguments",
        "training_arguments",
        others=("transformers", "huggingface", "hf", "trainer"),
    ),
    Origin("timm", "timm's args.yaml", "timm_args", others=("pytorch-image-models",)),
    Origin("nanogpt", "the flat keys of nanoGPT's train.py; its Python files are read, and not run", "nanogpt"),
    Origin("vits", "a config of VITS or its kin: train.lr_decay", "vits", others=("hifi-gan", "hifigan", "rvc")),
)


def origins() -> list[tuple[str, str]]:
    """Return the projects whose configs can be migrated: the name that ``--from`` takes, and what it means.

    Example:
        >>> from optim_core.plugin_tools import origins
        >>> [name for name, _ in origins()][:2]
        ['hydra', 'lightning']
    """
    return [(each.name, each.title) for each in ORIGINS]


def sure_origin(value: Any) -> tuple[str, str] | None:
    """Return name and title of the one project whose config this is for sure, None where it may be nobody's.

    Example:
        >>> from optim_core.plugin_tools import sure_origin
        >>> sure_origin({"optimizer": {"_target_": "torch.optim.AdamW"}})
        ('hydra', 'a config of Hydra: _target_')
    """
    sure = [name for name, certainty in looks_like(value).items() if certainty == "yes"]
    found = origin_of(sure[0]) if len(sure) == 1 else None
    return None if found is None else (found.name, found.title)


def origin_of(name: str) -> Origin | None:
    """Return the origin of this name, whatever its case, `-` and `_`; None where there is none."""
    wanted = normalise(name)
    return next(
        (each for each in ORIGINS if wanted in (normalise(other) for other in (each.name, *each.others))),
        None,
    )


def nearest_origin(name: str) -> str | None:
    """Return the name of an origin that is near to `name`."""
    return nearest(name, [each for origin in ORIGINS for each in (origin.name, *origin.others)])


def looks_like(value: Any) -> dict[str, Sure]:
    """Return the names of the origins that a config may have, and how sure that is."""
    found = {origin.name: origin.code().recognise(value) for origin in ORIGINS}
    return {name: sure for name, sure in found.items() if sure != "no"}
