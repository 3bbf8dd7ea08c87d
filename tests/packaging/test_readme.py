"""README's example runs as it stands, and prints what README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_example_prints_what_the_readme_says(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```\n\n    (.*?)\n", README, re.DOTALL)
    assert found
    code, expected = found.groups()
    environment = {
        **os.environ,
        "XDG_DATA_HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code + "\nclient.close()"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("", expected + "\n") == (run.stderr, run.stdout)


def test_links_lead_to_files() -> None:
    root = Path(__file__).parents[2]
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [] == [link for link in links if not (root / link).exists()]
