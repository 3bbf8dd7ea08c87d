"""Tasks by name alone: their code is where the workers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyjobs import naming
from pyjobs.errors import NotAJobClass
from pyjobs.tasks.settings import Settings
from pyjobs.tasks.task import Task

if TYPE_CHECKING:
    from pyjobs.tasks.known import Unknown
    from pyjobs.tasks.tasks import Tasks


class Remote(Task[..., Any]):
    """A task whose code is elsewhere: it can be put, and not be run here."""

    def __init__(self, tasks: Tasks, path: str, settings: Settings, unknown: Unknown) -> None:
        def function(*args: Any, **kwargs: Any) -> Any:  # noqa: ARG001 - any at all
            raise NotAJobClass(f"{path}: its code is not here; later puts a job for it")

        naming.class_path(path)
        function.__module__, _, function.__qualname__ = path.rpartition(".")
        super().__init__(tasks, function, path, settings)
        self.unknown = unknown
        """What follows when no worker knows it."""

    def refuse_unreachable(self) -> None:
        """Accept it: its path has been looked at, and there is nothing else to look at."""
