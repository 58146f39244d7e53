"""How a series and forecasts of it are drawn."""

from __future__ import annotations

import numpy as np

from ..compat._sklearn import validate_params
from ._arrays import ends_before
from ._axes import (
    OF_DRAWING,
    axes_for,
    explain_lines,
    keywords_of_matplotlib,
    time_ticks,
    wrap_title,
)


class SeriesDrawing:
    """What a `ForecastDisplay` draws, from the arguments that it has stored."""

    @validate_params(
        {name: OF_DRAWING[name] for name in ("line_kw", "figsize")},
        prefer_skip_nested_validation=True,
    )
    def plot(self, ax=None, *, line_kw=None, figsize=None):
        """Draw the series and their forecasts.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on, one for each series; `None` makes a new figure.
        line_kw : dict, default=None
            Keywords for `Axes.plot`, shared by all forecasts.
        figsize : (float, float), default=None
            Width and height of the new figure in inches.

        Returns
        -------
        ForecastDisplay
            The display itself.
        """
        panels = [self] if self.panels is None else self.panels
        self.axes_, new = axes_for(ax, len(panels), figsize)
        for panel, one in zip(panels, self.axes_, strict=True):
            panel._draw(one, line_kw)
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        outside = new and (self.panels is not None or self.origins is not None)
        self.legend_ = explain_lines(self.axes_, outside=outside)
        if self.panels is not None and new:
            self.figure_.supxlabel("Time" if self.note is None else f"Time\n({self.note})")
            self.figure_.supylabel(panels[0]._value_name())
        else:
            for panel, one in zip(panels, self.axes_, strict=True):
                one.set(xlabel="Time", ylabel=panel._value_name())
        return self

    def _value_name(self):
        return "Target" if self.target_name is None else self.target_name

    def _draw(self, ax, line_kw):
        """Draw one series, without labels of the axes."""
        self.ax_, self.figure_, self.axes_ = ax, ax.figure, np.array([ax])
        length = len(next(iter(self.forecasts.values())))
        steps = np.arange(length) if self.index is None else self.index
        self.history_line_ = self._plot_history(ax)
        self.truth_line_ = None
        if self.y_true is not None:
            self.truth_line_ = self._plot_truth(ax, steps)
        self._plot_members(ax, steps)
        self._plot_forecasts(ax, steps, line_kw or {})
        self.origin_lines_ = [
            ax.axvline(
                origin,
                color="0.4",
                linestyle=":",
                linewidth=1,
                label=None if number else "forecast origin",
            )
            for number, origin in enumerate(() if self.origins is None else self.origins)
        ]
        time_ticks(ax, steps)
        if self.title is not None:
            wrap_title(ax, self.title)

    def _steps_of_history(self):
        """Return where the earlier values stand."""
        default = np.arange(-len(self.history), 0)
        return default if self.history_index is None else np.asarray(self.history_index)

    def _plot_truth(self, ax, steps):
        """Draw what was observed, from the last value of the history on; return its line."""
        truth = self.y_true
        if self.history is not None and np.isfinite(self.history[-1]):
            last = self._steps_of_history()[-1:]
            if ends_before(last, steps):
                truth, steps = np.append(self.history[-1:], truth), np.append(last, steps)
        return ax.plot(steps, truth, color="black", label="observed")[0]

    def _plot_history(self, ax):
        """Draw the earlier values, if there are any, and return their line."""
        if self.history is None:
            return None
        steps = self._steps_of_history()
        through = self.y_true is None and self.origins is not None and len(self.origins) > 1
        color, label = ("black", "observed") if through else ("0.5", "history")
        return ax.plot(steps, self.history, color=color, label=label, linewidth=1.2)[0]

    def _plot_members(self, ax, steps):
        self.member_lines_ = {}
        for number, (name, values) in enumerate((self.members or {}).items()):
            label = None if number else "members"
            (self.member_lines_[name],) = ax.plot(
                steps, values, color="0.75", linewidth=0.7, zorder=1, label=label
            )

    def _plot_forecasts(self, ax, steps, line_kw):
        self.lines_, self.bands_ = {}, {}
        for name, values in self.forecasts.items():
            with keywords_of_matplotlib("line_kw", line_kw):
                (line,) = ax.plot(steps, values, **{"label": name, **line_kw})
            self.lines_[name] = line
            if name in (self.intervals or {}):
                lower, upper = self.intervals[name]
                self.bands_[name] = ax.fill_between(
                    steps,
                    np.asarray(lower, float),
                    np.asarray(upper, float),
                    color=line.get_color(),
                    alpha=0.2,
                    linewidth=0,
                    label=self._band_name(name),
                )

    def _band_name(self, name):
        share = "interval" if self.coverage is None else f"{100 * self.coverage:g} % interval"
        return share if len(self.forecasts) == 1 else f"{share}, {name}"
