"""A dataset config: ``{"dataset_type": name, fields}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from optim_core import ConfigError
from optim_core.plugin_tools import Document, shown
from optim_core.specs import PluginSpec
from optim_training.configs.component import build_component, names_of, near_key, placed
from optim_training.datasets.beside_training import check_dataset

__all__ = ["DatasetConfig", "dataset_config_of"]

TYPE = "dataset_type"


@attrs.frozen(kw_only=True)
class DatasetConfig:
    """What a dataset config says.

    Args:
        spec: the dataset.
        plain: the config as it was given.
        file: the file that it came from, None where it came from none.
    """

    spec: PluginSpec
    plain: dict[str, Any]
    file: str | None = None

    def check(self, training: DatasetConfig | None = None) -> list[str]:
        """Return what is wrong with the files of the dataset; torch is not imported for it.

        Args:
            training: that of the training, where this one is of a validation.
        """
        return check_dataset(self.spec, None if training is None else training.spec)


def dataset_config_of(document: Document, shared: Mapping[str, Any]) -> DatasetConfig:
    """Return what a dataset config says, with everything that it names found and structured.

    Args:
        document: what a file, or a checkpoint, holds.
        shared: what the model config says of the data, for fields of the same names.

    Raises:
        ConfigError: with everything that is wrong in `.problems`.

    Example:
        >>> from optim_core.plugin_tools import Document
        >>> from optim_training.configs.dataset_config import dataset_config_of
        >>> document = Document(None, {"dataset_type": "digits"}, lambda path: None)
        >>> dataset_config_of(document, {}).spec.type
        'digits'
    """
    value = document.value
    if not isinstance(value, Mapping):
        raise ConfigError([placed(document, (), f"must be a mapping with `{TYPE}`, is {shown(value)}")])
    if TYPE not in value:
        near = next((str(key) for key in value if near_key(str(key), (TYPE,))), None)
        hint = f"one of {names_of('dataset')}" if near is None else f"did you mean `{TYPE}` by `{near}`?"
        raise ConfigError([placed(document, (TYPE,), "is missing: it names the kind of dataset", hint)])
    fields = {str(key): item for key, item in value.items() if key != TYPE}
    spec = build_component("dataset", document, (TYPE,), (), fields, shared)
    return DatasetConfig(spec=spec, plain={TYPE: value[TYPE], **fields}, file=document.file)
