import ctypes, json, os, signal, socket, stat, struct, sys, time
V = json.load(open("victim.json"))
def esc(*a): print("ESCAPED", *a, flush=True)
def t(f):
    try: return f()
    except BaseException as e: print("  no:", repr(e)[:100], flush=True)
L = ctypes.CDLL(None, use_errno=True)

calls = {"perf_event_open": (298, struct.pack("IIQ", 1, 112, 0) + bytes(96), 0, -1, -1, 0), "bpf": (321, 0, bytes(72), 72), "fanotify_init": (300, 0, 0),
         "userfaultfd": (323, 0), "init_module": (175, bytes(8), 8, b""), "finit_module": (313, 0, b"", 0), "kexec_load": (246, 0, 0, None, 0),
         "swapon": (167, b"victim.json", 0), "acct": (163, b"victim.json"), "quotactl": (179, 0, None, 0, None), "settimeofday": (164, struct.pack("qq", 0, 0), None),
         "adjtimex": (159, struct.pack("I", 1) + bytes(204)), "sethostname": (170, b"x", 1), "reboot": (169, 0, 0, 0, None), "iopl": (172, 3), "ioperm": (173, 0, 1, 1),
         "lookup_dcookie": (212, 0, bytes(8), 8), "pivot_root": (155, b".", b"."), "chroot": (161, b"."), "open_tree": (428, -100, b"/", 1), "fsopen": (430, b"tmpfs", 0), "move_mount": (429, -100, b"/", -100, b"/tmp", 0), "mount_setattr": (442, -100, b"/", 0, bytes(32), 32)}
harmless = {"adjtimex"}
for name, (number, *arguments) in calls.items():
    if L.syscall(number, *arguments) >= 0 and name not in harmless: esc(name)
