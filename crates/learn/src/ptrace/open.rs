//! Opens: the path that the kernel chose is the one of the descriptor it returned.

use std::rc::Rc;

use ringfence_policy::trace::{Fact, Object, Outcome, Permission, Touch};
use rustix::fs::OFlags;

use super::call::OpenForm;
use super::exit::{Pending, Work, outcome};
use super::file::{DELETED, Given, is_nameless, object, parent};
use super::operand;
use super::table::Call;
use super::task::Actor;
use super::tracer::Tracer;
use super::view::{Found, View, proc_link};

/// An open whose end is awaited.
#[derive(Debug)]
pub struct Opening {
    call: Rc<Call>,
    base: Vec<u8>,
    path: Vec<u8>,
    flags: OFlags,
    /// Where it led when the call began, for opens that may create.
    before: Option<Found>,
}

impl Tracer {
    pub(super) fn enter_open(
        &mut self,
        actor: &Actor,
        pending: &mut Pending,
        form: OpenForm,
        deny: bool,
    ) -> bool {
        let args = pending.args;
        let (directory, path, flags) = match form {
            OpenForm::Open => (None, 0, args[1]),
            OpenForm::Creat => (
                None,
                0,
                u64::from((OFlags::CREATE | OFlags::WRONLY | OFlags::TRUNC).bits()),
            ),
            OpenForm::At => (Some(0), 1, args[2]),
            OpenForm::At2 => match operand::word(actor.task, args[2]) {
                Ok(flags) => (Some(0), 1, flags),
                Err(_) => return false,
            },
            OpenForm::Handle => (None, usize::MAX, args[2]),
        };
        let flags = OFlags::from_bits_retain(u32::try_from(flags & 0xffff_ffff).unwrap_or(0));
        let (path, base) = if form == OpenForm::Handle {
            (Vec::new(), Vec::new())
        } else {
            match Self::given(actor, &args, directory, path) {
                Given::Path(path, base) => (path, base),
                Given::Unreadable => {
                    pending.work = Work::Unreadable;
                    return true;
                }
                Given::Descriptor(_) | Given::Nothing => return false,
            }
        };
        let mut opening = Opening {
            call: pending.call.clone(),
            base,
            path,
            flags,
            before: None,
        };
        if flags.contains(OFlags::CREATE)
            && let Some(view) = self.view(actor)
        {
            opening.before = Some(opening.resolve(&view, actor));
        }
        let what = (
            9_u8,
            &opening.base,
            &opening.path,
            flags.bits(),
            opening.creates(),
        );
        let key = self.key(actor, what);
        let mut known = form != OpenForm::Handle && !deny && self.is_known(key);
        if !known
            && !deny
            && !flags.intersects(OFlags::CREATE | OFlags::TMPFILE.difference(OFlags::DIRECTORY))
            && self.is_covered(
                actor,
                &opening.base,
                &opening.path,
                !flags.contains(OFlags::NOFOLLOW),
                |is_directory| opening.touch(is_directory),
            )
        {
            self.remember(key);
            known = true;
        }
        pending.key = (form != OpenForm::Handle).then_some(key);
        pending.work = Work::Open(opening);
        !known
    }

