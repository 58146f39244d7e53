"""What is measured: one record per benchmark."""

from dataclasses import dataclass, replace

from .works import SIZES, SMALL, Panel, Work


@dataclass(frozen=True)
class Goal:
    """How many times as fast as a peer we mean to be."""

    peer: str
    at_least: float


@dataclass(frozen=True)
class Benchmark:
    """A task, and the sides that do it in turn.

    Attributes
    ----------
    name, title : str
    task : str
        A method of `tasks.Tasks`.
    work : object
        What the task is given.
    peers : tuple of str
        Sides other than skrnn.
    figure : str
        Key of what is compared.
    fresh : bool
        Every round is a process of its own; otherwise one process per side does all rounds, the
        first of which is not counted.
    cache : {"cold", "warm"}
        Whether compiled programs are found on disk.
    goals : tuple of Goal
    flops : float
        Arithmetic of the task, where its share of the peak says something.
    """

    name: str
    title: str
    task: str
    work: object
    peers: tuple[str, ...] = ()
    figure: str = "seconds"
    fresh: bool = False
    cache: str = "cold"
    goals: tuple[Goal, ...] = ()
    flops: float = 0.0


def starts():
    """Return what is timed from the start of `python`, and the first fit after the imports."""
    for cache, of_imports in (("cold", 2.0), ("warm", 1.3)):
        common = {"fresh": True, "cache": cache, "work": SMALL}
        started = {"figure": "since_start", "peers": ("imports", "keras", "torch"), **common}
        yield Benchmark(
            f"start-{cache}",
            f"python to the end of the first fit, programs {cache}",
            "fit_from_start",
            goals=(Goal("imports", 1 / of_imports),),
            **started,
        )
        yield Benchmark(
            f"start-predict-{cache}",
            f"python to the first prediction, programs {cache}",
            "fit_and_predict",
            **started,
        )
        yield Benchmark(
            f"first-fit-{cache}", f"first fit, programs {cache}", "fit", peers=("keras",), **common
        )
    title = "building and compiling LSTM(64), to train and to predict"
    yield Benchmark("compile", title, "compiling", SMALL, fresh=True)


def throughputs():
    """Return epochs of all sizes, and whole fits of the smallest."""
    yield Benchmark(
        "next-fit", "next fit", "fit", SMALL, ("keras", "torch"), goals=(Goal("torch", 8.0),)
    )
    for name, work in SIZES.items():
        peers = ("keras",) if work.frame else ("keras", "torch")
        goal = Goal("keras", 8.0) if work.frame else Goal("torch", 1.0)
        # The products of frames have no shapes to compare with: patches are cut in several ways.
        flops = 0.0 if work.frame else 3.0 * work.flops_per_row * work.n_rows
        yield Benchmark(
            f"epoch-{name}", f"epoch, {name}", "epoch", work, peers, goals=(goal,), flops=flops
        )


def searches():
    """Return the search over 12 candidates, five folds and a refit."""
    for cache, goal in (("cold", 1 / 0.75), ("warm", 1 / 0.3)):
        yield Benchmark(
            f"grid-{cache}",
            f"61 fits in GridSearchCV, programs {cache}",
            "grid",
            SMALL,
            ("skorch",),
            fresh=True,
            cache=cache,
            goals=(Goal("skorch", goal),),
        )


def predictions():
    """Return calls of predict, with few epochs of a fit before."""
    for name in ("12x1-64", "48x8-64", "336x1-128"):
        for n_predicted, goal in ((1, 1 / 1.2), (100, 1.0), (10_000, 1.0)):
            work = replace(SIZES[name], n_predicted=n_predicted, n_rows=64, epochs=1)
            yield Benchmark(
                f"predict-{name}-{n_predicted}",
                f"predict {n_predicted:,} rows, {name}",
                "predict",
                work,
                ("keras", "torch"),
                goals=(Goal("torch", goal),),
                flops=work.flops_per_row * n_predicted,
            )


def others():
    """Return a panel of series, and memory."""
    yield Benchmark("panel", "fit of a panel of 50 series", "panel", Panel(), ("torch",))
    works = [Work(12, 1, units, 8, epochs=2) for units in range(8, 38)]
    yield Benchmark(
        "memory", "peak memory of 30 structures", "memory", works, ("keras",), "peak_mib", True
    )


BENCHMARKS = [*starts(), *throughputs(), *searches(), *predictions(), *others()]
