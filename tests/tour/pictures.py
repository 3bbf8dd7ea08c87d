"""The tasks of the tour: as a program has them, in a module that workers can import."""

from __future__ import annotations

import dataclasses

from pyjobs import Release, Tasks, current_job

tasks = Tasks(queue="images", keep_result=3600)


@dataclasses.dataclass
class Size:
    """A model: it travels by annotation."""

    width: int
    height: int | None = None


@tasks.task(retries=4, retry_on=OSError)
def resize(path: str, size: Size) -> str:
    """Make a picture smaller."""
    return f"{path} at {size.width}"


@tasks.task
async def taken(path: str) -> int:
    """Say when a picture was taken."""
    return 2026


@tasks.task
def collage(pictures: list[str], columns: int) -> str:
    """Make one picture of many."""
    return f"{columns} columns of {', '.join(pictures)}"


@tasks.task
def brighten(picture: str) -> str:
    """Make a picture brighter."""
    if not picture:
        raise ValueError("nothing to brighten")
    return f"bright {picture}"


@tasks.task
def tell(failure: BaseException) -> str:
    """Tell of a failure."""
    return str(failure).splitlines()[-1]


@tasks.task
def polite() -> str:
    """Give way once."""
    if current_job().attempt == 1:
        raise Release("after you")
    return "thank you"


@tasks.every(25, queue="low")
def sweep() -> None:
    """Run by itself."""
