"""What a run tells of itself while it trains: rates, norms, shares and times, to a log, a file or any function."""

from optim_core.run.monitors.monitor import Monitor
from optim_core.run.monitors.outputs import CsvWriter, LogWriter, Output, Writer

__all__ = ["CsvWriter", "LogWriter", "Monitor", "Output", "Writer"]
