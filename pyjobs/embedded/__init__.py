"""A private Valkey of this user's, started when it is asked for: `Client("embedded:")`.

One folder is one server: its data (an append-only file, on disk within a second), its unix socket
(there is no TCP port) and its log. Whoever asks first starts it, the others join, and it stops when
the last process that uses it has gone. Use a local disk: locks do not hold everywhere over NFS.

No process counts users and no stored pid is trusted. Locks (`locks.py`) say everything, because the
kernel takes them back however their holder ends:

    door.lock      held for a moment: one process at a time starts, joins or stops
    users.lock     shared by all that use the server
    guardian.lock  held by the guardian, a small process that starts the server and stops it
    server.lock    held by the server, which inherits it

The guardian (`guardian.py`) sleeps in two threads: one until `users.lock` can be had alone, which
is when nobody uses the server, one until `server.lock` is free, which is when the server has ended.
A guardian that was killed is replaced at the next join or start.

A forked child holds `users.lock` through the descriptor that it inherits, so it is a user of its
own until it ends or closes its membership. A child that closes all descriptors (a classic daemon)
is none: it has to make its client after that.
"""

from pyjobs.embedded.folders import parse
from pyjobs.embedded.server import EmbeddedServer
from pyjobs.embedded.users import EmbeddedStatus, Membership, join, start, status, stop

__all__ = [
    "EmbeddedServer",
    "EmbeddedStatus",
    "Membership",
    "join",
    "parse",
    "start",
    "status",
    "stop",
]
