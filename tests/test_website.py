"""The site has a page for everything that is registered, and no link of it is broken."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml

from docs.website.__main__ import build, write_pages
from docs.website.links import broken, relinked, targets, with_names_linked
from docs.website.pages import navigation, pages
from docs.website.readme import sections
from hplint import hyperparameters
from hplint.registry import registry


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    return pages()


def test_each_rule_and_each_hyperparameter_has_a_page_and_nothing_else_has(found: dict[str, str]) -> None:
    rules = {f"rules/{rule.name}.md" for rule in registry().rules}
    rows = {f"hyperparameters/{row.name}.md" for row in hyperparameters.rows()}
    indexes = {"rules/index.md", "rules/levels.md", "hyperparameters/index.md"}
    assert {path for path in found if "/" in path} == rules | rows | indexes


def test_the_indexes_list_all_of_them_once(found: dict[str, str]) -> None:
    names = sorted(f"{rule.name}.md" for rule in registry().rules)
    rows = sorted(f"{row.name}.md" for row in hyperparameters.rows())
    for index, wanted in (("rules/index.md", names), ("rules/levels.md", names), ("hyperparameters/index.md", rows)):
        listed = (target for target in targets(found[index]) if target not in ("index.md", "levels.md"))
        assert sorted(listed) == wanted, index


def test_a_page_says_what_hplint_rule_says(found: dict[str, str]) -> None:
    for rule in registry().rules:
        page = found[f"rules/{rule.name}.md"]
        assert page.startswith(f"# {rule.name}\n\n**{rule.code}** · [{rule.level.value}]"), rule.name
        assert rule.summary in page.replace("[`", "`").replace("`]", "`"), rule.name


def test_every_page_is_in_a_menu_once(found: dict[str, str]) -> None:
    assert sorted(_paths(navigation(found))) == sorted(found)


def test_every_guide_in_docs_is_a_page(root: Path, found: dict[str, str]) -> None:
    assert {file.name for file in (root / "docs").glob("*.md")} <= found.keys()


def test_no_link_between_pages_is_broken(found: dict[str, str]) -> None:
    assert len(targets(found["rules/index.md"])) > 100
    assert broken(found) == []


def test_links_that_lead_nowhere_are_seen() -> None:
    given = {
        "a.md": "[b](sub/b.md#two-words) [gone](c.md)\n```\n[code](d.md)\n```\n`[code](e.md)`\n",
        "sub/b.md": "# B\n## Two words\n[a](../a.md) [no](#three) [out](https://example.org/x)\n",
    }
    assert broken(given) == ["a.md: c.md", "sub/b.md: #three"]


def test_links_into_the_repository_lead_elsewhere() -> None:
    text = "[a](x.py) `[b](x.py)` [c](https://example.org)"
    assert relinked("[a](x.py) [c](https://example.org)", lambda target: f"there/{target}") == (
        "[a](there/x.py) [c](https://example.org)"
    )
    assert relinked(f"```text\n{text}\n```\n", str.upper) == f"```text\n{text}\n```\n"


def test_names_of_rules_become_links_in_prose_only() -> None:
    text = "# no-seed\n\nno-seed, `no-seed`; [no-seed](x) `--no-seed` no-seeds a/no-seed\n```\nno-seed\n```\n"
    assert with_names_linked(text, {"no-seed": "p.md"}) == (
        "# no-seed\n\n[`no-seed`](p.md), [`no-seed`](p.md); [no-seed](x) `--no-seed` no-seeds a/no-seed\n"
        "```\nno-seed\n```\n"
    )


def test_a_comment_in_code_is_no_heading() -> None:
    text = "# Top\nfirst\n\n```sh\n# not a heading\n```\n\n## Next\nsecond\n"
    assert sections(text) == {"Top": "first\n\n```sh\n# not a heading\n```", "Next": "second"}


def test_the_file_that_an_example_is_in_is_its_title() -> None:
    assert sections("# Top\n```python train.py\nx\n```\n") == {"Top": '```python title="train.py"\nx\n```'}


def test_what_is_no_longer_registered_is_gone_from_the_folder(tmp_path: Path, found: dict[str, str]) -> None:
    stale = tmp_path / "site" / "pages" / "rules" / "gone.md"
    stale.parent.mkdir(parents=True)
    stale.write_text("# gone\n", "utf-8")
    settings = yaml.safe_load(write_pages(tmp_path / "site").read_text("utf-8"))
    written = {path.relative_to(stale.parent.parent).as_posix() for path in stale.parent.parent.rglob("*.md")}
    assert written == found.keys()
    assert sorted(_paths(settings["nav"])) == sorted(found)


def test_a_folder_that_holds_something_else_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine", "utf-8")
    with pytest.raises(SystemExit, match="holds something else"):
        write_pages(tmp_path)
    assert (tmp_path / "precious.txt").read_text("utf-8") == "mine"


@pytest.mark.skipif(find_spec("zensical") is None, reason="zensical, which builds the HTML, is not installed")
def test_no_link_of_the_html_is_broken(tmp_path: Path, found: dict[str, str]) -> None:
    html = build(tmp_path / "site")
    shutil.rmtree(tmp_path / "site" / "pages")
    read = {file.relative_to(html).as_posix(): _Page(file.read_text("utf-8")) for file in html.rglob("*.html")}
    assert {path.replace(".md", ".html") for path in found} <= read.keys()
    wrong = [f"{path}: a fence is read as text" for path, page in read.items() if "```" in page.text]
    for path, page in read.items():
        for link in filter(lambda link: not re.match(r"[a-z]+:|//", link), page.links):
            file, anchor = urldefrag(unquote(link))
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
            target = target.removeprefix("/") if path == "404.html" else target
            if target in read:
                if anchor and anchor not in read[target].anchors:
                    wrong.append(f"{path}: {link}")
            elif not (html / target).exists():
                wrong.append(f"{path}: {link}")
    assert wrong == []


class _Page(HTMLParser):
    """The links of a page, and the places that links can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [link for name in ("href", "src") if (link := given.get(name))]
        self.anchors |= {anchor for anchor in (given.get("id"),) if anchor}


def _paths(menu: object) -> Iterator[str]:
    """The pages of a menu and of those in it."""
    if isinstance(menu, str):
        yield menu
    elif isinstance(menu, dict):
        for entry in menu.values():
            yield from _paths(entry)
    elif isinstance(menu, list):
        for entry in menu:
            yield from _paths(entry)
