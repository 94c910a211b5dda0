"""One module a language: how it is recognised, prepared, built, tested and linted."""
