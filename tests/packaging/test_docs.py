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


@pytest.mark.parametrize("page", ["checking.md", "results.md", "tasks.md", "transactions.md"])
def test_an_example_prints_what_its_page_says(page: str, tmp_path: Path) -> None:
    text = (DOCS / page).read_text()
    for name, code in MODULE.findall(text):
        (tmp_path / name).write_text(code)
    examples = EXAMPLE.findall(text)
    assert examples
    for code, expected in examples:
        assert textwrap.dedent(expected) == output_of(code + "\nclient.close()", tmp_path)


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    assert [] == [link for link in links if not (page.parent / link).exists()]
