"""Tables: what is read, and what is said of a file that is wrong."""

import pytest
import torch

from optim_core import ConfigError, OptimError, registry
from optim_training.datasets.beside_training import build_dataset, check_dataset, count_items

GOOD = "age,colour,kind\n1,red,a\n2,blue,b\n3,red,a\n"


def spec(path, **config):
    return registry.build({"type": "table", "config": {"path": str(path), "target": "kind", **config}}, "dataset")


@pytest.fixture
def file(tmp_path):
    return tmp_path / "people.csv"


def said_of(file, content, **config):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [sentence.removeprefix(str(file)) for sentence in check_dataset(spec(file, **config))]


def test_numbers_are_standardised_and_words_are_columns(file):
    """A column of numbers has mean 0 and deviation 1, and a column of words has a number for each word."""
    file.write_text(GOOD)
    made = build_dataset(spec(file, text_columns=["colour"]))
    rows, kinds = zip(*made, strict=True)
    expected = [[-1.2247449, 0.0, 1.0], [0.0, 1.0, 0.0], [1.2247449, 0.0, 1.0]]
    torch.testing.assert_close(torch.tensor(expected), torch.stack(rows))
    assert ([0, 1, 0], 3, 2) == (torch.stack(kinds).tolist(), made.features, made.classes)


def test_validation_takes_means_and_classes_of_the_training_rows(file):
    """The rows of a validation are standardised with the mean and deviation of the training rows."""
    file.write_text("age,kind,fold\n1,a,0\n3,b,0\n5,a,1\n7,b,1\n")
    training = build_dataset(spec(file, fold_column="fold", folds=[0]))
    validation = build_dataset(spec(file, fold_column="fold", folds=[1]), training)
    assert [3.0, 5.0] == [row.item() for row, _ in validation]


def test_a_class_of_the_validation_alone_is_told_before_and_at_build(file):
    """A class or word that no training row has is told with its row, by the check too."""
    file.write_text("age,kind,fold\n1,a,0\n3,b,0\n5,c,1\n")
    training, validation = (spec(file, fold_column="fold", folds=[fold]) for fold in (0, 1))
    sentence = f"{file}:4: row 3, column `kind`: no training row has the class `c`"
    assert [sentence] == check_dataset(validation, training)
    with pytest.raises(OptimError, match="no training row has the class `c`"):
        build_dataset(validation, build_dataset(training))


def test_missing_cells_are_the_mean_where_that_is_asked_for(file):
    """`missing: mean` gives an empty cell the mean, which is 0 once standardised, and a word each word's share."""
    file.write_text("age,colour,kind\n1,red,a\n,blue,b\n3,,a\n2,red,b\n")
    made = build_dataset(spec(file, missing="mean", text_columns=["colour"]))
    assert 0.0 == made[1][0][0]
    torch.testing.assert_close(torch.tensor([1 / 3, 2 / 3]), made[2][0][1:])


