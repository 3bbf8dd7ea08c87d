"""Functions as jobs: decorators, typed handles, schedules; what is put is a job like any other."""

from pyjobs.tasks import backoffs
from pyjobs.tasks.codecs import Codec, Encrypted, SignedPickle, Typed
from pyjobs.tasks.handles import AsyncFlowHandle, AsyncHandle, FlowHandle, Handle
from pyjobs.tasks.prepared import Prepared
from pyjobs.tasks.settings import TaskOptions
from pyjobs.tasks.task import AsyncTask, Task
from pyjobs.tasks.tasks import Tasks
from pyjobs.tasks.wholes import Part, Step, Whole

shared = Tasks()
"""Tasks for libraries, which know no client: the program that uses them calls `shared.init`."""

__all__ = [
    "AsyncFlowHandle",
    "AsyncHandle",
    "AsyncTask",
    "Codec",
    "Encrypted",
    "FlowHandle",
    "Handle",
    "Part",
    "Prepared",
    "SignedPickle",
    "Step",
    "Task",
    "TaskOptions",
    "Tasks",
    "Typed",
    "Whole",
    "backoffs",
    "shared",
]
