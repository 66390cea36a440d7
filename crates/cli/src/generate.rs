//! Man pages and completions, from the definition in [`crate::args`].

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::Cli;
use crate::exit::ExitCode;

/// The man pages: file name and text, one for the program and one for each verb that is not hidden.
pub fn man_pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = Cli::command();
    // Gives every command its whole name and the global options.
    root.build();
    let mut pages = Vec::new();
    add_pages(&root, "ringfence", &mut pages)?;
    Ok(pages)
}

fn add_pages(
    command: &Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> std::io::Result<()> {
    pages.push((format!("{name}.1"), page(command, name)?));
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        add_pages(verb, &format!("{name}-{}", verb.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> std::io::Result<Vec<u8>> {
    // No date and no version: the pages in the repository then change only with the definition.
    let man = Man::new(
        command
            .clone()
            .name(name.to_owned())
            .subcommand_help_heading("VERBS"),
    )
    .title(name.to_uppercase())
    .section("1")
    .source("ringfence")
    .manual("ringfence");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.get_subcommands().any(|verb| !verb.is_hide_set()) {
        man.render_subcommands_section(&mut text)?;
    }
    exit_status(name).to_writer(&mut text)?;
    Ok(text)
}

/// The usage line of the help; the crate's own synopsis does not know `--`.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text([bold(usage.strip_prefix("Usage: ").unwrap_or(&usage))]);
    roff
}

fn exit_status(name: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    if name == "ringfence-run" {
        roff.text([roman(
            "The exit code of the command; a signal that ends it ends ringfence as well. 126 when it \
             cannot be executed, 127 when there is no such program. Before it is started:",
        )]);
    }
    for code in ExitCode::ALL {
        roff.control("TP", []);
        roff.text([roman(code.number().to_string())]);
        roff.text([roman(code.meaning())]);
    }
    roff.control("PP", []);
    roff.text([roman("A reader that closes the pipe early is no failure.")]);
    roff
}

/// The completion script for a shell.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ringfence", &mut script);
    script
}
