"""LightningCLI with a recipe: ``--optimization FILE --optimization.set optimizer.config.lr=3e-3``."""

from __future__ import annotations

import argparse
import inspect
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from pydoc import locate
from typing import TYPE_CHECKING, Any, cast

import attrs
from jsonargparse import set_parsing_settings
from jsonargparse.typing import register_type

from optim_core import OptimError, Recipe, Registry
from optim_core import registry as default_registry
from optim_frameworks.lightning.cli_recipe import (
    OPTION,
    SET,
    as_given,
    as_overrides,
    as_typed,
    is_file,
    located,
    recipe_from,
    tell_of_loss,
    told_by_option,
)
from optim_frameworks.lightning.copies import callback_bases
from optim_frameworks.lightning.module import RecipeModule

if TYPE_CHECKING:
    from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
else:
    # The copy of Lightning that the program uses is imported by now.
    _of_lightning = import_module(f"{callback_bases()[0].__module__.partition('.callbacks')[0]}.cli")
    LightningArgumentParser, LightningCLI = _of_lightning.LightningArgumentParser, _of_lightning.LightningCLI

__all__ = ["RecipeArgumentParser", "RecipeCLI", "recipe_from"]

_KEY, _SETS, _ARGUMENT = "optimization", "optimization_set", "recipe"
_OF_LIGHTNING = ("optimizer", "lr_scheduler")


class _WrongValueError(argparse.ArgumentTypeError, TypeError):
    """A value of an option that cannot be one; argparse tells the first kind, jsonargparse the second."""


@attrs.frozen
class _Type:
    """The type of an option: what converts its values, and what ``--help`` calls it."""

    convert: Callable[[Any], Any]
    title: str

    def __call__(self, value: Any) -> Any:
        try:
            return self.convert(value)
        except OptimError as error:
            raise _WrongValueError(str(error)) from None

    def __repr__(self) -> str:
        return self.title


