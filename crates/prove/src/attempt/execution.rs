//! Running code that is not the service's: shells, dropped programs, memory files, the loader, and memory
//! that is writable and executable.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ringfence_sys::forbidden;
use rustix::fs::{MemfdFlags, Mode, memfd_create};

use super::Attempt;
use super::Group::Exploited;
use super::file::{listed, nameless, writable};
use crate::context::Context;
use crate::outcome::{Outcome, Reach};
use crate::survey::Candidate;

/// What the programs here end with, so that nothing else is mistaken for their end.
const ANSWER: i32 = 42;

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::new("run-shell", Exploited, "run a shell", |_, candidates| {
        run_first(candidates, &["-c", "exit 42"], ANSWER)
    })
    .on(&[
        "/bin/sh",
        "/usr/bin/bash",
        "/usr/bin/dash",
        "/usr/bin/busybox",
    ])
    .needs(super::Needs::Files(
        ringfence_policy::grant::FileAccess::Exec,
    )),
    Attempt::new(
        "run-tools",
        Exploited,
        "run the host's tools for downloading and scripting",
        |_, candidates| run_first(candidates, &["--version"], 0),
    )
    .on(&[
        "/usr/bin/python3",
        "/usr/bin/perl",
        "/usr/bin/curl",
        "/usr/bin/wget",
        "/usr/bin/openssl",
    ])
    .needs(super::Needs::Files(
        ringfence_policy::grant::FileAccess::Exec,
    )),
    Attempt::new(
        "run-through-loader",
        Exploited,
        "run any program by handing it to the loader",
        run_through_loader,
    )
    .on(&["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"])
    .needs(super::Needs::Files(
        ringfence_policy::grant::FileAccess::Exec,
    )),
    Attempt::new(
        "run-dropped-program",
        Exploited,
        "write a program and run it",
        |context, _| run_dropped(context),
    ),
    Attempt::new(
        "run-memory-file",
        Exploited,
        "run a program that is in no file system",
        |_, _| run_memory_file(),
    )
    .any(&["process.memfd"]),
    Attempt::new(
        "write-and-run-memory",
        Exploited,
        "write code into memory and run it",
        |_, _| {
            let mapped = forbidden::writable_and_executable(4096);
            Outcome::judge(mapped, &[], "mapped memory writable and executable")
        },
    )
    .any(&["process.jit"]),
];

/// Runs a program without input, output and environment; `Ok` when it ends with `code`.
fn run(program: &Path, arguments: &[&str], code: i32) -> io::Result<()> {
    let mut child = Command::new(program);
    // Standard output may be where the answer goes, so it gets something else in any case.
    let sink = || match File::options().read(true).write(true).open("/dev/null") {
        Ok(null) => Ok(Stdio::from(null)),
        Err(_) => io::stderr().as_fd().try_clone_to_owned().map(Stdio::from),
    };
    child.stdin(sink()?).stdout(sink()?).stderr(sink()?);
    let status = child
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .status()?;
    match status.code() {
        Some(seen) if seen == code => Ok(()),
        _ => Err(io::Error::other(format!("the program ended with {status}"))),
    }
}

/// Has the loader run a program that the service may not run by itself.
///
/// The loader has to be executable, because the kernel executes it for every dynamic program. What must
/// stop it is that it may not map the other program's code.
fn run_through_loader(context: &Context, candidates: &[Candidate]) -> Outcome {
    const PROGRAMS: [&str; 3] = ["/usr/bin/true", "/usr/bin/id", "/usr/bin/env"];
    let other = |program: &&str| context.program.as_deref() != Some(Path::new(program));
    let Some(program) = PROGRAMS.into_iter().find(other) else {
        return Outcome::cannot("there is no other program");
    };
    match run_first(candidates, &[program], 0) {
        Outcome::Reached(reach) => Outcome::Reached(Reach {
            detail: format!("{} with {program}", reach.detail),
            paths: vec![program.into()],
        }),
        stopped => stopped,
    }
}

