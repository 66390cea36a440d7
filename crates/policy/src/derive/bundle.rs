//! Named bundles in place of the paths they stand for.

use super::select::Selection;
use crate::grant::{Bundle, Grant};

/// Replaces needs by bundles.
///
/// A bundle is used when the service used a member of it: something that was only looked for never is a
/// need, so it never brings a bundle. A bundle that holds a socket or a device as well is used only for two
/// members or more, because one file of it is no reason to reach a daemon or a driver; the one file is
/// then granted by its path.
pub(super) fn choose(selection: &mut Selection) {
    for bundle in Bundle::all().filter(|bundle| *bundle != Bundle::BASE) {
        let whole = Grant::Use(bundle);
        let used: Vec<_> = selection
            .needs
            .iter()
            .filter(|need| is_member_kind(need) && whole.covers(need))
            .cloned()
            .collect();
        let reaches_out = bundle
            .grants()
            .iter()
            .any(|member| matches!(member, Grant::Peer(_) | Grant::Device(..)));
        let enough = if reaches_out { 2 } else { 1 };
        if used.len() >= enough {
            for need in &used {
                selection.needs.remove(need);
            }
            selection.needs.insert(whole);
        }
    }
}

fn is_member_kind(need: &Grant) -> bool {
    matches!(need, Grant::File(..) | Grant::Device(..) | Grant::Peer(_))
}
