"""x86-64 levels from flags, and what betrays an emulator."""

from __future__ import annotations

import pytest

from devbox.host.processor import cpu_level, emulated_by, processor_facts

V1 = "fpu cx8 cmov mmx fxsr sse sse2 lm"
V2 = f"{V1} cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
V3 = f"{V2} avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ("", 1), (V1, 1), (V2, 2), (V3, 3), (f"{V3} avx512f avx512bw avx512cd avx512dq avx512vl", 4),
        (V3.replace("popcnt", ""), 1), (V3.replace(" avx2", ""), 2), (f"{V3} avx512f", 3),
    ],
)  # fmt: skip
def test_a_level_needs_all_its_flags_and_those_below(flags: str, level: int) -> None:
    assert cpu_level(flags) == level


@pytest.mark.parametrize(
    ("arch", "fields", "emulator"),
    [
        ("x86_64", {"vendor_id": "AuthenticAMD", "flags": V3}, None),
        ("aarch64", {"CPU implementer": "0x41"}, None),
        ("x86_64", {"vendor_id": "VirtualApple", "flags": V2}, "Rosetta"),
        ("aarch64", {"vendor_id": "GenuineIntel", "flags": V3}, "qemu-user"),
        ("x86_64", {"CPU implementer": "0x41"}, "qemu-user"),
        ("x86_64", {"model name": "QEMU Virtual CPU", "flags": f"{V2} hypervisor"}, None),
        ("aarch64", {}, None),
    ],
)
def test_a_processor_of_another_kind_betrays_an_emulator(
    arch: str, fields: dict[str, str], emulator: str | None
) -> None:
    assert emulated_by(arch, fields) == emulator


def test_every_absent_fact_has_a_reason() -> None:
    facts = processor_facts()
    assert [name for name, value in facts.items() if value is None and not facts.get(f"{name}_reason")] == []
