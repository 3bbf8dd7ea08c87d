"""Plots of the report, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

# The same data make the same file, and texts are texts.
mpl.rcParams.update({"svg.hashsalt": "pyjobs", "svg.fonttype": "none"})

_OURS = "#c0392b"
_OTHERS = "#7f8c8d"
_HEIGHT = 3.2


def _save(figure: Figure, path: Path) -> str:
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    return f"![{path.stem}]({path.name})"


def bars(path: Path, title: str, unit: str, values: Mapping[str, float]) -> str:
    """Draw a bar each, the longest first; returns Markdown that shows it."""
    names = sorted(values, key=values.__getitem__)
    figure = Figure(figsize=(7, 0.6 + 0.3 * len(names)))
    axes = figure.add_subplot()
    colours = [_OURS if name.startswith("pyjobs") else _OTHERS for name in names]
    drawn = axes.barh(names, [values[name] for name in names], color=colours)
    axes.bar_label(drawn, fmt="{:,.0f}", padding=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)
    axes.set(title=title, xlabel=unit)
    return _save(figure, path)


def lines(
    path: Path,
    title: str,
    across: str,
    unit: str,
    series: Mapping[str, Mapping[float, float]],
    logarithmic: str = "x",
) -> str:
    """Draw a line each; `logarithmic` names axes. Returns Markdown that shows it."""
    figure = Figure(figsize=(7, _HEIGHT))
    axes = figure.add_subplot()
    for name, points in series.items():
        axes.plot(list(points), list(points.values()), marker="o", label=name)
    _finish(figure, title, across, unit, logarithmic)
    if "y" not in logarithmic:
        axes.set_ylim(bottom=0)
    return _save(figure, path)


def shares(path: Path, title: str, unit: str, values: Mapping[str, Sequence[float]]) -> str:
    """Draw how many values are below each value; returns Markdown that shows it."""
    figure = Figure(figsize=(7, _HEIGHT))
    axes = figure.add_subplot()
    for name, found in values.items():
        ours = name.startswith("pyjobs")
        axes.ecdf(found, label=name, linewidth=2.5 if ours else 1, color=_OURS if ours else None)
    _finish(figure, title, unit, "share of the jobs", "x")
    return _save(figure, path)


def _finish(figure: Figure, title: str, across: str, up: str, logarithmic: str) -> None:
    (axes,) = figure.axes
    if "x" in logarithmic:
        axes.set_xscale("log")
    if "y" in logarithmic:
        axes.set_yscale("log")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    axes.set(title=title, xlabel=across, ylabel=up)
