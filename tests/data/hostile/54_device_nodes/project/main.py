import ctypes, json, os, signal, socket, stat, struct, sys, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

for place in (".", "/tmp", V["home"], V["project"], "/dev", "/dev/shm"):
    for kind, major, minor in ((stat.S_IFCHR, 1, 1), (stat.S_IFBLK, 8, 0), (stat.S_IFBLK, 254, 0), (stat.S_IFCHR, 10, 229)):
        path = f"{place}/node{major}{minor}{V['marker']}"
        if t(lambda: os.mknod(path, kind | 0o666, os.makedev(major, minor)) or True):
            if t(lambda: os.open(path, os.O_RDWR)) is not None: esc("opened a device of its own", path)
    if place in (V["home"], V["project"]):
        t(lambda: os.mkfifo(f"{place}/fifo{V['marker']}"))
        t(lambda: os.link("victim.json", f"{place}/link{V['marker']}"))
        t(lambda: os.symlink("/etc/passwd", f"{place}/symlink{V['marker']}"))
for path in ("/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/fuse", "/dev/net/tun", "/dev/kvm", "/dev/vsock", "/dev/loop-control", "/dev/mapper/control", "/dev/ptmx/../vda"):
    if t(lambda: os.open(path, os.O_RDWR)) is not None: esc("opened", path)
if L.syscall(103, 3, ctypes.create_string_buffer(4096), 4096) > 0: print("  kernel log is readable")
