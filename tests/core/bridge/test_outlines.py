"""Source without what stands in its functions."""

from __future__ import annotations

import ast
import os
import py_compile
from pathlib import Path

import pytest

from optim_core.bridge import SourcePackage
from optim_core.bridge.outlines import is_compiled, outlined

TRICKY = b'''
def top(a=(1,
           2)):
    return a

class Lion(Base):
    """Has an example:

    def closure():
        return loss
    """

    rate = 1

    def __init__(
        self, params, lr: float = 0.1
    ):
        """Keep it."""
        def inner(x):
            return x
        self.lr = inner(lr)

    @property
    async def step(
        self, closure=None,
    ) -> None:
        text = """
no indent
        """
        return text
    def one(self): return 1
    def last(self):
        # The end.

        return {
            1: 2}'''


def _bare(source: bytes) -> str:
    """Return a syntax tree without the bodies of functions other than constructors, with the lines of those."""

    class Emptied(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            if node.name != "__init__":
                node.body = []
            return node

        visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - as ast calls it

    tree = Emptied().visit(ast.parse(source))
    lines = [node.lineno for node in ast.walk(tree) if hasattr(node, "lineno")]
    return f"{ast.dump(tree)} {lines}"


@pytest.mark.parametrize("package", ["asyncio", "json", "logging", "unittest"])
def test_only_what_stands_in_functions_is_left_out(package):
    """Of Python's own packages, classes, constructors and values are the same, on the same lines."""
    files = sorted(SourcePackage.find(package).folder.glob("*.py"))
    shorter = 0
    for file in files:
        source = file.read_bytes()
        assert _bare(source) == _bare(outlined(source)), file
        shorter += len(outlined(source)) < len(source) - 2
    assert 2 * shorter > len(files)


def test_texts_of_several_lines_are_no_code():
    """An example in a docstring stays, as does a function whose text begins in the first column."""
    assert _bare(TRICKY) == _bare(outlined(TRICKY))
    assert b"return loss" in outlined(TRICKY)
    assert b"return x" in outlined(TRICKY)
    assert b"1: 2" not in outlined(TRICKY)
    assert b"'''" + TRICKY == outlined(b"'''" + TRICKY).removesuffix(b"\n")


def test_a_file_that_changed_since_is_not_compiled(tmp_path):
    """Only the bytecode of the very same file shows that there is no mistake in it."""
    file = tmp_path / "zoo.py"
    file.write_text("def half(x):\n    return x / 2\n", encoding="utf-8")

    def stamp(path: Path) -> tuple[int, int]:
        return path.stat().st_mtime_ns, path.stat().st_size

    assert not is_compiled(file, stamp(file))
    py_compile.compile(str(file), doraise=True)
    assert is_compiled(file, stamp(file))
    os.utime(file, ns=(0, stamp(file)[0] + 2_000_000_000))
    assert not is_compiled(file, stamp(file))


def test_what_methods_hold_is_still_there(tmp_path, monkeypatch):
    """Of a compiled module, `definitions` and `classes` are whole, `outlines` are not, `texts` have the source."""
    (tmp_path / "zoo").mkdir()
    file = tmp_path / "zoo" / "__init__.py"
    file.write_bytes(b"class Base:\n    pass\n" + TRICKY + b"\nLIST = [Lion]\n")
    py_compile.compile(str(file), doraise=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = SourcePackage.find("zoo").module("zoo")
    found = module.find("Lion")

    assert ["Lion", "Base"] == [node.name for node in found.definitions]
    assert "1: 2" in ast.unparse(found.definitions[0])
    assert "1: 2" in ast.unparse(module.classes["Lion"])
    assert "1: 2" not in ast.unparse(found.outlines[0][1])
    assert "1: 2" in found.texts[0]
    assert "LIST" not in found.texts[0]
    assert "inner(lr)" in ast.unparse(found.constructor)
