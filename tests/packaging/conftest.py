from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, without this process' PYTHON variables, and expect success."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a package is built from, for tests that build or edit it."""
    copy = tmp_path_factory.mktemp("checkout") / "pyjobs"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore"):
        shutil.copy2(ROOT / name, copy)
    for name in ("pyjobs", "lua", "tests"):
        shutil.copytree(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel by way of the sdist, as a release is built."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, checkout], checkout)
    return next(folder.glob("*.whl"))


@pytest.fixture
def install(tmp_path: Path) -> Callable[[Path], Path]:
    """Return a function that installs a wheel into a new environment and returns its Python."""

    def into_new_environment(built: Path) -> Path:
        folder = tmp_path / "environment"
        run([sys.executable, "-m", "venv", "--without-pip", folder], tmp_path)
        python = folder / "bin" / "python"
        pip: list[str | Path] = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
        ]
        run([*pip, "--no-deps", "--no-index", built], tmp_path)
        # The dependencies are those of the test run. A folder named by a .pth file comes last on
        # the path, and .pth files inside it, such as the one of an editable pyjobs, do not count.
        [packages] = folder.glob("lib/python*/site-packages")
        (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        return python

    return into_new_environment
