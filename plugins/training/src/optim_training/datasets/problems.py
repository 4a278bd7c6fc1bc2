"""What is wrong with the files of a dataset, gathered: so many sentences are told, and the others counted."""

from __future__ import annotations

from pathlib import Path

from optim_core import OptimError

__all__ = ["MOST_TOLD", "Problems", "missing_path"]

# A file of a million wrong rows is wrong in one way, which the first ones show.
MOST_TOLD = 20


class Problems:
    """Sentences about what is wrong, in the order in which it was found.

    Example:
        >>> from optim_training.datasets.problems import Problems
        >>> problems = Problems()
        >>> for row in range(1000):
        ...     problems.add(f"data.csv:{row}: no number")
        >>> problems.told()[-1]
        '... and 980 more like these'
    """

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._more = 0

    def add(self, sentence: str) -> None:
        """Remember a sentence, or count it, where there are enough to show what is wrong."""
        if len(self._sentences) < MOST_TOLD:
            self._sentences.append(sentence)
        else:
            self._more += 1

    def __bool__(self) -> bool:
        return bool(self._sentences)

    def told(self) -> list[str]:
        """Return the sentences, and how many more there are."""
        return [*self._sentences, *([f"... and {self._more:,} more like these"] if self._more else [])]

    def refuse(self) -> None:
        """Raise them together.

        Raises:
            OptimError: there are any.
        """
        if self._sentences:
            raise OptimError("\n".join(self.told()))


def missing_path(path: Path, what: str) -> str:
    """Say that there is no file or folder at `path`, and which of the folders above it there is.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.datasets.problems import missing_path
        >>> missing_path(Path("/no/such/data.csv"), "file")
        '/no/such/data.csv: there is no such file; of its folders there is only /'
    """
    whole = path if path.is_absolute() else Path.cwd() / path
    there = next(folder for folder in whole.parents if folder.exists())
    if there == whole.parent:
        near = sorted(each.name for each in there.iterdir())[:5]
        return f"{path}: there is no such {what}; in {there} there is {', '.join(near) or 'nothing'}"
    return f"{path}: there is no such {what}; of its folders there is only {there}"
