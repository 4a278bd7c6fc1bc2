"""metrics.csv is whole whenever a process is killed, and has one row for each step."""

from optim_training.loggers.metrics_file import MetricsFile


def test_a_row_for_each_step(tmp_path):
    """What is written of a step stands in one row, later columns are added, and numbers keep all their digits."""
    path = tmp_path / "metrics.csv"
    file = MetricsFile(path)
    file.write(1, {"loss": 1 / 3, "epoch": 0})
    file.write(2, {"loss": 0.25, "epoch": 0})
    file.write(2, {"validation, mean": 0.5})
    file.write(2, {"loss": 0.25, "epoch": 0})
    file.write(3, {"loss": float("nan"), "epoch": 1})
    expected = 'step,loss,epoch,"validation, mean"\n1,0.3333333333333333,0,\n2,0.25,0,0.5\n3,nan,1,\n'
    assert expected == path.read_text()
    assert [path] == list(tmp_path.iterdir())


def test_going_on(tmp_path):
    """A run that goes on appends, after the rows of later steps and a torn line are dropped."""
    path = tmp_path / "metrics.csv"
    whole = "step,loss\n1,0.5\n2,0.25\n"
    path.write_text(whole + "3,0.125\n4,0.0")
    file = MetricsFile(path)
    assert 2 == file.keep_until(2)
    assert whole == path.read_text()
    file.write(3, {"loss": 0.1})
    file.write(3, {"accuracy": 1})
    assert "step,loss,accuracy\n1,0.5,\n2,0.25,\n3,0.1,1\n" == path.read_text()


def test_any_end(tmp_path):
    """Wherever the file is cut, the rows that are whole stay, and the next ones follow them."""
    path = tmp_path / "metrics.csv"
    whole = "step,loss\n1,0.5\n2,0.25\n"
    for length in range(len(whole) + 1):
        path.write_text(whole[:length])
        file = MetricsFile(path)
        file.keep_until(7)
        file.write(8, {"loss": 2.0})
        file.close()
        rows = [line for line in whole[:length].splitlines(keepends=True)[1:] if line.endswith("\n")]
        assert "".join(["step,loss\n", *rows, "8,2.0\n"]) == path.read_text()


def test_edited_files(tmp_path):
    """A file with other line ends, as another program saves it, is gone on with."""
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"step,loss\r\n1,0.5\r\n\r\n2,0.25\r\n")
    file = MetricsFile(path)
    file.write(2, {"accuracy": 0.5})
    assert "step,loss,accuracy\n1,0.5,\n2,0.25,0.5\n" == path.read_text()
