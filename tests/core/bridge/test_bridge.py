"""Bridges: plugin classes from the source of a library that is not imported for it."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import Literal

import attrs
import pytest

from optim_core import ConfigError
from optim_core.bridge import Argument, Opaque, SourcePackage, declared, wrapping
from optim_core.bridge.config_types import is_dtype
from optim_core.validators import fraction, in_range

LIBRARY = {
    "__init__.py": "raise ImportError('must not be imported')",
    "kinds.py": """
from typing import Literal, TypeAlias
Betas: TypeAlias = tuple[float, float] | tuple[float, float, float]
Mode = Literal["fast", "slow"]
LIMIT = 2.0 ** 3
Loop = Loop
""",
    "optimizers/__init__.py": """
from .base import Base
from .lion import Lion, Lion as Leo
from zoo.optimizers.plain import *
from zoo.optimizers.plain import Plain
from torch.optim import AdamW
""",
    "optimizers/base.py": '''
class Base:
    """The base."""
    def __init__(self, params, lr: float = 1.0, *, scale: int = 2):
        """Its constructor."""
''',
    "optimizers/lion.py": '''
import torch
from collections.abc import Callable
from zoo.kinds import Betas, LIMIT, Loop
from zoo.kinds import Mode as How
from .base import Base

class Lion(Base):
    """Signs (Doe 1999).

    Args:
        params: the parameters.
        lr (`float`, defaults to (1e-4)):
            The rate.
        betas: Decay of two means.
    """
    def __init__(self, params, lr: float | torch.Tensor = 1e-4, betas: Betas = (0.9, 0.99), mode: How = "fast",
                 limit: float = LIMIT, growth: float = float("inf"), dtype: torch.dtype = torch.bfloat16,
                 half: "torch.dtype | None" = None, rule: Callable[[int], float] = max, loop: Loop = 1,
                 power: float = 2.0 ** 10_000, names: list[str] | None = None, _private: int = 1, *, on: bool = False,
                 **kwargs): ...

class Heir(Lion): ...
''',
    "optimizers/plain.py": """
class Plain:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), decay=0, momentum=0, args=None, paged=False): ...

class OfPipeline:
    def __init__(self, pipeline, lr=1e-3): ...

class Needy:
    def __init__(self, params, group: ProcessGroup): ...

class Bare: ...
""",
    "optimizers/cub.py": """
from . import base
from .lion import Lion as Parent
class Cub(base.Base): ...
class Twin(base.Nothing, nowhere.Base, Parent): ...
""",
    "pace.py": """
class Pace:
    def __init__(self, optimizer, gait: str = "walk", last_epoch: int = -1): ...
""",
    "optimizers/broken.py": "class Lion(:",
    "optimizers/escaped.py": r"""
PATTERN = '\d'
class Lion:
    def __init__(self, params, text: 'Literal["\d"]'): ...
""",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The library, where Python would find it."""
    for name, source in LIBRARY.items():
        file = tmp_path / "zoo" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return SourcePackage.find("zoo")


@pytest.fixture
def optimizers(package):
    return package.module("zoo.optimizers")


def fields(cls):
    return {field.name: (field.type, field.default) for field in attrs.fields(cls)}


def test_nothing_is_imported(optimizers):
    """The library's own __init__ would raise."""
    assert "lr" in fields(wrapping(optimizers.find("Lion"), "zoo.optimizers"))
    assert "zoo" not in sys.modules


def test_types_and_defaults_are_those_of_the_signature(optimizers):
    """Names are followed through modules; what no config can hold is left out, or null where there is a default."""
    expected = {
        "lr": (float, 1e-4),
        "betas": (tuple[float, float], (0.9, 0.99)),
        "mode": (Literal["fast", "slow"], "fast"),
        "limit": (float, 8.0),
        "growth": (float | None, None),
        "dtype": (Literal["bfloat16", "float16", "float32", "float64"], "bfloat16"),
        "half": (Literal["bfloat16", "float16", "float32", "float64"] | None, None),
        "power": (float | None, None),
        "names": (list[str] | None, None),
        "on": (bool, False),
    }
    assert expected == fields(wrapping(optimizers.find("Lion"), "zoo.optimizers"))


