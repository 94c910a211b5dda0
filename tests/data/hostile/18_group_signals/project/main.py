import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

signal.signal(15, signal.SIG_IGN); signal.signal(1, signal.SIG_IGN)
for target in (0, -1, -os.getpgid(0), -V["daemon"], V["daemon"], -os.getppid()):
    for s in (1, 15): t(lambda: os.kill(target, s))
t(lambda: signal.pidfd_send_signal(os.pidfd_open(V["daemon"]), 9) or esc("by pidfd"))
