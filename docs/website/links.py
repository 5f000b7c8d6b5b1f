"""Links of Markdown: found, and told where things lie on the site. Code is left alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

_FENCED = re.compile(r"^(?P<fence>`{3,}).*?^(?P=fence)[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\])\((?P<target>[^()\s]+)\)")
_SPAN = re.compile(r"\[[^\]\n]*\]\([^)\n]*\)|`[^`\n]*`|<[^>\n]*>")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_SCHEME = re.compile(r"[a-z]+:", re.IGNORECASE)


def code_apart(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text in their order, each with whether it is a block of code."""
    end = 0
    for fenced in _FENCED.finditer(text):
        yield text[end : fenced.start()], False
        yield fenced[0], True
        end = fenced.end()
    yield text[end:], False


def targets(text: str) -> list[str]:
    """What the links of a page lead to."""
    return [link["target"] for part, is_code in code_apart(text) if not is_code for link in _links(part)]


def relinked(text: str, moved: Callable[[str], str]) -> str:
    """A page whose links that lead into the repository lead to ``moved(target)``; other sites' stay."""

    def link(match: re.Match[str]) -> str:
        return match[0] if is_outside(match["target"]) else f"({moved(match['target'])})"

    return "".join(part if is_code else _LINK.sub(link, part) for part, is_code in code_apart(text))


def with_names_linked(text: str, pages: Mapping[str, str]) -> str:
    """A page on which the names in ``pages`` are links, with or without backquotes; those in headings are not."""
    names = "|".join(sorted(map(re.escape, pages), key=len, reverse=True))
    name = re.compile(rf"(?<![\w/.-])`?({names})`?(?![\w/-])|(?P<kept>^#.*$|{_SPAN.pattern})", re.MULTILINE)

    def link(match: re.Match[str]) -> str:
        return match["kept"] or f"[`{match[1]}`]({pages[match[1]]})"

    return "".join(part if is_code else name.sub(link, part) for part, is_code in code_apart(text))


def broken(pages: Mapping[str, str]) -> list[str]:
    """The links between pages, ``path: target``, that lead to no page or to no heading of it."""
    anchors = {path: _anchors(text) for path, text in pages.items()}
    found = []
    for path, text in pages.items():
        for target in filter(lambda target: not is_outside(target), targets(text)):
            file, _, anchor = target.partition("#")
            page = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
            if page not in pages or (anchor and anchor not in anchors[page]):
                found.append(f"{path}: {target}")
    return found


def is_outside(target: str) -> bool:
    """Whether a link leads to another site."""
    return _SCHEME.match(target) is not None


def slug(heading: str) -> str:
    """The anchor of a heading, as Python-Markdown makes it."""
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def _links(part: str) -> Iterator[re.Match[str]]:
    return _LINK.finditer(re.sub(r"`[^`\n]*`", lambda code: "x" * len(code[0]), part))


def _anchors(text: str) -> set[str]:
    prose = (part for part, is_code in code_apart(text) if not is_code)
    return {slug(heading) for part in prose for heading in _HEADING.findall(part)}
