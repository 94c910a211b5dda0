import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

s = V["project"] + "/.tumbler/state.json"
t(lambda: (os.link(s, "hard"), open("hard", "w").write("{}")))
t(lambda: (os.symlink(s, "soft"), open("soft", "w").write("{}")))
t(lambda: os.rename(s, "moved")); t(lambda: os.truncate(s, 0)); t(lambda: os.truncate("l", 0)); t(lambda: os.unlink(s))
t(lambda: L.truncate(s.encode(), 0))
