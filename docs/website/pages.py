"""All pages of the site, and the order in which it shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docs.website.links import relinked, slug
from docs.website.readme import sections
from docs.website.reference import reference
from hplint import hyperparameters
from hplint.registry import registry

ROOT = Path(__file__).resolve().parent.parent.parent
REPOSITORY = "https://github.com/hplint/hplint/blob/main"
FROM_README: dict[str, tuple[str, tuple[str, ...]]] = {
    "index.md": ("hplint", ("hplint",)),
    "start.md": ("Getting started", ("Try it", "Use it")),
    "configuration.md": ("Configuration", ("Configuration",)),
    "run.md": ("What a running program shows", ("Training runs", "Live objects")),
    "inventory.md": ("What did this run use?", ("What did this run use?",)),
    "notebooks.md": ("Notebooks", ("Notebooks",)),
    "limits.md": ("Limits and promises", ("What it does not cover", "Stability")),
}
"""Pages, their titles, and the sections of the README that they are made of."""
ORDER = (
    *("start.md", "configuration.md", "suppressions.md", "fixes.md", "run.md", "inventory.md", "notebooks.md"),
    *("reports.md", "adopting.md", "editors.md", "ci.md"),
)
LAST = "limits.md"


def pages() -> dict[str, str]:
    """The Markdown of all pages by their paths on the site; a file in docs/ goes before what the README says."""
    return _of_readme() | _of_docs() | reference()


def navigation(found: dict[str, str]) -> list[dict[str, Any]]:
    """The menus, as mkdocs.yml has them. A guide that :data:`ORDER` does not name comes after those it names."""
    guides = [path for path in found if "/" not in path and path not in ("index.md", LAST)]
    guides.sort(key=lambda path: (ORDER.index(path) if path in ORDER else len(ORDER), path))
    rows: dict[str, list[str]] = {}
    for row in sorted(hyperparameters.rows(), key=lambda row: row.title.lower()):
        rows.setdefault(row.category, []).append(f"hyperparameters/{row.name}.md")
    rules: dict[str, list[str]] = {}
    for rule in sorted(registry().rules, key=lambda rule: (rule.topic, rule.name)):
        rules.setdefault(rule.topic, []).append(f"rules/{rule.name}.md")
    by_topic = [{topic: [{_title(found[path]): path} for path in paths]} for topic, paths in rules.items()]
    by_category = [{category: [{_title(found[path]): path} for path in paths]} for category, paths in rows.items()]
    return [
        {"hplint": "index.md"},
        {"Guide": [{_title(found[path]): path} for path in [*guides, LAST]]},
        {"Rules": ["rules/index.md", {"By level": "rules/levels.md"}, *by_topic]},
        {"Hyperparameters": ["hyperparameters/index.md", *by_category]},
    ]


def _of_readme() -> dict[str, str]:
    said = sections((ROOT / "README.md").read_text("utf-8"))
    found = {}
    for path, (title, headings) in FROM_README.items():
        blocks = [f"# {title}"]
        for heading in headings:
            blocks += [said[heading]] if len(headings) == 1 else [f"## {heading}", said[heading]]
        found[path] = relinked("\n\n".join(blocks) + "\n", _from_readme)
    return found


def _of_docs() -> dict[str, str]:
    files = sorted((ROOT / "docs").glob("*.md"))
    return {file.name: relinked(file.read_text("utf-8"), _from_docs) for file in files}


def _from_readme(target: str) -> str:
    """Where a link of the README leads on the site."""
    if target.startswith("#"):
        return _places().get(target[1:], f"index.md{target}")
    return target.removeprefix("docs/") if target.startswith("docs/") else _on_site(target)


def _from_docs(target: str) -> str:
    """Where a link of a file in docs/ leads on the site."""
    if not target.startswith("../"):
        return target
    target = target.removeprefix("../")
    return _from_readme(target.removeprefix("README.md")) if target.startswith("README.md#") else _on_site(target)


def _on_site(target: str) -> str:
    """A file of the repository: the page of the rule that it holds, else the file where the repository is shown."""
    file = Path(target)
    if file.parts[0] == "rules" and file.suffix == ".py":
        return f"rules/{file.stem.replace('_', '-')}.md"
    return f"{REPOSITORY}/{target}"


def _places() -> dict[str, str]:
    """Where the sections of the README are, by their anchors."""
    found = {"rules": "rules/index.md"}
    for path, (_, headings) in FROM_README.items():
        several = len(headings) > 1
        found |= {slug(heading): path + (f"#{slug(heading)}" if several else "") for heading in headings}
    return found


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ")
