"""Downloads archives by name, version and hash, without running a line of theirs.

unearth, the finder of PDM, does it: pip would build a source archive to read what it needs, which runs the code in it.
The index, the folders of archives and the certificates are those that pip is configured with.
"""

from __future__ import annotations

import os
import shlex
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ecosystem.packages import Package, Problem

if TYPE_CHECKING:
    from unearth import PackageFinder


def download(package: Package, folder: Path) -> Path:
    """The pinned archive of a package, brought into a folder.

    Raises:
        Problem: no such archive can be had.
    """
    try:
        from unearth.errors import UnpackError
    except ImportError as problem:
        raise Problem(f"archives are downloaded with unearth, of the extra `dev`: {problem}") from problem
    hashes = {"sha256": [package.sha256]}
    named = f"{package.name} {package.version}"
    finder = _finder()
    # The hash tells a source archive from a built one; neither need be for this Python, as its code is only read.
    found = finder.find_best_match(f"{package.name}=={package.version}", allow_prereleases=True, hashes=hashes).best
    if found is None:
        raise Problem(f"{named}: the index has no archive that is the pinned one")
    with tempfile.TemporaryDirectory(dir=folder, prefix=".downloading-") as scratch:
        try:
            # Half an archive never lies among the others.
            brought = finder.download(found.link, scratch, hashes)
        except (UnpackError, OSError) as problem:
            raise Problem(f"{named} cannot be downloaded: {problem}") from problem
        target = folder / found.link.filename
        target.write_bytes(brought.read_bytes())
    return target


def _finder() -> PackageFinder:
    from unearth import PackageFinder
    from unearth.fetchers import PyPIClient

    pip = _pip_settings()
    offline = pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    certificates = pip.get("cert")
    client = PyPIClient(verify=ssl.create_default_context(cafile=certificates)) if certificates else None
    places = shlex.split(pip.get("find-links", ""))
    return PackageFinder(
        session=client,  # type: ignore[arg-type]  # unearth's own client, which its protocol describes too narrowly.
        index_urls=[] if offline else [pip.get("index-url", "https://pypi.org/simple/")],
        find_links=[place for place in places if "://" in place or Path(place).is_dir()],
        ignore_compatibility=True,
    )


def _pip_settings() -> dict[str, str]:
    """What pip is told to do, by its files and then by the environment, which has the last word."""
    command = [sys.executable, "-m", "pip", "config", "list", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"pip does not tell its configuration:\n{done.stderr.strip()}")
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        section, _, rest = line.partition(".")
        name, _, value = rest.partition("=")
        if section == "global":
            found[name] = "".join(shlex.split(value))
    known = ("index-url", "no-index", "find-links", "cert")
    variables = {name: os.environ.get(f"PIP_{name.replace('-', '_').upper()}") for name in known}
    return found | {name: value for name, value in variables.items() if value}
