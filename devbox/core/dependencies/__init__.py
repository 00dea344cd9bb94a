"""Installed packages against the lock file: what a lock puts on this machine, and how that differs from what is there.

Pure. Each lock file becomes a `PythonLock` or one of the Node locks (`devbox.project.locks` reads them); `selection`
and `node_locks` say what it means for this interpreter and platform, `judge` what to tell.
"""
