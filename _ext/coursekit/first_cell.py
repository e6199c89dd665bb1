# Finds the helpers and the data of this chapter; where the notebook came alone, fetches them from the book first.
import importlib.metadata
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path

NAME, ZIP, STORED_WITH, NEEDS = ...


def is_whole(folder):
    return (folder / "chapters").is_dir() and (folder / "utils/exercises").is_dir()


def fetch(here):
    try:
        with urllib.request.urlopen(ZIP, timeout=60) as answer:
            content = io.BytesIO(answer.read())
        with tempfile.TemporaryDirectory(dir=here) as folder:  # all of it, or nothing stays
            zipfile.ZipFile(content).extractall(folder)
            os.rename(Path(folder, NAME), here / NAME)
    except Exception as error:
        raise RuntimeError(f"The chapter's helpers did not come from {ZIP} ({error}). Try again later.") from None
    return here / NAME


def install(packages):
    if not ZIP:
        raise RuntimeError(f"Missing here: {', '.join(packages)}. README.txt beside utils says how to install them.")
    if subprocess.call([sys.executable, "-m", "pip", "install", "--quiet", *packages]):
        raise RuntimeError(f"{', '.join(packages)} could not be installed; the lines above say why.")
    importlib.invalidate_caches()


def installed(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "in another build"


def said(versions):
    return ", ".join(f"{package} {version}" for package, version in versions.items())


here = Path.cwd()
root = next(filter(is_whole, (here, here.parent, here / NAME)), None)
if root is None and not ZIP:
    raise RuntimeError(f"utils is not beside this notebook: unpack all of {NAME}.zip, and open the notebook in it.")
root = root or fetch(here)
missing = [package for module, package in NEEDS.items() if importlib.util.find_spec(module) is None]
if missing:
    install(missing)
if str(root) not in sys.path:
    sys.path.insert(0, str(root))
os.chdir(root / "chapters")
found = {package: installed(package) for package in STORED_WITH}
if found != STORED_WITH:
    os.environ["COURSE_VERSIONS"] = "other"  # for utils.checks.error_shown
    print(f"The outputs on the page are of {said(STORED_WITH)}; here is {said(found)}.")
    print("Yours can differ, and a cell that shows an error can show none. The exercises' checks hold all the same.")
