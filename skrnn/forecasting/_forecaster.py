"""The forecaster that sktime sees."""

from __future__ import annotations

from ._base import PanelForecaster

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


class Seq2SeqForecaster(PanelForecaster):
    """Encoder-decoder network that forecasts one series or many.

    An encoder of recurrent layers reads the last `window` steps; a decoder writes all steps up to
    the farthest that is asked for. Every window is taken relative to its own level and scale, and
    what is learned is the difference from the value one season back, so that one network serves
    series of any size and trend: a panel or a hierarchy is fitted *globally*, by one network.

    The network learns quantiles. Point forecasts are their median; intervals lie between them.

    Parameters
    ----------
    window : int or None, default=None
        Steps that are looked back. None means twice the farthest step ahead, and at least two
        seasons and a dozen steps; eight times the farthest step ahead where there is no season.
        It leaves at least half of a series of median length to learn from.
    cell : {"lstm", "gru", "simple", "peephole"}, default="lstm"
        Recurrent cell: long short-term memory [1]_, gated recurrent unit [2]_, the plain
        recurrent layer of Keras, or an LSTM whose gates also see the cell state (F. Gers and
        J. Schmidhuber, "Recurrent nets that time and count", IJCNN 2000).
    units : int or sequence of int, default=64
        Width of the recurrent layer; one entry per layer stacks several, first layer first, as
        in `(128, 64, 32)`.
    bidirectional : bool or sequence of bool, default=False
        Read the sequence in both directions [3]_; one entry per layer where they differ.
    merge_mode : {"concat", "sum", "mul", "ave"}, default="concat"
        How the outputs of the two directions are combined.
    dropout : float in [0, 1), default=0.2
        Share of the outputs of each recurrent layer dropped while training, others at every
        step. The raw input is never dropped. The rate is a value: a search over rates compiles
        nothing new.
    variational_dropout : float in [0, 1), default=0.0
        The same with one mask for all steps of a sequence [4]_. Zero leaves the mask out of the
        compiled program.
    recurrent_dropout : float in [0, 1), default=0.0
        Share of the recurrent state dropped while training, with one mask for all steps of a
        sequence [4]_. Zero leaves the mask out of the compiled program.
    attention : bool, default=False
        Let the last output of the recurrent layers look back at those of all steps (scaled dot
        products, M.-T. Luong, H. Pham and C. D. Manning, EMNLP 2015). With
        `return_sequences=True` every step looks at all others, or where no layer is
        bidirectional at those before it; a decoder looks at the outputs of the encoder.
    dense_units : int or sequence of int, default=()
        Widths of dense layers between the recurrent part and the output.
    dense_activation : str or callable, default="relu"
        Activation of the dense layers, as Keras names it.
    activation : str or callable, default="tanh"
        Activation of the recurrent layers. Others than the default use the time loop of Keras,
        which is slower.
    layer_params : dict or None, default=None
        Further keyword arguments of the recurrent Keras layers, such as `recurrent_activation`,
        `kernel_initializer`, `kernel_regularizer`, `use_bias` or `unit_forget_bias`.
    decoder : {"autoregressive", "repeat", "parallel", "dense"}, default="parallel"
        How the horizon is written. "autoregressive": step by step, each from the value before
        [5]_; "repeat": recurrent layers over the encoder's last output, repeated [2]_;
        "parallel": one step of the cell per segment of the horizon, all at once, from a learned
        position [6]_; "dense": one linear map of the encoder's last output.
    segment_length : int or None, default=None
        Steps that the encoder reads, and the parallel decoder writes, at once [6]_. None means
        a season where the window has seven or more of them; without a season the farthest step
        ahead, if that is 4 or more and the window four times as long; and 1 otherwise.
    linear_skip : bool, default=True
        Add a linear map from the window to the horizon, so that the recurrent part only learns
        what is not linear.
    teacher_forcing : float in [0, 1], default=0.5
        How often the autoregressive decoder, while training, goes on from the true value
        and not from its own [8]_. A value, like the dropout rates.
    sp : int, sequence of int or None, default=None
        Period of the season, or several, as in `(24, 168)`. What the network learns is the
        difference from the value so many steps before; 1 is the difference from the last value, 0
        that from the mean of the window. None looks for the steps of an hour, a day, a week and a
        year in the data, and where there is no calendar for peaks of the autocorrelation; the
        network then takes differences from what is nearest.
    scaler : {"window", "level", "standard"} or None, default="window"
        "window" takes every window relative to its own mean and standard deviation [9]_,
        "level" relative to its own mean, in units of the standard deviation of the series, and
        "standard" every series relative to mean and standard deviation of what was fitted.
    multivariate : {"independent", "joint"}, default="independent"
        Several columns of `y`: "independent" takes each as a series of its own, all of them
        with one network; "joint" reads and writes them together.
    calendar : bool, default=False
        Tell the network the time of the day, the day of the week or the time of the year, as
        the frequency asks for. Needs dates or periods.
    past_covariates : sequence of str, default=()
        Columns of `X` that are known up to now alone, such as the weather or prices. The network
        reads them over the window, and never at the steps to forecast: `X` may leave them out
        there. All other columns of `X` are known ahead, and are read at both.
    static_covariates : sequence of str, default=()
        Columns of `X` that have one value for each series, at all times, such as the type of a
        store or its region. They are remembered from the fit: `X` may leave them out later. The
        network reads them at every step, scaled over the series.
    bounds : pair of float or None, default=None
        Smallest and largest value of the series, None where there is none: `(0, None)` for counts.
        Forecasts and quantiles stay within, and `y` must. None means that there are no bounds.
    quantiles : sequence of float in (0, 1) or None, default=(0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
        Quantiles that are learned, the median always with them. Others are interpolated. None
        means one value per step and no intervals.
    loss : str, keras.losses.Loss, callable or None, default=None
        Without quantiles: the loss; None means "mae".
    calibrate : bool, default=False
        Hold back the last fifth of a single series, or as many steps of every series of a
        panel as are forecast, and shift the quantiles so that they cover their share [10]_.
    n_members : int, default=1
        Networks that are trained, from different initial weights. Their median is the forecast.
    baselines : "auto" or sequence of str and sktime forecasters, default="auto"
        Simple forecasts beside the network: "last", "mean", "drift", "seasonal" (the last
        season once more), "smoothing" (exponential, with a season), "damped" (and a damped
        trend), "log_damped" (on logarithms), "theta", "ridge" (linear regression on windows),
        "log_ridge", "pooled_ridge" (one for all series) and "pooled_log_ridge"; "auto" is all of
        them. A forecaster of sktime is fitted anew at every origin. The forecast is the mean of
        all members, weighted by their errors in a part at the end of each series [11]_, for
        which a network is trained without it; quantiles are calibrated there, too. `()` is the
        network alone, in half the time.
    effort : float, default=1.0
        How much a fit may take: epochs that are not given, and the number of series up to which
        baselines that take them one by one (smoothing, theta) are used, 1000 at an effort of 1,
        grow with it. It counts steps and not seconds, so that results do not depend on the
        machine.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        Optimizer, by its name in any case or as an object, which is copied, never changed.
    learning_rate : float or None, default=None
        Learning rate of the optimizer. None means 0.003 for "adam", which trains small data
        well in 100 epochs, and the optimizer's own rate for any other.
    lr_schedule : {"cosine", "plateau"}, keras schedule or callable, default="cosine"
        "cosine" lets the rate fall to zero over all epochs, "plateau" halves it when the
        monitored loss has not improved for five epochs; a function takes the step and
        returns the rate.
    clipnorm : float, default=1.0
        Largest Euclidean norm of the gradient of each weight array, as in Keras.
    epochs : int or None, default=None
        Passes over the windows. None means as many as make 3000 optimizer steps, but at least
        10 and at most 40, times the effort: a small network learns few windows by heart soon.
    steps_per_epoch : int or None, default=None
        Batches of an epoch; the windows are drawn anew for each. None means all windows, or 200
        batches of them if there are more.
    finetune_epochs : int, default=5
        Epochs of `fit` after `pretrain`, and of `update`.
    batch_size : int, default=64
        Rows per optimizer step; all of them where there are fewer.
    early_stopping : bool, default=False
        Stop when the loss of the windows that `validation_fraction` holds out no longer improves,
        and keep the best weights. Where there are `baselines`, the network that is trained for
        their weights stops in the same way, by windows before the part that it does not know.
    validation_fraction : float in (0, 1) or None, default=None
        Share of the windows of each series, its last ones and at least one, that networks do not
        learn from but are validated on: `history_` gets `val_loss`, with or without
        `early_stopping`. No target is on both sides, so that windows between are left out;
        series with no more windows than steps ahead are trained on as a whole. None is 0.1 with
        `early_stopping`, and no validation without.
    n_iter_no_change : int, default=10
        Epochs without improvement that `early_stopping` waits.
    tol : float, default=1e-4
        Change of the loss that counts as an improvement.
    callbacks : keras.callbacks.Callback or list of them or None, default=None
        Called as `keras.Model.fit` calls them, for the network that forecasts and not for the one
        that is trained for the weights of `baselines`. They may set the learning rate, stop
        training and change the weights at its end; what they add to `logs` becomes a column of
        `history_`. Of several members the first has those given, and the others have copies.
    n_jobs : int or None, default=None
        Threads that train members side by side.
    verbose : int, default=0
        Show a progress line for each network, with epoch, losses and time left, which is known from
        the second epoch on. Processes that fit side by side write a line for each fit when it has
        ended.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, dropout and shuffling. The same seed gives the same weights to
        the last bit on the same machine, in any process or thread.

    Attributes
    ----------
    settings_ : Settings
        Horizon, window, season and segment length that are in use, and all seasons that there are.
    history_ : History
        Of the first network that forecasts: `"loss"`, `"val_loss"` where windows are held out, what
        callbacks add, `"learning_rate"` and `"seconds"`, epoch by epoch.
    n_parameters_ : int
        Trained weights of all networks.
    weights_ : pandas.DataFrame
        With `baselines`: the weight of each member (columns) in each series (rows).
    validation_errors_ : pandas.DataFrame
        With `baselines`: mean absolute error of each member (columns), over all series, of
        forecasts from so many steps before the end (rows).
    summary_ : str
        With `baselines`: which member carries the forecast, and what the network is worth.

    See Also
    --------
    Seq2SeqRegressor : The same networks over windows, in scikit-learn.

    Notes
    -----
    `fit` after `pretrain`, and `update`, train the networks on for `finetune_epochs`; with zero
    they only take note of the new values. `update` with `update_params=False` never trains. Nothing
    is held out for these epochs, which callbacks are told of as well.

    In `X`, steps to forecast that are not in `fh` may be left out: they take the values of the step
    before. Missing values of `X` are taken as the mean of their column.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural
       Computation 9(8), 1997; with the forget gate of F. Gers, J. Schmidhuber and
       F. Cummins, "Learning to forget", Neural Computation 12(10), 2000.
    .. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
       machine translation", EMNLP 2014.
    .. [3] M. Schuster and K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions
       on Signal Processing 45(11), 1997.
    .. [4] Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in recurrent
       neural networks", NeurIPS 2016.
    .. [5] I. Sutskever, O. Vinyals and Q. V. Le, "Sequence to sequence
       learning with neural networks", NeurIPS 2014.
    .. [6] S. Lin et al., "SegRNN: Segment recurrent neural network for long-term time series
       forecasting", arXiv 2308.11200, 2023.
    .. [7] M.-T. Luong, H. Pham and C. D. Manning, "Effective approaches to attention-based neural
       machine translation", EMNLP 2015.
    .. [8] S. Bengio, O. Vinyals, N. Jaitly and N. Shazeer, "Scheduled sampling for sequence
       prediction with recurrent neural networks", NeurIPS 2015.
    .. [9] S. Smyl, "A hybrid method of exponential smoothing and recurrent
       neural networks for time series forecasting", International Journal of Forecasting 36(1),
       2020.
    .. [10] Y. Romano, E. Patterson and E. Candes, "Conformalized quantile regression", NeurIPS
       2019.
    .. [11] J. Bates and C. Granger, "The combination of forecasts", Operational Research Quarterly
       20(4), 1969.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skrnn import Seq2SeqForecaster
    >>> index = pd.period_range("2000-01", periods=96, freq="M")
    >>> wave = np.sin(2 * np.pi * np.arange(96) / 12)
    >>> y = pd.Series(10 + 0.1 * np.arange(96) + wave, index=index)
    >>> forecaster = Seq2SeqForecaster(units=16, epochs=20, random_state=0)
    >>> forecast = forecaster.fit(y[:84], fh=range(1, 13)).predict()
    >>> forecast.index[0]
    Period('2007-01', 'M')
    >>> bool((forecast - y[84:]).abs().max() < 1.5)
    True
    """

    def __init__(
        self,
        window=None,
        *,
        cell="lstm",
        units=64,
        bidirectional=False,
        merge_mode="concat",
        dropout=0.2,
        variational_dropout=0.0,
        recurrent_dropout=0.0,
        attention=False,
        dense_units=(),
        dense_activation="relu",
        activation="tanh",
        layer_params=None,
        decoder="parallel",
        segment_length=None,
        linear_skip=True,
        teacher_forcing=0.5,
        sp=None,
        scaler="window",
        multivariate="independent",
        calendar=False,
        past_covariates=(),
        static_covariates=(),
        bounds=None,
        quantiles=QUANTILES,
        loss=None,
        calibrate=False,
        n_members=1,
        baselines="auto",
        effort=1.0,
        optimizer="adam",
        learning_rate=None,
        lr_schedule="cosine",
        clipnorm=1.0,
        epochs=None,
        steps_per_epoch=None,
        finetune_epochs=5,
        batch_size=64,
        early_stopping=False,
        validation_fraction=None,
        n_iter_no_change=10,
        tol=1e-4,
        callbacks=None,
        n_jobs=None,
        verbose=0,
        random_state=None,
    ):
        self.window = window
        self.cell = cell
        self.units = units
        self.bidirectional = bidirectional
        self.merge_mode = merge_mode
        self.dropout = dropout
        self.variational_dropout = variational_dropout
        self.recurrent_dropout = recurrent_dropout
        self.attention = attention
        self.dense_units = dense_units
        self.dense_activation = dense_activation
        self.activation = activation
        self.layer_params = layer_params
        self.decoder = decoder
        self.segment_length = segment_length
        self.linear_skip = linear_skip
        self.teacher_forcing = teacher_forcing
        self.sp = sp
        self.scaler = scaler
        self.multivariate = multivariate
        self.calendar = calendar
        self.past_covariates = past_covariates
        self.static_covariates = static_covariates
        self.bounds = bounds
        self.quantiles = quantiles
        self.loss = loss
        self.calibrate = calibrate
        self.n_members = n_members
        self.baselines = baselines
        self.effort = effort
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.lr_schedule = lr_schedule
        self.clipnorm = clipnorm
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self.finetune_epochs = finetune_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callbacks = callbacks
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state
        super().__init__()

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters for the tests of sktime.

        Parameters
        ----------
        parameter_set : str
            There is one set.

        Returns
        -------
        params : list of dict
            Constructor arguments, a dict for each test.
        """
        small = {
            "window": 3,
            "units": 2,
            "epochs": 1,
            # These compile fastest.
            "cell": "simple",
            "quantiles": (0.1, 0.9),
            "optimizer": "sgd",
            "clipnorm": None,
            "batch_size": 8,
            "baselines": (),
            "random_state": 0,
        }
        return [
            small,
            {
                **small,
                "decoder": "repeat",
                "multivariate": "joint",
                "baselines": ("last", "smoothing", "ridge"),
                "n_members": 2,
                "finetune_epochs": 1,
            },
        ]
