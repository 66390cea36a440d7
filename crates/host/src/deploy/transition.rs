//! Several files replaced together, or not at all.
//!
//! First everything that needs room is done beside the files: the new contents are written, and the old
//! files get a second name. Then each file is replaced by a rename. When one of these fails, the others
//! get their old files back by a rename, which needs no room. So a full disk changes nothing.

use std::io;

use ringfence_policy::path::AbsPath;
use rustix::fs::AtFlags;

use super::DeployError;
use super::tree::{Content, Spot, Tree, create, remove};

/// One file's change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The file.
    pub path: AbsPath,
    /// What is there before.
    pub before: Content,
    /// What is there afterwards.
    pub after: Content,
}

/// What has to be found for a step to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// What the step says was there: nobody wrote in between.
    Before,
    /// Whatever it is: the way back has to work from anywhere.
    Anything,
}

impl Step {
    /// Makes it the step back.
    pub fn turn(&mut self) {
        std::mem::swap(&mut self.before, &mut self.after);
    }
}

struct Staged<'a> {
    step: &'a Step,
    spot: Spot,
    had_file: bool,
}

/// Carries out every step or none.
pub fn carry_out(tree: &Tree, steps: &[Step], expect: Expect) -> Result<(), DeployError> {
    let mut made = Vec::new();
    let mut staged = Vec::new();
    let prepared = steps
        .iter()
        .try_for_each(|step| stage(tree, step, expect, &mut staged, &mut made));
    let done = prepared.and_then(|()| switch(tree, &staged));
    for item in &staged {
        // A second name that stays is found and removed by the next change of this file.
        let _ = remove(&item.spot.directory, &fresh(&item.spot));
        let _ = remove(&item.spot.directory, &kept(&item.spot));
        let _ = rustix::fs::fsync(&item.spot.directory);
    }
    if done.is_err() {
        tree.remove_empty(&made);
    }
    done
}

/// Removes the second names that a process left which was killed while it carried out steps for these files.
pub fn sweep<'p>(
    tree: &Tree,
    paths: impl IntoIterator<Item = &'p AbsPath>,
) -> Result<(), DeployError> {
    for path in paths {
        let Some(spot) = tree.spot(path)? else {
            continue;
        };
        for name in [fresh(&spot), kept(&spot)] {
            remove(&spot.directory, &name).map_err(|source| DeployError::Write {
                path: tree.shown(path),
                source,
            })?;
        }
    }
    Ok(())
}

fn stage<'a>(
    tree: &Tree,
    step: &'a Step,
    expect: Expect,
    staged: &mut Vec<Staged<'a>>,
    made: &mut Vec<AbsPath>,
) -> Result<(), DeployError> {
    let spot = match &step.after {
        Content::Absent => match tree.spot(&step.path)? {
            Some(spot) => spot,
            // Neither the file nor its directory is there: it is as absent as can be.
            None if expect == Expect::Anything || step.before == Content::Absent => return Ok(()),
            None => return Err(moved(step)),
        },
        Content::File { .. } => {
            let (spot, new) = tree.make_spot(&step.path)?;
            made.extend(new);
            spot
        }
    };
    let found = tree.read_at(&spot, &step.path)?;
    if expect == Expect::Before && step.before != found {
        return Err(moved(step));
    }
    let cannot = |source: io::Error| DeployError::Write {
        path: tree.shown(&step.path),
        source,
    };
    let had_file = found != Content::Absent;
    let (fresh, kept) = (fresh(&spot), kept(&spot));
    let directory = spot.directory.try_clone().map_err(cannot)?;
    // From here on both names are cleaned up, whatever happens.
    staged.push(Staged {
        step,
        spot,
        had_file,
    });
    remove(&directory, &fresh).map_err(cannot)?;
    remove(&directory, &kept).map_err(cannot)?;
    if let Content::File { bytes, mode } = &step.after {
        create(&directory, &fresh, bytes, *mode).map_err(cannot)?;
    }
    if had_file {
        let name = step.path.as_path().file_name().unwrap_or_default();
        rustix::fs::linkat(&directory, name, &directory, &kept, AtFlags::empty())
            .map_err(|error| cannot(error.into()))?;
    }
    Ok(())
}

fn switch(tree: &Tree, staged: &[Staged<'_>]) -> Result<(), DeployError> {
    let mut done = Vec::new();
    for item in staged {
        let (directory, name) = (&item.spot.directory, &item.spot.name);
        let switched = match item.step.after {
            Content::File { .. } => {
                rustix::fs::renameat(directory, fresh(&item.spot), directory, name)
                    .map_err(io::Error::from)
            }
            Content::Absent => remove(directory, name),
        };
        if let Err(source) = switched {
            put_back(tree, &done)?;
            return Err(DeployError::Write {
                path: tree.shown(&item.step.path),
                source,
            });
        }
        done.push(item);
    }
    for item in staged {
        if let Err(error) = rustix::fs::fsync(&item.spot.directory) {
            put_back(tree, &done)?;
            return Err(DeployError::Write {
                path: tree.shown(&item.step.path),
                source: error.into(),
            });
        }
    }
    Ok(())
}

fn put_back(tree: &Tree, done: &[&Staged<'_>]) -> Result<(), DeployError> {
    for item in done.iter().rev() {
        let (directory, name) = (&item.spot.directory, &item.spot.name);
        let back = if item.had_file {
            rustix::fs::renameat(directory, kept(&item.spot), directory, name)
                .map_err(io::Error::from)
        } else {
            remove(directory, name)
        };
        back.map_err(|source| DeployError::HalfWritten {
            path: tree.shown(&item.step.path),
            source,
        })?;
    }
    Ok(())
}

fn moved(step: &Step) -> DeployError {
    DeployError::Moved {
        path: step.path.clone(),
    }
}

/// Names that no program takes for a unit or a drop-in: neither ends as one.
fn fresh(spot: &Spot) -> String {
    format!(".{}.ringfence-new", spot.name)
}

fn kept(spot: &Spot) -> String {
    format!(".{}.ringfence-old", spot.name)
}
