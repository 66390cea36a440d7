//! Every name that a source has a unit for, and what the links among them say.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use super::{EntryKind, LoadError, Source, SourceError};
use crate::name::UnitName;
use crate::text::Syntax;

/// How many names a link may lead through.
const HOPS: usize = 8;

/// What a source has, listed once. It holds names, not settings, and does not see later changes.
pub struct Index<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) syntax: Syntax,
    /// The unit directories, highest precedence first.
    pub(super) directories: Vec<PathBuf>,
    /// What each name leads to.
    names: BTreeMap<String, Leads>,
    /// The names that lead to a name.
    aliases: HashMap<String, BTreeSet<String>>,
    /// The `.d` directories that exist, by name, in order of precedence.
    pub(super) dropins: HashMap<String, Vec<DropinDirectory>>,
}

/// A directory of drop-ins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DropinDirectory {
    /// The place of its unit directory among [`Index::directories`].
    pub precedence: usize,
    /// Where it is, without links.
    pub path: PathBuf,
}

/// What a unit name leads to.
enum Leads {
    /// A file of that name, or a link of that name to a file outside the unit directories.
    File(PathBuf),
    /// Another unit name.
    Name(String),
}

/// Why a name leads to no file.
pub(super) enum Lost {
    /// There is no such name, or a link of that name leads nowhere.
    Nowhere,
    /// The links do not end.
    Circle,
}

impl<'a> Index<'a> {
    /// Lists what a source has.
    pub fn of(source: &'a dyn Source) -> Result<Self, LoadError> {
        let directories = source.directories();
        let mut index = Self {
            source,
            syntax: Syntax::default(),
            names: BTreeMap::new(),
            aliases: HashMap::new(),
            dropins: HashMap::new(),
            directories,
        };
        let inside = index.expanded_directories();
        for precedence in 0..index.directories.len() {
            index.add_directory(precedence, &inside)?;
        }
        index.find_aliases()?;
        Ok(index)
    }

    /// Reads files by the rules of another version.
    #[must_use]
    pub fn with_syntax(self, syntax: Syntax) -> Self {
        Self { syntax, ..self }
    }

    /// The names of the units that have a file of their own, or a link to one outside the unit directories;
    /// templates too, and masked units too. Names that are only links to other names are not among them.
    pub fn units(&self) -> impl Iterator<Item = UnitName> {
        self.names
            .iter()
            .filter(|(_, leads)| matches!(leads, Leads::File(_)))
            .filter_map(|(name, _)| UnitName::parse(name).ok())
    }

    /// The unit directories with what they lead to, for both count as inside.
    fn expanded_directories(&self) -> Vec<PathBuf> {
        let mut expanded = Vec::new();
        for directory in &self.directories {
            let resolved = self.source.resolve(directory);
            for path in std::iter::once(directory.clone()).chain(resolved) {
                if !expanded.contains(&path) {
                    expanded.push(path);
                }
            }
        }
        expanded
    }

    fn add_directory(&mut self, precedence: usize, inside: &[PathBuf]) -> Result<(), SourceError> {
        let Some(directory) = self.directories.get(precedence).cloned() else {
            return Ok(());
        };
        for entry in self.source.list(&directory)? {
            let path = directory.join(&entry.name);
            let Ok(name) = UnitName::parse(&entry.name) else {
                self.add_dropins(entry.name, &entry.kind, precedence, &path);
                continue;
            };
            if self.names.contains_key(&entry.name) {
                continue;
            }
            let leads = match entry.kind {
                EntryKind::File => Some(Leads::File(path)),
                EntryKind::Link(target) => self.follow(&name, &directory, &target, inside),
                EntryKind::Directory | EntryKind::Other => None,
            };
            if let Some(leads) = leads {
                self.names.insert(entry.name, leads);
            }
        }
        Ok(())
    }

    fn add_dropins(&mut self, name: String, kind: &EntryKind, precedence: usize, path: &Path) {
        let directory = matches!(kind, EntryKind::Directory | EntryKind::Link(_));
        if !directory || !name.as_bytes().ends_with(b".d") {
            return;
        }
        if let Some(path) = self.source.resolve(path) {
            let directory = DropinDirectory { precedence, path };
            self.dropins.entry(name).or_default().push(directory);
        }
    }

