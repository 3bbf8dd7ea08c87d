"""README's example runs as it stands, and prints what README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text()


def output_of(code: str, folder: Path) -> str:
    """Run a program in an empty folder, and with an embedded server of its own."""
    environment = {
        **os.environ,
        "XDG_DATA_HOME": str(folder),
        "PYTHONPATH": os.pathsep.join([str(folder), *sys.path]),
    }
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == run.stderr
    return run.stdout


def test_the_example_prints_what_the_readme_says(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```\n\n    (.*?)\n", README, re.DOTALL)
    assert found
    code, expected = found.groups()

    assert expected + "\n" == output_of(code + "\nclient.close()", tmp_path)


def test_the_worker_runs_the_job_of_the_readme(tmp_path: Path) -> None:
    found = re.search(r"```python\n# gnomes.py\n(.*?)```", README, re.DOTALL)
    assert found
    (tmp_path / "gnomes.py").write_text(found[1])
    code = """
import pyjobs
client = pyjobs.Client("embedded:")
queue = client.queue("underpants")
jid = queue.put("gnomes.GnomesJob", {"count": 2})
print(pyjobs.Worker(client, ["underpants"]).run_until_idle(), client.jobs[jid].data)
client.close()
"""
    assert "1 {'count': 2, 'collected': 20}\n" == output_of(code, tmp_path)


def test_a_worker_runs_the_functions_of_the_readme(tmp_path: Path) -> None:
    found = re.search(r"```python\n# pictures.py\n(.*?)```", README, re.DOTALL)
    assert found
    (tmp_path / "pictures.py").write_text(found[1])
    code = """
import pyjobs
from pictures import resize, tasks
print(resize("a.png", 100))
handle = resize.later("a.png", 100)
pyjobs.Worker(tasks.client, ["images"]).run_until_idle()
print(handle.result(wait=5))
tasks.client.close()
"""
    assert "a.png is 100 wide\na.png is 100 wide\n" == output_of(code, tmp_path)


def test_links_lead_to_files() -> None:
    root = Path(__file__).parents[2]
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [] == [link for link in links if not (root / link).exists()]
