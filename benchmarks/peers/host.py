"""Puts jobs, in a process of the peer's own environment: `host.py PEER describe|put|bulk|idle ...`.

Answers one line of JSON.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.peers import trace
from benchmarks.peers.adapter import Adapter, PythonAdapter
from benchmarks.peers.trace import WARM


async def call(function: Callable[..., Any], *args: Any) -> None:
    """Call what may be a coroutine function."""
    answer = function(*args)
    if inspect.isawaitable(answer):
        await answer


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def describe(peer: Adapter) -> dict[str, Any]:
    """Return what the harness has to know of a peer."""
    return {
        "versions": {**{each: _version(each) for each in peer.distributions}, **peer.versions()},
        "bulk": peer.bulk,
        "gathers": peer.gathers,
        "configurations": dict(peer.configurations),
        "jobs": dict(peer.jobs),
        "idle": list(peer.idle),
        "host": list(peer.host),
        "promise": peer.promise,
        "workers": {each: peer.workers(each) for each in peer.configurations},
    }


async def put(peer: PythonAdapter, count: int, chunk: int, size: int) -> dict[str, Any]:
    """Put so many jobs: one by one, or `chunk` in a bulk call."""
    function = peer.put_many if chunk else peer.put
    await call(function, [trace.payload(0, size=size) for _ in range(WARM)])
    payloads = [trace.payload(number + 1, size=size) for number in range(count)]
    parts: Sequence[Sequence[str]] = [payloads]
    if chunk:
        parts = [payloads[at : at + chunk] for at in range(0, count, chunk)]
    started, used = time.perf_counter(), time.process_time()
    for part in parts:
        await call(function, part)
    return {
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - used,
        "extra": WARM,
    }


async def idle(peer: PythonAdapter, count: int, seed: int) -> dict[str, Any]:
    """Put a job every 20 to 50 ms, once the worker has shown by a first one that it is there."""
    dice, path = random.Random(seed), Path(os.environ["PEERS_TRACE"])
    await call(peer.put, [trace.payload(0)])
    deadline = time.monotonic() + 30
    while not trace.count(path) and time.monotonic() < deadline:  # noqa: ASYNC110 - it is a file
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    for number in range(WARM + count):
        await asyncio.sleep(dice.uniform(0.020, 0.050))
        put_at = time.monotonic_ns() if number >= WARM else 0
        await call(peer.put, [trace.payload(number + 1, put_at)])
    return {"extra": WARM + 1}


async def main() -> None:
    """Do what the command line says."""
    name, command, *numbers = sys.argv[1:]
    peer: Adapter = importlib.import_module(f"benchmarks.peers.adapters.{name}").Peer()
    if command == "describe":
        print(json.dumps(describe(peer)))
        return
    await call(peer.setup)
    action: Callable[..., Awaitable[dict[str, Any]]] = put if command == "put" else idle
    found = await action(peer, *map(int, numbers))
    await call(peer.teardown)
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
