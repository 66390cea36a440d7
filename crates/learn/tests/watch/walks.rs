//! Walks over whole trees, after which a directory speaks for all in it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ringfence_policy::trace::{Fact, Outcome, Touch};

use crate::Test;
use crate::trace::{Ask, python};

pub const TESTS: &[Test] = &[(
    "what_a_walked_tree_does_not_speak_for_is_told",
    what_a_walked_tree_does_not_speak_for_is_told,
)];

fn what_a_walked_tree_does_not_speak_for_is_told(top: &Path) {
    for number in 0..1000 {
        fs::create_dir_all(top.join(format!("tree/{}/{number}", number % 20))).unwrap();
    }
    fs::write(top.join("tree/5/file"), "x").unwrap();
    fs::write(top.join("outside"), "x").unwrap();
    fs::create_dir(top.join("aside")).unwrap();
    symlink("../outside", top.join("tree/link")).unwrap();

    let trace = python(
        top,
        "import os\n\
         for at, names, _ in os.walk('tree'): [os.stat(os.path.join(at, name)) for name in names]\n\
         os.listdir('aside')\n\
         os.chdir('tree')\n\
         os.stat('link')\n\
         os.stat('7')\n\
         os.access('none', os.R_OK); os.mkdir('none'); os.listdir('none')\n\
         open('5/file').read()\n",
    );

    let folded: Vec<_> = trace
        .facts()
        .filter_map(|(fact, _)| match fact {
            Fact::File {
                path,
                touch: Touch::List,
                beneath: true,
                ..
            } => Some(path.to_string()),
            _ => None,
        })
        .collect();
    let tree = top.join("tree").to_str().map(str::to_owned);
    assert_eq!(folded, Vec::from_iter(tree));
    let touches = |name: &str| trace.touches(&top.join(name));
    assert_eq!(touches("aside"), [(Touch::List, Outcome::Done)]);
    assert_eq!(
        trace.link(&top.join("tree/link")).as_deref(),
        Some("../outside")
    );
    assert_eq!(touches("outside"), [(Touch::Probe, Outcome::Done)]);
    assert!(touches("tree/none").contains(&(Touch::Probe, Outcome::Missing)));
    assert!(touches("tree/none").contains(&(Touch::Create, Outcome::Done)));
    assert_eq!(touches("tree/5/file"), [(Touch::Read, Outcome::Done)]);
    assert!(trace.is_complete(), "{:?}", trace.run().loss);
}
