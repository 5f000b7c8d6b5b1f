"""The HTML page: complete, escaped, and nothing in it that asks the network or runs."""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hplint.model import Edit, Engine, Finding, Fix, Level, Position, Related, Safety, Span
from hplint.registry import registry
from hplint.report import Report
from hplint.source import Source
from tests.commands import hplint
from tests.plugin import plugin_folder, project

pytest.importorskip("jinja2", reason="the page needs hplint[html]")
pytest.importorskip("markdown_it", reason="the page needs hplint[html]")

from hplint.report import html

__all__ = ["plugin_folder", "project"]

EVIL = "</script></style></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'`<b>`{{ 7*7 }}&amp;\u202e"
VOID = {"meta", "input", "br", "hr"}
AT = Span(Position(2, 5), Position(2, 8))


class Reader(HTMLParser):
    """Reads a page; what is wrong with it fails at once."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)

    def links(self) -> list[str]:
        """All that is linked or loaded."""
        wanted = ("href", "src", "action", "srcset", "data", "poster")
        return [value or "" for _, attributes in self.tags for name, value in attributes.items() if name in wanted]


def page(*findings: Finding, text: str = "a = 1\nb = RED\n", **more: object) -> str:
    report = Report(findings, 2, **more)  # type: ignore[arg-type]
    return html.render(report, lambda path: Source(path, text), lambda each: registry().get(each.code), (), "project")


def finding(at: Span | None = AT, level: Level = Level.ERROR, path: str | None = "a.py", **more: object) -> Finding:
    return Finding("HP101", "unexpected-argument", level, "`x` is wrong", path, at, **more)  # type: ignore[arg-type]


def test_everything_untrusted_is_escaped() -> None:
    fix = Fix(EVIL, (Edit(EVIL, AT, EVIL),), Safety.SAFE)
    odd = Finding("HP999", EVIL, Level.ERROR, EVIL, EVIL, AT, Engine.RUNTIME, EVIL, (Related(EVIL, AT, EVIL),), fix)
    inventory = html.Inventory(EVIL, [(EVIL, [html.Row(EVIL, EVIL, EVIL, EVIL)])])
    report = Report((odd,), 1, subject=EVIL)
    shown = html.render(report, lambda path: Source(path, f"{EVIL}\n{EVIL}\n{EVIL}"), lambda _: None, [inventory], EVIL)
    read = Reader(shown)
    names = {tag for tag, _ in read.tags}
    assert not names & {"script", "img", "iframe", "link"}
    assert "<b>`" not in shown
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on")]
    assert "\u202e" not in shown
    assert "49" not in read.text
    assert read.text.count("<script>alert(1)</script>") > 10
    assert all(link.startswith("#") for link in read.links())


def test_the_page_loads_and_runs_nothing() -> None:
    shown = page(*(Finding(r.code, r.name, r.level, "said", "a.py", AT) for r in registry().rules))
    read = Reader(shown)
    assert not {tag for tag, _ in read.tags} & {"script", "img", "link", "iframe", "object", "svg"}
    assert "url(" not in shown.partition("</style>")[0]
    assert "@import" not in shown
    policy = next(attributes for tag, attributes in read.tags if attributes.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    loaded = [attributes for tag, attributes in read.tags if "src" in attributes or tag == "link"]
    assert loaded == []


def test_raw_html_and_odd_links_of_a_page_are_shown_only() -> None:
    text = (
        "Title.\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![y](http://a/b.png)\n\n```python bad\n<b>\n```\n"
    )
    shown = str(html._markdown(text))
    read = Reader(shown)
    assert not {tag for tag, _ in read.tags} & {"script", "img", "b"}
    assert all(not link.startswith("javascript") for link in read.links())
    assert 'data-kind="bad"' in shown


def test_what_it_tells() -> None:
    fix = Fix("write `GREEN`", (Edit("a.py", AT, "GREEN"),), Safety.UNSAFE)
    related = (Related("b.py", Span(Position(1, 1), Position(1, 2)), "`a` is set here"),)
    shown = page(finding(fix=fix, related=related), finding(None, Level.ADVICE, None), home="train.py", known=4)
    read = Reader(shown)
    for words in ("1 error and 1 piece of advice", "besides 4 findings of the baseline", "Fix write GREEN unsafe"):
        assert words in " ".join(read.text.split())
    assert "<mark>RED</mark>" in shown
    assert '<span class="ghost">b = </span>^^^' in shown
    assert 'href="#rule-HP101"' in shown
    assert shown.count('id="rule-HP101"') == 1
    assert "An argument that the function or class does not take" in read.text
    assert "train.py" in read.text
    assert "b.py:1" in read.text
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in read.links() if link.startswith("#")} <= set(ids)


def lines(text: str, at: Span) -> list[tuple[int, str, str, str]]:
    found = html._excerpt(Source("a.py", text), at)
    return [(line.number, line.before, line.marked, line.after) for line in found]


def test_excerpts() -> None:
    text = "one\ntwo\n\tthree = 3\nfour\nfive\nsix\n"
    assert lines(text, Span(Position(3, 2), Position(3, 7))) == [
        (1, "one", "", ""),
        (2, "two", "", ""),
        (3, "    ", "three", " = 3"),
        (4, "four", "", ""),
        (5, "five", "", ""),
    ]
    assert [line[2] for line in lines(text, Span(Position(1, 2), Position(3, 7)))] == ["ne", "two", "three", "", ""]
    assert lines(text, Span(Position(2, 1), Position(3, 1)))[1] == (2, "", "two", "")
    assert len(lines("x\n" * 100, Span(Position(1, 1), Position(100, 2)))) == html.MOST_LINES


def test_long_lines_are_clipped_around_the_place() -> None:
    text = "a" * 5000 + "RED" + "b" * 5000
    [(_, before, marked, after)] = lines(text, Span(Position(1, 5001), Position(1, 5004)))
    assert (before[0], marked, after[-1]) == ("…", "RED", "…")
    assert len(before + marked + after) <= html.MOST_CHARACTERS + 2
    [(_, before, marked, after)] = lines(text, Span(Position(1, 1), Position(1, 10_000)))
    assert len(marked) == html.MOST_CHARACTERS


def test_no_findings() -> None:
    read = Reader(page())
    assert "All clear: 2 files." in read.text
    assert "Findings" not in read.text


def test_on_the_command_line(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    (project / "b.py").write_text("import torch\n\noptimizer = torch.optim.Adam(params, lr=3e-4)\n")
    done = hplint("check", "--output-format", "html", "--output-file", "report.html")
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "")
    shown = Path("report.html").read_text("utf-8")
    read = Reader(shown)
    assert "found-red" in read.text
    assert "Rules that look for marker words" in read.text
    assert "0.0003" in read.text or "3e-4" in read.text
    assert "b.py:3" in read.text
    assert hplint("check", "--output-format", "html").stdout == shown
    assert (
        "Hyperparameters"
        not in Reader(hplint("check", "-", "--output-format", "html", input="import torch").stdout).text
    )


def test_without_the_libraries_it_says_what_to_install(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a.py").write_text("import torch\nRED\n")
    monkeypatch.delitem(sys.modules, "hplint.report.html")
    monkeypatch.delattr("hplint.report.html")
    monkeypatch.setitem(sys.modules, "markdown_it", None)
    done = hplint("check", "--output-format", "html")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "error: --output-format html needs markdown_it: pip install 'hplint[html]'\n"
