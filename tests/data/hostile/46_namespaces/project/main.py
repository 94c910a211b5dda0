import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for f in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000):
    if L.unshare(f) == 0: esc("unshare", hex(f))
    p = L.syscall(56, f | 17, 0, 0, 0, 0)
    if p == 0: os._exit(0)
    if p > 0: esc("clone", hex(f)); os.waitpid(p, 0)
if L.setns(os.open("/proc/self/ns/net", 0), 0) == 0 if t(lambda: os.stat("/proc/self/ns/net")) else False: esc("setns")
t(lambda: subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode == 0 and esc("unshare -Ur"))
