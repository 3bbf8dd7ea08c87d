"""The examples of docs/ run as they stand, and print what the pages say."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.packaging.test_readme import output_of

DOCS = Path(__file__).parents[2] / "docs"

EXAMPLE = re.compile(r"```python\n(import pyjobs\n.*?)```\n\n((?:    [^\n]*\n)+)", re.DOTALL)
MODULE = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)

WITHOUT_EXAMPLE = {"command-line.md"}
PAGES = sorted({page.name for page in DOCS.glob("*.md")} - WITHOUT_EXAMPLE)


@pytest.mark.parametrize("page", PAGES)
def test_an_example_prints_what_its_page_says(page: str, tmp_path: Path) -> None:
    text = (DOCS / page).read_text()
    for name, code in MODULE.findall(text):
        (tmp_path / name).write_text(code)
    examples = EXAMPLE.findall(text)
    assert examples
    for code, expected in examples:
        assert textwrap.dedent(expected) == output_of(code + "\nclient.close()", tmp_path)


def test_the_tests_of_the_page_on_testing_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a run of its own, with none of the plugins that are here.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    for name, code in MODULE.findall((DOCS / "testing.md").read_text()):
        (tmp_path / name).write_text(code)
    run = "import pytest; pytest.main(['-q', '-p', 'no:cacheprovider'])"

    assert "2 passed" in output_of(run, tmp_path)


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    assert [] == [link for link in links if not (page.parent / link).exists()]
