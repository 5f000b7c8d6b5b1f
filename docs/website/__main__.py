"""Builds the documentation into ``build/site``: Markdown in ``pages``, HTML in ``html``.

python -m docs.website build    the site; needs what `pip install -e '.[docs]'` brings, and no network
python -m docs.website pages    its Markdown only
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import yaml

from docs.website.links import broken
from docs.website.pages import ROOT, navigation, pages

HERE = Path(__file__).parent
_WRITTEN = {"pages", "html", "mkdocs.yml", ".cache"}
"""What a build leaves in its folder."""


def write_pages(folder: Path) -> Path:
    """Write all Markdown, and the configuration of the generator, anew; the path of the configuration.

    SystemExit for a link to a page or heading that is not there, and for a folder that was not written here.
    """
    found = pages()
    if wrong := broken(found):
        sys.exit("links that lead nowhere:\n" + "\n".join(wrong))
    if folder.exists():
        if {path.name for path in folder.iterdir()} - _WRITTEN:
            sys.exit(f"{folder} holds something else than the site: nothing is written there")
        shutil.rmtree(folder)
    for path, text in found.items():
        file = folder / "pages" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    shutil.copy(HERE / "site.css", folder / "pages")
    settings = yaml.safe_load((HERE / "mkdocs.yml").read_text("utf-8"))
    settings |= {"docs_dir": "pages", "site_dir": "html", "nav": navigation(found)}
    configuration = folder / "mkdocs.yml"
    configuration.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), "utf-8")
    return configuration


def build(folder: Path) -> Path:
    """Build the site; the folder with its HTML. SystemExit where zensical is missing or refuses."""
    if find_spec("zensical") is None:
        sys.exit("zensical builds the site and is not installed: pip install -e '.[docs]'")
    configuration = write_pages(folder)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict", "--config-file", configuration.name]
    if subprocess.run(command, cwd=folder).returncode:
        sys.exit("zensical has not built the site")
    return folder / "html"


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m docs.website", description="Build the documentation.")
    parser.add_argument("action", choices=["build", "pages"])
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "site", help="where to (default: build/site)")
    arguments = parser.parse_args()
    print(write_pages(arguments.folder).parent if arguments.action == "pages" else build(arguments.folder))


if __name__ == "__main__":
    main()
