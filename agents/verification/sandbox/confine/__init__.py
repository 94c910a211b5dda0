"""A program of its own that runs one command confined by the kernel, and ends all that it started.

It starts once for each run, so it imports only what loads within a few milliseconds (ctypes; not dataclasses, json or
typing), and only by relative imports, because it is loaded without the packages around it.
"""