def test_several_targets_are_numbers(file):
    """With regression, several columns may be predicted, and no number of classes is told."""
    file.write_text("x,y,z\n1,2,3\n4,5,6\n")
    made = build_dataset(spec(file, target=["y", "z"], task="regression"))
    assert ([5.0, 6.0], False) == (made[1][1].tolist(), hasattr(made, "classes"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", [": it is empty"]),
        ("age,kind\n", [": it has a header, and no rows"]),
        ("age,age,kind\n1,2,a\n", [": the header has `age` 2 times; columns need names of their own"]),
        ("age,,kind\n1,2,a\n", [": column 2 of the header has no name"]),
        ("age,kind\n1\n2,a\n3,b\n", [":2: row 1 has 1 cell, and the header 2"]),
        (
            "age,kind\n1,a\n\n2,b,9\n",
            [":3: row 2 has 0 cells, and the header 2", ":4: row 3 has 3 cells, and the header 2"],
        ),
        (b"age,kind\n1,a\n2,caf\xe9\n", ":3: it is not UTF-8"),
        ('age,kind\n1,"a\n2,b\n', [":2: it is no CSV from here on: unexpected end of data"]),
        ("age,kind\n1,a\n2,a\n", [", column `kind`: every row has the class `a`, and two are needed"]),
        ("age,kind\n1,a\nold,b\n", ":3: row 2, column `age`: `old` is no number; name `age` in `text_columns`"),
        ("age,kind\n1,a\n1_0,b\n", ":3: row 2, column `age`: `1_0` is no number"),
        ('age,kind\n1,a\n"1,5",b\n', ":3: row 2, column `age`: `1,5` is no number; decimals are written 1.5"),
        ("age,kind\n1,a\nNaN,b\n", ":3: row 2, column `age`: it is missing (`NaN`); `missing: mean` fills such cells"),
        ("age,kind\n1,a\ninf,b\n", ":3: row 2, column `age`: `inf` is not finite"),
        ("age,kind\n1,a\n2,\n3,b\n", [":3: row 2, column `kind`: it has no class"]),
        (
            "age;kind\n1;a\n",
            ": there is no column `kind`, which `target` names; there is one column, `age;kind`: is the",
        ),
        ("age,kinds\n1,a\n", ": there is no column `kind`, which `target` names; did you mean `kinds`?"),
        ("kind\na\nb\n", [": beside `kind` there is no column to predict from"]),
    ],
)
def test_what_is_wrong_with_a_file_is_said_by_row(file, content, said):
    """What is wrong is said in words that name the file, the row and the column."""
    found = said_of(file, content)
    if isinstance(said, str):
        assert 1 == len(found)
        assert found[0].startswith(said)
    else:
        assert said == found


def test_a_file_that_is_not_there_is_told_with_what_is(tmp_path):
    """A missing file is told with what its folder holds."""
    (tmp_path / "peoples.csv").touch()
    (sentence,) = check_dataset(spec(tmp_path / "people.csv"))
    assert f"{tmp_path}/people.csv: there is no such file; in {tmp_path} there is peoples.csv" == sentence


def test_a_thousand_wrong_rows_are_counted(file):
    """Twenty sentences are told, and the others counted."""
    found = said_of(file, "age,kind\n" + "x,a\nx,b\n" * 500)
    assert (21, "... and 980 more like these") == (len(found), found[-1])


def test_a_fold_without_rows_and_a_row_without_a_fold_are_told(file):
    """Neither a fold that no row is in nor a row that is in none is passed over."""
    found = said_of(file, "age,kind,fold\n1,a,0\n2,b,\n3,b,0\n", fold_column="fold", folds=[0, 7])
    assert [":3: row 2, column `fold`: it is in no fold", ": no row is in fold 7; `fold` has 0"] == found


@pytest.mark.parametrize(
    "config",
    [
        {"folds": [1]},
        {"fold_column": "fold"},
        {"target": ["a", "b"]},
        {"features": ["kind"]},
        {"features": ["age"], "text_columns": ["colour"]},
        {"delimiter": "::"},
        {"stratified": True, "task": "regression"},
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_config(file, config):
    """Fields that contradict each other are an error of the config, before a file is opened."""
    with pytest.raises(ConfigError):
        spec(file, **config)


def test_parquet_is_read_and_its_rows_are_numbered(tmp_path):
    """A parquet file gives what the CSV file gives, and what is wrong with it is told by row."""
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "people.parquet"
    table = pa.table({"age": [1.0, 2.0, None], "kind": ["a", "b", "a"]})
    parquet.write_table(table, path)
    assert [f"{path}: row 3, column `age`: it is missing; `missing: mean` fills such cells"] == check_dataset(
        spec(path)
    )
    assert (3, 3) == (count_items(spec(path)), len(build_dataset(spec(path, missing="mean"))))
    path.write_bytes(path.read_bytes()[:50])
    assert f"{path}: it is no parquet file that can be read" in check_dataset(spec(path))[0]
