"""The page "What the doctor knows" is made from the doctor's code and the corpus, and lacks nothing."""

import ast
import json
import re

import numpy as np
import pytest
from coursekit import doctor


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def test_each_finding_has_its_evidence_a_model_and_a_cell():
    known, links, (models, _) = doctor.evidence(), doctor.CELLS, doctor.corpus()
    assert set(known) == set(links) == set(models) == set(json.loads(doctor.PRINTED.read_text()))
    assert len(known) >= 65
    for name, (heading, text) in known.items():
        assert heading
        assert text.startswith("Looks for "), name
        notebook, cell = links[name]
        assert cell in [each["id"] for each in doctor.cells(notebook) if each["cell_type"] == "code"], name


def test_the_page_shows_each_finding_with_what_the_doctor_says_and_a_program():
    findings = [finding for *_, findings in doctor.sections() for finding in findings]
    assert sorted(name for name, _ in findings) == sorted(doctor.evidence())
    text = "\n".join(markdown for _, markdown in findings)
    assert all(markdown.startswith("Looks for ") for _, markdown in findings)
    assert text.count("```text\nwhat      ") == text.count("\nchange    ") == len(doctor.evidence())
    blocks = text.split("```python\n")[1:]
    assert len(blocks) == len(doctor.evidence())
    for block in blocks:
        ast.parse(block.partition("\n```")[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", doctor.evidence())
def test_a_program_on_the_page_runs_as_it_stands_and_prints_what_the_page_shows(name):
    stored = json.loads(doctor.PRINTED.read_text())[name]
    printed = doctor.run(doctor.shown()[name][2])
    assert [line for line in printed.splitlines() if line and not line.startswith(" ")] == [name]
    # Words are compared letter by letter, wherever they break; numbers to a hundredth: processors round differently.
    now, before = (" ".join(text.split()) for text in (printed, stored))
    assert NUMBER.sub("#", now) == NUMBER.sub("#", before)
    numbers, wanted = (np.array(NUMBER.findall(text), float) for text in (now, before))
    np.testing.assert_allclose(numbers, wanted, rtol=1e-2, atol=1e-6)


def test_a_finding_without_a_cell_or_a_symptom_is_an_error(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(doctor, "CELLS", {})
        with pytest.raises(ValueError, match=r"^These findings have no cell in explained\.py: "):
            doctor.sections()
    monkeypatch.setattr(doctor, "SYMPTOMS", doctor.SYMPTOMS[1:])
    with pytest.raises(
        ValueError, match=r"^These findings have no symptom in explained\.py, or are none: NaN or Inf in"
    ):
        doctor.sections()
