//! From the rules of a plan to the mounts of a view and the paths of Landlock's rules.

use std::collections::BTreeMap;

use ringfence_compile::native::{FileUse, Plan};
use ringfence_policy::grant::{DeviceAccess, DirectoryKind};
use ringfence_policy::path::AbsPath;
use ringfence_policy::place::is_shared;

use super::own;
use super::resolve::{Resolved, Resolver};
use crate::error::SandboxError;
use crate::identity::Ids;

/// Something at a path of the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A piece of the host.
    Bind(Bind),
    /// An empty writable directory.
    Private,
}

/// A piece of the host in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each property of a mount is independent"
)]
pub(crate) struct Bind {
    /// Where it lies on the host, when that is another path.
    pub(crate) source: Option<AbsPath>,
    pub(crate) directory: bool,
    pub(crate) write: bool,
    pub(crate) code: bool,
    pub(crate) device: bool,
}

/// What Landlock is to allow at a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each right is had or not, independently"
)]
pub(crate) struct Right {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) execute: bool,
    pub(crate) device_read: bool,
    pub(crate) device_write: bool,
    pub(crate) connect: bool,
}

/// The view as it will be.
#[derive(Debug, Default)]
pub(crate) struct Arrangement {
    /// Mounts by path, parents first. None lies where its parent already shows the same.
    pub(crate) nodes: BTreeMap<AbsPath, Node>,
    /// Symbolic links that no mount brings along.
    pub(crate) links: BTreeMap<AbsPath, Vec<u8>>,
    /// Rights by path.
    pub(crate) rights: BTreeMap<AbsPath, Right>,
    /// Directories to remove at the end.
    pub(crate) transient: Vec<AbsPath>,
}

/// Looks at the host and arranges the view. Directories and files of the service's own are created.
pub(crate) fn arrange(plan: &Plan, ids: &Ids, root: bool) -> Result<Arrangement, SandboxError> {
    let mut arranging = Arranging {
        ids,
        root,
        view: plan.view.is_some(),
        resolver: Resolver::default(),
        binds: BTreeMap::new(),
        done: Arrangement::default(),
    };
    let proc = AbsPath::root().join(b"proc");
    for rule in &plan.files {
        if rule.path.is_within(&proc) {
            // The view has a proc(5) of its own, so there is nothing of the host's to look up.
            arranging.right(rule.path.clone(), right(&rule.rule));
        } else {
            arranging.add(&rule.path, &rule.rule)?;
        }
    }
    Ok(arranging.finish())
}

struct Arranging<'a> {
    ids: &'a Ids,
    root: bool,
    view: bool,
    resolver: Resolver,
    binds: BTreeMap<AbsPath, Node>,
    done: Arrangement,
}

