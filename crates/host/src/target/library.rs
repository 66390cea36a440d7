//! Whether a shared library can be loaded by name, as systemd does at run time.

use std::fs;
use std::path::Path;

/// Where the dynamic linker looks when its cache does not know.
const DIRECTORIES: [&str; 8] = [
    "lib",
    "usr/lib",
    "lib64",
    "usr/lib64",
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "lib/x86_64-linux-gnu",
    "lib/aarch64-linux-gnu",
];

/// Whether one of these libraries is installed below a root: in the linker's cache, or in a usual
/// directory.
pub fn is_installed(root: &Path, names: &[&str]) -> bool {
    let cache = fs::read(root.join("etc/ld.so.cache")).unwrap_or_default();
    names.iter().any(|name| {
        cached(&cache, name)
            .iter()
            .any(|path| root.join(path.trim_start_matches('/')).exists())
            || DIRECTORIES
                .iter()
                .any(|directory| root.join(directory).join(name).exists())
    })
}

/// The paths of a library in the linker's cache. The cache's strings end with NUL, and all that is
/// wanted of it is those that end with this name; so its layout, which has changed, need not be known.
fn cached(cache: &[u8], name: &str) -> Vec<String> {
    let end = format!("/{name}");
    cache
        .split(|byte| *byte == 0)
        .filter_map(|piece| std::str::from_utf8(piece).ok())
        .filter(|text| text.starts_with('/') && text.ends_with(&end))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_counts_when_its_file_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::create_dir_all(root.join("opt/lib")).unwrap();
        fs::write(
            root.join("etc/ld.so.cache"),
            b"glibc-ld.so.cache1.1\0libbpf.so.1\0/opt/lib/libbpf.so.1\0",
        )
        .unwrap();
        assert!(!is_installed(root, &["libbpf.so.1"]), "only in the cache");
        fs::write(root.join("opt/lib/libbpf.so.1"), "").unwrap();
        assert!(is_installed(root, &["libbpf.so.1", "libbpf.so.0"]));
        assert!(!is_installed(root, &["libbpf.so.0"]));
    }

    #[test]
    fn the_c_library_of_this_host_is_found() {
        let names = [
            "libc.so.6",
            "libc.musl-x86_64.so.1",
            "libc.musl-aarch64.so.1",
        ];
        assert!(is_installed(Path::new("/"), &names));
    }
}
