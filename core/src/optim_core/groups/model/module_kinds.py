"""What the class names of modules and the names of parameters say: normalisation, embedding, bias, head."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple, cast

from optim_core.text.names import words_of

__all__ = [
    "ModuleKind",
    "all_numbered",
    "class_name",
    "is_beside_the_layers",
    "is_bias",
    "is_head",
    "is_token",
    "kind_of",
]

_NORMS = ("norm", "normalization", "normalisation")
# ConvNeXt V2 has this name for global response normalisation.
_NORM_WORDS = {"grn"}
_EMBEDDINGS = ("Embedding", "Embeddings", "EmbeddingBag")
_POSITION = {"pos", "position", "positions", "positional"}
_TOKEN = {"emb", "embs", "embed", "embeds", "embedding", "embeddings", "token", "tokens"}
_HEAD = {"head", "heads", "classifier", "classifiers"}
_LISTING = ("named_parameters", "named_modules")
# What fully_shard and replicate make a module's class a child of, and what they put before its name.
_MIXINS = {"FSDPModule": "FSDP", "ReplicateModule": "Replicate", "DDP": "DDP"}
_HEAD_NAMES = {"score", "qa_outputs"}
# Modules with these names are alternatives or inputs, where there are several, and not layers that follow each other.
_BESIDE = _HEAD | _TOKEN | {"expert", "experts"}


class ModuleKind(NamedTuple):
    """What a module's class is, by its name and those of its bases.

    Args:
        is_plain: whether it lists its modules and parameters as torch does.
        origin: the class without what torch put before it when it sharded or parametrized the module.
    """

    is_norm: bool
    is_embedding: bool
    is_list: bool
    is_sequential: bool
    is_dict: bool
    is_plain: bool
    origin: type[Any]


@lru_cache(maxsize=1024)
def _kind(cls: Any) -> ModuleKind:
    names = [base.__name__ for base in cls.__mro__]
    return ModuleKind(
        is_norm=any(map(_says_norm, names)),
        is_embedding=any(name.endswith(_EMBEDDINGS) for name in names),
        is_list="ModuleList" in names,
        is_sequential="Sequential" in names,
        is_dict="ModuleDict" in names,
        is_plain=all(getattr(getattr(cls, name, None), "__module__", "").startswith("torch.") for name in _LISTING),
        origin=_origin(cls),
    )


def kind_of(cls: type[Any]) -> ModuleKind:
    """Return the kind of a module's class."""
    # Every class can be hashed, which mypy does not see.
    return _kind(cast("Hashable", cls))


def class_name(cls: type[Any]) -> str:
    """Return the name of a module's class; a class that FSDP2 or a parametrization made of Linear is Linear."""
    return kind_of(cls).origin.__name__


def _origin(cls: type[Any]) -> type[Any]:
    """Return the class that a class was made from where torch put it in the place of a module's own."""
    first, own = cls.__bases__[0], cls.__bases__[-1]
    prefix = "Parametrized" if first is own else _MIXINS.get(first.__name__)
    return _origin(own) if prefix is not None and cls.__name__ == prefix + own.__name__ else cls


def _says_norm(name: str) -> bool:
    words = [word.lower() for word in words_of(name)]
    return any(word.endswith(_NORMS) or word in _NORM_WORDS for word in words)


def _words(name: str) -> list[str]:
    return name.lower().split("_")


@lru_cache(maxsize=4096)
def is_bias(name: str) -> bool:
    """Tell whether a parameter is a bias, by its own name in its module: ``bias``, ``in_proj_bias``, ``bias_ih_l0``."""
    words = _words(name)
    return "bias" in (words[0], words[-1])


@lru_cache(maxsize=4096)
def is_token(name: str) -> bool:
    """Tell whether a parameter that is no module's ``weight`` is an embedding: ``pos_embed``, ``cls_token``."""
    words = _words(name)
    return words[-1] in _TOKEN or not _POSITION.isdisjoint(words)


@lru_cache(maxsize=4096)
def is_head(name: str) -> bool:
    """Tell whether a module is an output head, by its own name in the module around it: ``lm_head``, ``classifier``."""
    words = _words(name)
    return words[0] in _HEAD or words[-1] in _HEAD or name in _HEAD_NAMES


def is_beside_the_layers(name: str) -> bool:
    """Tell whether modules in a list of this name do not follow each other: heads, experts, embeddings."""
    return not _BESIDE.isdisjoint(_words(name)) or name in _HEAD_NAMES


def all_numbered(names: Iterable[str]) -> bool:
    """Tell whether children are named as those of a list."""
    return all(name.isdigit() for name in names)
