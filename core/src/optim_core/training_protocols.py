"""What the plugin classes of a training command must offer: models, datasets, loggers and demos.

They are kept as those of `optim_core.protocols` are: an attrs class is the config, and what is heavy is imported in its
`build`. The distribution optim-training finds them by entry points of the groups ``optim_training.models``,
``.datasets``, ``.loggers`` and ``.demos``, and gives what it builds to a Trainer of Lightning's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from optim_core.protocols import PluginClass

__all__ = ["DatasetPlugin", "DemoPlugin", "LoggerPlugin", "ModelPlugin"]


class ModelPlugin(PluginClass, Protocol):
    """The config of a model. Its fields stand below ``model`` in a model config, its name is the ``model_type``.

    What `build` makes is a ``torch.nn.Module`` with one of two methods, or a LightningModule, whose own steps count:

    - ``loss(batch)``: the loss, a tensor of shape (), or a mapping of names to such tensors, of which the first is
      minimised and all are logged;
    - ``losses(batch)``, of a model that several optimizers train: a mapping of the optimizers' names to functions that
      give the loss; they are called in this order, each after the step before it. ``trained`` is then a mapping of the
      same names to the modules that each trains.

    It may have:

    - ``metrics(batch)``: a mapping of names to tensors of shape (), for validation; the mean over its batches is told;
    - ``predictions(batch)`` and ``metrics_of_all(predictions)``, for what is no mean over batches, such as a
      concordance index: the first gives a mapping of names to tensors with a row for each item, and the second, once at
      the end of a validation, a mapping of names to tensors of shape () from those of all batches and processes;
    - ``reconstruct(batch)``: what an autoencoder makes of the batch, for demos.

    The class may have a field ``optimizer_spec``, an `OptimizerSpec` or None: where there is one, the model is trained
    with it, and its config has no other recipe. A field that is called as a key beside ``model`` (``sample_rate``,
    ``sample_size``, ``audio_channels``) and is None has the value of that key.

    For the conformance kit it may have ``example``, a config that needs nothing that is not there, and
    ``example_data()``, data as `build` is given them; without it the kit gives it a small table.

    Example:
        >>> import attrs
        >>> @attrs.frozen(kw_only=True)
        ... class Line:
        ...     width: int = attrs.field(default=1, validator=attrs.validators.ge(1))
        ...     def build(self, data):
        ...         import torch
        ...         class Model(torch.nn.Linear):
        ...             def loss(self, batch):
        ...                 inputs, targets = batch
        ...                 return torch.nn.functional.mse_loss(self(inputs), targets)
        ...         return Model(data.features, self.width)
        >>> Line(width=3)
        Line(width=3)
    """

    def build(self, data: Any) -> Any:
        """Make the model.

        Args:
            data: what the training data say of themselves: ``features``, ``classes`` and ``vocabulary``, each a number,
                ``first_batch``, as the model will be given it, and the ``dataset`` itself.
        """
        ...


class DatasetPlugin(PluginClass, Protocol):
    """The config of a dataset. Its fields stand beside ``dataset_type`` in a dataset config.

    It may have:

    - ``check()``: a list of sentences, what is wrong with its files, by file or row; torch is not imported for it. It
      never raises. Where it takes an argument ``training``, that is the config of the training dataset, for the dataset
      of a validation, and else None;
    - ``count()``: how many items there are, without torch, or None where that cannot be said quickly;
    - ``augment(item, generator)``: an item as it is trained in one epoch; the ``torch.Generator`` is in a state that
      the seed, the epoch and the index of the item alone decide;
    - ``collate(items)``: a batch, where torch's own way to make one does not do;
    - ``drop_last``, a field: leave out the last batch of an epoch where it is smaller than the others.

    For the conformance kit it may have ``example``, a config, and ``example_files(folder)``, a classmethod that writes
    the files which that config names into a folder, which is then the current one.

    Example:
        >>> import attrs
        >>> @attrs.frozen(kw_only=True)
        ... class Squares:
        ...     size: int = attrs.field(default=100, validator=attrs.validators.ge(1))
        ...     def build(self):
        ...         return [(float(number), float(number) ** 2) for number in range(self.size)]
        >>> Squares(size=3).build()
        [(0.0, 0.0), (1.0, 1.0), (2.0, 4.0)]
    """

    def build(self) -> Any:
        """Make a map-style dataset: an object with ``__len__`` and ``__getitem__``.

        It may declare one more argument, ``training=None``: what the training dataset's `build` made, where this one is
        for validation. Means, classes and the like are taken over from there.

        It may say of itself, as attributes, ``features``, ``classes`` and ``vocabulary``, each a number that models are
        made for, and ``strata``, a number for each item: batches then hold items of every such number in equal share.
        """
        ...


class LoggerPlugin(PluginClass, Protocol):
    """The config of a logger.

    Example:
        >>> import attrs
        >>> @attrs.frozen(kw_only=True)
        ... class Tables:
        ...     def build(self, folder, project, run):
        ...         from lightning.pytorch.loggers import CSVLogger
        ...         return CSVLogger(folder, name=None, version="")
        >>> Tables()
        Tables()
    """

    def build(self, folder: Path, project: str, run: str) -> Any:
        """Make a logger of Lightning's.

        Args:
            folder: where the run keeps its files.
            project: the name of the project.
            run: the id of the run, which stays the same when the run is resumed.
        """
        ...


class DemoPlugin(PluginClass, Protocol):
    """The config of what shows, now and then, what a model does with data.

    For the conformance kit it may have ``example_shown()``, a classmethod that gives a model and a batch with which it
    can be tried; without it the kit takes a linear model and a small table.

    Example:
        >>> import attrs
        >>> @attrs.frozen(kw_only=True)
        ... class Size:
        ...     def build(self, model):
        ...         return self
        ...     def show(self, batch, step, folder):
        ...         file = folder / f"size_{step:08}.txt"
        ...         file.write_text(str(len(batch)))
        ...         return [file]
        >>> Size()
        Size()
    """

    def build(self, model: Any) -> Any:
        """Make an object with ``show(batch, step, folder) -> list of files``, which writes its files into `folder`.

        Args:
            model: what the model's `build` made.
        """
        ...
