"""The model that somebody names as ``module:callable``, in a module of his own."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from optim_core.plugin_tools import install_line, module_exists, nearest, output_diverted, said, visible, with_article

__all__ = ["users_model"]

KINDS_OF_MODELS = "a torch.nn.Module, a mapping of optimizers' names to modules, or a list of modules"


def users_model(words: str) -> Any:
    r"""Return the model, or the models, that ``module:callable`` means; what its code prints goes to standard error.

    Args:
        words: a module on the path or in the current folder, and in it what takes no arguments and returns the model,
            or the model itself.

    Raises:
        click.UsageError: there is no such thing, its code raises, or it gives no model; with what to do about it.

    Example:
        >>> import torch
        >>> from pathlib import Path
        >>> from optim_core.cli import users_model
        >>> _ = Path("my_net.py").write_text("from torch.nn import Linear\ndef build():\n    return Linear(3, 2)")
        >>> users_model("my_net:build")
        Linear(in_features=3, out_features=2, bias=True)
    """
    module, _, path = words.partition(":")
    if not module or not path or "/" in module or "\\" in module or module.endswith(".py"):
        meant = f"{Path(module.replace(chr(92), '/')).name.removesuffix('.py') or 'train'}:{path or 'build_model'}"
        raise _refusal(words, f"write the module without its ending, a colon, and a name in it, such as {meant}")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with output_diverted():
        return _model(words, _attribute(words, module, path))


def _refusal(words: str, message: str, near: str | None = None) -> click.UsageError:
    hint = f"\n    did you mean `{visible(near)}`?" if near else ""
    return click.UsageError(f"--model {visible(words)}: {message}{hint}")


def _attribute(words: str, module: str, path: str) -> Any:
    try:
        if not module_exists(module):
            near = nearest(module, [file.stem for file in Path.cwd().glob("*.py")])
            message = f"there is no module `{visible(module)}` on the path or in the current folder"
            raise _refusal(words, message, near and f"{near}:{path}")
        found: Any = importlib.import_module(module)
        at = module
        for part in path.split("."):
            if not hasattr(found, part):
                near = nearest(part, [name for name in dir(found) if not name.startswith("_")])
                raise _refusal(words, f"`{visible(at)}` has no `{visible(part)}`", near)
            found, at = getattr(found, part), f"{at}.{part}"
    except (Exception, SystemExit) as error:
        if isinstance(error, click.UsageError):
            raise
        raise _refusal(words, f"it cannot be imported: {_told(error)}") from error
    return found


def _model(words: str, found: Any) -> Any:
    """Return the model that an object is, or returns."""
    if _are_models(found):
        return found
    if not callable(found):
        message = f"it is {with_article(type(found).__name__)}; name what returns, or is, {KINDS_OF_MODELS}"
        raise _refusal(words, message)
    try:
        inspect.signature(found).bind()
    except TypeError as error:
        name = getattr(found, "__name__", "it")
        repair = f"name a function of no arguments that returns {name}(…)"
        raise _refusal(words, f"it takes arguments ({error}): {repair}") from error
    except ValueError:
        # It is written in C and does not say what it takes.
        pass
    try:
        made = found()
    except (Exception, SystemExit) as error:
        raise _refusal(words, f"it raises {_told(error)}") from error
    if not _are_models(made):
        what = "nothing (is a `return` missing?)" if made is None else _kind_of(made)
        raise _refusal(words, f"it returns {what}; it is to return {KINDS_OF_MODELS}")
    return made


def _kind_of(made: Any) -> str:
    name = type(made).__name__
    return f"an empty {name}" if isinstance(made, (Mapping, list, tuple)) and not made else with_article(name)


def _are_models(found: Any) -> bool:
    """Tell whether something is a model, or several in the way that a recipe takes them."""
    if isinstance(found, Mapping):
        return bool(found) and all(map(_are_models, found.values()))
    if isinstance(found, (list, tuple)):
        return bool(found) and all(map(_is_model, found))
    return _is_model(found)


def _is_model(found: Any) -> bool:
    methods = ("named_children", "named_modules", "named_parameters")
    return not isinstance(found, type) and all(callable(getattr(found, name, None)) for name in methods)


def _told(error: BaseException) -> str:
    """Say what was raised, and the last line of the user's own files that led to it."""
    if isinstance(error, SystemExit):
        text = f"SystemExit({error.code!r}): it ends the process when it is imported or called; keep what trains below "
        text += '`if __name__ == "__main__":`'
    else:
        text = said(error)
    if isinstance(error, ModuleNotFoundError) and error.name == "torch":
        text += f"; torch comes with: {install_line('torch')}"
    here = Path.cwd()
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(file, line) for file, line in lines if file.is_relative_to(here) and "site-packages" not in file.parts]
    return f"{text} (at {own[-1][0].name}:{own[-1][1]})" if own else text
