"""The caller's account inside a container: known by uid, without changing what the image's names mean."""

from __future__ import annotations

import io
import tarfile

import pytest

from devbox.flows.box.staging import Entry, account, account_name, pack

PASSWD = b"root:x:0:0:root:/root:/bin/bash\nnode:x:1000:1000::/home/node:/bin/bash"
GROUP = b"root:x:0:\nnode:x:1000:\n"


def test_an_unknown_uid_gets_entries_and_a_home() -> None:
    made = account("mara", 4321, 4321, PASSWD, GROUP)
    files = {entry.path: entry for entry in made.entries}
    assert files["/etc/passwd"].content == PASSWD + b"\nmara:x:4321:4321:mara:/home/mara:/bin/sh\n"
    assert files["/etc/group"].content == GROUP + b"mara:x:4321:\n"
    assert files["/home/mara"] == Entry("/home/mara", None, 4321, 4321, 0o755)
    assert made.home == "/home/mara"


def test_a_uid_that_the_image_knows_keeps_its_name_and_home() -> None:
    assert account("mara", 1000, 1000, PASSWD, GROUP).entries == ()


def test_only_the_group_may_be_unknown() -> None:
    [entry] = account("mara", 1000, 100, PASSWD, GROUP).entries
    assert entry.path == "/etc/group"


def test_an_image_without_accounts_gets_files() -> None:
    files = {entry.path: entry.content for entry in account("mara", 1, 2, None, None).entries}
    assert files["/etc/passwd"] == b"mara:x:1:2:mara:/home/mara:/bin/sh\n"


@pytest.mark.parametrize(("caller", "name"), [
    ("mara", "mara"), ("uid1000", "uid1000"),
    ("Mara", "dev"), ("a:b", "dev"), ("x\ny", "dev"), ("", "dev"), ("ünal", "dev"),
])
def test_a_name_that_would_break_the_file_is_not_used(caller: str, name: str) -> None:
    assert account_name(caller) == name


def test_the_tar_has_owners_and_modes() -> None:
    tar = pack((Entry("/etc/passwd", b"x"), Entry("/home/mara", None, 7, 8, 0o755)))
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        found = {member.name: (member.uid, member.gid, member.mode, member.isdir()) for member in archive}
    assert found == {"etc/passwd": (0, 0, 0o644, False), "home/mara": (7, 8, 0o755, True)}
