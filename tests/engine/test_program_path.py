"""No program of the project, and none that anybody could have put there, is run."""

from __future__ import annotations

from pathlib import Path

from devbox.engine.program_path import safe_folders


def test_programs_of_the_project_or_of_anybody_are_not_on_the_path(tmp_path: Path) -> None:
    project, own, open_to_all = tmp_path / "project", tmp_path / "own", tmp_path / "open"
    for folder in (project / "bin", own, open_to_all):
        folder.mkdir(parents=True)
    open_to_all.chmod(0o777)
    (tmp_path / "link").symlink_to(project / "bin")
    path = f"{project}/bin:.::bin:{own}:{open_to_all}:{tmp_path}/link:{tmp_path}/absent:/usr/bin"
    assert safe_folders(path, [project]) == [str(own), "/usr/bin"]
