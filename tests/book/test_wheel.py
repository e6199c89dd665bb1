"""The doctor in somebody else's project: the wheel, without the course, beside a `utils/` of theirs."""

import email
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The reader's program. The two lines are those of chapters/index.md.
PROGRAM = """
import json, os
import utils
from softmax_doctor import DoctorCallback, diagnose, report

course = {"KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS"} & set(os.environ)
import keras, numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
model.compile(loss="sparse_categorical_crossentropy")
rng = np.random.default_rng(0)
found = diagnose(model, rng.normal(size=(32, 4)), rng.integers(0, 3, 32))
report(found)
print(json.dumps([utils.MINE, [each.name for each in found], sorted(course)]))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the wheel, built from a copy of what the repository has of it, as pip does from an address."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "utils", source / "utils", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", folder, source], check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture
def reader(wheel, tmp_path):
    """Return a function that runs a program in a reader's project: the wheel, their `utils`, no course and no data."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path / "env"]
    subprocess.run([*pip, wheel], check=True, capture_output=True)
    (tmp_path / "project/utils").mkdir(parents=True)
    (tmp_path / "project/utils/__init__.py").write_text("MINE = 'the reader wrote this'\n")

    def run(program, without=(), **environment):
        (tmp_path / "project/program.py").write_text(program)
        for name in without:  # a name that cannot be imported stands before the package
            (tmp_path / "project" / f"{name}.py").write_text(f"raise ModuleNotFoundError('no', name={name!r})")
        # -S: no .pth file is read, so that only the packages are there and not the course, which one of them names.
        paths = [str(tmp_path / "env"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("KERAS", "TF_", "COURSE", "PY"))}
        return subprocess.run(
            [sys.executable, "-S", "program.py"],
            cwd=tmp_path / "project",
            env={**kept, "PYTHONPATH": os.pathsep.join(paths), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.slow
def test_the_wheel_holds_what_the_doctor_needs_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        (about,) = (name for name in names if name.endswith("METADATA"))
        metadata = email.message_from_bytes(file.read(about))
    modules = {name.removeprefix("softmax_doctor/") for name in names if ".dist-info/" not in name}
    doctor = {f"doctor/{path.name}" for path in (ROOT / "utils/doctor").glob("*.py")}
    assert modules == doctor | {"__init__.py", "checks.py", "losses.py", "quiet.py"}
    assert metadata.get_all("Requires-Dist") == ["keras>=3", "numpy"]
    assert sum(name.endswith("/LICENSE") for name in names) == 1


@pytest.mark.slow
def test_each_commit_has_a_version_of_its_own_so_that_pip_updates(tmp_path):
    for name in ("pyproject.toml", "setup.py", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    ask = [sys.executable, "setup.py", "--version"]
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "TZ": "UTC"}

    def run(*command, **more):
        ran = subprocess.run(command, cwd=tmp_path, env=environment | more, check=True, capture_output=True, text=True)
        return ran.stdout.splitlines()[-1:]

    assert run(*ask) == ["0"]
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--allow-empty", "-m", "a commit"]
    run("git", "init", "--quiet")
    for hour in (21, 22):
        run(*git, GIT_COMMITTER_DATE=f"2026-11-28T{hour}:05:00Z")
        assert run(*ask) == [f"2026.11.28.{hour}05"]


@pytest.mark.slow
def test_two_lines_diagnose_a_reader_s_model_and_leave_their_utils_and_their_environment(reader):
    ran = reader(PROGRAM)
    assert ran.returncode == 0, ran.stderr
    mine, found, set_by_the_course = json.loads(ran.stdout.splitlines()[-1])
    assert mine == "the reader wrote this"
    assert found == ["logits without from_logits=True"]
    assert "from_logits" in ran.stdout
    assert set_by_the_course == []


@pytest.mark.slow
def test_the_course_is_not_there_where_the_wheel_is_tried(reader):
    ran = reader("import benchmarks")
    assert "No module named 'benchmarks'" in ran.stderr


@pytest.mark.slow
def test_without_tensorflow_and_on_another_backend_the_import_says_so_in_a_sentence(reader):
    two_lines = "from softmax_doctor import diagnose, report"
    other = reader(two_lines, KERAS_BACKEND="jax")
    assert "\nImportError: The doctor runs models on TensorFlow, and this Keras runs on jax. Start" in other.stderr
    missing = reader(two_lines, without=["tensorflow"])
    wanted = "ImportError: The doctor runs models on TensorFlow, which is missing: pip install tensorflow"
    assert missing.stderr.splitlines()[-1] == wanted


def test_the_page_and_the_wheel_give_the_same_two_lines():
    page = (ROOT / "chapters/index.md").read_text()
    assert next(line for line in PROGRAM.splitlines() if "softmax_doctor" in line) in page
    assert 'name = "softmax-doctor"' in (ROOT / "pyproject.toml").read_text()
