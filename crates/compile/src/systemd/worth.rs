//! What a directive of someone else's unit is worth on a host.

use crate::coverage::Status;

use super::Target;
use super::directive::directive;

/// Whether a directive has an effect on the target: exact, inert or lost. `None` for one that no policy of
/// ours decides, and of which nothing is known here.
pub fn worth(key: &str, target: &Target) -> Option<Status> {
    Some(directive(key)?.worth(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::syscall::Arch;

    #[test]
    fn a_directive_that_the_target_ignores_is_inert_and_a_later_one_lost() {
        let full = Target::of_version(252, Arch::X86_64);
        assert_eq!(worth("RestrictFileSystems", &full), Some(Status::Exact));
        let bare = Target {
            bpf_framework: false,
            ..full
        };
        assert!(matches!(
            worth("RestrictFileSystems", &bare),
            Some(Status::Inert(_))
        ));
        assert!(matches!(worth("PrivateBPF", &bare), Some(Status::Lost(_))));
        assert_eq!(worth("Description", &bare), None);
    }
}
