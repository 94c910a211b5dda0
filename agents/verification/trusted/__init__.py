"""Programs that run inside the sandbox, before and around hostile code; each works alone with `python -I -B`."""
