"""Inputs of every accepted shape into one: sequences with NaN on masked steps."""
