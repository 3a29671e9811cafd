"""The description of a machine agrees with the system, and that of an emulated one with QEMU."""

import shutil
from pathlib import Path

import pytest

from pipeline.io.errors import UserError
from pipeline.programs import output_of
from pipeline.verify import machine


def test_this_processor_is_named_with_its_caches() -> None:
    found = machine.processor()
    info = Path("/proc/cpuinfo").read_text()
    assert found.split(" (family")[0] in info
    assert f"caches {int(output_of('getconf', 'LEVEL1_DCACHE_SIZE')) // 1024} / " in found


def test_the_c_library_is_named() -> None:
    assert machine.libc().startswith("glibc 2.")


@pytest.mark.skipif(not shutil.which("qemu-x86_64"), reason="needs Debian's qemu-user")
def test_an_emulated_processor_is_described_as_emulated() -> None:
    assert machine.processor("EPYC,legacy-cache=on").startswith("an emulated EPYC,legacy-cache=on (QEMU ")
    assert "caches 64 / " in machine.processor("EPYC,legacy-cache=on")
    machine.check_emulator("Haswell")
    with pytest.raises(UserError, match=r"^CPU: found 'Z80'; accepted: a processor that `qemu-x86_64 -cpu help` lists"):
        machine.check_emulator("Z80")


def test_without_the_emulator_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"^qemu-x86_64: not found, but the option CPU needs it"):
        machine.check_emulator("Haswell")
