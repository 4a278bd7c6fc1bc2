"""`optim conformance NAME --declare`: what holds is written into the source of the class, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from optim_conformance.class_source import ClassSource
from optim_core import OptimError

CLIPPER = '''"""A clipper."""

from typing import ClassVar

import attrs


@attrs.frozen(kw_only=True)
class Half:
    """Halves all gradients."""  # ä

    conformance: ClassVar = {
        # What it cannot do.
        "nothing_to_clip": "differs: it halves",
        "silent": "differs: it is loud"
    }

    def build(self):
        return self

    def clip(self, parameters):
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        import torch

        norm = torch.nn.utils.get_total_norm(gradients) if gradients else torch.tensor(0.0)
        for gradient in gradients:
            gradient.div_(2)
        return norm
'''


def source_of(tmp_path, text, name="Half", newline="\n"):
    """Return the source of a class in a file with this text."""
    file = tmp_path / f"module_{len(list(tmp_path.iterdir()))}.py"
    file.write_bytes(text.replace("\n", newline).encode())
    space = {"__name__": file.stem}
    exec(compile(text, str(file), "exec"), space)
    module = type(sys)(file.stem)
    module.__file__ = str(file)
    sys.modules[file.stem] = module
    return ClassSource.of(space[name])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_rest_of_the_file_stays(tmp_path, newline):
    """One entry goes, one comes, a comment and every other byte stay; the same again changes nothing."""
    source = source_of(tmp_path, CLIPPER, newline=newline)
    declared = {"nothing_to_clip": "differs: it halves", "finite": 'refuses: "no"'}
    text = source.declaring(declared)
    expected = CLIPPER.replace(
        '        "silent": "differs: it is loud"\n', '        "finite": "refuses: \\"no\\"",\n'
    ).replace("\n", newline)
    assert expected == text
    source.write(text)
    assert expected.encode() == source.file.read_bytes()
    assert source_of(tmp_path, expected.replace(newline, "\n")).declaring(declared).count("finite") == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("conformance = {}", 'conformance = {\n        "finite": "differs: why",\n    }'),
        ('conformance = {"silent": "differs: x"}', 'conformance = {\n        "finite": "differs: why",\n    }'),
        ("pass", 'pass\n\n    conformance = {\n        "finite": "differs: why",\n    }'),
    ],
)
def test_a_mapping_on_one_line_or_none(tmp_path, before, after):
    """It is written on several, and begun where there is none."""
    text = f"class Half:\n    {before}\n"
    assert f"class Half:\n    {after}\n" == source_of(tmp_path, text).declaring({"finite": "differs: why"})


def test_what_is_worked_out_is_refused(tmp_path):
    """A mapping that is no literal, and a class that stands in no source."""
    with pytest.raises(OptimError, match="is no mapping of texts that is written out"):
        source_of(tmp_path, "COMMON = {}\nclass Half:\n    conformance = {**COMMON}\n")
    with pytest.raises(OptimError, match="made by code"):
        source_of(tmp_path, "Half = type('Half', (), {})\n")


def test_the_command_declares_in_one_pass(tmp_path):
    """What does not hold goes, what is missing comes with what was seen, and the second time nothing is to do."""
    text = CLIPPER.replace('        "nothing_to_clip": "differs: it halves",\n', "")
    (tmp_path / "own_half.py").write_text(text)
    code = "from optim_core.cli import main; main()"
    command = [sys.executable, "-c", code, "conformance", "own_half:Half", "--declare"]
    first, second = (
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False) for _ in range(2)
    )
    assert 0 == first.returncode, first.stdout + first.stderr
    assert '-        "silent": "differs: it is loud"' in first.stdout
    assert '+        "nothing_to_clip": "differs: ' in first.stdout
    assert 0 == second.returncode, second.stdout + second.stderr
    assert "there is nothing to declare or to take out" in second.stdout
