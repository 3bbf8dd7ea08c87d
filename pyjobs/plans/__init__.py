"""Intentions that take more than one call: large requests in slices, pages, waiting.

A plan is a generator: it yields Calls (or Sends and Pauses), is sent their answers, and returns its
result. `pyjobs/connections.py` carries it out, sync or async.
"""

from pyjobs.plans.events import last_event, read_events
from pyjobs.plans.looking import complete_jobs, get, held, listing, looked_up, pages
from pyjobs.plans.plan import SLICE_BYTES, SLICE_JOBS, SLICE_LIMITS, Plan, sliced
from pyjobs.plans.pops import Requests, block, pop, settle_and_pop
from pyjobs.plans.puts import Put, Slices, depend, held_back, put_many, then_depend
from pyjobs.plans.steps import cancel, fit, heartbeat, settle, together, unfail_group

__all__ = [
    "SLICE_BYTES",
    "SLICE_JOBS",
    "SLICE_LIMITS",
    "Plan",
    "Put",
    "Requests",
    "Slices",
    "block",
    "cancel",
    "complete_jobs",
    "depend",
    "fit",
    "get",
    "heartbeat",
    "held",
    "held_back",
    "last_event",
    "listing",
    "looked_up",
    "pages",
    "pop",
    "put_many",
    "read_events",
    "settle",
    "settle_and_pop",
    "sliced",
    "then_depend",
    "together",
    "unfail_group",
]
