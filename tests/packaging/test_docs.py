"""The examples of docs/ run as they stand, and print what the pages say."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from pyjobs.cli.program import MODULES
from tests.packaging.test_readme import README, output_of

DOCS = Path(__file__).parents[2] / "docs"

EXAMPLE = re.compile(r"```python\n(import pyjobs\n.*?)```\n\n((?:    [^\n]*\n)+)", re.DOTALL)
MODULE = re.compile(r"```python\n# (\w+\.py)\n(.*?)```", re.DOTALL)

WITHOUT_EXAMPLE = {"command-line.md", "coming-from.md"}
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


def test_the_readme_leads_to_each_page_once() -> None:
    times = {page.name: README.count(f"](docs/{page.name})") for page in DOCS.glob("*.md")}
    assert {} == {page: count for page, count in times.items() if count != 1}


def test_the_command_line_page_names_each_command() -> None:
    first = "".join(
        line.split("|")[1]
        for line in (DOCS / "command-line.md").read_text().splitlines()
        if line.startswith("| ")
    )
    named = set(re.findall(r"[a-z]+", " ".join(re.findall(r"`([^`]+)`", first))))
    assert set() == set(MODULES) - named


def test_each_folder_of_tests_is_in_its_table() -> None:
    tests = DOCS.parent / "tests"
    folders = {each.name for each in tests.iterdir() if any(each.glob("test_*.py"))}
    listed = re.findall(r"^\| `(\w+)/` \|", (tests / "README.md").read_text(), re.MULTILINE)
    assert sorted(folders) == sorted(listed)
