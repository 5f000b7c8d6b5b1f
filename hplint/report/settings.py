"""The settings that govern a file, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hplint.report.style import LEVEL_COLOURS, Style
from hplint.settings import Settings
from hplint.source import display_path


def render(path: str, settings: Settings, declared: Mapping[str, str], *, color: bool = False) -> str:
    """Every setting, then which rules are on for the file.

    ``declared``: the versions of libraries that the project declares, and where; the settings come before them.
    """
    style = Style(color)
    origin = settings.origin or "no configuration file: the defaults hold"
    codes = settings.codes_for(path)
    rules = settings.registry.rules
    values = {
        "fail-level": settings.fail_level.value,
        "max-file-size": str(settings.max_file_size),
        "baseline": display_path(settings.baseline) if settings.baseline else "none",
        "target-versions": _joined(
            f"{library} {version}" for library, version in {**declared, **settings.target_versions}.items()
        ),
        "plugins": _joined(settings.plugins),
        "exclude": _joined(settings.exclude),
        "per-file-ignores": _joined(
            f"{pattern}: {', '.join(sorted(codes))}" for pattern, codes in settings.per_file_ignores
        ),
    }
    lines = [f"{style(path, 'bold')}: {origin}", ""]
    for key, value in values.items():
        given = {key, f"extend-{key}"} & settings.given
        lines.append(f"{key:<16}  {value}{style('  (set here)', 'dim') if given else ''}")
    for title, wanted in (("rules that are on", True), ("rules that are off", False)):
        lines += ["", style(f"{title}:", "bold")]
        for rule in rules:
            if (rule.code in codes) is wanted:
                level = settings.level(rule.code, rule.level, None)
                changed = "" if level is rule.level else f"  (by itself {rule.level.value})"
                lines.append(f"  {rule.code}  {rule.name}  {style(level.value, LEVEL_COLOURS[level])}{changed}")
    return "\n".join(lines) + "\n"


def _joined(values: Iterable[str]) -> str:
    return ", ".join(values) or "none"
