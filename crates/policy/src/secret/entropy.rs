//! Whether a word looks as if a machine had made it up.

/// Whether the word is so mixed that it is rather random than chosen. Short words never are: there is too little
/// to see.
pub(super) fn is_random(word: &str) -> bool {
    let bytes = word.as_bytes();
    if !(20..=1024).contains(&bytes.len()) || is_uuid(word) {
        return false;
    }
    let count = |test: fn(&u8) -> bool| bytes.iter().filter(|byte| test(byte)).count();
    let (upper, lower, digits) = (
        count(u8::is_ascii_uppercase),
        count(u8::is_ascii_lowercase),
        count(u8::is_ascii_digit),
    );
    if bytes.iter().all(u8::is_ascii_hexdigit) {
        // A third of random hexadecimal digits are letters, and one case of them is used.
        return bytes.len() >= 32
            && (upper == 0 || lower == 0)
            && upper + lower > 3
            && ratio(bytes, 16.0) > 0.8;
    }
    if !bytes
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte))
    {
        return false;
    }
    // Identifiers end in a digit too; only long words are believed with one alone.
    let is_mixed = upper > 1 && lower > 1 && digits > usize::from(bytes.len() < 32);
    let is_one_case =
        digits * 6 > bytes.len() && upper + lower > 3 && upper + lower + digits == bytes.len();
    // A path has short words between its slashes.
    let is_path = word.starts_with('/') || word.split('/').count() > bytes.len() / 10 + 2;
    match (is_mixed, is_one_case) {
        _ if is_path => false,
        (true, _) => ratio(bytes, 64.0) > 0.85,
        (false, true) => bytes.len() >= 24 && ratio(bytes, 36.0) > 0.85,
        (false, false) => false,
    }
}

/// Shannon's entropy of the bytes as a share of the most that so many bytes of such an alphabet can have.
fn ratio(bytes: &[u8], alphabet: f64) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let entropy: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum();
    entropy / length.min(alphabet).log2()
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_machines_make_up_is_random_and_what_people_write_is_not() {
        for random in [
            "k8Jd02nVq9Zr4mXs7TbY1",
            "9f86d081884c7d659a2feaa0c55ad015",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "7h2kq9x1m4v8z3b6n5c0w2r1",
        ] {
            assert!(is_random(random), "{random}");
        }
        for chosen in [
            "prometheus-node-exporter",
            "/usr/share/doc/package/README",
            "ThisIsAVeryLongIdentifierName",
            "123e4567-e89b-12d3-a456-426614174000",
            "00000000000000000000000000000000",
            "2024-01-01T00:00:00Z",
            "example.com:8443",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "short1A",
        ] {
            assert!(!is_random(chosen), "{chosen}");
        }
    }
}
