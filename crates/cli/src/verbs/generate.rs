//! `completions` and `man`: what is made from the definition of the command line.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_complete_nushell::Nushell;
use clap_mangen::Man;

use crate::args::{Cli, CompletionsArgs, ManArgs, ShellChoice};
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::report::Report;

pub(super) fn completions(ctx: &Context, args: &CompletionsArgs) -> Result<Report> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    let into = &mut script;
    match args.shell {
        ShellChoice::Bash => clap_complete::generate(Shell::Bash, &mut command, name, into),
        ShellChoice::Zsh => clap_complete::generate(Shell::Zsh, &mut command, name, into),
        ShellChoice::Fish => clap_complete::generate(Shell::Fish, &mut command, name, into),
        ShellChoice::PowerShell => {
            clap_complete::generate(Shell::PowerShell, &mut command, name, into);
        }
        ShellChoice::Nushell => clap_complete::generate(Nushell, &mut command, name, into),
    }
    ctx.out.data(&script);
    Ok(Report::done())
}

pub(super) fn man(ctx: &Context, args: &ManArgs) -> Result<Report> {
    // `help` has nothing to say that is not on the other pages.
    let mut command = without_help(Cli::command());
    // Gives every verb its full name, `linkwright volume create`.
    command.build();
    if let Some(directory) = &args.out {
        return pages(ctx, &command, directory);
    }
    let mut verb = &command;
    for word in &args.verb {
        verb = verb.find_subcommand(word).ok_or_else(|| {
            Failure::usage(format!("there is no verb {word:?}"))
                .help("the verbs are listed by: linkwright help")
        })?;
    }
    ctx.out.data(&page(verb)?);
    Ok(Report::done())
}

/// Writes the page of the program and of every verb.
fn pages(ctx: &Context, command: &Command, directory: &Path) -> Result<Report> {
    let at = |path: &Path, error: std::io::Error| {
        Failure::at(
            path.display().to_string(),
            &linkwright_fs::Error::from(error),
        )
    };
    std::fs::create_dir_all(directory).map_err(|error| at(directory, error))?;
    let mut pending = vec![command];
    let mut count = 0;
    while let Some(command) = pending.pop() {
        let path = directory.join(format!("{}.1", title(command)));
        std::fs::write(&path, page(command)?).map_err(|error| at(&path, error))?;
        ctx.out.text_of(&[path.as_os_str().as_encoded_bytes()]);
        count += 1;
        pending.extend(command.get_subcommands());
    }
    Ok(Report::done().count("pages", count))
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone())
        .title(title(command))
        .render(&mut page)
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(page)
}

/// `linkwright-volume-create`
fn title(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    name.replace(' ', "-")
}

fn without_help(command: Command) -> Command {
    let command = command.disable_help_subcommand(true);
    command.mut_subcommands(without_help)
}
