import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for p in (V["home"] + "/.ssh/id_rsa", V["project"] + "/.tumbler/state.json", "/etc/shadow", "/etc/ssl/private", "/root/.ssh", "/root/.bash_history"):
    t(lambda: print(open(p).read()) if not os.path.isdir(p) else esc(os.listdir(p)))
for d in ("/root", "/home", V["home"], os.path.dirname(V["project"])):
    t(lambda: os.listdir(d) and d == V["home"] and esc("listed", d))
