"""Where the peers are installed: an environment each, as their needs contradict each other."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import progress

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "arq": ("arq", "hiredis"),
    "bullmq": ("bullmq", "hiredis"),
    "celery": ("celery[redis]", "hiredis"),
    "dramatiq": ("dramatiq[redis]", "hiredis"),
    "huey": ("huey", "redis", "hiredis"),
    "rq": ("rq", "hiredis"),
    # It imports typing_extensions without asking for it.
    "saq": ("saq[redis,hiredis]", "typing_extensions"),
    "streaq": ("streaq",),
    "taskiq": ("taskiq", "taskiq-redis", "hiredis"),
    "tasktiger": ("tasktiger", "hiredis"),
    "wakaq": ("wakaq", "hiredis"),
}

NODE = "bullmq_node"
NODE_PACKAGES = ("bullmq", "ioredis")

PEERS = ("pyjobs", *sorted((*REQUIREMENTS, NODE, "taskiq_list")))
"""All that can be measured."""

_SHARED = {"taskiq_list": "taskiq"}


def folder() -> Path:
    """Return the folder of all environments: `pyjobs/peers` in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "pyjobs" / "peers"


def node_modules() -> Path:
    """Return the folder of the packages of Node."""
    return folder() / "node" / "node_modules"


def python(peer: str) -> Path:
    """Return the Python that has a peer: this one for pyjobs, and for what is no Python package."""
    if peer in {"pyjobs", NODE}:
        return Path(sys.executable)
    return folder() / _SHARED.get(peer, peer) / "bin" / "python"


def is_installed(peer: str) -> bool:
    """Tell whether a peer can be measured."""
    if peer == NODE:
        return all((node_modules() / each).is_dir() for each in NODE_PACKAGES)
    return peer == "pyjobs" or (python(peer).parent.parent / "installed").exists()


def install(peers: Sequence[str]) -> None:
    """Install those that are missing, from PyPI and from npm."""
    missing = [peer for peer in peers if not is_installed(peer)]
    for done, peer in enumerate(missing):
        progress(f"install {peer}", done, len(missing))
        if peer == NODE:
            _install_node()
        else:
            _install(_SHARED.get(peer, peer))


def _install(name: str) -> None:
    home = folder() / name
    venv.create(home, with_pip=True)
    pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *REQUIREMENTS[name]], check=True)
    (home / "installed").touch()


def _install_node() -> None:
    home = node_modules().parent
    home.mkdir(parents=True, exist_ok=True)
    npm = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(home)]
    subprocess.run([*npm, *NODE_PACKAGES], check=True)
