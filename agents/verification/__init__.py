"""Builds and tests hostile code, and judges the evidence."""
