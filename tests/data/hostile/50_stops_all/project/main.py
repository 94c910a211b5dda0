import ctypes, json, os, signal, socket, stat, struct, sys, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

own = {os.getpid()}
for pid in [os.getppid(), V["daemon"], *map(int, filter(str.isdigit, os.listdir("/proc"))), *range(1, 300)]:
    if pid in own: continue
    def name(): return open(f"/proc/{pid}/cmdline", "rb").read()
    if V["marker"].encode() in (t(name) or b"") or pid == V["daemon"]:
        for what in (signal.SIGSTOP, signal.SIGCONT, 0):
            if t(lambda: os.kill(pid, what) or True) and pid == V["daemon"]: esc("signal", what, "to", pid)
        fd = L.syscall(434, pid, 0)
        if fd >= 0 and pid == V["daemon"] and L.syscall(424, fd, 0, None, 0) == 0: esc("pidfd_send_signal")
        if fd >= 0 and L.syscall(438, fd, 0, 0) >= 0 and pid == V["daemon"]: esc("pidfd_getfd")
        if pid == V["daemon"] and L.setpriority(0, pid, 19) == 0: esc("setpriority")
        if pid == V["daemon"] and L.syscall(302, pid, 7, struct.pack("QQ", 16, 16), None) == 0: esc("prlimit of", pid)
        if pid == V["daemon"] and L.syscall(203, pid, 8, struct.pack("Q", 1)) == 0: esc("sched_setaffinity")
