import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

k = V["home"] + "/.ssh/id_rsa"
for m in (0o777, 0o000, 0o4755): t(lambda: os.chmod(k, m)); t(lambda: os.chmod(V["home"] + "/.ssh", m))
t(lambda: os.chown(k, 12345, 12345)); t(lambda: os.setxattr(k, "user.x", b"x")); t(lambda: os.chmod(V["home"], 0))
