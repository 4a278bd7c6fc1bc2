"""What the source of a class says of it, found without an import."""

from __future__ import annotations

import sys

import pytest

from optim_core.plugin_class.unimported import static_docstring, static_fields

PACKAGE = {
    "pack/__init__.py": "from .impl.real import Hidden as Shown\n1 / 0\n",
    "pack/impl/__init__.py": "1 / 0\n",
    "pack/impl/real.py": 'class Hidden:\n    """Found."""\n    class Deeper:\n        """Found deeper."""\n1 / 0\n',
    "pack/impl/up.py": "from ..impl.real import Hidden\nfrom . import real\n1 / 0\n",
    "pack/loop.py": "from pack.loop import Round\n",
    "space/inner/mod.py": '# -*- coding: latin-1 -*-\nclass Old:\n    """Found \xe9."""\n',
    "pack/binary.py": "\x00",
    "pack/fields.py": (
        "from pack.base import Base as Other\n"
        "class Own(Other, Own):\n    lr: float = 1e-3\n    interval: ClassVar[str] = 'step'\n"
        "    betas: 'Pair' = (0, 1)\n"
    ),
    "pack/quick.py": (
        "class A(\n    dict,  # :\n    metaclass=(type),\n):\n\n    # why\n    r'''Raw \\d.\n\n    More.\n    '''\n"
        "class AB: pass\n"
        'class B:\n    lr = 1\n    def __init__(self, a={1: 2}, *, b: int = 3) -> None:\n        "One."\n'
        'class C:\n    x = 1\n@other\nclass D:\n    def __init__(self):\n        "That of D."\n'
        "C.__doc__ = (\n    r'''Put together.'''\n    + more)\n"
        'class E:\n    b"no text"\nclass F:\n    """Never ends.\n1 / 0\n'
    ),
    "pack/base.py": "class Base(Round):\n    eps: float\nclass Round(Base):\n    eps: float\n1 / 0\n",
    "pack/function.py": 'def run():\n    """Found, too."""\n',
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The files, in a folder on sys.path."""
    for name, text in PACKAGE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="latin-1")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.parametrize(
    ("docstring", "module", "attribute"),
    [
        ("Found.", "pack.impl.real", "Hidden"),
        ("Found deeper.", "pack.impl.real", "Hidden.Deeper"),
        ("Found.", "pack", "Shown"),
        ("Found.", "pack.impl.up", "Hidden"),
        ("Found \xe9.", "space.inner.mod", "Old"),
        ("Found, too.", "pack.function", "run"),
        ("Raw \\d.\n\nMore.", "pack.quick", "A"),
        (None, "pack.quick", "AB"),
        ("One.", "pack.quick", "B"),
        ("Put together.", "pack.quick", "C"),
        ("That of D.", "pack.quick", "D"),
        (None, "pack.quick", "E"),
        (None, "pack.quick", "F"),
        (None, "pack.impl.up", "real"),
        (None, "pack.impl.up", "Missing"),
        (None, "pack.loop", "Round"),
        (None, "pack.binary", "X"),
        (None, "pack.missing", "X"),
        (None, "pack.function.below", "X"),
        (None, "missing", "X"),
        (None, "sys", "X"),
        (None, "math", "X"),
    ],
)
def test_a_docstring_is_found_in_packages_without_importing_them(package, docstring, module, attribute):
    """Packages, namespace packages and re-exports are followed by their files; what cannot be found is None."""
    assert docstring == static_docstring(module, attribute)
    assert not {"pack", "space"} & set(sys.modules)


def test_fields_are_those_of_the_class_and_its_bases(package):
    """Without importing a module, and without class variables; a circle of bases ends."""
    assert ["lr", "betas", "eps"] == static_fields("pack.fields", "Own")
    assert [] == static_fields("pack.function", "run")
    assert [] == static_fields("missing", "Own")
    assert "pack" not in sys.modules
