use clap::{Command, CommandFactory, Parser};

use super::Cli;

/// Fewest examples that the long help of a verb gives.
const EXAMPLES: usize = 3;

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

/// The examples of a verb: the lines of its long help that start with the
/// program's name.
fn examples(verb: &Command) -> Vec<String> {
    let help = verb.get_after_long_help().map(ToString::to_string);
    help.unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("linkwright "))
        .map(str::to_owned)
        .collect()
}

/// Every verb that does something itself, with its name and those above it.
fn verbs(command: &Command, above: &str, found: &mut Vec<(String, Command)>) {
    for verb in command.get_subcommands() {
        let name = format!("{above} {}", verb.get_name());
        match verb.has_subcommands() {
            true => verbs(verb, &name, found),
            false => found.push((name, verb.clone())),
        }
    }
}

#[test]
fn the_long_help_of_every_verb_has_three_examples_and_each_of_them_parses() {
    let mut all = Vec::new();
    verbs(&Cli::command(), "linkwright", &mut all);
    assert!(all.len() > 15, "{} verbs", all.len());
    for (name, verb) in all {
        let examples = examples(&verb);
        assert!(
            examples.len() >= EXAMPLES,
            "{name}: {} examples in its long help; {EXAMPLES} are wanted \
             (after_long_help beside its arguments, lines that start with `linkwright`)",
            examples.len()
        );
        for example in examples {
            assert!(
                format!("{example} ").starts_with(&format!("{name} ")),
                "{name} has an example of another verb: {example}"
            );
            // What the shell does with the output is not ours.
            let example = example.split(" >").next().unwrap_or_default();
            let words = shlex::split(example).expect("an example is a line of a shell");
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{example}\n{error}");
            }
        }
    }
}
