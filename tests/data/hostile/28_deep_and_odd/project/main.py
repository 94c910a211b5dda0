import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for i in range(1500): t(lambda: (os.mkdir("d" * 200), os.chdir("d" * 200)))
t(lambda: os.ftruncate(os.open("sparse", os.O_CREAT | os.O_RDWR), 1 << 50) or esc("sparse"))
for n in (b"\xff\xfe", b"new\nline", b"-rf", b" ", b"*"): t(lambda: os.mkdir(n))
