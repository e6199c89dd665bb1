"""The page "What the doctor knows" is made from the doctor's code and the corpus, and lacks nothing."""

import ast
import json
import re

import numpy as np
import pytest
from coursekit import doctor
from coursekit.program import formatted, program

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def test_each_finding_has_its_evidence_a_model_and_a_cell():
    known, links, (models, _) = doctor.evidence(), doctor.CELLS, doctor.corpus()
    assert set(known) == set(links) == set(models) == set(doctor.stored())
    assert len(known) >= 65
    for name, (heading, text) in known.items():
        assert heading
        assert text.startswith("Looks for "), name
        notebook, cell = links[name]
        assert cell in [each["id"] for each in doctor.cells(notebook) if each["cell_type"] == "code"], name


def test_the_page_shows_each_finding_with_its_mistake_what_the_doctor_says_and_a_program():
    findings = [finding for *_, findings in doctor.sections() for finding in findings]
    assert sorted(name for name, _ in findings) == sorted(doctor.evidence())
    for name, markdown in findings:
        assert markdown.startswith("Looks for "), name
        difference = markdown.split("```diff\n")[1].partition("\n```")[0].splitlines()
        changed = [line for line in difference if line[0] in "-+"]
        assert 1 <= len(changed) <= 9, name
        assert len(difference) <= 12, name
        assert any("diagnose(" in line for line in difference), name
        assert {line[0] for line in difference} <= set("-+ "), name
        assert re.search(r"\nwhat\n: .+\n\nevidence\n: .+\n\nchange\n: ```text\n  .+", markdown), name
        ast.parse(markdown.split("```python\n")[1].partition("\n```")[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", doctor.evidence())
def test_a_program_on_the_page_is_told_what_the_page_shows_and_nothing_without_the_mistake(name):
    stored, (sick, healthy) = doctor.stored()[name], doctor.shown()[name]
    assert doctor.run(healthy) == []
    diagnosis = doctor.run(sick)
    assert [finding.name for finding in diagnosis] == [name]
    # Words are compared letter by letter; numbers to a hundredth: processors round differently.
    now = {part: getattr(diagnosis[0], part) for part in ("what", "evidence", "change")} | {"notes": [*diagnosis.notes]}
    now, before = (json.dumps(each) for each in (now, stored))
    assert NUMBER.sub("#", now) == NUMBER.sub("#", before)
    numbers, wanted = (np.array(NUMBER.findall(text), float) for text in (now, before))
    np.testing.assert_allclose(numbers, wanted, rtol=1e-2, atol=1e-6)


def test_the_page_says_where_there_are_notes_and_tells_several_evidences_apart():
    assert len(doctor.notes()) >= 12
    assert "the learning rate is 0, so that no step changes anything" in doctor.notes()
    assert not [note for note in doctor.notes() if note.endswith(" None") or note[0] == "."]
    assert doctor.evidence()["a metric that does not fit"][1].startswith("Looks for one of these:\n\n- an intersection")
    assert doctor.evidence()["inputs scaled twice"][1].startswith("Looks for inputs of at most 1")


SOURCES = {
    "layers": "layers = keras.layers",
    "losses": "losses = keras.losses",
    "X": "X = np.ones((4, 6))",
    "SPARSE": "SPARSE = functools.partial(losses.SparseCategoricalCrossentropy, from_logits=True)",
    "INT": 'INT = "sparse_categorical_crossentropy"',
    "dense": "def dense(units=4, activation=None, **options):\n    return layers.Dense(units, activation, **options)",
    "model_of": """def model_of(*stack, loss=None, shape=(6,), metrics=None):
    \"\"\"Return a model.\"\"\"
    model = keras.Sequential([keras.Input(shape), *(stack or [dense()])])
    model.compile("sgd", loss=loss or SPARSE(), metrics=metrics)
    return model
""",
    "wide": "def wide(model, by):\n    model.layers[0].kernel.assign(X.T * by)\n    return model",
    "maker": "def maker(units):\n    return lambda: model_of(dense(units))",
    "twice": "def twice(layer):\n    return model_of(layer, layer)",
}


@pytest.mark.parametrize(
    ("sick", "wanted"),
    [
        ("(model_of, X, X)", ["layers.Dense(4)]", "from_logits=True))", "report(diagnose(model, X, X))"]),
        (
            "(lambda: model_of(dense(2, name='a'), loss=INT), X, None)",
            ["layers.Dense(2, name=", "X))", '_crossentropy")'],
        ),
        ("(maker(3), X, X + 1, {'sample_weight': X})", ["layers.Dense(3)]", "X + 1, sample_weight=X))"]),
        ("(lambda: wide(model_of(), 2), X, X)", ["layers.Dense(4)]", "kernel.assign(X.T * 2)\n"]),
        ("(lambda: twice(dense()), X, X)", ["model = twice(layers.Dense(4))", "def model_of("]),  # it is made once
    ],
)
def test_a_program_has_its_helpers_written_out(sick, wanted):
    (text,) = formatted([program(sick, SOURCES)])
    ast.parse(text)
    assert [part for part in wanted if part not in text] == [], text
    assert ("def " in text) == ("def model_of(" in wanted)


def test_what_differs_is_shown_without_imports():
    assert doctor.difference("x = 1\ny = 2\nreport(x)", "x = 2\ny = 2\nreport(x)") == [
        "-x = 1",
        "+x = 2",
        " …",
        " report(x)",
    ]
    sick, healthy = "import a\nx = 1\ny = 2", "from b import c\nx = 1\ny = 3\n\nz = 4"
    assert doctor.difference(sick, healthy) == ["-y = 2", "+y = 3", "+z = 4"]
    assert doctor.difference(sick, sick) == []
    assert doctor.difference("a = 1\nb = 2\nc = 3", "a = 0\nb = 2\nc = 0") == [
        "-a = 1",
        "+a = 0",
        " …",
        "-c = 3",
        "+c = 0",
    ]


@pytest.mark.parametrize(("table", "value", "what"), [("CELLS", {}, "cell"), ("SYMPTOMS", {}, "symptom")])
def test_a_finding_without_a_cell_or_a_symptom_is_an_error(table, value, what, monkeypatch):
    monkeypatch.setattr(doctor, table, value)
    with pytest.raises(ValueError, match=rf"^These findings have no {what}, or are none: NaN gradient with"):
        doctor.sections()
