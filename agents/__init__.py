"""Architect, Engineer and Verifier: values in, values out. They know no project folder and write no file."""
