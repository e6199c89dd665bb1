"""What pyproject.toml cannot say: which modules of `utils/` the doctor needs, and what its package gives by itself."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

NEEDED = {"__init__", "checks", "losses", "quiet"}
INIT = '"""Names the mistake in a compiled Keras model."""\n\nfrom .doctor import DoctorCallback, diagnose, report\n'


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


setup(cmdclass={"build_py": OnlyTheDoctor})
