"""What pyproject.toml cannot say: the doctor's version, its modules of `utils/`, and what its package gives."""

import os
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

NEEDED = {"__init__", "checks", "losses", "quiet"}
INIT = '"""Names the mistake in a compiled Keras model."""\n\nfrom .doctor import DoctorCallback, diagnose, report\n'


def version():
    """Return the time of the commit, 2026.11.28.2210, so that pip sees when there is another one; 0 without git."""
    command = ["git", "log", "-1", "--format=%cd", "--date=format-local:%Y.%m.%d.%H%M"]
    try:
        options = {"cwd": Path(__file__).parent, "env": {**os.environ, "TZ": "UTC"}}
        found = subprocess.run(command, **options, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "0"
    return found.stdout.strip() or "0"


class OnlyTheDoctor(build_py):
    """Builds the doctor, and of the package around it the modules that it imports."""

    def find_package_modules(self, package, package_dir):
        """Return the modules of a package, as (package, module, file)."""
        modules = super().find_package_modules(package, package_dir)
        return [each for each in modules if "." in package or each[1] in NEEDED]

    def run(self):
        """Build, and let the package give what `utils` keeps in `utils.doctor`."""
        super().run()
        (Path(self.build_lib) / "softmax_doctor" / "__init__.py").write_text(INIT)


setup(version=version(), cmdclass={"build_py": OnlyTheDoctor})