    /// What a link in a unit directory means: outside the unit directories its text does not matter, inside
    /// it names another unit, and a link that would give a unit an impossible name is ignored.
    fn follow(
        &self,
        name: &UnitName,
        directory: &Path,
        target: &Path,
        inside: &[PathBuf],
    ) -> Option<Leads> {
        let target = self.without_links_but_the_last(&directory.join(target))?;
        let alias = inside
            .iter()
            .any(|inside| target.starts_with(inside) && target != *inside);
        if !alias {
            return Some(Leads::File(directory.join(name.as_str())));
        }
        let target = UnitName::parse(target.file_name()?.to_str()?).ok()?;
        may_alias(name, &target).then(|| Leads::Name(target.as_str().to_owned()))
    }

    /// A path without links, `.` and `..`, but for its last component, which is not followed. What does not
    /// exist is taken at its word.
    fn without_links_but_the_last(&self, path: &Path) -> Option<PathBuf> {
        let path = match path.file_name() {
            Some(name) => {
                let parent = path.parent()?;
                let parent = self.source.resolve(parent).unwrap_or_else(|| plain(parent));
                parent.join(name)
            }
            None => plain(path),
        };
        path.is_absolute().then_some(path)
    }

    /// Notes the names that lead to others, unless they lead to a mask.
    fn find_aliases(&mut self) -> Result<(), SourceError> {
        for (name, leads) in &self.names {
            if matches!(leads, Leads::File(_)) {
                continue;
            }
            let Ok(file) = self.file(name) else {
                continue;
            };
            if self.source.read(file)?.is_none_or(|bytes| bytes.is_empty()) {
                continue;
            }
            let Some(main) = file.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let main = for_this_instance(main, name).unwrap_or_else(|| main.to_owned());
            self.aliases.entry(main).or_default().insert(name.clone());
        }
        Ok(())
    }

    /// The file that a name leads to.
    pub(super) fn file(&self, name: &str) -> Result<&Path, Lost> {
        let mut leads = self.names.get(name).ok_or(Lost::Nowhere)?;
        for _ in 0..HOPS {
            match leads {
                Leads::File(path) => return Ok(path),
                Leads::Name(next) => leads = self.leads_on(next).ok_or(Lost::Nowhere)?,
            }
        }
        Err(Lost::Circle)
    }

    /// What a link's target leads to: where it is an instance without a file, what its template does.
    fn leads_on(&self, name: &str) -> Option<&Leads> {
        let template = || {
            let template = UnitName::parse(name).ok()?.template()?;
            self.names.get(template.as_str())
        };
        self.names.get(name).or_else(template)
    }

    /// The names that lead to a name.
    pub(super) fn aliases_of(&self, name: &str) -> impl Iterator<Item = &str> {
        self.aliases
            .get(name)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// The drop-in directories of a name, in order of precedence.
    pub(super) fn dropins_of(&self, name: &str) -> &[DropinDirectory] {
        let directories = self.dropins.get(&format!("{name}.d"));
        directories.map(Vec::as_slice).unwrap_or_default()
    }
}

/// A template that an instance's name leads to, as the instance.
fn for_this_instance(template: &str, instance: &str) -> Option<String> {
    let template = UnitName::parse(template)
        .ok()
        .filter(UnitName::is_template)?;
    let instance = UnitName::parse(instance).ok()?;
    let name = template.with_instance(instance.instance()?).ok()?;
    Some(name.as_str().to_owned())
}

/// Whether a link of one name may lead to the other: same kind, and both plain, both templates, the same
/// instance, or an instance of any template.
fn may_alias(name: &UnitName, target: &UnitName) -> bool {
    let kind = name.kind();
    let plain = |name: &UnitName| !name.is_template() && !name.is_instance();
    let same = (plain(name) && plain(target))
        || (name.is_template() && target.is_template())
        || (name.is_instance() && (target.is_template() || target.instance() == name.instance()));
    name != target
        && kind == target.kind()
        && kind.may_alias()
        && (plain(name) || kind.may_template())
        && same
}

/// A path without `.` and `..`, by its text.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}
