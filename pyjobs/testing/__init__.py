"""For tests of code that uses pyjobs: a workbench with a server, a clock, and what was put.

The fixtures of `pyjobs.testing.plugin` are there when a conftest.py asks for them:
`pytest_plugins = ["pyjobs.testing.plugin"]`.
"""

from unittest.mock import ANY

from pyjobs.testing.bench import Put, Workbench
from pyjobs.testing.clock import Clock
from pyjobs.testing.server import throwaway_server

__all__ = ["ANY", "Clock", "Put", "Workbench", "throwaway_server"]
