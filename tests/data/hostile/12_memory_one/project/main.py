import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

import mmap
n = 0
try:
    keep = []
    for i in range(30):
        m = mmap.mmap(-1, 100 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
        for at in range(0, 100 << 20, 4096): m[at] = 1
        keep.append(m); n += 100
except BaseException as e: print(repr(e))
if n >= 3000: esc("3 GB")