    pub(super) fn finish_open(
        &mut self,
        actor: &Actor,
        opening: &Opening,
        result: i64,
        errno: Option<i32>,
    ) {
        let Some(view) = self.view(actor) else {
            self.ledger
                .lose(1, 0, "a process vanished before its paths were resolved");
            return;
        };
        if errno.is_some() {
            self.failed_open(actor, opening, &view, errno);
            return;
        }
        self.peaks.descriptor(result);
        let number = result.cast_unsigned();
        let link = format!("/proc/{}/fd/{number}", actor.task.as_raw_nonzero());
        let text = proc_link(actor.task, &format!("fd/{number}"));
        let (Some(text), Ok(stat)) = (text, rustix::fs::stat(link)) else {
            self.ledger
                .lose(1, 0, "a descriptor was closed before its path was read");
            return;
        };
        if text.first() != Some(&b'/') || is_nameless(&text) {
            return;
        }
        if opening.flags.contains(OFlags::TMPFILE) {
            self.record_beneath(actor, opening, &view, parent(&text));
            return;
        }
        let mut found = Found {
            path: text,
            stat: Some(stat),
            ..Found::default()
        };
        let gone = stat.st_nlink == 0 && found.path.ends_with(DELETED);
        if gone || (!opening.path.is_empty() && opening.literal() != found.path) {
            // The path was not the canonical one, or is no longer: the links tell why.
            let walked = opening.resolve(&view, actor);
            self.record_links(actor, &walked.links);
            if walked.nameless {
                return;
            }
            if gone {
                found.path = walked.path;
            }
        }
        let touch = opening.touch(object(&stat) == Object::Directory);
        if touch == Touch::Create {
            // Whoever was allowed to make it was judged by the directory; there was no victim.
            found.stat = None;
        }
        let Some(path) = self.absolute(&found.path) else {
            return;
        };
        let permission = self.permission(actor, &opening.call, touch, &view, &found);
        let fact = Fact::File {
            path,
            touch,
            object: object(&stat),
            permission,
            outcome: Outcome::Done,
            beneath: false,
        };
        self.record(actor, fact, None);
    }

    fn failed_open(&mut self, actor: &Actor, opening: &Opening, view: &View, errno: Option<i32>) {
        if opening.path.is_empty() {
            return;
        }
        let found = opening.resolve(view, actor);
        self.record_links(actor, &found.links);
        let (false, Some(path)) = (found.nameless, self.absolute(&found.path)) else {
            return;
        };
        let object = found.stat.as_ref().map_or(Object::Unknown, object);
        let fact = Fact::File {
            path,
            touch: opening.touch(object == Object::Directory),
            object,
            permission: Permission::Unknown,
            outcome: outcome(errno),
            beneath: false,
        };
        self.record(actor, fact, errno);
    }

    /// A file without a name was made in a directory (`O_TMPFILE`).
    fn record_beneath(&mut self, actor: &Actor, opening: &Opening, view: &View, directory: &[u8]) {
        let mut found = Found {
            path: [directory, b"/x"].concat(),
            ..Found::default()
        };
        let permission = self.permission(actor, &opening.call, Touch::Create, view, &found);
        found.path = directory.to_vec();
        if let Some(path) = self.absolute(&found.path) {
            let fact = Fact::File {
                path,
                touch: Touch::Create,
                object: Object::Regular,
                permission,
                outcome: Outcome::Done,
                beneath: true,
            };
            self.record(actor, fact, None);
        }
    }
}

impl Opening {
    fn resolve(&self, view: &View, actor: &Actor) -> Found {
        let exclusive = self.flags.contains(OFlags::CREATE | OFlags::EXCL);
        let follow = !self.flags.contains(OFlags::NOFOLLOW) && !exclusive;
        view.resolve(&self.base, &self.path, follow, actor.looker)
    }

    /// Whether it would make a file: nothing was there when it began.
    fn creates(&self) -> bool {
        self.before
            .as_ref()
            .is_some_and(|found| found.stat.is_none())
    }

    /// The path as it was given, made absolute and nothing else.
    fn literal(&self) -> Vec<u8> {
        if self.base.is_empty() {
            return self.path.clone();
        }
        let base = self.base.strip_suffix(b"/").unwrap_or(&self.base);
        [base, b"/", &self.path].concat()
    }

    fn touch(&self, is_directory: bool) -> Touch {
        let flags = self.flags;
        if flags.contains(OFlags::PATH) {
            return Touch::Probe;
        }
        if self.creates() {
            return Touch::Create;
        }
        if is_directory || flags.contains(OFlags::DIRECTORY) {
            return Touch::List;
        }
        if flags.contains(OFlags::TRUNC) || flags.contains(OFlags::RDWR) {
            return Touch::Write;
        }
        match (
            flags.contains(OFlags::WRONLY),
            flags.contains(OFlags::APPEND),
        ) {
            (true, true) => Touch::Append,
            (true, false) => Touch::Write,
            (false, _) => Touch::Read,
        }
    }
}
