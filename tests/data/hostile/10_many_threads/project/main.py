import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

n = 0
try:
    for i in range(2000):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start(); n += 1
except BaseException as e: print("stopped at", n, repr(e))
if n >= 2000: esc("2000 threads")
os._exit(0)
