"""What processes do under a supervisor in the tests: `python -m tests.processes.bodies BODY ...`.

Each says what it does on standard output. Orders come through a queue to the main thread, where
the real worker's code runs as well.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable

from pyjobs.worker.link import Link, News, Order
from pyjobs.worker.process import REFUSED, REPLACE
from pyjobs.worker.supervisor import Supervisor


def say(text: str) -> None:
    """Print a line in one piece: others print as well."""
    os.write(1, f"{text}\n".encode())


def orders_of(link: Link) -> queue.Queue[Order]:
    orders: queue.Queue[Order] = queue.Queue()
    link.obey(orders.put)
    return orders


def obedient(link: Link) -> int:
    """Pulses, and does what it is told."""
    orders = orders_of(link)
    say(f"up {os.getpid()} at {link.number}")
    link.tell(News.UP)
    while True:
        try:
            order = orders.get(timeout=0.05)
        except queue.Empty:
            link.tell(News.PULSE)
            continue
        say(f"{order.name} {os.getpid()}")
        if order in {Order.DRAIN, Order.STOP}:
            return 0


def busy(link: Link) -> int:
    """Has a job that ends only when it is told to stop now."""
    orders = orders_of(link)
    say(f"up {os.getpid()} at {link.number}")
    while (order := orders.get()) is not Order.STOP:
        say(f"{order.name} {os.getpid()}")
    return 0


def deaf(link: Link) -> int:
    """Does not leave, whatever it is told."""
    say(f"up {os.getpid()} at {link.number}")
    threading.Event().wait()
    return 0


def mortal(link: Link) -> int:
    """Dies as soon as it lives."""
    say(f"born {os.getpid()} {time.monotonic()}")
    return 3


def stuck(link: Link) -> int:
    """Wants another in its place, which then behaves."""
    if _is_first():
        say(f"stuck {os.getpid()}")
        return REPLACE
    return obedient(link)


def spoilt(link: Link) -> int:
    """Behaves; those that come after the first cannot start."""
    return obedient(link) if _is_first() else mortal(link)


def refusing(link: Link) -> int:
    """Cannot start."""
    say(f"refuses {os.getpid()}")
    return REFUSED


def outdated(link: Link) -> int:
    """Behaves; those that come after the first cannot start any more."""
    return obedient(link) if _is_first() else refusing(link)


def passing(link: Link) -> int:
    """Says that it is leaving, and leaves when it is told to stop."""
    link.tell(News.LEAVING)
    say(f"leaving {os.getpid()}")
    return busy(link)


def _is_first() -> bool:
    """Whether no process has asked before; they share the file that $MARK names."""
    try:
        os.close(os.open(os.environ["MARK"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


BODIES: dict[str, Callable[[Link], int]] = {
    each.__name__: each
    for each in (obedient, busy, deaf, mortal, stuck, spoilt, refusing, outdated, passing)
}

if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(message)s")
    given = (argument.split("=") for argument in sys.argv[3:])
    options = {name: float(value) for name, value in given}
    raise SystemExit(Supervisor(BODIES[sys.argv[1]], int(sys.argv[2]), **options).run())
