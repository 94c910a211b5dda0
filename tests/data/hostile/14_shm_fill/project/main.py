import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

n = 0
def fill(f):
    global n
    for i in range(40): f.write(b"x" * (50 << 20)); f.flush(); n += 50
t(lambda: fill(open(f"/dev/shm/{V['marker']}", "wb")))
t(lambda: fill(open(os.memfd_create("x"), "wb")))
print(n)
if n >= 2000: esc(n)
