"""Describe this machine: processor, cache sizes and C library. QEMU can emulate another processor."""

import platform
import shutil
from pathlib import Path

from pipeline.io.errors import UserError
from pipeline.programs import output_of

QEMU = "qemu-x86_64"


def qemu_command(cpu: str) -> list[str]:
    """Return the command that runs a program on an emulated processor, such as Haswell or EPYC,legacy-cache=on."""
    return [QEMU, "-cpu", f"{cpu},check=off"]  # check=off: no warnings about features that QEMU lacks


def check_emulator(cpu: str) -> None:
    """Raise UserError if QEMU is missing or does not know this processor."""
    if not shutil.which(QEMU):
        raise UserError(f"{QEMU}: not found, but the option CPU needs it; on Debian: apt-get install qemu-user")
    if not output_of(*qemu_command(cpu), shutil.which("echo") or "/bin/echo", "it runs"):
        raise UserError(f"CPU: found {cpu!r}; accepted: a processor that `{QEMU} -cpu help` lists, such as Haswell")


def processor(cpu: str | None = None) -> str:
    """Describe the processor of this machine, or the emulated one: name, family, model and cache sizes."""
    command = [*(qemu_command(cpu) if cpu else []), shutil.which("getconf") or "getconf"]  # QEMU needs a full path
    sizes = [output_of(*command, f"LEVEL{level}_SIZE") for level in ("1_DCACHE", "2_CACHE", "3_CACHE")]
    caches = " / ".join(f"{int(size) // 1024}" if size.isdecimal() else "?" for size in sizes)
    if cpu:
        return f"an emulated {cpu} (QEMU {output_of(QEMU, '--version').split()[2]}; caches {caches} KiB)"
    info = Path("/proc/cpuinfo")
    lines = info.read_text().split("\n\n")[0].splitlines() if info.exists() else []
    cpu_info = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name, family, model = (cpu_info.get(key, "?") for key in ("model name", "cpu family", "model"))
    return f"{name} (family {family}, model {model}; caches {caches} KiB)"


def libc() -> str:
    """Return the C library and its version. numpy uses its exp, log and pow for float64."""
    return " ".join(platform.libc_ver()).strip() or "no glibc"
