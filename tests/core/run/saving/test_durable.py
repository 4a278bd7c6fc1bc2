"""A file is replaced whole or not at all, whenever its writer ends."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optim_core import CheckpointError
from optim_core.run.saving.durable import write_durably

# Kills a child at each line of the module that writes, one child a line, and looks at what is there then.
KILLED_AT_EACH_LINE = """
import os, signal, sys
from pathlib import Path
from optim_core.run.saving import durable

NEW = b"new" * 100_000

def killed_at(line, target):
    left = line
    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename != durable.__file__:
            return None
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)
    durable.write_durably(target, lambda file: [file.write(NEW[:1000]), file.write(NEW[1000:])])
    os._exit(0)

folder = Path(sys.argv[1])
target = folder / "last.pt"
seen, leftovers, line = [], 0, 0
while True:
    line += 1
    target.write_bytes(b"old")
    child = os.fork()
    if not child:
        killed_at(line, target)
    status = os.waitpid(child, 0)[1]
    if not status:
        break
    assert os.WTERMSIG(status) == signal.SIGKILL
    seen.append({b"old": "old", NEW: "new"}.get(target.read_bytes(), "torn"))
    leftovers += len(list(folder.iterdir())) - 1
    durable.write_durably(target, lambda file: file.write(b"next"))
    assert target.read_bytes() == b"next"
    assert [target] == list(folder.iterdir()), list(folder.iterdir())
print(len(seen), leftovers, *dict.fromkeys(seen))
"""

# Writes until it is killed, and says when it has begun.
WRITER = """
import sys, time
from pathlib import Path
from optim_core.run.saving.durable import write_durably

def write(file):
    file.write(b"half")
    print("begun", flush=True)
    time.sleep(600)

write_durably(Path(sys.argv[1]), write)
"""

# Writes the same file again and again, each time another letter.
ONE_OF_MANY = """
import sys
from pathlib import Path
from optim_core.run.saving.durable import write_durably

for number in range(25):
    letter = sys.argv[2].encode()
    write_durably(Path(sys.argv[1]), lambda file: [file.write(letter * 50_000), file.write(letter * 50_000)])
"""


def folders():
    """Folders on the file systems that are here: that of temporary files, and one in memory."""
    return ["disk", *(["memory"] if Path("/dev/shm").is_dir() else [])]


@pytest.fixture(params=folders())
def folder(request, tmp_path):
    """An empty folder, on one file system and on another."""
    if request.param == "disk":
        yield tmp_path
        return
    path = Path("/dev/shm", f"{tmp_path.name}-{os.getpid()}")
    path.mkdir()
    try:
        yield path
    finally:
        for file in path.iterdir():
            file.unlink()
        path.rmdir()


def write(path, content=b"new"):
    write_durably(path, lambda file: file.write(content))


def refused(path, content=b"new"):
    """The error of a file that cannot be written."""
    with pytest.raises(CheckpointError) as caught:
        write(path, content)
    return caught.value


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_killed_at_any_line_the_old_file_or_the_new_one_is_there(folder):
    """Of a child that is killed at each line of the module, each leaves a whole file, and the next write tidies up."""
    command = [sys.executable, "-c", KILLED_AT_EACH_LINE, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (0, "") == (done.returncode, done.stderr)
    lines, leftovers, *seen = done.stdout.split()
    assert int(lines) > 50
    assert int(leftovers) > 10
    assert ["old", "new"] == seen


def test_a_file_that_is_being_written_is_not_taken_for_a_leftover(tmp_path):
    """As long as its writer lives it stays; the next write after the writer was killed removes it."""
    path = tmp_path / "last.pt"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
    try:
        assert "begun\n" == writer.stdout.readline()
        write(path, b"first")
        assert 2 == len(names(tmp_path))
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()
    assert b"first" == path.read_bytes()
    write(path, b"second")
    assert ["last.pt"] == names(tmp_path)


def test_processes_that_write_one_file_at_once_do_not_tear_it(folder):
    """At any time the file is that of one of them, and none of them removes what another is writing."""
    path = folder / "last.pt"
    write(path, b"0" * 100_000)
    writers = [subprocess.Popen([sys.executable, "-c", ONE_OF_MANY, path, letter]) for letter in "abc"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        content = path.read_bytes()
        seen.add((len(content), len(set(content))))
    assert [0, 0, 0] == [writer.wait() for writer in writers]
    assert {(100_000, 1)} == seen
    assert ["last.pt"] == names(folder)


def test_of_what_others_wrote_nothing_is_removed(tmp_path):
    """Only names are removed that the write of this very path gives."""
    strangers = [".last.pt.0123.saving", ".last.pt.swp", ".other.pt.0123456789abcdef.saving", "last.pt.saving"]
    for name in strangers:
        (tmp_path / name).touch()
    (tmp_path / ".last.pt.0123456789abcdef.saving").touch()
    write(tmp_path / "last.pt")
    assert sorted(["last.pt", *strangers]) == names(tmp_path)


def test_a_full_disk_is_told_and_the_old_file_is_whole(tmp_path):
    """Where the disk takes only a part, the error says so, and the folder is as it was."""
    path = tmp_path / "last.pt"
    write(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        error = refused(path, b"n" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert errno.EFBIG == error.errno
    wanted = f"{path} cannot be written: File too large; raise the limit of the size of files (ulimit -f)"
    assert f"{wanted}; the file that stood there is as it was" == str(error)
    assert b"old" == path.read_bytes()
    assert ["last.pt"] == names(tmp_path)


def test_what_the_writer_raises_is_raised_and_nothing_is_left(tmp_path):
    """An error that has nothing to do with the disk stays what it is."""
    path = tmp_path / "last.pt"
    write(path, b"old")

    def fail(file):
        file.write(b"half")
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        write_durably(path, fail)
    assert b"old" == path.read_bytes()
    assert ["last.pt"] == names(tmp_path)


def test_an_error_of_the_disk_is_not_hidden_by_the_writer(tmp_path):
    """torch.save raises an error of its own where a write has failed; what is told is the disk's."""

    def hide(file):
        try:
            file.write(b"n" * 100_000)
        except OSError:
            raise RuntimeError("unexpected pos") from None

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(CheckpointError, match="File too large"):
            write_durably(tmp_path / "last.pt", hide)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_folders_are_made(tmp_path, monkeypatch):
    """Missing parents are made, and a relative path stands in the current folder."""
    monkeypatch.chdir(tmp_path)
    write(Path("runs/first/last.pt"))
    assert b"new" == (tmp_path / "runs/first/last.pt").read_bytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", "it is a folder; name a file in it"),
        ("file/last.pt", "choose a path whose folders are folders"),
        ("pipe", "it is no regular file"),
        ("circle", "Too many levels of symbolic links"),
        ("n" * 300, "File name too long; choose a shorter path"),
    ],
)
def test_a_path_that_cannot_be_written_is_told(tmp_path, name, message):
    """The error names the path and the reason, and the folder is as it was."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    os.mkfifo(tmp_path / "pipe")
    before = names(tmp_path)
    error = refused(tmp_path / name)

    assert str(error).startswith(f"{tmp_path / name} cannot be written: ")
    assert message in str(error)
    assert error.errno is not None
    assert before == names(tmp_path)


AS_NOBODY = """
import os, sys
from pathlib import Path
from optim_core import CheckpointError
from optim_core.run.saving.durable import write_durably

