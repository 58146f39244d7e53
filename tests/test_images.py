"""What displays look like, beside pictures that are stored; run the file to draw these anew.

Texts are taken out first, and with them the fonts: those of machines differ. Pictures are small and
compared with a tolerance, since versions of matplotlib place lines a little differently.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skrnn import ComparisonDisplay, ForecastDisplay, GridSearchDisplay

plt = pytest.importorskip("matplotlib.pyplot")
compare_images = pytest.importorskip("matplotlib.testing.compare").compare_images

IMAGES = Path(__file__).parent / "data" / "images"
WIDTHS = (4, 12)
TOLERANCE = 6.0  # root mean square over the pixels, of 255; without its band a picture is 10 off
STEPS = np.arange(48)
MONTHS = pd.period_range("2000-01", periods=48, freq="M").to_timestamp().to_numpy()
WAVE = 10 + 3 * np.sin(STEPS / 2) + STEPS / 20


def forecast(ax=None, shift=0.0, **options):
    """Return the display of a series with everything that there can be."""
    line = WAVE[35:] + np.linspace(0, 1, 13) + shift
    spread = np.linspace(0, 3, 13)
    return ForecastDisplay(
        y_true=WAVE[35:],
        forecasts={"forecast": line},
        index=MONTHS[35:],
        intervals={"forecast": (line - spread, line + spread)},
        history=WAVE[:36],
        history_index=MONTHS[:36],
        members={"last": np.full(13, WAVE[35])},
        origins=MONTHS[35:36],
        coverage=0.8,
        **options,
    )


def several(width):
    panels = [forecast(shift=number, title=f"series {number}") for number in range(2)]
    return ForecastDisplay(panels=panels, note="2 of 8 series drawn").plot(figsize=(width, 4))


def candidates(width):
    errors = np.linspace(1, 2, 8) ** 2
    names = [f"units={n}" for n in range(8)]
    display = GridSearchDisplay(labels=names, errors=errors, spreads=errors / 5)
    return display.plot(figsize=(width, 3))


def grid(width):
    table = pd.DataFrame(np.outer([1, 2, 3], [3.0, 1.0, 2.0]))
    display = GridSearchDisplay(labels=[], errors=[], grid=table.rename_axis("a", axis=1))
    return display.plot(figsize=(width, 3))


def comparison(width):
    display = ComparisonDisplay(
        names=["net", "last value", "ridge"], errors=[1.0, 2.0, 0.9], spreads=[0.1, 0.4, 0.2]
    )
    return display.plot(figsize=(width, 2))


PICTURES = {
    "forecast": lambda width: forecast().plot(figsize=(width, 3)),
    "several": several,
    "candidates": candidates,
    "grid": grid,
    "comparison": comparison,
}


def save(display, path):
    """Save a picture without texts."""
    figure = display.figure_
    figure.canvas.draw()
    figure.set_layout_engine("none")
    for legend in [*figure.legends, *(ax.get_legend() for ax in figure.axes)]:
        if legend is not None:
            legend.remove()
    figure.supxlabel("")
    figure.supylabel("")
    height = 1 / len(figure.axes)
    for number, ax in enumerate(figure.axes):  # where texts are decides where axes are
        ax.set_position([0.02, 1 - (number + 0.95) * height, 0.94, 0.9 * height])
        ax.set(title="", xlabel="", ylabel="")
        ax.set_title("", loc="left")
        ax.tick_params(labelbottom=False, labelleft=False, labelright=False)
        ax.xaxis.get_offset_text().set_visible(False)
        ax.yaxis.get_offset_text().set_visible(False)
        for text in ax.texts:
            text.set_visible(False)
    figure.savefig(path, dpi=32, metadata={"Software": None})
    plt.close(figure)


def draw(name, width, path):
    with plt.style.context("default"):
        plt.switch_backend("Agg")
        save(PICTURES[name](width), path)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", list(PICTURES))
def test_pictures_are_those_that_are_stored(name, width, tmp_path):
    drawn = tmp_path / f"{name}-{width}.png"
    draw(name, width, drawn)
    said = compare_images(IMAGES / drawn.name, drawn, TOLERANCE)
    assert said is None, said


@pytest.mark.parametrize("missing", ["intervals", "history", "y_true"])
def test_a_missing_part_is_seen(missing, tmp_path):
    display = forecast()
    setattr(display, missing, None)
    with plt.style.context("default"):
        plt.switch_backend("Agg")
        save(display.plot(figsize=(4, 3)), tmp_path / "forecast-4.png")
    assert compare_images(IMAGES / "forecast-4.png", tmp_path / "forecast-4.png", TOLERANCE)


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for picture in PICTURES:
        for inches in WIDTHS:
            draw(picture, inches, IMAGES / f"{picture}-{inches}.png")
