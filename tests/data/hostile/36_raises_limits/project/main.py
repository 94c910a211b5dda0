import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for n in ("NPROC", "DATA", "FSIZE", "NOFILE", "CPU"):
    r = getattr(resource, f"RLIMIT_{n}"); h = resource.getrlimit(r)[1]
    if h == resource.RLIM_INFINITY: esc(n, "unlimited")
    t(lambda: (resource.setrlimit(r, (h + 1, h + 1)), esc(n, "raised")))
