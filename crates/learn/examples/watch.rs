//! Watches a command and writes its trace to standard output; a place to try the tracer and to time it.

use ringfence_learn::{Control, Watch, watch};

fn main() -> std::process::ExitCode {
    let mut command = std::env::args_os().skip(1).peekable();
    let pin = command.next_if(|word| word == "--free").is_none();
    let mut request = Watch::new(command);
    request.options.pin = pin;
    match watch(&request, &mut |_| Control::Continue) {
        Ok(trace) => {
            use std::io::Write;
            match std::io::stdout().write_all(trace.to_lines().as_bytes()) {
                Ok(()) => std::process::ExitCode::SUCCESS,
                Err(_) => std::process::ExitCode::FAILURE,
            }
        }
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "error: cannot {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
