"""Widgets in JupyterLab, where the page and Python move each other."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from labs import PATIENCE, START, press, reading, shown
from playwright.sync_api import expect

from utils.losses import cross_entropy

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def jupyterlab(folder):
    """Run JupyterLab on a folder and give its address; what it writes goes to the folder."""
    config = folder / "config"
    settings = config / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))  # no look at the network
    homes = {name: str(config / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    env = {**os.environ, **homes, "HOME": str(folder), "IPYTHONDIR": str(config), "PYTHONPATH": str(ROOT)}
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.user_settings_dir": config / "settings",
        "LabApp.workspaces_dir": config / "workspaces",
        "LabApp.extension_manager": "readonly",
    }
    program = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen(program, env=env, cwd=folder, stdout=log, stderr=log)
    try:
        yield address_of(server, Path(homes["JUPYTER_RUNTIME_DIR"]), folder / "log.txt")
    finally:
        server.terminate()
        server.wait(60)


def address_of(server, runtime, log):
    """Wait until a Jupyter server answers, and return its address, which it writes to its runtime folder."""
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail(f"JupyterLab ended: {log.read_text()}")
        for path in runtime.glob(f"jpserver-{server.pid}.json"):
            try:
                address = json.loads(path.read_text())["url"]
                urlopen(address + "api").close()
                return address
            except (OSError, ValueError):  # not listening yet, or the file is half written
                pass
        time.sleep(0.1)
    pytest.fail(f"JupyterLab does not answer: {log.read_text()}")


CELLS = [
    """from utils import widgets
lab = widgets.LogitLab([2.0, 1.0, 0.1], names=["cat", "dog", "bird"])
lab""",
    "print(lab.logits, lab.label)",
    "lab.label = 1",
]


@contextmanager
def opened(tab, folder, cells):
    """Open a notebook of these cells in JupyterLab; give its page, the addresses that it asks for, and its own."""
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    written.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(written, folder / "lab.ipynb")
    page = tab()
    page.set_default_timeout(4 * PATIENCE)  # a server, a kernel and an application start
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with jupyterlab(folder) as address:
        page.goto(f"{address}lab/tree/lab.ipynb")
        page.locator(".jp-CodeCell").nth(len(cells) - 1).wait_for()
        # The circle beside the kernel's name is that of an idle kernel also while there is none yet; a cell that is run
        # then is not run later. The status bar knows.
        page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
        yield page, asked, address


@pytest.fixture
def notebook(tab, tmp_path):
    """Return a page of JupyterLab with a notebook of CELLS, and the addresses that it asked for."""
    with opened(tab, tmp_path, CELLS) as parts:
        yield parts


def run(page, k):
    """Run one cell of the notebook in JupyterLab and wait until it is done."""
    cell = page.locator(".jp-CodeCell").nth(k)
    prompt = cell.locator(".jp-InputPrompt").first
    before = prompt.text_content()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(prompt).not_to_have_text(before, timeout=4 * PATIENCE)
    expect(prompt).to_have_text(re.compile(r"^\[\d+\]:$"), timeout=4 * PATIENCE)
    return cell.locator(".jp-Cell-outputArea")


def test_in_jupyterlab_the_lab_and_python_move_each_other(notebook):
    page, asked, address = notebook
    output = run(page, 0)
    expect(output.locator(".lab")).to_be_visible()
    assert reading(page).logits == START
    expect(page.get_by_role("link", name="Link to these numbers")).to_have_count(0)  # its address is not a page's

    # JupyterLab has its own uses for some of these keys: it goes to the next cell, or makes the cell a heading.
    press(page, "slide the logit of dog", *["ArrowRight"] * 5, "ArrowDown")
    assert reading(page).logits == [2, 1.4, 0.1]
    field = page.get_by_role("spinbutton", name="logit of cat")
    field.fill("")
    field.press_sequentially("3")
    assert reading(page).logits == [3, 1.4, 0.1]
    page.get_by_role("radio", name="cat").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert reading(page).label == 2
    assert page.evaluate("document.activeElement.closest('.class').ariaLabel") == "bird"
    assert page.locator(".jp-CodeCell").count() == 3
    expect(page.locator(".jp-CodeCell").first).to_have_class(re.compile(r"\bjp-mod-active\b"))
    expect(run(page, 1)).to_contain_text("[3.0, 1.4, 0.1] 2")

    run(page, 2)
    expect(page.get_by_role("radio", name="dog")).to_be_checked()
    assert reading(page).loss == f"loss = −log p(dog) = {shown(cross_entropy(1, [3, 1.4, 0.1]))} nats"
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


def test_in_jupyterlab_a_loss_is_read_without_links_that_would_lead_nowhere(tab, tmp_path):
    cells = [
        "from utils import widgets\nfield = widgets.LossMeaning(classes=10)\nfield",
        "print(field.loss, field.ends)",
    ]
    with opened(tab, tmp_path, cells) as (page, asked, address):
        widget = run(page, 0).locator(".loss-meaning")
        widget.get_by_label("the loss", exact=True).press_sequentially("1.4612")
        expect(widget.locator("li").first).to_contain_text("Softmax is applied twice")
        expect(widget.locator("li").first).to_contain_text("Shown in chapter 6.")
        expect(widget.get_by_role("link")).to_have_count(0)
        widget.get_by_label("the model ends in").select_option("behind")
        expect(run(page, 1)).to_contain_text("1.4612 behind")
        assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
