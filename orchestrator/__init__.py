"""The tumbling cycle: watch project folders, decide what is next, run it, remember it."""
