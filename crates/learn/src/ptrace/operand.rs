//! Reading what a call's arguments point to.

use std::io;

use ringfence_sys::memory;
use rustix::process::Pid;

const PATH_MAX: usize = 4096;

/// A path. An empty one is what `AT_EMPTY_PATH` goes with.
pub fn path(task: Pid, address: u64) -> io::Result<Vec<u8>> {
    memory::read_c_string(task, address, PATH_MAX)
}

/// `length` bytes, all of them.
pub fn bytes(task: Pid, address: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; length];
    if length > 0 && memory::read(task, address, &mut buffer)? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(buffer)
}

/// A word of 8 bytes.
pub fn word(task: Pid, address: u64) -> io::Result<u64> {
    let raw = bytes(task, address, 8)?;
    Ok(word_at(&raw, 0))
}

/// A word inside a structure that was read; 0 past its end.
pub fn word_at(raw: &[u8], offset: usize) -> u64 {
    raw.get(offset..offset + 8)
        .and_then(|part| part.try_into().ok())
        .map_or(0, u64::from_ne_bytes)
}

/// A half word inside a structure that was read; 0 past its end.
pub fn half_at(raw: &[u8], offset: usize) -> u32 {
    raw.get(offset..offset + 4)
        .and_then(|part| part.try_into().ok())
        .map_or(0, u32::from_ne_bytes)
}

/// A list of strings that ends with null, as `argv` does; cut after so many.
pub fn strings(task: Pid, address: u64, most: usize) -> io::Result<Vec<Vec<u8>>> {
    const LONGEST: usize = 128 * 1024;
    let mut list = Vec::new();
    while list.len() < most {
        let at = address.wrapping_add(8 * list.len() as u64);
        match word(task, at)? {
            0 => break,
            string => list.push(memory::read_c_string(task, string, LONGEST)?),
        }
    }
    Ok(list)
}
