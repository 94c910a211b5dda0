import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for s in range(1, 65): t(lambda: signal.signal(s, signal.SIG_IGN))
for i in range(3):
    if os.fork() == 0: os.setsid(); break
while True: time.sleep(100)
