import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

t(lambda: (socket.create_connection(("127.0.0.1", V["port"]), 1), esc("reached the machine's loopback")))
t(lambda: (socket.create_connection(("::1", V["port"]), 1), esc("reached the machine's loopback")))