if not os.getuid():
    os.setgid(65534)
    os.setuid(65534)
try:
    write_durably(Path(sys.argv[1]), lambda file: file.write(b"new"))
except CheckpointError as error:
    print(error)
"""


@pytest.mark.parametrize("closed", ["folder", "file"])
def test_a_missing_right_is_told(tmp_path_factory, closed):
    """Into a folder that may not be changed nothing is written, and a file that may not be changed is not replaced."""
    folder = tmp_path_factory.mktemp("closed")
    for above in (folder, *folder.parents):
        if above.owner() == folder.owner() and above != Path("/"):
            above.chmod(above.stat().st_mode | stat.S_IXOTH)
    path = folder / "last.pt"
    path.write_bytes(b"old")
    path.chmod(0o666 if closed == "folder" else 0o444)
    folder.chmod(0o555 if closed == "folder" else 0o777)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, path], capture_output=True, text=True, check=False)
    folder.chmod(0o755)

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith(f"{path} cannot be written: ")
    assert "give this process the right to write there, or choose another path" in done.stdout
    assert b"old" == path.read_bytes()
    assert ["last.pt"] == names(folder)


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    """The new content stands where the link leads, also where nothing stood there."""
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "last.pt"
    link.symlink_to(Path("elsewhere/step-100.pt"))
    for content in (b"first", b"second"):
        write(link, content)
        assert link.is_symlink()
        assert content == (tmp_path / "elsewhere/step-100.pt").read_bytes()
    assert ["step-100.pt"] == names(tmp_path / "elsewhere")


def test_the_mode_of_the_old_file_is_kept(tmp_path):
    """A new file has the mode that the umask gives it, and one that replaces another has the mode of that one."""
    path = tmp_path / "last.pt"
    before = os.umask(0o027)
    try:
        write(path)
        assert 0o640 == stat.S_IMODE(path.stat().st_mode)
        path.chmod(0o604)
        write(path)
    finally:
        os.umask(before)
    assert 0o604 == stat.S_IMODE(path.stat().st_mode)


def test_a_long_name_leaves_room_for_that_of_the_temporary_file(tmp_path):
    """A name as long as the file system allows can be written, and its leftovers are known."""
    path = tmp_path / ("n" * 255)
    write(path)
    assert [path.name] == names(tmp_path)


@pytest.mark.parametrize(("age", "left"), [(3600, 1), (100_000, 0)])
def test_without_locks_a_leftover_is_removed_after_a_day(tmp_path, monkeypatch, age, left):
    """Where the file system has no locks, nobody can tell a slow writer from a dead one but by the time."""
    import fcntl

    def no_locks(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    leftover = tmp_path / ".last.pt.0123456789abcdef.saving"
    leftover.touch()
    os.utime(leftover, (time.time() - age,) * 2)
    monkeypatch.setattr(fcntl, "flock", no_locks)
    write(tmp_path / "last.pt")
    assert left == len(names(tmp_path)) - 1
