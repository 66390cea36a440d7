//! The symbolic links on the way to a path.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use ringfence_policy::path::AbsPath;

/// The links that these paths go through, each with where it finally leads. A link that leads nowhere is
/// left out.
pub fn links<'a>(paths: impl IntoIterator<Item = &'a AbsPath>) -> BTreeMap<AbsPath, AbsPath> {
    let mut links = BTreeMap::new();
    for path in paths {
        let mut here = AbsPath::root();
        for component in path.components() {
            here = here.join(component);
            let is_link = fs::symlink_metadata(here.as_path())
                .is_ok_and(|found| found.file_type().is_symlink());
            if !is_link {
                continue;
            }
            let real = fs::canonicalize(here.as_path()).ok();
            let real = real.and_then(|real| AbsPath::from_bytes(real.as_os_str().as_bytes()).ok());
            let Some(real) = real else {
                break;
            };
            links.insert(here, real.clone());
            here = real;
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_link_on_the_way_is_listed_with_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("real/inner")).unwrap();
        symlink("real", root.join("a")).unwrap();
        symlink("a/inner", root.join("b")).unwrap();
        symlink("nowhere", root.join("real/broken")).unwrap();
        let path =
            |name: &str| AbsPath::from_bytes(root.join(name).as_os_str().as_bytes()).unwrap();
        let (through, broken) = (path("b/file"), path("a/broken/file"));
        let found = links([&through, &broken]);
        let expected = BTreeMap::from([(path("b"), path("real/inner")), (path("a"), path("real"))]);
        assert_eq!(found, expected);
    }
}
