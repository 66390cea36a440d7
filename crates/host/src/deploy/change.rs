//! What a deployment would change, before anything is written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ringfence_compile::systemd::Artifact;
use ringfence_policy::lock::sha256;
use ringfence_policy::path::AbsPath;
use similar::TextDiff;

use super::DeployError;
use super::history::History;
use super::record::Kept;
use super::store::Claim;
use super::transition::Step;
use super::tree::Content;

/// The files that would change, and how.
#[derive(Debug)]
pub struct Change {
    pub(super) steps: Vec<Step>,
    pub(super) directories: Vec<AbsPath>,
    /// Files of ours that were edited since they were written.
    pub edited: Vec<AbsPath>,
}

impl Claim {
    /// What applying these files would change. Files of the current generation that are not among them
    /// go back to what they were before ringfence came.
    pub fn change(&self, artifacts: &[Artifact]) -> Result<Change, DeployError> {
        let ledger = self.ledger()?;
        if ledger.pending.is_some() {
            return Err(DeployError::Interrupted {
                unit: self.unit.to_string(),
            });
        }
        if let Some(awaiting) = ledger.awaiting {
            return Err(DeployError::Unconfirmed {
                unit: self.unit.to_string(),
                generation: awaiting.generation,
            });
        }
        let history = History::read(self.folder(), ledger.current)?;
        let mut wanted: BTreeMap<AbsPath, Content> = BTreeMap::new();
        for path in history.paths() {
            wanted.insert(path.clone(), history.original(self.folder(), path)?);
        }
        for artifact in artifacts {
            let content = Content::File {
                bytes: artifact.text.clone().into_bytes(),
                mode: artifact.mode,
            };
            wanted.insert(artifact.path.clone(), content);
        }
        let mut change = Change {
            steps: Vec::new(),
            directories: Vec::new(),
            edited: Vec::new(),
        };
        for (path, after) in wanted {
            let before = self.tree.read(&path)?;
            if history
                .written(&path)
                .is_some_and(|ours| !is(&before, ours))
            {
                change.edited.push(path.clone());
            }
            if before == after {
                continue;
            }
            if after != Content::Absent {
                let missing = self.tree.missing_directories(&path)?;
                change.directories.extend(missing);
            }
            change.steps.push(Step {
                path,
                before,
                after,
            });
        }
        change.directories.sort();
        change.directories.dedup();
        Ok(change)
    }
}

impl Claim {
    /// Whether a file is there because of what is applied now.
    pub fn has_written(&self, path: &Path) -> Result<bool, DeployError> {
        let history = History::read(self.folder(), self.ledger()?.current)?;
        let path = AbsPath::from_bytes(path.as_os_str().as_encoded_bytes());
        let kept = path.ok().and_then(|path| history.written(&path).cloned());
        Ok(matches!(kept, Some(Kept::File { .. })))
    }
}

impl Change {
    /// Whether everything is already as it would be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The files that would change.
    pub fn paths(&self) -> impl Iterator<Item = &AbsPath> {
        self.steps.iter().map(|step| &step.path)
    }

    /// The change as a unified diff. A file that does not exist is /dev/null there.
    pub fn diff(&self) -> String {
        diff(&self.steps)
    }
}

/// Steps as a unified diff.
pub(super) fn diff(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let name = |content: &Content| match content {
            Content::Absent => "/dev/null".to_owned(),
            Content::File { .. } => step.path.to_string(),
        };
        let (old, new) = (words(&step.before), words(&step.after));
        if let (Content::File { mode: from, .. }, Content::File { mode: to, .. }) =
            (&step.before, &step.after)
            && from != to
        {
            let _ = writeln!(text, "{}: mode {from:04o} becomes {to:04o}", step.path);
        }
        let diff = TextDiff::from_lines(&old, &new);
        let mut unified = diff.unified_diff();
        let _ = write!(
            text,
            "{}",
            unified.header(&name(&step.before), &name(&step.after))
        );
    }
    text
}

/// Whether a content is the one that was kept.
pub(super) fn is(content: &Content, kept: &Kept) -> bool {
    match (content, kept) {
        (Content::Absent, Kept::Absent) => true,
        (
            Content::File { bytes, mode },
            Kept::File {
                mode: own,
                sha256: digest,
                ..
            },
        ) => mode == own && sha256(bytes) == *digest,
        _ => false,
    }
}

fn words(content: &Content) -> String {
    match content {
        Content::Absent => String::new(),
        Content::File { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
    }
}
