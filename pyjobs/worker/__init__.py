"""The worker: runs jobs, keeps their leases, outlives the server's troubles, stops politely."""

from pyjobs.contexts import current_job
from pyjobs.hooks import Hooks
from pyjobs.worker.options import WorkerOptions
from pyjobs.worker.surroundings import Surroundings
from pyjobs.worker.worker import AsyncWorker, Worker

__all__ = ["AsyncWorker", "Hooks", "Surroundings", "Worker", "WorkerOptions", "current_job"]
