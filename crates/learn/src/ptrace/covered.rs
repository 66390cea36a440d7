//! Calls whose end has nothing to tell, so that it is not awaited: a look at what is still missing, and
//! looks and opens in a directory that speaks for all in it already.
//!
//! Nothing is remembered of directories here: what is at the path is looked at each time, in one call,
//! which costs a fifth of a stop. That the call then fails for another reason than the permission bits (a
//! security module, too many descriptors) is not seen, as it is not for a call that succeeded before.

use ringfence_policy::trace::{Object, Permission, Touch};

use super::exit::ENOENT;
use super::file::{Operand, object};
use super::permission::{self, READ, WRITE};
use super::task::Actor;
use super::tracer::Tracer;

impl Tracer {
    /// Whether a look, with its key, is one of those.
    pub(super) fn tells_nothing(&mut self, actor: &Actor, operand: &Operand, key: u64) -> bool {
        let (base, path, follow) = operand.place();
        if self.was_missing(actor, key) {
            let view = self.view(actor);
            return view.is_some_and(|view| view.is_missing(base, path, follow));
        }
        let covered = self.is_covered(actor, base, path, follow, |_| Touch::Probe);
        if covered {
            self.remember(key);
        }
        covered
    }

    fn was_missing(&self, actor: &Actor, key: u64) -> bool {
        let failed = self.key(actor, (6_u8, Some(key), ENOENT));
        !self.options.tell_facts && self.is_known(failed)
    }

    /// Whether a directory says already of all beneath what touching this name in `base` would say.
    /// `touch` is asked with whether it is a directory.
    pub(super) fn is_covered(
        &self,
        actor: &Actor,
        base: &[u8],
        name: &[u8],
        follow: bool,
        touch: impl Fn(bool) -> Touch,
    ) -> bool {
        // With one name in a directory whose path the kernel told, no link can be on the way.
        let plain = !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/');
        let elsewhere = self.many_roots || base.is_empty() || base.starts_with(b"/proc");
        if !plain || elsewhere || self.options.tell_facts {
            return false;
        }
        let directory = base.strip_suffix(b"/").unwrap_or(base);
        let path = [directory, b"/", name].concat();
        let guess = touch(false);
        let (Some(said), Some(view)) = (self.ledger.beneath(guess, &path), &self.anchor) else {
            return false;
        };
        let Some(stat) = view.entry(&path) else {
            return false;
        };
        let object = object(&stat);
        if (follow && object == Object::Link) || touch(object == Object::Directory) != guess {
            return false;
        }
        let permission = match guess {
            Touch::Probe => Permission::Others,
            Touch::Read | Touch::List => permission::of_access(&stat, &actor.identity, READ),
            Touch::Write | Touch::Append => permission::of_access(&stat, &actor.identity, WRITE),
            _ => return false,
        };
        // Where a capability decides, which one is a fact of its own.
        !matches!(permission, Permission::Override | Permission::Unknown)
            && said
                .get(&(object, permission))
                .is_some_and(|seen| seen.contains(&(self.phase, actor.program)))
    }
}