fn run_first(candidates: &[Candidate], arguments: &[&str], code: i32) -> Outcome {
    let mut stopped = None;
    for candidate in candidates {
        match run(&candidate.path, arguments, code) {
            Ok(()) => {
                let paths = vec![candidate.path.clone()];
                let detail = format!("ran {}", listed(&paths));
                return Outcome::Reached(Reach { detail, paths });
            }
            Err(error) => {
                stopped.get_or_insert(error);
            }
        }
    }
    stopped.map_or_else(
        || Outcome::cannot("this host has no such program"),
        Outcome::stopped,
    )
}

/// `exit(42)` in machine code.
#[cfg(target_arch = "x86_64")]
const CODE: &[u8] = &[0xb8, 60, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05];
#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const CODE: &[u8] = &[
    0x40, 0x05, 0x80, 0xd2, 0xa8, 0x0b, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4,
];
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// The smallest static program; elf(5): a header, one segment, and the code.
fn program() -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    const HEADERS: u64 = 64 + 56;
    let length = HEADERS + CODE.len() as u64;
    let mut elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    elf.extend(2u16.to_le_bytes());
    elf.extend(MACHINE.to_le_bytes());
    elf.extend(1u32.to_le_bytes());
    elf.extend((BASE + HEADERS).to_le_bytes());
    elf.extend(64u64.to_le_bytes());
    elf.extend([0; 12]);
    for half in [64u16, 56, 1, 0, 0, 0] {
        elf.extend(half.to_le_bytes());
    }
    let (load, read_and_execute) = (1u32, 5u32);
    elf.extend(load.to_le_bytes());
    elf.extend(read_and_execute.to_le_bytes());
    for word in [0, BASE, BASE, length, length, 0x1000] {
        elf.extend(word.to_le_bytes());
    }
    elf.extend(CODE);
    elf
}

/// Writes a program into the first writable directory in which it can be run, and removes it.
fn run_dropped(context: &Context) -> Outcome {
    let mut stopped = None;
    let mut directories: &[PathBuf] = &context.writable;
    while let Some((directory, rest)) = directories.split_first() {
        directories = rest;
        if writable(std::slice::from_ref(directory)).is_none() {
            continue;
        }
        match drop_and_run(directory) {
            Ok(()) => return Outcome::reached(format!("ran one from {}", directory.display())),
            Err(error) => {
                stopped.get_or_insert(error);
            }
        }
    }
    stopped.map_or_else(
        || Outcome::cannot("no directory is writable"),
        Outcome::stopped,
    )
}

/// Runs a file without a name, so that nothing is left of it when a signal ends this process on the way: a
/// filter that kills for a fork, a limit on the size of files. What forbids to run it is the mount, which it
/// has in common with files that have names.
fn drop_and_run(directory: &Path) -> io::Result<()> {
    let file = nameless(directory)?;
    rustix::fs::fchmod(&file, Mode::RUSR | Mode::XUSR)?;
    run_written(file.into())
}

/// Writes the program into a file that can only be reached through its descriptor, and runs it.
fn run_written(mut file: File) -> io::Result<()> {
    file.write_all(&program())?;
    // Opened again for reading, because what is open for writing cannot run (ETXTBSY). Where /proc is not
    // there, neither is this way.
    let again = File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    drop(file);
    let path = format!("/proc/self/fd/{}", again.as_raw_fd());
    run(Path::new(&path), &[], ANSWER)
}

fn run_memory_file() -> Outcome {
    let ran = || -> io::Result<()> {
        // Linux 6.3 wants to be told whether it may be executable; an older kernel refuses the flag.
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::EXEC;
        let file = memfd_create("ringfence", flags)
            .or_else(|_| memfd_create("ringfence", MemfdFlags::CLOEXEC))?;
        run_written(file.into())
    };
    Outcome::judge(ran(), &[], "ran a program from memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_program_runs_from_a_directory_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        drop_and_run(directory.path()).unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
