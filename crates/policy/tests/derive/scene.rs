//! Writes traces in few words.

use ringfence_policy::grant::Resource;
use ringfence_policy::path::AbsPath;
use ringfence_policy::trace::{
    Fact, Loss, Object, Outcome, Permission, Phase, Run, Sighting, SocketKind, Touch, Trace,
};

pub fn path(text: &str) -> AbsPath {
    text.parse().unwrap()
}

/// A service on the stage: its trace, and when and by whom the next facts are seen.
pub struct Scene {
    pub trace: Trace,
    phase: Phase,
    by: AbsPath,
}

impl Scene {
    pub fn new(exec: &str, argv: &[&str], uid: u32, user: &str) -> Self {
        let mut trace = Trace::new();
        trace.record_run(Run {
            tracer: "ptrace".into(),
            arch: "x86_64".into(),
            exec: path(exec),
            sha256: "5".repeat(64),
            argv: argv.iter().map(ToString::to_string).collect(),
            typed: Vec::new(),
            directory: path("/"),
            uid,
            user: Some(user.into()),
            gid: uid,
            ended: Some("signal 15".into()),
            loss: Loss::default(),
            unit: None,
        });
        Self {
            trace,
            phase: Phase::Start,
            by: path(exec),
        }
    }

    pub fn phase(&mut self, phase: Phase) -> &mut Self {
        self.phase = phase;
        self
    }

    pub fn fact(&mut self, fact: Fact) -> &mut Self {
        let seen = Sighting {
            phase: self.phase,
            by: self.by.clone(),
        };
        self.trace.record(fact, seen);
        self
    }

    pub fn file(
        &mut self,
        text: &str,
        touch: Touch,
        object: Object,
        permission: Permission,
        outcome: Outcome,
    ) -> &mut Self {
        self.fact(Fact::File {
            path: path(text),
            touch,
            object,
            permission,
            outcome,
            beneath: false,
        })
    }

    pub fn reads(&mut self, paths: &[&str]) -> &mut Self {
        for text in paths {
            self.file(
                text,
                Touch::Read,
                Object::Regular,
                Permission::Others,
                Outcome::Done,
            );
        }
        self
    }

    pub fn does(&mut self, touch: Touch, permission: Permission, paths: &[&str]) -> &mut Self {
        for text in paths {
            self.file(text, touch, Object::Regular, permission, Outcome::Done);
        }
        self
    }

    pub fn lists(&mut self, paths: &[&str]) -> &mut Self {
        for text in paths {
            self.file(
                text,
                Touch::List,
                Object::Directory,
                Permission::Others,
                Outcome::Done,
            );
        }
        self
    }

    pub fn misses(&mut self, paths: &[&str]) -> &mut Self {
        for text in paths {
            self.file(
                text,
                Touch::Read,
                Object::Unknown,
                Permission::Unknown,
                Outcome::Missing,
            );
        }
        self
    }

    pub fn calls(&mut self, names: &str) -> &mut Self {
        for name in names.split_whitespace() {
            self.fact(Fact::Syscall {
                name: name.parse().unwrap(),
            });
        }
        self
    }

    pub fn serves(&mut self, address: &str) -> &mut Self {
        let (address, socket) = (address.parse().unwrap(), SocketKind::Stream);
        self.fact(Fact::Bind {
            address,
            socket,
            outcome: Outcome::Done,
        })
    }

    pub fn listens(&mut self, address: &str, client: &str) -> &mut Self {
        let socket = SocketKind::Stream;
        self.serves(address);
        self.fact(Fact::Listen {
            address: address.parse().unwrap(),
            socket,
        });
        self.fact(Fact::Served {
            address: client.parse().unwrap(),
            socket,
        })
    }

    pub fn connects(&mut self, address: &str, socket: SocketKind) -> &mut Self {
        self.fact(Fact::Connect {
            address: address.parse().unwrap(),
            socket,
            peer: None,
            outcome: Outcome::Done,
        })
    }

    pub fn peak(&mut self, resource: Resource, amount: u64) -> &mut Self {
        self.trace.record_peak(resource, amount);
        self
    }
}
