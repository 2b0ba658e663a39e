//! What the binary is: static, hardened, small, and in need of nothing around it.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use goblin::elf::Elf;
use goblin::elf::dynamic::{DF_1_NOW, DF_1_PIE};
use goblin::elf::header::ET_DYN;
use goblin::elf::program_header::{PF_X, PT_GNU_RELRO, PT_GNU_STACK, PT_INTERP, PT_LOAD, ProgramHeader};

use crate::support::server::Server;
use crate::support::{NAME, Running, binary, executable, have_chroot, repository, run, tool};

fn with_elf(test: impl FnOnce(&Elf)) {
    let bytes = fs::read(binary()).expect("the binary");
    test(&Elf::parse(&bytes).expect("an ELF file"));
}

fn header(elf: &Elf, kind: u32) -> Option<ProgramHeader> {
    elf.program_headers.iter().find(|header| header.p_type == kind).cloned()
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn it_is_a_static_pie() {
    with_elf(|elf| {
        assert_eq!(elf.header.e_type, ET_DYN);
        let dynamic = elf.dynamic.as_ref().expect("relocations of its own");
        assert_ne!(dynamic.info.flags_1 & DF_1_PIE, 0);
        assert!(header(elf, PT_INTERP).is_none(), "it asks for an interpreter");
        assert!(elf.libraries.is_empty(), "it asks for {:?}", elf.libraries);
    });
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn it_is_hardened() {
    with_elf(|elf| {
        assert!(header(elf, PT_GNU_RELRO).is_some());
        assert_ne!(elf.dynamic.as_ref().expect("a dynamic section").info.flags_1 & DF_1_NOW, 0);
        assert_eq!(header(elf, PT_GNU_STACK).expect("a stack header").p_flags & PF_X, 0);
        let both = |header: &&ProgramHeader| header.p_type == PT_LOAD && header.is_write() && header.is_executable();
        assert!(!elf.program_headers.iter().any(|header| both(&header)), "a segment is writable and executable");
    });
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn it_is_stripped() {
    with_elf(|elf| {
        assert!(elf.syms.is_empty() && elf.section_headers.iter().all(|section| !is_debug(elf, section.sh_name)))
    });
}

/// Instructions that every x86-64 has. The large build has ring's faster code too, which asks the processor before it runs:
/// tests/slow/architectures.rs runs that build where nothing faster is there.
#[ignore = "needs dist/: run `make test`"]
#[test]
#[cfg(all(target_arch = "x86_64", not(feature = "full")))]
fn every_x86_64_has_its_instructions() {
    use iced_x86::{Decoder, DecoderOptions};
    // What the x86-64 psABI (3.1.1) has in the baseline, what is older, and what older processors take for no operation.
    let baseline = "CMOV CX8 FPU FPU287 FPU387 FXSR MMX SSE SSE2 SYSCALL X64
        INTEL8086 INTEL186 INTEL286 INTEL386 INTEL486 CPUID
        CET_IBT MULTIBYTENOP PAUSE";
    let file = fs::read(binary()).expect("the binary");
    let elf = Elf::parse(&file).expect("an ELF file");
    let mut count = 0;
    for section in elf.section_headers.iter().filter(|section| section.is_executable()) {
        let code = &file[section.file_range().expect("bytes in the file")];
        for instruction in Decoder::with_ip(64, code, section.sh_addr, DecoderOptions::NONE).iter() {
            count += 1;
            for feature in instruction.cpuid_features() {
                let there = baseline.split_whitespace().any(|name| name == format!("{feature:?}"));
                assert!(there, "{feature:?} at {:#x}: {:?}", instruction.ip(), instruction.code());
            }
        }
    }
    assert!(count > 10_000, "{count} instructions");
}

fn is_debug(elf: &Elf, name: usize) -> bool {
    elf.shdr_strtab.get_at(name).is_some_and(|name| name.starts_with(".debug"))
}

/// A header alone protects nothing: no loader reads it for a static-pie.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn its_relocations_are_read_only_when_it_runs() {
    let server = Server::silent();
    let probe = Running(
        Command::new(binary())
            .args([server.http("/"), "--timeout=60s".into()])
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts"),
    );
    server.request();
    let maps = fs::read_to_string(format!("/proc/{}/maps", probe.0.id())).expect("it runs");
    let of_binary: Vec<_> = maps.lines().filter(|line| line.ends_with(&format!("dist/{NAME}"))).collect();
    let base = start(of_binary[0]);
    with_elf(|elf| {
        let relro = header(elf, PT_GNU_RELRO).expect("RELRO");
        let page = base + (relro.p_vaddr & !0xfff);
        let mapping = of_binary.iter().find(|line| start(line) == page).expect("a mapping of RELRO's own");
        assert!(mapping.contains(" r--p "), "{mapping}");
    });
}

fn start(mapping: &str) -> u64 {
    let (start, _) = mapping.split_once('-').expect("a range");
    u64::from_str_radix(start, 16).expect("hexadecimal")
}

#[ignore = "needs dist/: run `make test`"]
#[test]
fn it_runs_in_an_empty_root_file_system() {
    if !have_chroot() {
        return;
    }
    let root = tempfile::tempdir().expect("a folder");
    executable(&root.path().join("lprobe"), &fs::read(binary()).expect("the binary"));
    let chroot = |target: String| run(tool("chroot").arg(root.path()).args(["/lprobe", &target]).env_clear());
    let server = Server::answering("HTTP/1.1 200 OK\r\n\r\n");
    chroot(server.http("/")).healthy();
    chroot(server.tcp()).healthy();
    let sick = Server::answering("HTTP/1.1 500 \r\n\r\n");
    chroot(sick.http("/")).unhealthy_saying(&["status 500"]);
    let left: Vec<_> = fs::read_dir(root.path()).expect("the folder").collect();
    assert_eq!(left.len(), 1, "it wrote a file: {left:?}");
}

/// musl's calloc and realloc would take a block of the arena for one of theirs. Those that the program defines are in
/// src/sys/entry.rs; the linker refuses a second definition of one.
#[ignore = "needs dist/: run `make test`"]
#[test]
fn no_allocator_is_linked_but_the_programs_own() {
    let own = ["malloc", "calloc", "realloc", "free", "aligned_alloc", "memalign", "posix_memalign"];
    let source = fs::read_to_string(repository("src/sys/entry.rs")).expect("it is there");
    for name in own.iter().chain(&["pthread_key_create", "pthread_setspecific", "pthread_getspecific"]) {
        assert!(source.contains(&format!("extern \"C\" fn {name}(")), "{name}");
    }
    let program = fs::read(repository(&format!("target/symbols/dist/{NAME}"))).expect("make dist leaves it");
    let elf = Elf::parse(&program).expect("an ELF file");
    let defined: BTreeSet<_> = elf
        .syms
        .iter()
        .filter(|symbol| symbol.st_shndx != 0)
        .filter_map(|symbol| elf.strtab.get_at(symbol.st_name))
        .collect();
    assert!(defined.contains("main"), "it has its symbols");
    let musls = ["valloc", "reallocarray", "malloc_usable_size", "__libc_malloc", "__libc_free", "__malloc_context"];
    assert!(musls.iter().all(|name| !defined.contains(name)), "{musls:?} are musl's");
}
