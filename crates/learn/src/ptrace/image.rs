//! Program files: what the kernel runs to execute them, and what the main process became.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use ringfence_policy::path::AbsPath;
use sha2::{Digest, Sha256};

use super::view::Found;

/// The main process's program, as far as it is known.
#[derive(Debug, Default)]
pub struct Image {
    /// What was typed.
    pub typed: Vec<OsString>,
    /// The last program.
    pub exec: Option<AbsPath>,
    /// Its arguments.
    pub argv: Vec<Vec<u8>>,
    /// How many programs there were.
    pub count: usize,
    /// The last program's file.
    pub file: Option<OwnedFd>,
    /// The working directory at its start.
    pub directory: Option<AbsPath>,
    /// The user id it started with.
    pub uid: u32,
    /// The group id it started with.
    pub gid: u32,
}

/// An exec whose end is awaited.
#[derive(Debug)]
pub struct Executed {
    /// The program.
    pub found: Found,
    /// Its arguments, for the main process.
    pub argv: Vec<Vec<u8>>,
}

/// What the kernel runs to execute a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Interpreter {
    /// The program in its `#!` line.
    Script(Vec<u8>),
    /// Its ELF interpreter, the dynamic linker.
    Elf(Vec<u8>),
    /// Itself alone, or something that binfmt_misc knows.
    None,
}

const PT_INTERP: u32 = 3;
/// The kernel reads no more of a `#!` line (`BINPRM_BUF_SIZE`).
const LINE: usize = 256;

/// Reads a program's beginning.
pub fn interpreter(file: &File) -> Interpreter {
    let mut head = vec![0; 4096];
    let length = file.read_at(&mut head, 0).unwrap_or(0);
    head.truncate(length);
    if let Some(line) = head.strip_prefix(b"#!") {
        let line = line.get(..LINE.min(line.len())).unwrap_or(line);
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or(line);
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | 0);
        return line
            .split(blank)
            .find(|word| !word.is_empty())
            .map_or(Interpreter::None, |word| Interpreter::Script(word.to_vec()));
    }
    elf_interpreter(file, &head).map_or(Interpreter::None, Interpreter::Elf)
}

/// `PT_INTERP` of a 64-bit or 32-bit little-endian file.
fn elf_interpreter(file: &File, head: &[u8]) -> Option<Vec<u8>> {
    let number = |raw: &[u8], at: usize, size: usize| {
        let bytes = raw.get(at..at + size)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)),
        )
    };
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let wide = head.get(4) == Some(&2);
    let (table, size, count) = if wide {
        (
            number(head, 32, 8)?,
            number(head, 54, 2)?,
            number(head, 56, 2)?,
        )
    } else {
        (
            number(head, 28, 4)?,
            number(head, 42, 2)?,
            number(head, 44, 2)?,
        )
    };
    for index in 0..count {
        let mut entry = vec![0; usize::try_from(size).ok()?];
        file.read_exact_at(&mut entry, table.checked_add(index.checked_mul(size)?)?)
            .ok()?;
        if number(&entry, 0, 4)? != u64::from(PT_INTERP) {
            continue;
        }
        let (offset, length) = if wide {
            (number(&entry, 8, 8)?, number(&entry, 32, 8)?)
        } else {
            (number(&entry, 4, 4)?, number(&entry, 16, 4)?)
        };
        let mut path = vec![0; usize::try_from(length.min(4096)).ok()?];
        file.read_exact_at(&mut path, offset).ok()?;
        path.truncate(
            path.iter()
                .position(|byte| *byte == 0)
                .unwrap_or(path.len()),
        );
        return Some(path);
    }
    None
}

/// SHA-256 of a file, in hexadecimal; empty when it cannot be read.
pub fn sha256(file: &OwnedFd) -> String {
    let Ok(mut file) = file.try_clone().map(File::from) else {
        return String::new();
    };
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => hash.update(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return String::new(),
        }
    }
    hash.finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write as _};

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.rewind().unwrap();
        file
    }

    #[test]
    fn the_interpreter_of_a_script_is_its_first_word() {
        let read = |line: &[u8]| interpreter(&file(line));
        assert_eq!(
            read(b"#!/bin/sh\n"),
            Interpreter::Script(b"/bin/sh".to_vec())
        );
        assert_eq!(
            read(b"#! \t/usr/bin/env -S x\n"),
            Interpreter::Script(b"/usr/bin/env".to_vec())
        );
        assert_eq!(read(b"#!\n/bin/sh"), Interpreter::None);
        assert_eq!(read(b""), Interpreter::None);
    }

    #[test]
    fn the_linker_of_a_program_is_found_in_its_headers() {
        let shell = File::open("/bin/sh").unwrap();
        assert!(matches!(
            interpreter(&shell),
            Interpreter::Elf(path) if path.starts_with(b"/lib")
        ));
        assert_eq!(interpreter(&file(b"\x7fELF\x02")), Interpreter::None);
    }

    #[test]
    fn the_hash_is_that_of_sha256sum() {
        assert_eq!(
            sha256(&file(b"abc").into()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
