"""What ``pytest --hplint`` does: a session watches each test, and pytest's summary tells what they have found."""

from __future__ import annotations

import linecache
import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from hplint.model import Finding, Position, Related, Span
from hplint.registry import RegistryError
from hplint.runtime.findings import fails, rendered
from hplint.runtime.running.imports import after_import
from hplint.settings import SettingsError, SettingsFinder
from hplint.source import display_path

if TYPE_CHECKING:
    from hplint.runtime.session import Session

_SENT = "hplint"
"""What a worker of pytest-xdist sends its report as."""


@dataclass(frozen=True)
class _Test:
    """A test as a finding refers to it."""

    name: str
    path: str
    line: int

    @property
    def span(self) -> Span:
        text = linecache.getline(self.path, self.line).rstrip()
        indent = len(text) - len(text.lstrip())
        return Span(Position(self.line, indent + 1), Position(self.line, max(len(text), indent) + 1))


class Watcher:
    """A plugin of pytest. Of a test it is not known whether it trains to an end, so what needs that is not judged.

    Raises:
        pytest.UsageError: the configuration cannot be used.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._finder = SettingsFinder()
        try:
            self._finder.for_folder(str(config.rootpath))
        except (SettingsError, RegistryError) as problem:
            raise pytest.UsageError(f"hplint: {problem}") from problem
        self._running = False
        self._session: Session | None = None
        self._watched = 0
        self._found: list[tuple[Finding, _Test]] = []
        after_import("torch", self._torch_is_there)

    # --- around each test

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Watch a test with its fixtures."""
        if item.get_closest_marker("no_hplint") is not None:
            yield
            return
        self._running = True
        if "torch" in sys.modules:
            self._start()
        yield
        self._running = False
        session, self._session = self._session, None
        if session is not None:
            session.finish(complete=False)
            session.undo()
            self._watched += 1
            self._found += [(finding, _test(item)) for finding in session.findings(self._finder)]

    def _torch_is_there(self) -> None:
        if self._running:
            self._start()

    def _start(self) -> None:
        from hplint.runtime.checks import all_checks
        from hplint.runtime.session import Session

        self._session = Session(all_checks())
        self._session.install()

    # --- at the end

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail where the tests have not."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_SENT] = pickle.dumps((self._watched, self._found))
        elif exitstatus == pytest.ExitCode.OK and fails(self._findings(), self._finder):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker of pytest-xdist has found."""
        sent = getattr(node, "workeroutput", {}).get(_SENT)
        if sent is not None:
            watched, found = pickle.loads(sent)
            self._watched += watched
            self._found += found

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was found."""
        terminalreporter.section("hplint")
        if not self._watched:
            terminalreporter.write_line("torch was never imported, so there was nothing to watch")
            return
        subject = f"{self._watched} test{'' if self._watched == 1 else 's'}"
        color = bool(terminalreporter._tw.hasmarkup)
        terminalreporter.write(rendered(self._findings(), subject, color=color))

    def _findings(self) -> list[Finding]:
        """What was found in all tests: each once, with the first test in which it was where that is elsewhere."""
        tests: dict[tuple[object, ...], list[_Test]] = {}
        first: dict[tuple[object, ...], Finding] = {}
        for finding, test in self._found:
            key = (finding.code, finding.path, finding.span or finding.message)
            first.setdefault(key, finding)
            tests.setdefault(key, []).append(test)
        return sorted((_in_tests(finding, tests[key]) for key, finding in first.items()), key=Finding.sort_key)


def _test(item: pytest.Item) -> _Test:
    path, line, _ = item.reportinfo()
    shown = display_path(str(path))
    number = (line or 0) + 1
    while linecache.getline(shown, number).lstrip().startswith(("@", ")", "#")):
        number += 1
    return _Test(item.name, shown, number)


def _in_tests(finding: Finding, tests: list[_Test]) -> Finding:
    first = min(tests, key=lambda test: (test.path, test.line, test.name))
    if finding.path == first.path:
        return finding
    others = len(set(tests)) - 1
    more = f" and {others} other test{'' if others == 1 else 's'}" if others else ""
    return replace(finding, related=(*finding.related, Related(first.path, first.span, f"in `{first.name}`{more}")))
