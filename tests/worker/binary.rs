//! The shared libraries that the built programs need.

use std::path::Path;

const NEEDED: u64 = 1;
const RPATH: u64 = 15;
const RUNPATH: u64 = 29;

/// The (tag, text) pairs of the dynamic section of a 64-bit little-endian ELF file whose value is text.
fn dynamic(elf: &[u8]) -> Vec<(u64, String)> {
    let at = |offset: usize, bytes: usize| {
        elf[offset..offset + bytes].iter().rev().fold(0u64, |value, byte| value << 8 | u64::from(*byte))
    };
    let word = |offset| at(offset, 8) as usize;
    assert_eq!(&elf[..6], b"\x7fELF\x02\x01", "a 64-bit little-endian ELF file");
    let section = |index: usize| word(0x28) + index * at(0x3A, 2) as usize;
    let sections = (0..at(0x3C, 2) as usize).map(section);
    let dynamic = sections.into_iter().find(|s| at(s + 4, 4) == 6).expect("a dynamic section");
    let names = word(section(at(dynamic + 0x28, 4) as usize) + 0x18);
    let text = |offset: usize| {
        let bytes = elf[names + offset..].iter().take_while(|byte| **byte != 0).copied().collect();
        String::from_utf8(bytes).expect("names are UTF-8")
    };
    let entries = (word(dynamic + 0x18)..).step_by(16).take(word(dynamic + 0x20) / 16);
    entries
        .map(|entry| (at(entry, 8), word(entry + 8)))
        .filter(|(tag, _)| [NEEDED, RPATH, RUNPATH].contains(tag))
        .map(|(tag, value)| (tag, text(value)))
        .collect()
}

/// The libraries that a program of this build needs, and its run paths.
fn of(program: &str) -> (Vec<String>, Vec<String>) {
    let elf = std::fs::read(program).expect("the programs are built before their tests");
    let (needed, paths): (Vec<_>, Vec<_>) = dynamic(&elf).into_iter().partition(|(tag, _)| *tag == NEEDED);
    let text = |entries: Vec<(u64, String)>| entries.into_iter().map(|(_, text)| text).collect();
    (text(needed), text(paths))
}

#[test]
fn seraug_needs_the_system_alone() {
    let (needed, _) = of(seraug_test_support::common::program("seraug"));
    let system = ["libc.so", "libm.so", "libgcc_s.so", "ld-linux", "libpthread.so", "libdl.so"];
    assert!(needed.iter().all(|name| system.iter().any(|s| name.starts_with(s))), "{needed:?}");
    assert!(needed.iter().any(|name| name.starts_with("libc.so")), "{needed:?}");
}

#[test]
fn the_worker_needs_libtorch_but_not_its_cuda_half_and_knows_where_it_is() {
    let (needed, paths) = of(seraug_test_support::common::program("seraug-worker"));
    assert!(needed.iter().any(|name| name == "libtorch_cpu.so"), "{needed:?}");
    // It must start on a machine without a GPU, where the CUDA libraries are not installed.
    assert!(!needed.iter().any(|name| name.contains("cuda") || name.contains("cudnn")), "{needed:?}");
    let mut folders = paths.iter().flat_map(|paths| paths.split(':'));
    assert!(
        folders.any(|f| Path::new(f).join("libtorch_cpu.so").exists()),
        "no libtorch_cpu.so in {paths:?}"
    );
}
