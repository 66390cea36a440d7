//! Names in `/proc`: which of them lead to open files, and which are those of the service itself.

/// Whether this is one of the links in `/proc/PID` that lead to an open file, whatever their text.
pub fn is_magic(path: &[u8]) -> bool {
    let mut parts = path.split(|byte| *byte == b'/').skip(1);
    if parts.next() != Some(b"proc") {
        return false;
    }
    let number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !parts.next().is_some_and(number) {
        return false;
    }
    let mut rest: Vec<&[u8]> = parts.collect();
    if let [b"task", thread, tail @ ..] = rest.as_slice()
        && number(thread)
    {
        rest = tail.to_vec();
    }
    matches!(
        rest.as_slice(),
        [b"exe" | b"cwd" | b"root"] | [b"fd" | b"ns" | b"map_files", _]
    )
}

/// The canonical path with the numbers of the service's own processes taken out: `/proc/self/...`.
pub fn without_own_numbers(path: &[u8], own: impl Fn(i32) -> bool) -> Vec<u8> {
    let Some(rest) = path.strip_prefix(b"/proc/") else {
        return path.to_vec();
    };
    let number = |part: &[u8]| std::str::from_utf8(part).ok()?.parse::<i32>().ok();
    let mut parts: Vec<&[u8]> = rest.split(|byte| *byte == b'/').collect();
    let is_own = |part: &&[u8]| number(part).is_some_and(&own);
    if parts.first().is_some_and(is_own) {
        if let Some(first) = parts.first_mut() {
            *first = b"self";
        }
        if let [_, b"task", thread, ..] = parts.as_mut_slice()
            && number(thread).is_some()
        {
            *thread = b"self";
        }
    }
    [b"/proc/", parts.join(&b'/').as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_numbers_become_self() {
        assert_eq!(
            without_own_numbers(b"/proc/7/status", |n| n == 7),
            b"/proc/self/status"
        );
        assert_eq!(
            without_own_numbers(b"/proc/1/task/1/maps", |n| n == 1),
            b"/proc/self/task/self/maps"
        );
        assert_eq!(
            without_own_numbers(b"/proc/1/maps", |_| false),
            b"/proc/1/maps"
        );
    }

    #[test]
    fn only_the_links_that_lead_to_open_files_are_magic() {
        assert!(is_magic(b"/proc/7/fd/3"));
        assert!(is_magic(b"/proc/7/task/8/exe"));
        assert!(!is_magic(b"/proc/mounts"));
        assert!(!is_magic(b"/srv/7/exe"));
    }
}
