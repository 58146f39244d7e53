"""What several tests check in the same way."""


class Untouched:
    """On exit, see that the attributes of an estimator are the objects they were on entry."""

    def __init__(self, estimator):
        self.estimator = estimator

    def __enter__(self):
        self.before = dict(vars(self.estimator))

    def __exit__(self, *error):
        after = vars(self.estimator)
        assert list(after) == list(self.before)
        assert all(after[name] is value for name, value in self.before.items())
