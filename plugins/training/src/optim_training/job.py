"""What is to be trained: arguments and configs, all of them read and checked before torch is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from optim_core import ClipperSpec, ConfigError, PluginError, Problem, Recipe, registry
from optim_core.plugin_tools import Document, listing, read_document
from optim_core.specs import PluginSpec
from optim_training.arguments.names import NO_LOGGER
from optim_training.arguments.sources import option_of
from optim_training.arguments.training_config import TrainingConfig
from optim_training.configs.component import SHARED, fields_of
from optim_training.configs.dataset_config import DatasetConfig, dataset_config_of
from optim_training.configs.model_config import ModelConfig, model_config_of
from optim_training.datasets.beside_training import count_items
from optim_training.strategies.stepping import refused_by_engine

__all__ = ["Job", "Saved", "job_of"]


@attrs.frozen
class Saved:
    """What a checkpoint says of the run that wrote it, for whoever gives no configs.

    Args:
        file: the checkpoint.
        model_config: as it was given to that run; None where the checkpoint has none.
        dataset_config: likewise.
    """

    file: str
    model_config: Any = None
    dataset_config: Any = None


@attrs.frozen(kw_only=True)
class Job:
    """A run that may begin.

    Args:
        arguments: of the run.
        model: what the model config says.
        recipe: how the model is trained, with the clipping that an argument asks for; None of a module that says so.
        dataset: the training data.
        validation: the validation data, None where there are none.
        logger: what writes figures, None for nothing.
        notes: what whoever starts the run is told.
    """

    arguments: TrainingConfig
    model: ModelConfig
    recipe: Recipe | None
    dataset: DatasetConfig
    validation: DatasetConfig | None
    logger: PluginSpec | None
    notes: tuple[str, ...] = ()

    @property
    def plain(self) -> dict[str, Any]:
        """The whole config, as plain data: what a logger and config.yaml are given."""
        recipe = {} if self.recipe is None else {"recipe": registry.to_config(self.recipe)}
        validation = {} if self.validation is None else {"val_dataset_config": self.validation.plain}
        arguments = attrs.asdict(self.arguments)
        configs = {"model_config": self.model.plain, "dataset_config": self.dataset.plain, **validation}
        return {"arguments": arguments, **configs, **recipe}


def job_of(
    arguments: TrainingConfig,
    overrides: Sequence[str] = (),
    saved: Saved | None = None,
    documents: Mapping[str, Document] | None = None,
) -> Job:
    """Read and check everything that a run is made of, but for what only torch can say.

    Args:
        arguments: of the run.
        overrides: values to replace in the model config, each such as ``training.optimizer.config.lr=1e-3``.
        saved: what the checkpoint says from which the run goes on.
        documents: configs that stand in no file, by the argument that would name one.

    Raises:
        ConfigError: with everything that is wrong in `.problems`.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.arguments.training_config import TrainingConfig
        >>> from optim_training.job import job_of
        >>> model = "model_type: dense" + chr(10) + "training: {optimizer: adamw, learning_rate: 1e-3}"
        >>> _ = Path("model.yaml").write_text(model)
        >>> _ = Path("data.yaml").write_text("dataset_type: digits")
        >>> job_of(TrainingConfig(model_config="model.yaml", dataset_config="data.yaml")).dataset.spec.type
        'digits'
    """
    return _Reader(arguments, overrides, saved, documents or {}).read()


class _Reader:
    """Reads what a run is made of, and gathers what is wrong with it."""

    def __init__(
        self,
        arguments: TrainingConfig,
        overrides: Sequence[str],
        saved: Saved | None,
        documents: Mapping[str, Document],
    ) -> None:
        self._arguments = arguments
        self._documents = documents
        self._overrides = overrides
        self._saved = saved
        self._problems: list[Problem] = []
        self._notes: list[str] = []

    def read(self) -> Job:
        arguments = self._arguments
        model = self._model()
        shared = {} if model is None else model.shared
        dataset = self._dataset("dataset_config", shared)
        validation = self._dataset("val_dataset_config", shared, dataset) if self._validates else None
        self._refuse_fewer_items(dataset)
        logger = self._logger()
        recipe = None if model is None else self._clipped(model.recipe)
        self._refuse_what_does_not_go_together()
        self._refuse_missing_files()
        self._refuse_no_folder()
        self._refuse_for_strategy(recipe)
        if model is None or dataset is None or self._problems:
            raise ConfigError(self._problems)
        self._note_unread(model, dataset)
        return Job(
            arguments=arguments,
            model=model,
            recipe=recipe,
            dataset=dataset,
            validation=validation,
            logger=logger,
            notes=tuple(self._notes),
        )

    @property
    def _validates(self) -> bool:
        """Whether there are validation data."""
        return bool(self._arguments.val_dataset_config) or "val_dataset_config" in self._documents

    def _document(self, name: str) -> Document | None:
        """Return a config, of the file that an argument names, or else of the checkpoint; None where there is none."""
        if name in self._documents:
            return self._documents[name]
        file = getattr(self._arguments, name)
        overrides = self._overrides if name == "model_config" else ()
        saved = None if self._saved is None else getattr(self._saved, name, None)
        try:
            if file:
                return read_document(file, overrides)
            if saved is not None and self._saved is not None:
                if overrides:
                    hint = f"give the config too: {option_of(name)} FILE"
                    raise ConfigError([Problem(path="--set", message="changes a config that is not given", hint=hint)])
                return Document(self._saved.file, saved, lambda _: None)
        except ConfigError as error:
            self._problems += [
                problem if problem.path else attrs.evolve(problem, path=option_of(name)) for problem in error.problems
            ]
            return None
        hint = f"give the path of a file: {option_of(name)} FILE"
        self._problems.append(Problem(path=option_of(name), message="is missing", hint=hint))
        return None

    def _model(self) -> ModelConfig | None:
        document = self._document("model_config")
        if document is None:
            return None
        try:
            return model_config_of(document)
        except ConfigError as error:
            self._problems += error.problems
            return None

    def _dataset(
        self, name: str, shared: dict[str, Any], training: DatasetConfig | None = None
    ) -> DatasetConfig | None:
        document = self._document(name)
        if document is None:
            return None
        try:
            found = dataset_config_of(document, shared)
        except ConfigError as error:
            self._problems += error.problems
            return None
        self._problems += [Problem(path="", message=sentence, file=document.file) for sentence in found.check(training)]
        return found

    def _refuse_fewer_items(self, dataset: DatasetConfig | None) -> None:
        """Refuse a dataset that makes no batch, where it says how many items it has without torch."""
        items = None if dataset is None or self._problems else count_items(dataset.spec)
        size = self._arguments.batch_size
        if dataset is not None and items is not None and items < size:
            message = f"the dataset has {items} {'item' if items == 1 else 'items'}, and a batch {size}"
            hint = f"give more, or {option_of('batch_size')} {max(items, 1)}"
            self._problems.append(Problem(path="", message=message, hint=hint, file=dataset.file))

    def _logger(self) -> PluginSpec | None:
        name = self._arguments.logger
        if not self._arguments.logs:
            return None
        try:
            spec: PluginSpec = registry.build({"type": name, "config": {}}, "logger")
        except ConfigError as error:
            self._problems += [
                Problem(path=option_of("logger"), message=problem.message, hint=self._logger_hint(problem.hint))
                for problem in error.problems
            ]
            return None
        except PluginError as error:
            self._problems.append(Problem(path=option_of("logger"), message=str(error)))
            return None
        look = getattr(spec.config, "check", None)
        sentences = look() if callable(look) else []
        self._problems += [Problem(path=option_of("logger"), message=sentence) for sentence in sentences]
        return spec

    def _logger_hint(self, hint: str | None) -> str:
        return f"{hint}; {NO_LOGGER} writes nothing" if hint else f"{NO_LOGGER} writes nothing"

    def _clipped(self, recipe: Recipe | None) -> Recipe | None:
        """Return the recipe with the clipping that an argument asks for."""
        limit = self._arguments.gradient_clip_val
        if not limit or recipe is None:
            return recipe
        path = option_of("gradient_clip_val")
        if recipe.clippings:
            hint = f"leave out {path}, or `gradient_clipping` of the recipe"
            message = f"is {limit}, and the recipe in the model config clips by itself, with {recipe.clippings[0].type}"
            self._problems.append(Problem(path=path, message=message, hint=hint))
            return recipe
        clipper: ClipperSpec = registry.build({"type": "norm", "config": {"max_norm": limit}}, "clipper")
        return attrs.evolve(recipe, clipper=clipper)

    def _refuse_for_strategy(self, recipe: Recipe | None) -> None:
        strategy = self._arguments.strategy
        for refused in refused_by_engine(strategy, recipe):
            hint = "take another strategy, such as fsdp, or change the recipe"
            message = f"{strategy} {refused}"
            self._problems.append(Problem(path=option_of("strategy"), message=message, hint=hint))

    def _refuse_what_does_not_go_together(self) -> None:
        arguments = self._arguments
        if arguments.val_every > 0 and not self._validates:
            hint = f"give {option_of('val_dataset_config')}, or leave out {option_of('val_every')}"
            message = f"is {arguments.val_every}, and there are no validation data"
            self._problems.append(Problem(path=option_of("val_every"), message=message, hint=hint))
        if arguments.pretrained_ckpt_path and arguments.ckpt_path:
            first, other = option_of("ckpt_path"), option_of("pretrained_ckpt_path")
            hint = f"{first} goes on with a run, {other} begins a new one: leave out one of them"
            self._problems.append(Problem(path=other, message=f"is given beside {first}", hint=hint))

    def _refuse_missing_files(self) -> None:
        for name in ("ckpt_path", "pretrained_ckpt_path", "pretransform_ckpt_path"):
            path = getattr(self._arguments, name)
            if path and not Path(path).exists():
                self._problems.append(Problem(path=option_of(name), message="there is no such file", file=path))

    def _refuse_no_folder(self) -> None:
        """Refuse a place below which no folder can be made, where that can be seen before one is made."""
        arguments = self._arguments
        project = Path(arguments.save_dir) / arguments.folder_of_project
        lowest = next(each for each in (project, *project.parents) if os.path.lexists(each))
        if lowest.is_dir() and os.access(lowest, os.W_OK):
            return
        name = "save_dir" if lowest != project else "name" if arguments.project is None else "project"
        message = "cannot be written to" if lowest.is_dir() else "is no folder, and runs are kept in one below it"
        problem = Problem(path=option_of(name), message=message, hint="name another place", file=str(lowest))
        self._problems.append(problem)

    def _note_unread(self, model: ModelConfig, dataset: DatasetConfig) -> None:
        taken = fields_of("model", model.spec.type) | fields_of("dataset", dataset.spec.type)
        beside = [key for key in model.plain if key not in ("model_type", "model", "training") and key not in taken]
        # The original's files have them for whatever model there is.
        lost = [key for key in beside if key not in SHARED] + model.unread
        if lost:
            self._notes.append(f"not read in the model config: {listing(lost)}")
        self._notes += [f"warning: {problem}" for problem in model.warned]
