"""A client of the other sort, sync or async, of the same server, namespace and worker name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
import redis.asyncio

from pyjobs.aio.client import AsyncClient
from pyjobs.client import Client, place
from pyjobs.errors import InvalidArgument

_OWN = ("retry", "maint", "orig_", "oss_", "himport", "parser_class", "redis_connect_func")
"""Beginnings of connection settings that belong to one sort, or that are made anew."""


def async_client(client: Client) -> AsyncClient:
    """Return an async client that holds what this client has popped, an immediate one of such."""
    make: Callable[..., AsyncClient] = getattr(client, "twin", AsyncClient)
    return make(_server(client, redis.asyncio), **_identity(client))


def sync_client(client: AsyncClient) -> Client:
    """Return a sync client that holds what this client has popped, an immediate one of such."""
    make: Callable[..., Client] = getattr(client, "twin", Client)
    return make(_server(client, redis), **_identity(client))


def is_same_place(one: Client | AsyncClient, other: Client | AsyncClient) -> bool:
    """Whether two clients are of the same namespace of the same server."""
    return one.namespace == other.namespace and place(one.server) == place(other.server)


def _identity(client: Client | AsyncClient) -> dict[str, Any]:
    engine = client._engine  # noqa: SLF001 - two sorts of one thing
    return {
        "namespace": client.namespace,
        "worker_name": client.worker_name,
        "delivery": engine.delivery,
        "now": engine.now,
    }


def _server(client: Client | AsyncClient, module: Any) -> Any:
    pool = client.server.connection_pool
    kind = getattr(module, pool.connection_class.__name__, None)
    if kind is None:
        raise InvalidArgument(
            f"client: there is no {module.__name__} connection like its "
            f"{pool.connection_class.__name__}"
        )
    settings = {
        name: value for name, value in pool.connection_kwargs.items() if not name.startswith(_OWN)
    }
    return module.Redis(connection_pool=module.ConnectionPool(connection_class=kind, **settings))
