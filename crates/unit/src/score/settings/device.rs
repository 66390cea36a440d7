//! DeviceAllow=. The policy beside it is a [choice](super::choice).

use super::path;
use crate::score::reader::Reader;
use crate::word::{Style, words};

/// One line: a device and what may be done with it. Only whether there are any matters.
pub(crate) fn assign(devices: &mut Vec<String>, value: &str, reader: &mut Reader<'_>) {
    if value.is_empty() {
        devices.clear();
        return;
    }
    match read(value, reader) {
        Some(device) => devices.push(device),
        None => reader.ignored(value),
    }
}

fn read(value: &str, reader: &Reader<'_>) -> Option<String> {
    let mut words = words(value, Style::QUOTED);
    let first = words.next()?.ok()?;
    let rights = words.rest();
    let mut device = reader.expand(&first.text()).ok()?;
    if !device.starts_with("block-") && !device.starts_with("char-") {
        device = path::normalized(&device)?;
        // The directories themselves pass too.
        let tops = ["/dev", "/run/systemd/inaccessible"];
        if !tops.iter().any(|top| path::is_below(&device, top)) {
            return None;
        }
    }
    rights
        .chars()
        .all(|right| "rwm".contains(right))
        .then_some(device)
}
