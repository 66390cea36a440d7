//! Covers what proc(5) has besides processes.
//!
//! A whole proc(5) cannot be cut down: it has no places to mount single files on but its own. So it is
//! mounted whole, and whatever was not granted is covered.

use std::os::fd::{AsFd, OwnedFd};

use ringfence_policy::path::AbsPath;
use ringfence_policy::place::{Proc, in_proc};
use ringfence_sys::mount::{MountAttributes, MountFlags, set_attributes};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{OpenTreeFlags, open_tree};

use super::build::{Builder, attach, empty, relative};
use crate::error::{SandboxError, Step};

/// What nobody is shown who may read all that proc(5) says about the host: memory of the kernel, its log
/// and addresses, and switches.
pub(super) const SECRET: [&[u8]; 12] = [
    b"acpi",
    b"kallsyms",
    b"kcore",
    b"key-users",
    b"keys",
    b"kmsg",
    b"kpagecount",
    b"kpageflags",
    b"slabinfo",
    b"sysrq-trigger",
    b"timer_list",
    b"vmallocinfo",
];

/// Puts covers in place. The first of each sort is made, and the others are copies of it.
pub(super) struct Covers<'a> {
    builder: &'a Builder<'a>,
    file: Option<AbsPath>,
    directory: Option<AbsPath>,
}

impl<'a> Covers<'a> {
    pub(super) fn new(builder: &'a Builder<'a>) -> Self {
        Self {
            builder,
            file: None,
            directory: None,
        }
    }

    /// Covers what is in `directory` and of these names, unless it was granted.
    ///
    /// Where something further down was granted, what lies beside that is covered in turn.
    pub(super) fn below(
        &mut self,
        directory: &AbsPath,
        of_name: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), SandboxError> {
        let step = || format!("look into {directory}");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root = &self.builder.root;
        let open = openat(root, relative(directory), flags, Mode::empty()).step(step)?;
        for entry in Dir::new(open).step(step)? {
            let entry = entry.step(step)?;
            let (name, kind) = (entry.file_name().to_bytes(), entry.file_type());
            let path = directory.join(name);
            // Links lead to the directories of processes.
            let is_other = matches!(name, b"." | b"..") || kind == FileType::Symlink;
            if is_other || in_proc(&path) != Some(Proc::System) || !of_name(name) {
                continue;
            }
            let granted = self.builder.arrangement.rights.keys();
            let mut within = granted.filter(|own| own.is_within(&path)).peekable();
            let is_granted = path.ancestors().any(|above| {
                above.components().count() > 1
                    && self.builder.arrangement.rights.contains_key(&above)
            });
            if is_granted {
                continue;
            }
            if within.peek().is_some() {
                self.below(&path, &|_| true)?;
            } else {
                self.cover(&path, kind == FileType::Directory)?;
            }
        }
        Ok(())
    }

    fn cover(&mut self, path: &AbsPath, directory: bool) -> Result<(), SandboxError> {
        let step = || format!("cover {path}");
        let root = &self.builder.root;
        let first = if directory {
            &mut self.directory
        } else {
            &mut self.file
        };
        let cover = match first {
            Some(at) => copy(root, relative(at)).step(step)?,
            None if directory => empty("4k", "0000")?,
            // A device that cannot be opened on this mount, whatever capabilities its opener has.
            None => copy(CWD, b"/dev/null").step(step)?,
        };
        if first.is_none() {
            let attributes = MountAttributes {
                set: MountFlags::READ_ONLY
                    | MountFlags::NO_SUID
                    | MountFlags::NO_DEVICES
                    | MountFlags::NO_EXEC,
                ..MountAttributes::default()
            };
            set_attributes(cover.as_fd(), "", &attributes, false).step(step)?;
            *first = Some(path.clone());
        }
        match attach(&cover, root, relative(path)) {
            // What was listed and is gone by now needs no cover.
            Err(Errno::NOENT) => Ok(()),
            other => other.step(step),
        }
    }
}

fn copy(directory: impl AsFd, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    open_tree(directory, path, flags)
}
