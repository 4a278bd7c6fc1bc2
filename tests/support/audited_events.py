"""The events of Python's audit hook that a config must not bring about, by the beginnings of their names."""

from __future__ import annotations

__all__ = ["CHANGING", "MAKING", "RUNNING", "SENDING", "WATCHED"]

# What Python does of itself when it imports and compiles: of these only the file counts.
READING = ("open",)
RUNNING = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "subprocess.Popen",
    "pty.spawn",
)
SENDING = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "telnetlib.", "imaplib.", "poplib.", "nntplib.")
CHANGING = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.truncate",
)
MAKING = ("pickle.find_class", "ctypes.", "cpython.run_")
WATCHED = (*READING, *RUNNING, *SENDING, *CHANGING, *MAKING, "marshal.", "code.__new__", "import", "exec", "compile")
