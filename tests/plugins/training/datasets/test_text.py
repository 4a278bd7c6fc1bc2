"""Text files."""

import pytest

from optim_core import registry
from optim_training.datasets.beside_training import build_dataset, check_dataset, count_items


def spec(path, **config):
    fields = {"path": [str(each) for each in path] if isinstance(path, list) else str(path), "length": 4, **config}
    return registry.build({"type": "text_files", "config": fields}, "dataset")


@pytest.fixture
def books(tmp_path):
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text(f"book {number} ".ljust(29, "."))
    return tmp_path


def heard(dataset):
    """Return all that is predicted in the windows, as a set of windows."""
    return {bytes(targets.tolist()) for _, targets in dataset}


def test_windows_cover_every_byte(tmp_path):
    """Every byte but the first is predicted by a window, the zero byte at the end of a file too."""
    (tmp_path / "a.txt").write_text("abcdefgh")
    (tmp_path / "b.txt").write_text("xyz")
    made = build_dataset(spec(tmp_path, part="all"))
    pairs = [(bytes(inputs.tolist()), bytes(targets.tolist())) for inputs, targets in made]
    assert [(b"abcd", b"bcde"), (b"efgh", b"fgh\0"), (b"\0xyz", b"xyz\0")] == pairs
    assert (256, len(made)) == (made.vocabulary, count_items(spec(tmp_path, part="all")))


def test_the_parts_share_no_file(books):
    """Training and validation share no file, together have all, and are the same the next time."""
    parts = [spec(books, part=part) for part in ("training", "validation")]
    training, validation = (heard(build_dataset(each)) for each in parts)
    assert 0 < len(validation) < len(training)
    numbers = [
        {window for window in part if window[:1].isdigit() or window[1:2].isdigit()} for part in (training, validation)
    ]
    assert not numbers[0] & numbers[1]
    assert validation == heard(build_dataset(parts[1]))


def test_a_single_file_is_cut_in_two(tmp_path):
    """Of a single file the end is for validation."""
    (tmp_path / "a.txt").write_text("a" * 90 + "b" * 9)
    assert {b"bbbb", b"bbb\0"} == heard(build_dataset(spec(tmp_path / "a.txt", part="validation")))
    assert {b"aaaa"} == heard(build_dataset(spec(tmp_path / "a.txt", part="training")))


def test_a_pattern_names_the_files_of_the_validation(books):
    """`validation_pattern` decides by name, and `exclude` leaves files out."""
    made = heard(build_dataset(spec(books, part="validation", validation_pattern="3*")))
    assert b" 3 ." in made | {window[1:] + b"." for window in made} or any(b"3" in window for window in made)
    assert not any(b"4" in window for window in made)
    everything = heard(build_dataset(spec(books, part="all", exclude=["3.*"])))
    assert not any(b"3" in window for window in everything)


def test_what_is_wrong_with_the_files_is_told(books, tmp_path_factory):
    """A folder without such files, bytes that are no text, and too few of them, are told by name."""
    empty = tmp_path_factory.mktemp("empty")
    (empty / "notes.md").write_text("x")
    assert [f"{empty}: no file below it matches `pattern: *.txt`; it holds notes.md"] == check_dataset(spec(empty))
    assert "no file has such a name" in check_dataset(spec(f"{empty}/*.txt"))[0]
    assert "`exclude` leaves out each of its 10 files" in check_dataset(spec(books, exclude=["*"]))[0]
    assert "make no window of 4000" in check_dataset(spec(books, length=4000))[0]
    (books / "3.txt").write_bytes(b"line\nr\xe9sum\xe9\n")
    (sentence,) = check_dataset(spec(books))
    assert sentence.startswith(f"{books}/3.txt:2: it is not UTF-8")
    assert [] == check_dataset(spec(books, utf8=False))
