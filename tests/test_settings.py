"""Which configuration governs a file, what it may say, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from hplint.model import Level
from hplint.registry import Registry, UnknownSelector, registry
from hplint.rule import Draft, File, Files, Rule, rule
from hplint.selection import Layer, Selection, select
from hplint.settings import KEYS, Settings, SettingsError, SettingsFinder, default_settings
from tests.commands import codes, hplint
from tests.plugin import NAME, plugin_folder, project

__all__ = ["plugin_folder", "project"]


def found_for(folder: Path, text: str, name: str = "hplint.toml") -> Settings:
    (folder / name).write_text(text, "utf-8")
    return SettingsFinder().for_folder(str(folder))


# --- which file


def test_nothing_configured_gives_the_defaults(tmp_path: Path) -> None:
    found = SettingsFinder(isolated=True).for_folder(str(tmp_path))
    assert found.origin is None
    assert found.fail_level is Level.WARNING
    assert {"HP000", "HP001", "HP002", "HP003", "HP004", "HP101"} <= found.selection.codes


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.hplint]\nfail-level = "error"\n')
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\n# hplint is not configured here\n")
    finder = SettingsFinder()
    assert finder.for_folder(str(inner)).fail_level is Level.ERROR
    (inner / "hplint.toml").write_text('fail-level = "advice"\n')
    assert SettingsFinder().for_folder(str(inner)).fail_level is Level.ADVICE
    assert SettingsFinder(isolated=True).for_folder(str(inner)).fail_level is Level.WARNING


def test_hplint_toml_comes_before_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.hplint]\nfail-level = "error"\n')
    assert found_for(tmp_path, 'fail-level = "advice"\n').fail_level is Level.ADVICE


def test_a_given_file_governs_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hplint.toml").write_text('fail-level = "error"\n')
    given = tmp_path / "ci.toml"
    given.write_text('fail-level = "pedantic"\n')
    found = SettingsFinder(config=str(given)).for_folder(str(tmp_path))
    assert (found.fail_level, found.root) == (Level.PEDANTIC, str(tmp_path))


def test_a_broken_pyproject_of_somebody_else_is_not_our_matter(tmp_path: Path) -> None:
    assert found_for(tmp_path, "[tool.other\n", "pyproject.toml").fail_level is Level.WARNING


# --- what it says


def test_every_key(tmp_path: Path) -> None:
    found = found_for(
        tmp_path,
        """
        select = ["ALL"]
        ignore = ["advice"]
        extend-select = ["default-learning-rate"]
        exclude = ["old"]
        extend-exclude = ["/gen/*.py"]
        fail-level = "error"
        plugins = []
        max-file-size = 1000
        baseline = "ci/known.json"
        levels = { HP101 = "warning" }
        per-file-ignores = { "tests/*" = ["HP101"], "!src/**" = ["optimizer"] }
        target-versions = { torch = "2.1" }
        """,
    )
    assert found.given == frozenset(KEYS)
    assert found.exclude == ("old", "/gen/*.py")
    assert found.max_file_size == 1000
    assert found.baseline == str(tmp_path / "ci" / "known.json")
    assert found.levels == {"HP101": Level.WARNING}
    assert found.target_versions == {"torch": "2.1"}
    assert "HP110" in found.selection.codes


def test_per_file_ignores(tmp_path: Path) -> None:
    found = found_for(
        tmp_path, 'per-file-ignores = { "tests/*" = ["HP101"], "conf.py" = ["HP102"], "!src" = ["unreadable"] }'
    )
    missing = {
        name: found.selection.codes - found.codes_for(str(tmp_path / name))
        for name in ("src/a.py", "tests/deep/a.py", "src/conf.py", "a.py")
    }
    assert missing == {
        "src/a.py": set(),
        "tests/deep/a.py": {"HP101", "HP002"},
        "src/conf.py": {"HP102"},
        "a.py": {"HP002"},
    }


def test_a_configured_level_counts_but_never_raises_what_the_rule_holds_to_be_weaker(tmp_path: Path) -> None:
    found = found_for(tmp_path, 'levels = { HP101 = "advice", HP102 = "error" }')
    error, warning, advice, pedantic = Level.ERROR, Level.WARNING, Level.ADVICE, Level.PEDANTIC
    assert found.level("HP101", error, None) is advice
    assert found.level("HP101", error, pedantic) is pedantic
    assert found.level("HP101", error, warning) is advice
    assert found.level("HP102", warning, None) is error
    assert found.level("HP102", warning, warning) is error
    assert found.level("HP102", warning, advice) is advice
    assert found.level("HP103", warning, advice) is advice


# --- selection


def made(code: str, name: str, level: Level, topic: str) -> Rule:
    def check(file: File) -> tuple[Draft, ...]:
        return ()

    return rule(code, name, level=level, topic=topic, subject=Files(), since="0.1", library="torch")(check)


RULES = Registry(
    (
        *registry().rules[:5],
        made("HP801", "one", Level.ERROR, "alpha"),
        made("HP802", "two", Level.ADVICE, "alpha"),
        made("HP803", "three", Level.PEDANTIC, "alpha"),
        made("HP804", "four", Level.PEDANTIC, "beta"),
    )
)


def selected(*layers: Layer, **levels: Level) -> tuple[str, str]:
    """The last digits of the made rules that are on, and of those that show pedantic findings."""
    found: Selection = select(layers, RULES, levels)
    on, pedantic = ("".join(sorted(c[-1] for c in codes if c > "HP8")) for codes in (found.codes, found.pedantic))
    return on, pedantic


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Layer(), ("12", "")),
        (Layer(select=("ALL",)), ("1234", "1234")),
        (Layer(select=("alpha",)), ("12", "")),
        (Layer(select=("torch",)), ("12", "")),
        (Layer(select=("error",)), ("1", "")),
        (Layer(select=("pedantic",)), ("34", "34")),
        (Layer(extend_select=("pedantic",)), ("1234", "1234")),
        (Layer(extend_select=("four",)), ("124", "4")),
        (Layer(select=("three", "one")), ("13", "13")),
        (Layer(ignore=("alpha",)), ("", "")),
        (Layer(select=("one",), ignore=("alpha",)), ("1", "1")),
        (Layer(select=("alpha",), ignore=("HP801",)), ("2", "")),
        (Layer(select=("one",), ignore=("one",)), ("", "")),
        (Layer(select=("ALL",), ignore=("pedantic",)), ("12", "")),
        (Layer(select=("ALL",), ignore=("ALL",)), ("", "")),
    ],
)
def test_selectors(layer: Layer, expected: tuple[str, str]) -> None:
    assert selected(layer) == expected


def test_the_command_line_comes_after_the_configuration() -> None:
    assert selected(Layer(select=("one",)), Layer(ignore=("alpha",))) == ("", "")
    assert selected(Layer(select=("one",)), Layer(extend_select=("two",))) == ("12", "12")
    assert selected(Layer(extend_select=("pedantic",)), Layer(select=("alpha",))) == ("12", "")


def test_selection_follows_configured_levels() -> None:
    assert selected(HP803=Level.WARNING, HP801=Level.PEDANTIC) == ("23", "")
    assert selected(Layer(select=("advice",)), HP801=Level.ADVICE) == ("12", "")


def test_that_a_file_cannot_be_checked_is_reported_whatever_is_selected() -> None:
    found = select((Layer(select=("one",)),), RULES, {})
    assert found.codes == {"HP000", "HP001", "HP002", "HP003", "HP801"}
    assert "HP001" not in select((Layer(ignore=("syntax-error",)),), RULES, {}).codes


def test_an_unknown_selector_suggests() -> None:
    with pytest.raises(UnknownSelector, match=r"`alhpa` is no rule, topic, level or library: did you mean `alpha`\?"):
        RULES.resolve("alhpa")


# --- what is wrong


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct = []", "`selct` is no setting of hplint: did you mean `select`?"),
        ('select = ["unexpected-arguments"]', "`select`: `unexpected-arguments` is no rule, topic, level or library: did you mean `unexpected-argument`?"),  # noqa: E501
        ('ignore = "HP101"', "`ignore` must be a list of strings, not 'HP101'"),
        ("ignore = [101]", "`ignore` must be a list of strings, not [101]"),
        ('fail-level = "eror"', "`fail-level` must be one of error, warning, advice, pedantic, not 'eror': did you mean `error`?"),  # noqa: E501
        ("levels = []", "`levels` must be a table, not []"),
        ('levels = { unexpected-argument = "high" }', "`levels.unexpected-argument` must be one of error, warning, advice, pedantic, not 'high'"),  # noqa: E501
        ('levels = { HP10 = "error" }', "`levels`: `HP10` is no rule"),
        ('per-file-ignores = { "a.py" = "HP101" }', "`per-file-ignores.a.py` must be a list of strings, not 'HP101'"),
        ('per-file-ignores = { "a.py" = ["x"] }', "`per-file-ignores.a.py`: `x` is no rule, topic, level or library"),
        ("max-file-size = true", "`max-file-size` must be a positive number of bytes, not True"),
        ("baseline = 3", "`baseline` must be a file name, not 3"),
        ("max-file-size = 0", "`max-file-size` must be a positive number of bytes, not 0"),
        ('target-versions = { torch = 2.1 }', "`target-versions.torch` must be a version such as \"2.4\", not 2.1"),
        ('plugins = ["no-such"]', "`plugins`: the plugin `no-such` is not installed"),
        ("select = [", "is not valid TOML: "),
        ("\x00", "is not valid TOML: "),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError) as raised:
        found_for(tmp_path, text)
    assert str(raised.value).startswith("hplint.toml")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_plugin_that_does_not_load_or_repeats_a_code(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = project / "site"
    info = copy / "clashing-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: clashing\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hplint.rules]\nclashing = clashing\nabsent = absent_module\n")
    (copy / "clashing.py").write_text(
        '"""Clash."""\nfrom hplint.rule import Files, Level, rule\n\n\n'
        '@rule("HP101", "clash", level=Level.ERROR, topic="x", subject=Files(), since="0.1")\n'
        "def clash(file):\n    return ()\n"
    )
    monkeypatch.syspath_prepend(str(copy))
    for name, message in {
        "clashing": "`HP101` is taken twice: by hplint.rules.calls.unexpected_argument and by clashing",
        "absent": "the plugin `absent` does not load: ModuleNotFoundError: No module named 'absent_module'",
    }.items():
        with pytest.raises(SettingsError) as raised:
            found_for(project, f'plugins = ["{name}"]')
        assert message in str(raised.value)


def test_rules_of_a_plugin_count_only_where_it_is_named(project: Path) -> None:
    (project / "a.py").write_text("import torch\nRED = 1\n")
    assert codes() == ["HP901"]
    assert codes("--select", "markers") == ["HP901"]
    assert codes("--isolated") == []
    assert "found-red" in hplint("rule").stdout
    assert NAME in hplint("config").stdout


def test_files_under_other_configurations_are_checked_all_the_same(project: Path) -> None:
    for name in ("good", "bad"):
        (project / name).mkdir()
        (project / name / "a.py").write_text("import torch\nRED = 1\n")
    (project / "bad" / "pyproject.toml").write_text('[tool.hplint]\nlevel = "x"\n')
    (project / "bad" / "b.py").write_text("import torch\n")
    result = hplint("check", "--output-format", "concise")
    assert result.exit_code == 2
    assert "good/a.py:2:1: HP901" in result.stdout
    assert "bad/a.py" not in result.stdout
    assert result.stderr == "error: bad/pyproject.toml: `level` is no setting of hplint: did you mean `levels`?\n"


def test_wrong_selectors_on_the_command_line(project: Path) -> None:
    (project / "a.py").write_text("import torch\n")
    result = hplint("check", "--select", "HP101,unreadible")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: command line: `unreadible` is no rule, topic, level or library: did you mean `unreadable`?\n"
    )


def test_config_shows_what_governs_a_file(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.hplint]\n")
    (project / "hplint.toml").write_text('fail-level = "error"\nper-file-ignores = { "a.py" = ["HP101"] }\n')
    result = hplint("config", "a.py")
    assert result.exit_code == 0
    on, off = result.stdout.split("rules that are off:")
    assert result.stdout.startswith("a.py: hplint.toml\n")
    assert "fail-level        error  (set here)\n" in on
    assert "HP101" in off
    assert "HP102" in on
    assert default_settings().origin is None


def test_config_names_a_wrong_key(project: Path) -> None:
    (project / "hplint.toml").write_text("ignored = []\n")
    result = hplint("config")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: hplint.toml: `ignored` is no setting of hplint: did you mean `ignore`?\n"