impl Arranging<'_> {
    fn add(&mut self, path: &AbsPath, rule: &FileUse) -> Result<(), SandboxError> {
        match rule {
            FileUse::Private => self.private(path),
            FileUse::Own { kind, name } => self.own(path, *kind, name)?,
            FileUse::Peer => self.peer(path),
            FileUse::Listen => self.listen(path),
            FileUse::Link => drop(self.follow(path)),
            FileUse::Host { write, code, .. } => {
                let mut found = self.follow(path);
                if found.kind.is_none() && *write && self.can_create(&found) {
                    found = self.follow(path);
                }
                self.show(&found, *write, *code, false);
                self.right(found.real, right(rule));
            }
            FileUse::Device { .. } => {
                let found = self.follow(path);
                self.show(&found, false, false, true);
                self.right(found.real, right(rule));
            }
        }
        Ok(())
    }

    /// Resolves a path and keeps the links on the way.
    fn follow(&mut self, path: &AbsPath) -> Resolved {
        let mut found = self.resolver.resolve(path);
        self.done.links.extend(found.links.drain(..));
        found
    }

    fn can_create(&mut self, missing: &Resolved) -> bool {
        let parent_exists = missing
            .real
            .parent()
            .is_some_and(|parent| self.resolver.resolve(&parent).is_directory());
        let made = parent_exists && own::file(&missing.real, self.ids);
        self.resolver.forget(&missing.real);
        made
    }

    fn show(&mut self, found: &Resolved, write: bool, code: bool, device: bool) {
        // A granted path that is not there stays absent: it may be optional.
        if found.kind.is_none() {
            return;
        }
        let bind = Bind {
            source: None,
            directory: found.is_directory(),
            write,
            code,
            device,
        };
        self.bind(found.real.clone(), bind);
    }

    fn bind(&mut self, path: AbsPath, bind: Bind) {
        match self.binds.get_mut(&path) {
            Some(Node::Bind(own)) => {
                own.write |= bind.write;
                own.code |= bind.code;
                own.device |= bind.device;
            }
            // Private wins over a grant on the very same path: both were asked for, and only one of them
            // keeps the service apart from others.
            Some(Node::Private) => {}
            None => {
                self.binds.insert(path, Node::Bind(bind));
            }
        }
    }

    fn private(&mut self, path: &AbsPath) {
        let found = self.follow(path);
        self.binds.insert(found.real.clone(), Node::Private);
        if self.view {
            self.right(found.real, right(&FileUse::WRITE));
        }
    }

    fn own(&mut self, path: &AbsPath, kind: DirectoryKind, name: &str) -> Result<(), SandboxError> {
        let source = own::place(kind, name, path, self.root);
        own::directory(&source, self.ids)?;
        if kind == DirectoryKind::Runtime {
            self.done.transient.push(source.clone());
        }
        let source = self.resolver_afresh(&source);
        let target = if self.view && !self.root {
            path.clone()
        } else {
            source.clone()
        };
        let elsewhere = (source != target).then_some(source);
        self.bind(
            target.clone(),
            Bind {
                source: elsewhere,
                directory: true,
                write: true,
                code: false,
                device: false,
            },
        );
        self.right(target, right(&FileUse::WRITE));
        Ok(())
    }

    fn resolver_afresh(&mut self, path: &AbsPath) -> AbsPath {
        for part in path.ancestors() {
            self.resolver.forget(&part);
        }
        self.follow(path).real
    }

    fn peer(&mut self, path: &AbsPath) {
        let socket = self.follow(path);
        let connect = right(&FileUse::Peer);
        // In a private directory everything is readable, so only the socket itself may be put there.
        let in_private = matches!(nearest(&self.binds, &socket.real), Some((_, Node::Private)));
        let directory = socket
            .real
            .parent()
            .filter(|parent| !is_shared(parent) && !in_private);
        if let Some(directory) = directory {
            let found = self.follow(&directory);
            self.show(&found, false, false, false);
            self.right(directory, connect);
        } else {
            self.show(&socket, false, false, false);
            self.right(socket.real, connect);
        }
    }

    fn listen(&mut self, path: &AbsPath) {
        let socket = self.follow(path);
        if let Some(parent) = socket.real.parent().filter(|parent| !is_shared(parent)) {
            let found = self.follow(&parent);
            self.show(&found, true, false, false);
            self.right(parent, right(&FileUse::Listen));
        }
    }

    fn right(&mut self, path: AbsPath, right: Right) {
        let own = self.done.rights.entry(path).or_default();
        own.read |= right.read;
        own.write |= right.write;
        own.execute |= right.execute;
        own.device_read |= right.device_read;
        own.device_write |= right.device_write;
        own.connect |= right.connect;
    }

    /// Drops every mount that would show what its parent shows, and gives each what its parents allow.
    fn finish(mut self) -> Arrangement {
        for (path, node) in std::mem::take(&mut self.binds) {
            let node = match (node, self.above(&path)) {
                (Node::Bind(mut own), Some((_, Node::Bind(parent)))) => {
                    own.write |= parent.write;
                    own.code |= parent.code;
                    let adds = own.write != parent.write || own.code != parent.code || own.device;
                    if !adds && own.source.is_none() {
                        continue;
                    }
                    Node::Bind(own)
                }
                (Node::Private, Some((_, Node::Private))) => continue,
                (node, _) => node,
            };
            self.done.nodes.insert(path, node);
        }
        let brought_along = |path: &AbsPath| {
            path.parent().is_some_and(|parent| {
                matches!(nearest(&self.done.nodes, &parent), Some((_, Node::Bind(_))))
            })
        };
        let links = std::mem::take(&mut self.done.links);
        self.done.links = links
            .into_iter()
            .filter(|(path, _)| !brought_along(path))
            .collect();
        self.done
    }

    fn above(&self, path: &AbsPath) -> Option<(AbsPath, Node)> {
        nearest(&self.done.nodes, &path.parent()?)
    }
}

/// The mount in which `path` lies.
pub(crate) fn nearest(nodes: &BTreeMap<AbsPath, Node>, path: &AbsPath) -> Option<(AbsPath, Node)> {
    path.ancestors()
        .find_map(|at| nodes.get(&at).cloned().map(|node| (at, node)))
}

fn right(rule: &FileUse) -> Right {
    match rule {
        FileUse::Host {
            read,
            write,
            execute,
            ..
        } => Right {
            read: *read,
            write: *write,
            execute: *execute,
            ..Right::default()
        },
        FileUse::Device { access } => Right {
            device_read: *access != DeviceAccess::Write,
            device_write: *access != DeviceAccess::Read,
            ..Right::default()
        },
        FileUse::Private | FileUse::Own { .. } | FileUse::Listen => Right {
            read: true,
            write: true,
            ..Right::default()
        },
        FileUse::Link => Right::default(),
        FileUse::Peer => Right {
            connect: true,
            ..Right::default()
        },
    }
}
