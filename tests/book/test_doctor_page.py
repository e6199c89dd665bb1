"""The page "What the doctor knows" is made from the doctor's code and the corpus, and lacks nothing."""

import ast
import re
import sys
from pathlib import Path

import pytest
from coursekit import doctor

import utils.doctor

ROOT = Path(__file__).resolve().parents[2]


def test_each_finding_has_its_evidence_a_model_and_a_chapter():
    known, links, (models, _) = doctor.evidence(), doctor.CHAPTERS, doctor.corpus()
    assert set(known) == set(links) == set(models)
    assert len(known) >= 45
    for name, (heading, text) in known.items():
        assert heading
        assert len(text) > 20, name
        assert (ROOT / "chapters" / links[name]).exists()


def test_the_page_shows_each_finding_with_python_that_can_be_read():
    text = "\n".join(markdown for _, markdown in doctor.sections())
    for name in doctor.evidence():
        assert f"**`{name}`**" in text
    blocks = text.split("```python\n")[1:]
    assert len(blocks) == 2 * len(doctor.evidence())
    for block in blocks:
        ast.parse(block.partition("\n```")[0])


def programs():
    """Return pairs (finding, program) as the page has them."""
    text = "\n".join(markdown for _, markdown in doctor.sections())
    return re.findall(r"\*\*`([^`]+)`\*\*.*?program\n```python\n(.*?)\n```", text, re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "program"), programs(), ids=[name for name, _ in programs()])
def test_a_program_on_the_page_runs_as_it_stands_and_shows_its_finding(name, program, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "softmax_doctor", utils.doctor)
    exec(compile(program, "<page>", "exec"), {"__name__": "program"})
    headings = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith(" ")]
    assert headings == [name]


def test_the_page_has_a_program_for_each_finding():
    assert {name for name, _ in programs()} == set(doctor.evidence())


def test_a_finding_without_a_model_is_an_error(monkeypatch):
    monkeypatch.setattr(doctor, "CHAPTERS", {})
    with pytest.raises(ValueError, match=r"^These findings have no chapter in explained\.py: "):
        doctor.sections()
