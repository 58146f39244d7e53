"""The middle that both faces share: options to spec, spec and data to a fitted network.

`_options` and `_constraints` import no keras; the others do.
"""
