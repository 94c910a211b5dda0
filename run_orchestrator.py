#!/usr/bin/env python3
"""Start the daemon, or one of its sub-commands."""

from orchestrator.cli import main

if __name__ == "__main__":
    main()
