"""What pyproject.toml cannot say: which modules of `utils/` the doctor needs. The others stay out of its wheel."""

from setuptools import setup
from setuptools.command.build_py import build_py

NEEDED = {"__init__", "checks", "losses", "quiet"}


class OnlyTheDoctor(build_py):
    """Builds the doctor, and of the package around it the modules that it imports."""

    def find_package_modules(self, package, package_dir):
        """Return the modules of a package, as (package, module, file)."""
        modules = super().find_package_modules(package, package_dir)
        return [each for each in modules if "." in package or each[1] in NEEDED]


setup(cmdclass={"build_py": OnlyTheDoctor})
