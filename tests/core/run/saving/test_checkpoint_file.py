"""A file that is not whole is told, wherever it is damaged."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from optim_core import CheckpointError, OptimError
from optim_core.run.saving.checkpoint_file import read_checkpoint_file, write_checkpoint_file


@pytest.fixture
def path(tmp_path):
    """A file with a document."""
    path = tmp_path / "last.pt"
    torch.manual_seed(0)
    write_checkpoint_file(path, {"weights": {f"layer {number}": torch.randn(7) for number in range(9)}, "step": 3})
    return path


def test_any_reader_of_what_torch_writes_reads_the_file(path):
    """What stands at its end is in nobody's way."""
    for options in ({}, {"mmap": True}):
        assert 3 == torch.load(path, weights_only=True, **options)["step"]
    assert 3 == read_checkpoint_file(path)["step"]


def test_what_torch_has_written_is_read_too(path):
    """Somebody may have changed a checkpoint by hand; then the parts have checksums of their own."""
    document = {**torch.load(path, weights_only=True), "step": 4}
    torch.save(document, path)
    assert 4 == read_checkpoint_file(path)["step"]
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(document["weights"]["layer 3"].numpy().tobytes()) + 5] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match=r"last.pt is damaged: the checksum of .* is wrong; load an older one"):
        read_checkpoint_file(path)


def test_a_file_that_is_cut_off_is_told(path):
    """Wherever it ends, and where it is empty; what has lost its last line alone is whole."""
    content = path.read_bytes()
    zipped = content.index(b"optim-core crc32")
    for size in [*range(0, zipped - 1, zipped // 60), zipped - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(CheckpointError, match=r"last.pt is cut off or no checkpoint: .*; load an older one"):
            read_checkpoint_file(path)
    for size in range(zipped, len(content)):
        path.write_bytes(content[:size])
        assert 3 == read_checkpoint_file(path)["step"]


def test_a_flipped_bit_is_told(path):
    """torch.load takes it for a weight, or looks for a weight elsewhere in the file; here each byte counts."""
    content = path.read_bytes()
    expected = repr(torch.load(path, weights_only=True))
    last_line = content.index(b"optim-core crc32")
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            found = read_checkpoint_file(path)
        except OptimError:
            continue
        assert last_line <= place, place
        assert expected == repr(found)
