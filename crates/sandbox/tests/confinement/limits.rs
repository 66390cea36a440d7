//! What can be used up.

use std::fs::File;

use ringfence_sys::process::{Fork, exit_now, fork};

use crate::given::{errno, holds};
use crate::{Needs, Test};

pub const TESTS: &[Test] = &[
    ("descriptors_run_out", Needs::Anyone, descriptors),
    ("processes_run_out", Needs::Anyone, processes),
    ("memory_runs_out", Needs::Anyone, memory),
    ("private_space_runs_out", Needs::Anyone, space),
    ("no_core_and_no_locked_memory", Needs::Anyone, core),
];

fn descriptors() {
    assert!(holds(&["resources.nofile 20"], || {
        let files: Vec<_> = (0..30).map(|_| File::open("/dev/null")).collect();
        files.iter().filter(|file| file.is_ok()).count() <= 17
            && files.into_iter().any(|file| errno(file) == Some(24))
    }));
}

fn processes() {
    assert!(holds(&["resources.tasks_max 10"], || {
        let mut children = 0;
        for _ in 0..30 {
            match fork() {
                // They wait for the end of everything, which comes when the test returns.
                Ok(Fork::Child) => {
                    let _ = ringfence_sys::signal::wait(
                        ringfence_sys::signal::SignalSet::empty(),
                        None,
                    );
                    exit_now(0)
                }
                Ok(Fork::Parent(_)) => children += 1,
                Err(error) => return error.raw_os_error() == Some(11) && children <= 10,
            }
        }
        false
    }));
}

fn memory() {
    assert!(holds(&["resources.memory_max 64M"], || {
        let mut most: Vec<u8> = Vec::new();
        let mut few: Vec<u8> = Vec::new();
        most.try_reserve_exact(128 << 20).is_err() && few.try_reserve_exact(8 << 20).is_ok()
    }));
}

fn space() {
    assert!(holds(&["resources.tmp_max 1M"], || {
        errno(std::fs::write("/tmp/large", vec![0; 2 << 20])) == Some(28)
            && std::fs::remove_file("/tmp/large").is_ok()
            && std::fs::write("/tmp/small", vec![0; 64 << 10]).is_ok()
    }));
}

fn core() {
    use rustix::process::{Resource, getrlimit};
    assert!(holds(&[], || {
        getrlimit(Resource::Core).maximum == Some(0)
            && getrlimit(Resource::Memlock).maximum == Some(0)
    }));
}
