import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

t(lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)) or esc("core limit raised"))
if (p := os.fork()) == 0: os.abort()
print(os.WCOREDUMP(os.waitpid(p, 0)[1]) and esc("core dumped"))
