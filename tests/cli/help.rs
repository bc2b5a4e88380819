//! Does every command say what it does, with examples?

use callsign::cli::Cli;
use clap::CommandFactory as _;

use crate::support::process::callsign;

fn commands(command: &clap::Command, path: &str, into: &mut Vec<(String, clap::Command)>) {
    into.push((path.to_owned(), command.clone()));
    for inner in command.get_subcommands() {
        commands(inner, &format!("{path} {}", inner.get_name()), into);
    }
}

#[test]
fn every_command_has_a_summary_and_examples_of_itself() {
    let mut all = Vec::new();
    commands(&Cli::command(), "callsign", &mut all);
    assert!(all.len() > 8, "{}", all.len());
    for (path, command) in all {
        assert!(command.get_about().is_some(), "{path} has no summary");
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let mut examples = help.lines().skip_while(|line| *line != "Examples:").skip(1);
        let is_example = |line: &str| line.starts_with("  ") && line.contains(&path);
        assert!(examples.any(is_example), "{path} has no example of itself:\n{help}");
    }
}

#[test]
fn every_option_says_what_it_is_for() {
    let mut all = Vec::new();
    commands(&Cli::command(), "callsign", &mut all);
    for (path, command) in all {
        for option in command.get_arguments() {
            assert!(option.get_help().is_some(), "{path} {}", option.get_id());
        }
    }
}

#[test]
fn the_definition_of_the_commands_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn help_goes_to_standard_output_and_wrong_usage_to_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let help = callsign(folder.path(), &["--help"]);
    assert!(help.status.success() && help.stderr.is_empty());
    for wrong in [&[][..], &["nonsense"], &["serve", "--nonsense"], &["config"], &["emulate", "x"]]
    {
        let output = callsign(folder.path(), wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{wrong:?}");
    }
}

#[test]
fn the_version_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let output = callsign(folder.path(), &["--version"]);
    let expected = format!("callsign {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
