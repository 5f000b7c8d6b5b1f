"""How long an editor waits for findings after an edit: the language server, as a process of its own.

    python benchmarks/server.py                # a script of 1,000 lines, made of fixtures
    python benchmarks/server.py FILE ...       # your own

Each edit adds a character to a comment in the middle of the text, asks for the diagnostics, and waits for them. With
--push the client waits for what the server sends by itself, its pause for more edits counted in.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.lsp.client import PULLING, PUSHED, Client  # noqa: E402

LINES = 1000


def script() -> str:
    """A text of 1,000 lines: fixtures that have no findings, each in a function of its own."""
    parts: list[str] = []
    number = lines = 0
    sources = sorted((ROOT / "fixtures" / "clean").glob("*.py"))
    while lines < LINES:
        text = sources[number % len(sources)].read_text("utf-8")
        body = "".join(f"    {line}\n" if line else "\n" for line in text.split("\n"))
        part = f"def part_{number}():\n{body}\n"
        parts.append(part)
        lines += part.count("\n")
        number += 1
    return "\n".join("".join(parts).split("\n")[:LINES])


def measure(title: str, path: Path, text: str, rounds: int, capabilities: dict[str, object]) -> None:
    """Print the line of one text."""
    lines = text.split("\n")
    middle = len(lines) // 2
    while middle and (not lines[middle].strip() or lines[middle].strip()[-1] not in "):"):
        middle -= 1
    started = time.perf_counter()
    client = Client(path.parent, capabilities)
    waits = []
    try:
        uri = client.open(path.name, text)
        client.pushed(uri) if capabilities is PUSHED else client.pull(uri)
        first = time.perf_counter() - started
        for number in range(rounds):
            edited = [*lines[:middle], f"{lines[middle]}  # {'x' * number}", *lines[middle + 1 :]]
            begun = time.perf_counter()
            client.change(uri, "\n".join(edited))
            found = len(client.pushed(uri)) if capabilities is PUSHED else len(client.pull(uri)["items"])
            waits.append(1000 * (time.perf_counter() - begun))
            time.sleep(0.05)
    finally:
        client.kill()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    spread = f"median of {rounds}, {min(waits):.0f}-{max(waits):.0f}"
    print(
        f"{title}: {statistics.median(waits):.0f} ms after an edit ({spread}; {len(lines)} lines, {found} findings), "
        f"{first:.1f} s from the start of the server to the first findings; load {load:.1f}",
        flush=True,
    )


def main() -> None:
    """Measure the files of the command line, or the built-in one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("files", nargs="*", type=Path, help="what to edit; nothing is written to them")
    parser.add_argument("--rounds", type=int, default=20, help="edits of each text (default: 20)")
    parser.add_argument("--push", action="store_true", help="as a client that does not ask for diagnostics")
    arguments = parser.parse_args()
    capabilities = PUSHED if arguments.push else PULLING
    for file in arguments.files:
        measure(str(file), file.resolve(), file.read_text("utf-8"), arguments.rounds, capabilities)
    if not arguments.files:
        with tempfile.TemporaryDirectory() as scratch:
            measure("built in", Path(scratch, "train.py"), script(), arguments.rounds, capabilities)


if __name__ == "__main__":
    main()
