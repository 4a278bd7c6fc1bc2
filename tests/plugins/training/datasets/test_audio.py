"""Folders of audio files."""

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import resample_poly

from optim_core import ConfigError, registry
from optim_training.datasets.beside_training import build_dataset, check_dataset, count_items


def spec(path, **config):
    fields = {"datasets": [{"id": "mine", "path": str(path)}], "sample_rate": 8000, "sample_size": 400, **config}
    return registry.build({"type": "audio_dir", "config": fields}, "dataset")


def noise(frames, channels=1, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels)).astype(np.float32)


def test_a_config_of_stable_audio_tools_is_taken_as_it_stands():
    """The original's config builds, and its module of code is refused in words."""
    config = {"datasets": [{"id": "x", "path": "audio/"}], "random_crop": True, "drop_last": True}
    assert registry.build({"type": "audio_dir", "config": config}, "dataset").config.drop_last
    config["datasets"][0]["custom_metadata_module"] = "/path/to/module.py"
    with pytest.raises(ConfigError, match="a config names no code that is run"):
        registry.build({"type": "audio_dir", "config": config}, "dataset")


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
def test_files_are_found_below_the_folder_and_padded(tmp_path, ending):
    """A short file is followed by zeros, which the mask tells; hidden files are none."""
    (tmp_path / "deep").mkdir()
    soundfile.write(tmp_path / "deep" / f"a.{ending}", noise(300), 8000)
    (tmp_path / f".hidden.{ending}").touch()
    assert ([], 1) == (check_dataset(spec(tmp_path)), count_items(spec(tmp_path)))
    audio, known = build_dataset(spec(tmp_path))[0]
    assert ((2, 400), f"deep/a.{ending}", 300 / 8000) == (tuple(audio.shape), known["relpath"], known["seconds_total"])
    assert 300 == known["padding_mask"].sum()
    assert 0 == audio[:, 300:].abs().max() < audio[:, :300].abs().max()


def test_channels_are_made_as_many_as_asked_for(tmp_path):
    """One channel is the mean of those of the file, and two of a single one are equal."""
    soundfile.write(tmp_path / "a.wav", noise(500, channels=2), 8000, subtype="FLOAT")
    mono = build_dataset(spec(tmp_path, audio_channels=1))[0][0]
    np.testing.assert_allclose(noise(500, 2)[:400].mean(axis=1), mono[0].numpy(), atol=1e-7)
    soundfile.write(tmp_path / "a.wav", noise(500), 8000, subtype="FLOAT")
    left, right = build_dataset(spec(tmp_path))[0][0]
    torch.testing.assert_close(left, right, rtol=0, atol=0)


@pytest.mark.parametrize("rate", [8000, 44100, 11025, 6000])
def test_a_part_is_what_the_whole_file_has_there(tmp_path, rate):
    """A part of a file of another rate is that part of the whole converted file, up to the filter's ends."""
    soundfile.write(tmp_path / "a.wav", noise(20_000), rate, subtype="FLOAT")
    made = spec(tmp_path, audio_channels=1, phase_flip=False)
    whole = resample_poly(noise(20_000)[:, 0], 8000, rate)
    first, _ = build_dataset(made)[0]
    np.testing.assert_allclose(whole[:400], first[0].numpy(), atol=2e-6)
    part, known = made.config.augment(build_dataset(made)[0], torch.Generator().manual_seed(3))
    if rate == 8000:
        start = round(known["seconds_start"] * rate)
        np.testing.assert_allclose(whole[start : start + 400], part[0].numpy(), atol=2e-6)
    assert 0 < known["seconds_start"] < 20_000 / rate


def test_augment_depends_on_the_generator_alone(tmp_path):
    """Equal generators give equal parts, others give others, and all of the file is reached."""
    soundfile.write(tmp_path / "a.wav", noise(2000), 8000)
    made = spec(tmp_path)
    item = build_dataset(made)[0]
    seeds = [0, 0, *range(1, 40)]
    found = [made.config.augment(item, torch.Generator().manual_seed(seed)) for seed in seeds]
    torch.testing.assert_close(found[0][0], found[1][0], rtol=0, atol=0)
    starts = [known["seconds_start"] for _, known in found]
    assert min(starts) < 0.02 < 0.18 < max(starts) <= 0.2
    still = spec(tmp_path, random_crop=False, phase_flip=False).config.augment(item, torch.Generator())
    torch.testing.assert_close(item[0], still[0], rtol=0, atol=0)


def test_a_batch_is_the_audio_and_what_is_known(tmp_path):
    """`collate` gives one tensor and a list of mappings."""
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", noise(500), 8000)
    made = build_dataset(spec(tmp_path))
    audio, known = spec(tmp_path).config.collate([made[0], made[2]])
    assert ((2, 2, 400), ["0.wav", "2.wav"]) == (tuple(audio.shape), [each["relpath"] for each in known])


@pytest.mark.parametrize(
    ("ending", "kept", "said"),
    [
        ("wav", 0.5, "it is cut: its header says 16000 bytes of audio"),
        ("flac", 0.5, "it cannot be read to its end"),
        ("ogg", 0.5, "it is cut: its last page is not there"),
        ("wav", 0.0, "it is empty: 0 bytes"),
        ("flac", 0.001, "it cannot be read to its end"),
    ],
)
def test_cut_and_empty_files_are_told(tmp_path, ending, kept, said):
    """A file that lacks what its header says, or all of it, is told by its name."""
    file = tmp_path / f"a.{ending}"
    soundfile.write(file, noise(8000), 8000)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * kept)])
    (sentence,) = check_dataset(spec(tmp_path))
    assert sentence.startswith(f"{file}: {said}")


def test_what_is_no_audio_is_told(tmp_path):
    """A file of text, one without a sample, one of a format that is not read, and an empty folder are told."""
    (tmp_path / "a.wav").write_text("no audio")
    soundfile.write(tmp_path / "b.wav", noise(0), 8000)
    (tmp_path / "c.m4a").touch()
    first, second, third = check_dataset(spec(tmp_path))
    assert ("c.m4a: .m4a cannot be read" in first, "b.wav: it has no audio" in third) == (True, True)
    assert f"{tmp_path}/a.wav: it cannot be read to its end" in second
    (tmp_path / "empty").mkdir()
    assert "there is no audio file below it" in check_dataset(spec(tmp_path / "empty"))[0]
    assert "there is no such folder" in check_dataset(spec(tmp_path / "nowhere"))[0]


def test_rate_and_size_have_to_come_from_one_of_the_configs(tmp_path):
    """Without a rate and a size the check names both."""
    soundfile.write(tmp_path / "a.wav", noise(10), 8000)
    found = check_dataset(spec(tmp_path, sample_rate=None, sample_size=None))
    assert ["sample_rate", "sample_size"] == [sentence.partition(":")[0] for sentence in found]