def test_without_annotations_the_defaults_say_the_types(optimizers):
    """0 may stand for 0.0; what has no plain default is left out."""
    found = optimizers.find("Plain")
    expected = {
        "lr": (float, 1e-3),
        "betas": (tuple[float, float], (0.9, 0.99)),
        "decay": (int | float, 0),
        "momentum": (int | float, 0),
        "paged": (bool, False),
    }
    assert expected == fields(wrapping(found, "zoo.optimizers"))


def test_what_the_source_does_not_show_can_be_said(optimizers):
    """Types, ranges, what is required, and what is left out."""
    made = wrapping(
        optimizers.find("Plain"),
        "zoo.optimizers",
        leave_out=("paged",),
        required=("momentum",),
        types={"decay": float},
        checks={"momentum": in_range(gt=0, lt=1), "decay": fraction},
    )
    assert {"lr", "betas", "decay", "momentum"} == fields(made).keys()
    assert (int | float, attrs.NOTHING) == fields(made)["momentum"]
    assert 0 == made(momentum=0.9).decay
    with pytest.raises(ValueError, match=r"in \(0, 1\)"):
        made(momentum=0)
    with pytest.raises(ValueError, match="> 0"):
        made(momentum=0.9, lr=0.0)


def test_a_class_is_found_where_it_is_defined(optimizers):
    """Under any name that it is imported by, and with the constructor of its nearest ancestor."""
    assert ("Leo", "zoo.optimizers.lion") == (optimizers.find("Leo").name, optimizers.find("Leo").module.name)
    lion = optimizers.package.module("zoo.optimizers.lion")
    assert [argument.name for argument in lion.find("Lion").arguments] == [
        argument.name for argument in lion.find("Heir").arguments
    ]
    assert Opaque("max") == next(each.default for each in lion.find("Lion").arguments if each.name == "rule")


@pytest.mark.parametrize("name", ["AdamW", "Nothing", "Mode", "Bare", ""])
def test_what_is_no_class_of_the_package_is_not_found(optimizers, name):
    """A class of another package, a name that is nowhere, a type, and a class without a constructor."""
    assert optimizers.find(name) is None
    assert optimizers.package.module("zoo.optimizers.plain").find(name) is None


@pytest.mark.parametrize(
    ("name", "reason"), [("OfPipeline", "not made from parameters or a model alone"), ("Needy", "needs `group`")]
)
def test_what_no_config_can_make_is_refused(optimizers, name, reason):
    """It says what is in the way."""
    found = optimizers.package.module("zoo.optimizers.plain").find(name)
    with pytest.raises(LookupError, match=reason):
        wrapping(found, "zoo.optimizers")


def test_what_is_not_installed_is_nothing(package):
    """A missing package or module gives None and no exception."""
    assert SourcePackage.find("a_package_that_is_missing") is None
    assert package.module("zoo.optimizers.missing") is None
    assert package.module("other.optimizers") is None
    with pytest.raises(ValueError, match="would import"):
        SourcePackage.find("zoo.optimizers")


def test_a_file_that_cannot_be_read_is_told(package):
    """It is named with the reason: taken for empty, its classes would vanish without a word."""
    broken = package.module("zoo.optimizers.broken")
    with pytest.raises(
        LookupError, match=r"broken\.py cannot be read by Python 3\.\d+: SyntaxError: .*line 1; install"
    ):
        broken.find("Lion")
    broken.file.write_bytes(b"\0")
    with pytest.raises(LookupError, match=r"broken\.py cannot be read .*null bytes"):
        broken.find("Lion")
    broken.file.unlink()
    with pytest.raises(LookupError, match=r"broken\.py cannot be read .*FileNotFoundError"):
        broken.find("Lion")


