"""What the demos write is what it says: sounds, pictures, text and rows."""

import csv

import pytest

torch = pytest.importorskip("torch")
soundfile = pytest.importorskip("soundfile")

from optim_core import OptimError  # noqa: E402
from optim_training.demos.audio import Audio  # noqa: E402
from optim_training.demos.image import Image  # noqa: E402
from optim_training.demos.table import Table  # noqa: E402
from optim_training.demos.text import Text  # noqa: E402


def test_audio(tmp_path):
    """Each recording is followed by what the model makes of it, at the rate that the model says."""
    model = torch.nn.Tanh()
    model.sample_rate = 8000
    audio = 0.5 * torch.sin(torch.arange(4000) * 0.2).expand(6, 2, -1)
    files = Audio(num_demos=3).build(model).show([audio, [{}] * 6], 1, tmp_path)
    assert ["recon_00000001.wav", "recon_00000001.png"] == [file.name for file in files]
    written, rate = soundfile.read(files[0])
    assert (8000, (6 * 4000, 2)) == (rate, written.shape)
    assert torch.allclose(torch.tensor(written[4000:8000].T).float(), torch.tanh(audio[0]), atol=1e-4)
    del model.sample_rate
    with pytest.raises(OptimError, match=r"training\.demo\.sample_rate"):
        Audio().build(model).show(audio, 1, tmp_path)
    assert Audio().build(model).show([audio, ({"sample_rate": 16000},) * 6], 2, tmp_path)


@pytest.mark.parametrize("shape", [(4, 64), (4, 8, 8), (4, 1, 8, 8), (4, 3, 8, 8)])
def test_images(tmp_path, shape):
    """Images of each shape are shown with classes, and with what comes back."""
    images = torch.rand(shape)
    classifier = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(10))
    for model, batch in ((classifier, (images, torch.arange(4))), (torch.nn.Identity(), images)):
        (file,) = Image().build(model).show(batch, 7, tmp_path)
        assert "image_00000007.png" == file.name
        assert file.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OptimError, match="no square image"):
        Image().build(torch.nn.Identity()).show(torch.rand(4, 65), 1, tmp_path)


class Repeating(torch.nn.Module):
    """It says the last symbol again, with some doubt."""

    vocabulary = 256

    def forward(self, symbols):
        return torch.nn.functional.one_hot(symbols, 256).float() * 8.0


def test_text(tmp_path):
    """Text goes on after the mark, the same in each demo of a step, whatever was drawn before; bytes are UTF-8."""
    symbols = torch.tensor([list("größe!".encode())])
    (file,) = Text(length=5, temperature=0, prompt_length=8).build(Repeating()).show((symbols, symbols), 1, tmp_path)
    assert "größe!⟶!!!!!\n" == file.read_text()
    demo = Text(length=30, prompt="é").build(Repeating())
    first = demo.show(symbols, 2, tmp_path)[0].read_text()
    torch.rand(3)
    assert first == demo.show(symbols, 2, tmp_path)[0].read_text()
    assert first != demo.show(symbols, 3, tmp_path)[0].read_text()
    assert 2 == first.count("é⟶")


def rows(file):
    with file.open(newline="") as opened:
        return list(csv.reader(opened))


def test_tables(tmp_path):
    """Predictions stand beside what is right: numbers, classes with their share, or what the model calls them."""
    inputs = torch.tensor([[1.0, 2.0], [3.0, 1.0], [0.0, 0.0]])
    (file,) = Table(num_demos=2).build(torch.nn.Identity()).show((inputs, torch.tensor([1, 1, 0])), 1, tmp_path)
    assert "table_00000001.csv" == file.name
    assert [["target", "predicted", "share"], ["1", "1", "0.73106"], ["1", "0", "0.8808"]] == rows(file)
    (file,) = Table().build(torch.nn.Identity()).show((inputs, inputs[:, 0]), 1, tmp_path)
    assert [["target", "predicted 0", "predicted 1"], ["1.0", "1.0", "2.0"]] == rows(file)[:2]
    model = torch.nn.Identity()
    model.predictions = lambda batch: {"hazard": batch[0][:, 0], "event": batch[0][:, 1] > 1}
    (file,) = Table().build(model).show((inputs,), 1, tmp_path)
    assert [["hazard", "event"], ["1.0", "True"], ["3.0", "False"], ["0.0", "False"]] == rows(file)
