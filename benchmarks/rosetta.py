"""PyTorch's cross-entropy beside that of the course, and Keras on PyTorch: `make rosetta`, where somebody has PyTorch.

PyTorch for Linux comes with 3 GB of CUDA and is not in the course's lock, so CI does not run this. The last result is
stored with versions and date in rosetta.json, and chapter 11 quotes it as measured once.
"""

import datetime
import importlib.metadata
import json
import platform
from pathlib import Path

from utils import rosetta
from utils.processes import Raised, run

RESULT = Path(__file__).with_name("rosetta.json")
ENDINGS = [
    [1, "SparseCategoricalCrossentropy", {}, 0],
    [1, "SparseCategoricalCrossentropy", {"from_logits": True}, 0],
    [0, "SparseCategoricalCrossentropy", {"from_logits": True}, 0],
]


def main():
    """Measure, and store what was measured."""
    cases = rosetta.random_cases()
    steps = run(rosetta.one_step, [tuple(ending) for ending in ENDINGS], "torch")
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": platform.machine(),
        "versions": {name: importlib.metadata.version(name) for name in ("torch", "keras", "numpy")},
        "cases": len(cases),
        "farthest": {
            name: rosetta.farthest(program, cases, "torch")
            for name, program in (("torch", rosetta.by_torch), ("keras", rosetta.by_keras))
        },
        "rules": run(rosetta.rules_of_torch, [()], "torch")[0],
        "rules of keras": run(rosetta.rules_of_keras, [()], "torch")[0],
        "steps": [
            {"ending": ending, "answer": step.name if isinstance(step, Raised) else step}
            for ending, step in zip(ENDINGS, steps, strict=True)
        ],
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
