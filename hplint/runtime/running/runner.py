"""One run of a program under watch, from its first line to the findings."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hplint.runtime.checking import Problem
from hplint.runtime.patches import Patches
from hplint.runtime.running.imports import after_import
from hplint.runtime.running.program import Ending, Program, execute
from hplint.runtime.running.quiet import Saves, hush
from hplint.runtime.running.together import Where, together

if TYPE_CHECKING:
    from hplint.model import Finding
    from hplint.runtime.fake.front import Fake
    from hplint.runtime.session import Session
    from hplint.settings import SettingsFinder


@dataclass
class Run:
    """A program, how it is run, and what came of it."""

    program: Program
    steps: int
    """After so many optimizer steps the dry run ends, and with ``full`` the watching."""
    full: bool = False
    fake: bool = False
    """Whether models are built without weights."""
    session: Session | None = None
    """None as long as the program has not imported torch."""
    ending: Ending = field(default_factory=lambda: Ending(0))
    _saves: Saves = field(default_factory=Saves)
    _pretence: Fake | None = None
    _faults: list[Problem] = field(default_factory=list)

    def execute(self, given: str, arguments: Sequence[str]) -> None:
        """Run it to its end, or to that of the dry run."""
        start = os.getcwd()
        if not self.full:
            hush(compile=not self.fake)
        after_import("torch", self._torch_is_there)
        self.ending = execute(self.program, given, arguments, self._is_ours)
        if self.session is not None:
            self.session.finish(complete=not self.ending.stopped and not self.ending.code)
            self.session.undo()
        os.chdir(start)  # Paths are shown from here, wherever the program went.

    def findings(self, finder: SettingsFinder) -> list[Finding]:
        """What was found in the run and in the text of the script, by file and place."""
        from hplint.runtime.findings import written

        found = self.session.findings(finder) if self.session is not None else []
        return together([*written(self._faults, finder), *found], self._read(finder), self._refuted())

    def _read(self, finder: SettingsFinder) -> Iterable[Finding]:
        """What the text of the script says."""
        from hplint.engine import lint_file
        from hplint.settings import SettingsError

        try:
            return lint_file(self.program.file, finder.for_folder(os.path.dirname(self.program.file))).findings
        except SettingsError:  # As for what was seen: the run has ended.
            return ()

    def _refuted(self) -> set[Where]:
        if self.session is None:
            return set()
        from hplint.runtime.places import shown

        return {(each.rule, shown(each.at), each.at.span.start.line) for each in self.session.refuted if each.at}

    @property
    def made(self) -> int:
        """Optimizer steps that were seen."""
        return self.session.world.step if self.session is not None else 0

    @property
    def saved(self) -> int:
        """How often a dry run did not save."""
        return self._saves.number

    def _torch_is_there(self) -> None:
        try:
            self._watch()
        except Exception as problem:
            from hplint.engine import described

            self._faults.append(Problem("internal-error", f"watching could not start: {described(problem)}"))

    def _watch(self) -> None:
        from hplint.runtime.checks import all_checks
        from hplint.runtime.running.limits import Limits, Window
        from hplint.runtime.session import Session

        session = Session(all_checks(), own=(self.program.folder,) if self.program.spec is None else self._package())
        if self.full:
            Window(session, self.steps)
            session.world.whole = True
        else:
            Limits(session, self.steps)
            if self.fake:
                self._pretend(session)
            self._saves.install(Patches())  # To the end of the process: nothing is to be saved by `atexit` either.
        self.session = session
        session.install()

    def _pretend(self, session: Session) -> None:
        from hplint.runtime.fake.front import Fake
        from hplint.runtime.fake.weights import Remembered

        self._saves, self._pretence = Remembered(), Fake(session)
        self._pretence.install(Patches())

    def remarks(self) -> list[str]:
        """What there is to say of how it ran, one line each."""
        return list(self._pretence.remarks()) if self._pretence is not None else []

    def _package(self) -> tuple[str, ...]:
        """The folder of a module that is run by name: the user's, installed or not."""
        return (os.path.dirname(self.program.file),)

    def _is_ours(self, problem: BaseException) -> bool:
        """Whether a program fails for a file that the dry run did not write, or for numbers that nobody has."""
        if self._pretence is not None and self._pretence.refused(problem):
            return True
        if not isinstance(problem, FileNotFoundError) or self.full:
            return False
        if any(self._saves.knows(name) for name in (problem.filename, problem.filename2) if name is not None):
            print(f"hplint run: {problem.filename} was not written in this dry run", file=sys.stderr)
            return True
        return False
