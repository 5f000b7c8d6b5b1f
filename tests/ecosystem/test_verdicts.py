"""Reading findings: the sample, the readers' files, and the precision that follows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ecosystem import evidence, sample, verdicts
from ecosystem.__main__ import main
from ecosystem.linting import Finding, Sources
from ecosystem.packages import Cache, Package, Problem
from ecosystem.verdicts import Opinion, Verdict, merged, text_hash
from tests.ecosystem.published import MISTAKE, listed, unpacked

TINY = Package("tiny", "1.0", "0" * 64, "a test")
TRUE, FALSE, DEBATABLE = (Opinion(answer, "because", "2026-01-02") for answer in verdicts.ANSWERS)
VERDICT = Verdict("letter-l-in-number", "error", "tiny", "1.0", "train.py", 3, text_hash("rate = le-5"))


def finding(line: int, message: str = "a message") -> Finding:
    return Finding("tiny", "train.py", line, 1, "HP138", "letter-l-in-number", "error", message)


def sources(tmp_path: Path, text: str) -> Sources:
    cache = Cache(tmp_path)
    unpacked(cache, TINY, {"train.py": text})
    return Sources(cache, {"tiny": TINY})


# --- the sample


def test_the_sample_does_not_depend_on_where_lines_are(tmp_path: Path) -> None:
    lines = [f"x{number} = le-{number}\n" for number in range(9)]
    before = sources(tmp_path / "before", "".join(lines))
    after = sources(tmp_path / "after", "\n" * 5 + "".join(lines))
    first = sample.drawn([finding(number) for number in range(1, 10)], before, 4)
    second = sample.drawn([finding(number + 5) for number in range(1, 10)], after, 4)
    assert [each.line + 5 for each in first] == [each.line for each in second]
    assert len(first) == 4
    assert [each.line for each in first] != [1, 2, 3, 4]


def test_the_source_is_shown_around_the_line(tmp_path: Path) -> None:
    text = "".join(f"line{number}\n" for number in range(1, 30))
    shown = sample.shown([finding(20, "says why")], sources(tmp_path, text))
    assert "tiny: train.py:20" in shown
    assert "says why" in shown
    assert "> 20 │ line20" in shown
    assert sum("│" in line for line in shown.splitlines()) == 12


# --- readers' files


def readers(reader: str, *answers: tuple[Verdict, str, str]) -> str:
    document = json.loads(verdicts.readers_file(reader, [verdict for verdict, _, _ in answers]))
    for entry, (_, answer, because) in zip(document["verdicts"], answers, strict=True):
        entry.update(answer=answer, because=because)
    return json.dumps(document)


def test_both_readers_files_are_merged() -> None:
    found, brought = merged([], readers("A", (VERDICT, "true", "it is")), "2026-01-02")
    assert brought == 1
    assert not found[0].is_read
    [both], _ = merged(found, readers("B", (VERDICT, "false", "it is not")), "2026-01-03")
    assert (both.a, both.b) == (Opinion("true", "it is", "2026-01-02"), Opinion("false", "it is not", "2026-01-03"))
    again, brought = merged([both], readers("A", (VERDICT, "true", "it is")), "2026-02-01")
    assert (again, brought) == ([both], 0)


def test_an_entry_without_an_answer_is_left() -> None:
    assert merged([], readers("A", (VERDICT, "", "")), "2026-01-02") == ([], 0)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "no JSON",
        '{"reader": "C", "verdicts": []}',
        readers("A", (VERDICT, "maybe", "who knows")),
        readers("A", (VERDICT, "true", " ")),
        readers("A", (replace(VERDICT, level="loud"), "true", "it is")),
        '{"reader": "A", "verdicts": [{"answer": "true", "because": "it is"}]}',
    ],
)
def test_a_wrong_file_is_told(text: str) -> None:
    with pytest.raises(Problem):
        merged([], text, "2026-01-02")


def test_the_file_says_what_was_written(tmp_path: Path) -> None:
    odd = "quotes \" and \\ and '''\n\ttabs, \x00\x1f\x7f, é, 漢, 🙂 # [x] = "
    found = [replace(VERDICT, path="a b/c.py", a=Opinion("true", odd, "2026-01-02")), VERDICT]
    path = tmp_path / "verdicts.toml"
    path.write_text(verdicts.dump(found), "utf-8", newline="")
    assert sorted(verdicts.load(path), key=lambda each: each.path) == found
    assert verdicts.dump(verdicts.load(path)) == path.read_text("utf-8")


# --- verdicts and findings


def test_a_verdict_follows_its_line(tmp_path: Path) -> None:
    held = sources(tmp_path, "\n\n\n\n    rate = le-5\nrate = le-6\n")
    found = verdicts.match([VERDICT, replace(VERDICT, text=text_hash("gone"))], [finding(5), finding(6)], held)
    assert found.pairs == ((VERDICT, finding(5)),)
    assert [verdict.text for verdict in found.stale] == [text_hash("gone")]
    assert found.unread == (finding(6),)


def test_equal_lines_keep_their_own_verdicts(tmp_path: Path) -> None:
    held = sources(tmp_path, "rate = le-5\n" * 4)
    near, exact = replace(VERDICT, line=1), replace(VERDICT, line=2)
    found = verdicts.match([near, exact], [finding(2), finding(4)], held)
    assert dict(found.pairs) == {exact: finding(2), near: finding(4)}


# --- precision


def test_doubt_and_disagreement_count_as_not_true() -> None:
    found = [
        replace(VERDICT, line=line, a=a, b=b)
        for line, (a, b) in enumerate([(TRUE, TRUE), (TRUE, FALSE), (DEBATABLE, TRUE), (FALSE, FALSE), (TRUE, None)])
    ]
    assert evidence.precision(found) == evidence.Precision(read=4, true=1)
    text = evidence.evidence(found)
    assert "[rules.letter-l-in-number]\nread = 4\ntrue = 1\n" in text
    assert '"tiny 1.0"' in text
    assert "1 of 4 (25%)" in evidence.table(found)


def test_the_committed_evidence_follows_from_the_verdicts() -> None:
    assert evidence.EVIDENCE.read_text("utf-8") == evidence.evidence(verdicts.load())


def test_the_committed_verdicts_are_in_order() -> None:
    assert verdicts.dump(verdicts.load()) == verdicts.VERDICTS.read_text("utf-8")


# --- the commands


def test_from_a_sample_to_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(verdicts, "VERDICTS", tmp_path / "verdicts.toml")
    monkeypatch.setattr(evidence, "EVIDENCE", tmp_path / "evidence.toml")
    (tmp_path / "verdicts.toml").write_text("")
    cache = Cache(tmp_path / "cache")
    unpacked(cache, TINY, {"train.py": MISTAKE})
    common = ["--cache", str(cache.root), "--list", str(listed(tmp_path / "packages.toml", TINY))]
    for reader in verdicts.READERS:
        answers = tmp_path / f"{reader}.json"
        assert main([*common, "sample", "HP138", "--reader", reader, "--output", str(answers)]) == 0
        assert "> 3 │ rate = le-5" in capsys.readouterr().out
        document = json.loads(answers.read_text("utf-8"))
        for entry in document["verdicts"]:
            entry.update(answer="true", because="le-5 is no number")
        answers.write_text(json.dumps(document), "utf-8")
        assert main([*common, "verdicts", "--add", str(answers)]) == 0
    assert "letter-l-in-number                       error     1 of 1 (100%)" in capsys.readouterr().out
    assert "[rules.letter-l-in-number]" in (tmp_path / "evidence.toml").read_text("utf-8")
    assert main([*common, "sample", "HP138", "--reader", "A"]) == 0
    assert "le-5" not in capsys.readouterr().out, "what a reader has judged is not shown again"
    assert main([*common, "sample", "no-such-rule"]) == 2