class _Choose(argparse.Action):
    """Takes the recipe of the command line; `seen` holds whatever was read anywhere, `typed` what stood there."""

    def __init__(self, *args: Any, seen: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen = seen
        self.typed: Any = None

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        self.typed = values
        namespace[self.dest] = values


class _Add(argparse.Action):
    """Adds overrides to those that are there."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        namespace[self.dest] = [*(namespace.get(self.dest) or []), *(values or [])]


class RecipeArgumentParser(LightningArgumentParser):
    """The parser of `RecipeCLI`: LightningCLI's, with the options of a recipe.

    Example:
        >>> from optim_frameworks.lightning.cli import RecipeArgumentParser
        >>> parser = RecipeArgumentParser()
        >>> parser.add_recipe_args()
        >>> parser.parse_args(["--optimization.optimizer.type=SGD"]).optimization_set
        ['optimizer.type=SGD']
    """

    recipes: Registry = default_registry
    _choice: _Choose | None = None

    def add_recipe_args(self) -> None:
        """Add ``--optimization`` and ``--optimization.set``.

        Example:
            >>> from optim_frameworks.lightning.cli import RecipeArgumentParser
            >>> RecipeArgumentParser().add_recipe_args()
        """
        seen: list[Any] = []

        def chosen(value: Any) -> Any:
            given = as_given(value)
            if given is not None and given not in seen:
                seen.append(given)
            return given

        group = self.add_argument_group("Optimizer, schedule and clipping, by a recipe of optim-core")
        self._choice = group.add_argument(
            OPTION,
            action=_Choose,
            seen=seen,
            type=_Type(chosen, "path or recipe"),
            metavar="FILE",
            help="The file of a recipe; in a config file also the recipe itself, or {file: FILE, set: [PATH=VALUE]}.",
        )
        group.add_argument(
            SET,
            f"{SET}+",
            dest=_SETS,
            action=_Add,
            type=_Type(as_overrides, "list of texts"),
            metavar="PATH=VALUE",
            help="A value in place of one of the recipe, such as optimizer.config.lr=3e-4; may be given several times.",
        )

    def refuse_other_optimizers(self) -> None:
        """Refuse LightningCLI's own ``--optimizer`` and ``--lr_scheduler``, beside which a recipe would be ignored.

        Example:
            >>> from optim_frameworks.lightning.cli import RecipeArgumentParser
            >>> RecipeArgumentParser().refuse_other_optimizers()
        """
        if self._optimizers or self._lr_schedulers:
            raise OptimError(
                "add_optimizer_args and add_lr_scheduler_args stand beside the recipe, which has optimizer and "
                "schedule: take them away, or use LightningCLI"
            )
        for name in _OF_LIGHTNING:
            part = name.removeprefix("lr_")
            if f"--{name}" not in self._option_string_actions:
                self.add_argument(f"--{name}", type=_refusing(name, part), help=argparse.SUPPRESS)

    def parse_args(self, args: Sequence[str] | None = None, *rest: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Parse a command line, where ``--optimization.PATH=VALUE`` is ``--optimization.set PATH=VALUE``.

        Example:
            >>> from optim_frameworks.lightning.cli import RecipeArgumentParser
            >>> RecipeArgumentParser().parse_args([])
            Namespace()
        """
        return super().parse_args(_rewritten(sys.argv[1:] if args is None else args), *rest, **kwargs)

    def dump(self, namespace: Any = None, *args: Any, **kwargs: Any) -> str:
        """Return the config as text, with the recipe itself in place of its file and of what differs from it.

        Example:
            >>> from optim_frameworks.lightning.cli import RecipeArgumentParser
            >>> parser = RecipeArgumentParser()
            >>> parser.add_recipe_args()
            >>> print(parser.dump(parser.parse_args(["--optimization.set=type=LBFGS"])).splitlines()[2])
                type: LBFGS
        """
        namespace = kwargs.pop("cfg", namespace).clone()
        for parser, part, places in parts_of(self, namespace):
            parser.settle(part, places)
        with warnings.catch_warnings():
            # An argument without a type, in which the recipe is, gets its config when it is read again.
            warnings.filterwarnings("ignore", message=r"(?s)\s*Dump of a value that does not\s+round-trip: a Recipe")
            text: str = super().dump(namespace, *args, **kwargs)
        return text

    def settle(self, namespace: Any, places: Sequence[tuple[str, Sequence[str]]]) -> Recipe | None:
        """Put the recipe itself in place of what was given; end the program with a message where that is wrong.

        Args:
            namespace: of this parser; it is changed.
            places: the config files that were read, and the keys that lead to the recipe in each.

        Example:
            >>> from optim_frameworks.lightning.cli import RecipeArgumentParser
            >>> parser = RecipeArgumentParser()
            >>> parser.add_recipe_args()
            >>> parser.settle(parser.parse_args(["--optimization.set=type=LBFGS"]), []).optimizer.type
            'LBFGS'
        """
        overrides = namespace.pop(_SETS) if _SETS in namespace else None
        given = namespace.get(_KEY)
        choice = self._choice
        if choice is not None and choice.typed is not None and given != choice.typed:
            typed = as_typed(choice.typed) if isinstance(choice.typed, str) else "{…}"
            self.error(
                f"{OPTION} {typed} comes before a --config file "
                f"that has `{_KEY}` too, which would take its place: write {OPTION} after --config"
            )
        if given is None and not overrides:
            return None
        try:
            if choice is not None and choice.typed is None:
                tell_of_loss(given, [other for other in choice.seen if other != given])
            recipe = recipe_from(located(given, places), overrides or (), registry=self.recipes)
            namespace[_KEY] = self.recipes.to_config(recipe)
        except OptimError as error:
            self.error(str(told_by_option(error, SET)))
        if choice is not None:
            choice.seen[:], choice.typed = [namespace[_KEY]], None
        return recipe


def _refusing(name: str, part: str) -> Callable[[Any], Any]:
    def refuse(value: Any) -> None:
        if value is not None:
            raise _WrongValueError(
                f"--{name} is LightningCLI's, and the recipe names the {part}: {SET} {part}.type=… "
                f"{SET} {part}.config.…=…"
            )

    return refuse


def _rewritten(args: Sequence[str]) -> list[str]:
    """Return arguments in which the options below ``--optimization`` are overrides."""
    written: list[str] = []
    rest = iter(args)
    for arg in rest:
        name, is_one, value = arg.partition("=") if isinstance(arg, str) else (arg, "", "")
        if name.startswith(f"{OPTION}.") and name not in (SET, f"{SET}+"):
            path = name.removeprefix(f"{OPTION}.")
            given = value if is_one else next(rest, None)
            written += [SET, f"{path}={given}"] if given is not None else [arg]
        elif name.partition(".")[0] in [f"--{each}" for each in _OF_LIGHTNING]:
            written += [f"{name.partition('.')[0]}={arg}"]
        else:
            written.append(arg)
    return written


def parts_of(parser: Any, namespace: Any) -> list[tuple[RecipeArgumentParser, Any, list[tuple[str, list[str]]]]]:
    """Return the parsers that hold a recipe, the part of the namespace of each, and the config files of both."""
    own = _files(namespace)
    if _KEY in namespace or _SETS in namespace:
        return [(parser, namespace, [(file, [_KEY]) for file in own])]
    subcommand = namespace.get("subcommand")
    if not subcommand or namespace.get(subcommand) is None:
        return []
    below = parser._subcommands_action.choices[subcommand]
    part = namespace[subcommand]
    places = [(file, [subcommand, _KEY]) for file in own] + [(file, [_KEY]) for file in _files(part)]
    return [(below, part, places)] if _KEY in part or _SETS in part else []


def _files(namespace: Any) -> list[str]:
    """Return the config files that were read, in their order."""
    default = namespace.get("__default_config__")
    files = [str(file) for file in (default, *(namespace.get("config") or [])) if file is not None]
    return [file for file in files if is_file(file)]


class RecipeCLI(LightningCLI):
    """LightningCLI for models that are trained by a recipe.

    ``--optimization FILE`` names the recipe, ``--optimization.set PATH=VALUE`` replaces single values of it; a config
    file may hold either, or the recipe itself. A mistake in it ends the program with file and line, before anything is
    made. The model is given the recipe as its argument ``recipe``, where it takes one; else ``model.recipe`` is set
    after it was made. ``--print_config``, and the config.yaml that a run saves, hold the recipe with every default.

    Takes what LightningCLI takes, but for ``auto_configure_optimizers``, since the recipe has the optimizer. `recipe`
    is the recipe, None where none was given; `registry`, of the class, is where its plugins are.

    Example:
        >>> import lightning as L, torch
        >>> from optim_frameworks.lightning import RecipeCLI, RecipeModule
        >>> class Model(RecipeModule, L.LightningModule):
        ...     def __init__(self, recipe, width: int = 8):
        ...         super().__init__()
        ...         self.recipe, self.layer = recipe, torch.nn.Linear(width, 1)
        >>> with open("adamw.yaml", "w") as file:
        ...     _ = file.write("optimizer: {type: AdamW, config: {lr: 3e-4}}")
        >>> options = ["--optimization=adamw.yaml", "--optimization.set=optimizer.config.lr=3e-3"]
        >>> cli = RecipeCLI(Model, run=False, args=options, seed_everything_default=False)
        >>> cli.model.recipe.optimizer.config.lr
        0.003
    """

    registry: Registry = default_registry
    recipe: Recipe | None = None

    def __init__(
        self,
        *args: Any,
        parser_class: type[LightningArgumentParser] = RecipeArgumentParser,
        auto_configure_optimizers: bool = False,
        **kwargs: Any,
    ) -> None:
        if auto_configure_optimizers:
            raise OptimError(
                "auto_configure_optimizers=True stands beside the recipe, which has the optimizer: take it away, or "
                "use LightningCLI"
            )
        if not issubclass(parser_class, RecipeArgumentParser):
            parser_class = type(parser_class.__name__, (RecipeArgumentParser, parser_class), {})

        named: dict[str, Any] = {"parser_class": parser_class, "auto_configure_optimizers": False, **kwargs}
        super().__init__(*args, **named)

    def init_parser(self, **kwargs: Any) -> RecipeArgumentParser:
        """Make a parser; LightningCLI calls it.

        Example:
            >>> from optim_frameworks.lightning import RecipeCLI
            >>> callable(RecipeCLI.init_parser)
            True
        """
        parser = cast("RecipeArgumentParser", super().init_parser(**kwargs))
        parser.recipes = self.registry
        return parser

    def add_core_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the options of Trainer, model, data and recipe; LightningCLI calls it.

        Example:
            >>> from optim_frameworks.lightning import RecipeCLI
            >>> callable(RecipeCLI.add_core_arguments_to_parser)
            True
        """
        super().add_core_arguments_to_parser(parser)
        cast("RecipeArgumentParser", parser).add_recipe_args()
        target = f"model.{'init_args.' if self.subclass_mode_model else ''}{_ARGUMENT}"
        if self.subclass_mode_model or any(action.dest == target for action in parser._actions):
            parser.link_arguments((_KEY, _SETS), target, compute_fn=self._linked)

    def _linked(self, optimization: Any, overrides: Any) -> Recipe | None:
        """Return the recipe that the model is given; None where something is wrong, which is told after parsing."""
        if optimization is None and not overrides:
            return None
        try:
            return recipe_from(optimization, overrides or (), registry=self.registry)
        except OptimError:
            return None

    @staticmethod
    def link_optimizers_and_lr_schedulers(parser: LightningArgumentParser) -> None:
        """Refuse optimizers and schedules that are not the recipe's; LightningCLI calls it when all options are there.

        Example:
            >>> from optim_frameworks.lightning.cli import RecipeArgumentParser, RecipeCLI
            >>> RecipeCLI.link_optimizers_and_lr_schedulers(RecipeArgumentParser())
        """
        cast("RecipeArgumentParser", parser).refuse_other_optimizers()

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse the command line, and build the recipe; LightningCLI calls it.

        Example:
            >>> from optim_frameworks.lightning import RecipeCLI
            >>> callable(RecipeCLI.parse_arguments)
            True
        """
        super().parse_arguments(parser, args)
        for below, part, places in parts_of(parser, self.config):
            self.recipe = below.settle(part, places)
            self._refuse_missing(below, part)

    def _refuse_missing(self, parser: RecipeArgumentParser, config: Any) -> None:
        model = config.get("model")
        cls: Any = self._model_class
        if self.subclass_mode_model:
            cls = locate(model.class_path) if model is not None and "class_path" in model else None
        if self.recipe is None and _requires_recipe(cls):
            parser.error(f"the model, {cls.__name__}, takes a recipe: {OPTION} FILE is required")

    def instantiate_classes(self) -> None:
        """Make model, data and Trainer, and give the model the recipe; LightningCLI calls it.

        Example:
            >>> from optim_frameworks.lightning import RecipeCLI
            >>> callable(RecipeCLI.instantiate_classes)
            True
        """
        super().instantiate_classes()
        model = self._get(self.config, "model") or {}
        was_given = any(isinstance(model.get(key), Recipe) for key in (_ARGUMENT, f"init_args.{_ARGUMENT}"))
        if self.recipe is None:
            self._refuse_fit_without_recipe()
        elif not was_given:
            if not isinstance(self.model, RecipeModule):
                name = type(self.model).__name__
                raise OptimError(
                    f"{name} would be trained without the recipe: write `class {name}(RecipeModule, "
                    f"{LightningCLI.__module__.partition('.')[0]}.LightningModule)`, or give its __init__ an argument "
                    "`recipe`"
                )
            self.model.recipe = self.recipe

    def _refuse_fit_without_recipe(self) -> None:
        wants = isinstance(self.model, RecipeModule) and getattr(self.model, "recipe", None) is None
        if wants and self.subcommand == "fit":
            self._parser("fit").error(f"{type(self.model).__name__} is trained by a recipe: {OPTION} FILE is required")


def _requires_recipe(cls: Any) -> bool:
    """Tell whether a class of models cannot be made without a recipe."""
    if cls is None:
        return False
    argument = inspect.signature(cls).parameters.get(_ARGUMENT)
    return (
        argument is not None and argument.default is inspect.Parameter.empty and "None" not in str(argument.annotation)
    )


def _of_recipe(value: Any) -> Recipe:
    return value if isinstance(value, Recipe) else recipe_from(as_given(value))


# An argument that is annotated `recipe: Recipe` is one value, and not a group of the fields of that class; what saves
# hyperparameters has the config of it, from which load_from_checkpoint makes it again.
set_parsing_settings(subclasses_enabled=[Recipe])
register_type(
    Recipe,
    serializer=lambda recipe: (recipe.made_by.registry or default_registry).to_config(recipe),
    deserializer=_of_recipe,
    type_check=isinstance,
)