def test_what_python_warns_of_in_the_library_is_not_shown(package):
    """An invalid escape is none of the user's business, and no error where warnings are errors, as here."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = package.module("zoo.optimizers.escaped").find("Lion")
        assert "text" in fields(wrapping(found, "zoo.optimizers.escaped"))
    assert [] == caught


def test_the_docstring_tells_what_the_librarys_tells(optimizers):
    """Its first line, and the text of each field; a default that is not shown is named."""
    text = wrapping(optimizers.find("Lion"), "zoo.optimizers").__doc__
    assert text.startswith("zoo.optimizers.Lion: Signs (Doe 1999).")
    assert "    lr: The rate." in text
    assert "    betas: Decay of two means." in text
    assert "    growth: see its documentation. null stands for ``float('inf')``." in text


def test_what_is_built_gets_exactly_what_was_checked(site, monkeypatch):
    """Every field is given, and nothing that the library is to choose."""
    source = "class Lion:\n    def __init__(self, params, lr=0.5, growth=float('inf'), mode: str = 'a', **more):\n"
    source += "        self.param_groups, self.given = [], (lr, growth, mode, more)\n    def step(self): ...\n"
    (site.folder / "zoo").mkdir()
    (site.folder / "zoo/__init__.py").write_text(source)
    made = wrapping(SourcePackage.find("zoo").module("zoo").find("Lion"), "zoo", types={"growth": float})
    registry = site.registry()
    registry.register("optimizer", "Lion", made)

    assert (0.25, float("inf"), "a", {}) == registry.build({"type": "Lion", "lr": 0.25}).config.build([]).given
    spec = registry.build({"type": "Lion", "growth": 2.0, "mode": "b"})
    assert (0.5, 2.0, "b", {}) == spec.config.build([]).given
    with pytest.raises(ConfigError, match="did you mean `growth`"):
        registry.build({"type": "Lion", "growht": 2.0})


def test_what_a_class_takes_by_its_kwargs_can_be_added(package, monkeypatch):
    """It is a field like others, checked and handed over; its text stands where the docstring says nothing."""
    lion = package.module("zoo.optimizers.lion")
    made = wrapping(
        lion.find("Lion"),
        "zoo_live",
        leave_out=("dtype", "half"),
        more=[Argument("careful", None, False)],
        texts={"careful": "Look twice.", "lr": "is told already"},
        members={"rates": {"all": "lr"}},
    )
    received = {}
    live = ModuleType("zoo_live")
    live.Lion = lambda params, **given: received.update(given)
    monkeypatch.setitem(sys.modules, "zoo_live", live)
    made(careful=True).build([])
    assert (bool, False) == fields(made)["careful"]
    assert True is received["careful"]
    assert {"all": "lr"} == made.rates
    assert "careful: Look twice." in made.__doc__
    assert "is told already" not in made.__doc__


def test_a_class_knows_its_ancestry(package):
    """Its own definition first, then those of its ancestors in the package, whatever module they are in."""
    found = package.module("zoo.optimizers.lion").find("Heir")
    assert ["Heir", "Lion", "Base"] == [node.name for node in found.definitions]


def test_an_ancestor_may_be_named_by_its_module(package):
    """Of ``base.Base`` the module that is imported is read; what is nowhere in the package is no ancestor."""
    module = package.module("zoo.optimizers.cub")
    assert ["Cub", "Base"] == [node.name for node in module.find("Cub").definitions]
    assert ["Twin", "Lion", "Base"] == [node.name for node in module.find("Twin").definitions]


def test_a_scheduler_is_made_of_an_optimizer(package, monkeypatch):
    """It is built with the horizon that the contract gives it, which the library's class does not get."""
    pace = package.module("zoo.pace").find("Pace")
    made = wrapping(pace, "zoo_live", kind="scheduler", leave_out=("last_epoch",), members={"interval": "epoch"})
    live = ModuleType("zoo_live")
    live.Pace = lambda optimizer, **given: (optimizer, given)
    monkeypatch.setitem(sys.modules, "zoo_live", live)
    assert ("an optimizer", {"gait": "trot"}) == made(gait="trot").build("an optimizer", None)
    assert "epoch" == made.interval
    with pytest.raises(LookupError, match="not made from parameters or a model alone; take another optimizer"):
        wrapping(pace, "zoo_live")


def test_a_dtype_in_quotes_is_a_dtype(optimizers):
    """It is named in the config and handed over as the dtype, as one without quotes is."""
    arguments = {argument.name: argument for argument in optimizers.find("Lion").arguments}
    assert (True, True, False) == tuple(is_dtype(arguments[name]) for name in ("dtype", "half", "lr"))


def test_a_table_of_declarations_is_read_for_one_class():
    """Properties that share their words share a row; a class is meant by its whole name."""
    table = {"deepcopy pickled": {"refuses: it holds a lock": "Lion Tiger"}, "bf16": {"differs: it rounds": "Lio"}}

    assert {"deepcopy": "refuses: it holds a lock", "pickled": "refuses: it holds a lock"} == declared(table, "Lion")
    assert {"bf16": "differs: it rounds"} == declared(table, "Lio")
    assert {} == declared(table, "Puma")
