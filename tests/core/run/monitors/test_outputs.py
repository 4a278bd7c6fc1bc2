"""Where the values of a monitor go."""

import logging

import pytest

from optim_core import OptimError
from optim_core.run.monitors.outputs import CsvWriter, LogWriter, output_of


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_a_csv_file_has_one_header_and_a_row_for_each_report(tmp_path):
    """Its folder is made, and a name that needs quotes has them."""
    writer = CsvWriter(tmp_path / "logs" / "run.csv")
    writer({"step": 100, 'lr/a,"b"': 0.5})
    writer({"step": 200, 'lr/a,"b"': 0.25})

    assert ['step,"lr/a,""b"""', "100,0.5", "200,0.25"] == lines(writer.path)


def test_a_csv_file_that_is_there_is_continued(tmp_path):
    """By another writer, as in a run that was resumed; the header is written once, and the columns are the file's."""
    path = tmp_path / "run.csv"
    CsvWriter(path)({"step": 100, "grad_norm": 1.0})
    CsvWriter(path)({"grad_norm": 2.0, "step": 200})

    assert ["step,grad_norm", "100,1.0", "200,2.0"] == lines(path)


def test_a_row_that_was_not_written_to_its_end_is_taken_off(tmp_path):
    """The process was killed in the middle of it."""
    path = tmp_path / "run.csv"
    path.write_text("step,grad_norm\n100,1.0\n200,2", encoding="utf-8")
    CsvWriter(path)({"step": 200, "grad_norm": 2.0})

    assert ["step,grad_norm", "100,1.0", "200,2.0"] == lines(path)


def test_a_header_that_was_not_written_to_its_end_is_written_anew(tmp_path):
    """As if the file were not there."""
    path = tmp_path / "run.csv"
    path.write_text("step,gra", encoding="utf-8")
    CsvWriter(path)({"step": 100, "grad_norm": 1.0})

    assert ["step,grad_norm", "100,1.0"] == lines(path)


def test_a_new_name_is_a_new_column(tmp_path):
    """Rows that were there are empty in it, and one that lacks a name is empty there."""
    writer = CsvWriter(tmp_path / "run.csv")
    writer({"step": 100, "a": 1.0})
    writer({"step": 200, "b": 2.0})
    writer({"step": 300, "a": 3.0})

    assert ["step,a,b", "100,1.0,", "200,,2.0", "300,3.0,"] == lines(writer.path)
    assert [writer.path] == list(tmp_path.iterdir())


def test_numbers_are_written_so_that_they_are_read_back_exactly(tmp_path):
    """To the last bit."""
    writer = CsvWriter(tmp_path / "run.csv")
    writer({"step": 1, "lr": 0.1 + 0.2})

    assert 0.1 + 0.2 == float(lines(writer.path)[1].split(",")[1])


def test_a_log_has_a_line_for_each_report(caplog):
    """What is said of modules, of which there are many, is of level DEBUG; that of a named optimizer, too."""
    values = {"step": 100, "lr/group 0": 0.001, "grad_norm": 1.5, "grad_norm/head": 0.5, "gan/update_ratio/head": 0.1}
    with caplog.at_level(logging.DEBUG):
        output_of(None)(values)

    assert [
        (logging.INFO, "step 100: lr/group 0 0.001, grad_norm 1.5"),
        (logging.DEBUG, "step 100: grad_norm/head 0.5, gan/update_ratio/head 0.1"),
    ] == [(record.levelno, record.getMessage()) for record in caplog.records]
    assert {"optim_core.run.monitors"} == {record.name for record in caplog.records}


def test_a_log_may_be_another(caplog):
    """With another level."""
    with caplog.at_level(logging.WARNING):
        LogWriter(logging.getLogger("training"), logging.WARNING)({"step": 5, "grad_norm/head": 1.0, "grad_norm": 2.0})

    assert [("training", "step 5: grad_norm 2")] == [(record.name, record.getMessage()) for record in caplog.records]


def test_several_are_written_to_in_turn():
    """A list of functions, and what has `add_scalar`."""
    found = []

    class Scalars:
        def add_scalar(self, tag, value, step):
            found.append((tag, value, step))

    output_of([found.append, [Scalars()]])({"step": 100, "grad_norm": 1.5})

    assert [{"step": 100, "grad_norm": 1.5}, ("grad_norm", 1.5, 100)] == found


@pytest.mark.parametrize("to", ["run.csv", 3, [3]])
def test_what_cannot_be_written_to_is_refused(to):
    """With what can be."""
    with pytest.raises(OptimError, match="add_scalar") as caught:
        output_of(to)

    assert str(caught.value).endswith("CsvWriter(path) writes a file")
