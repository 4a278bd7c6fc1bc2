"""Checks properties of plugins one after the other: ``python -m optim_conformance.processes.worker``.

A plugin that ends the process or never comes back harms nothing but the answer to that question.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from optim_conformance.addresses import subject_at
from optim_conformance.judging import result_of
from optim_conformance.processes.process import channels, open_streams
from optim_conformance.subject import Subject
from optim_conformance.table import properties_of

__all__: list[str] = []


def main() -> None:
    """Answer what standard input asks."""
    with channels() as (opening, requests, say):
        subjects: dict[int, Subject] = {}
        for request in requests:
            open_streams()
            number = request["number"]
            if number not in subjects:
                subjects[number] = subject_at(opening["plugins"][number])
            say({"asked": request["asked"], "answer": _answer(subjects[number], request)})


def _answer(subject: Subject, request: dict[str, Any]) -> dict[str, Any]:
    if "run" in request:
        from optim_conformance.trials.continuing import begin_in

        return {"unsaved": begin_in(Path(request["folder"]), subject, request["run"])}
    return attrs.asdict(result_of(subject, properties_of(subject.kind)[request["property"]], subject))


if __name__ == "__main__":
    main()
