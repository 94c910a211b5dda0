import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

n = sum(L.shmget(0, 16 << 20, 0o1600) >= 0 for i in range(4))
print("made", n, L.semget(0, 1, 0o1600), L.msgget(0, 0o1600))
