"""The wheel works installed in a fresh virtual environment, with styles, profiles and the demo inside."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)],
        cwd=ROOT,
        check=True,
        timeout=120,
        capture_output=True,
    )
    (path,) = directory.glob("devbox_tui-*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that holds the wheel and sees the suite's own dependencies, nothing of the checkout."""
    directory = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True, timeout=120)
    python = directory / "bin" / "python"
    (site,) = directory.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    dependencies = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (site / "dependencies.pth").write_text("\n".join(dependencies) + "\n")
    script = directory / "bin" / "devbox"
    script.write_text(f"#!{python}\nimport sys\nfrom devbox.__main__ import main\nsys.exit(main())\n")
    script.chmod(0o755)
    return script


def run(script: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    return subprocess.run(
        [script, *arguments],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_the_wheel_carries_styles_profiles_and_the_demo(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("devbox/_styles/") and name.endswith(".tcss") for name in names)
    assert "devbox/_profiles/python.toml" in names
    assert "devbox/demo_project/devbox.toml" in names
    assert not [name for name in names if name.startswith(("tests/", "styles/", "profiles/"))]


def test_the_installed_command_runs(installed: Path, tmp_path: Path) -> None:
    version = run(installed, "--version", cwd=tmp_path)
    assert (version.returncode, version.stderr) == (0, "")
    assert version.stdout.startswith("devbox ")
    doctor = run(installed, "doctor", "--json", cwd=tmp_path)
    assert doctor.returncode in (0, 1), doctor.stderr


def test_resources_are_found_when_installed(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "devbox.toml").write_text('profile = "python"\n[box]\nimage = "debian:bookworm-slim"\n')
    plan = run(installed, "doctor", "--json", cwd=tmp_path)
    assert plan.returncode in (0, 1)
    assert "profile" not in plan.stderr
    code = (
        "import devbox, devbox.resources as r; print(devbox.__file__); "
        "print(sorted(p.name for p in r.styles_folder().iterdir()))"
    )
    shown = subprocess.run(
        [installed.parent / "python", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert str(ROOT) not in shown.stdout.splitlines()[0], "the installed package, not the checkout"
    assert ".tcss" in shown.stdout
