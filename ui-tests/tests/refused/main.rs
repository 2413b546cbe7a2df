//! Each wrong program is refused by any compiler: with one error, at the token to change, without a word about what the
//! macros generate. Each right program compiles without a warning.

mod cargo;
mod catalogue;
mod program;

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::cargo::{Message, Report, report};
use crate::program::Program;

#[test]
fn each_wrong_program_says_its_mistake_and_where_it_is() {
    let told = differences(&report().wrong, |program| {
        let sentence = program.sentence.as_deref().unwrap_or_default();
        if !sentence.ends_with('.') {
            return Some(
                "its first line is to be `//! A sentence that says the mistake.`".to_owned(),
            );
        }
        let recorded = program.path.with_extension("stderr");
        if !recorded.exists() {
            return Some("it has no recorded message: see the docs of ui-tests".to_owned());
        }
        program
            .marked
            .is_empty()
            .then(|| "it marks no line with `//~`".to_owned())
    });
    assert!(told.is_empty(), "{told}");
}

#[test]
fn each_wrong_program_is_refused_with_one_error() {
    let report = report();
    let told = differences(&report.wrong, |program| {
        let errors = report.errors(program);
        let expected = program.errors;
        (errors.len() != expected).then(|| {
            format!(
                "expected {expected} error(s), got {}:\n{}",
                errors.len(),
                rendered(&errors)
            )
        })
    });
    assert!(told.is_empty(), "{told}");
}

#[test]
fn each_error_is_at_the_marked_tokens() {
    let report = report();
    let told = differences(&report.wrong, |program| {
        let errors = report.errors(program);
        let lines: BTreeSet<u64> = errors
            .iter()
            .flat_map(|error| &error.lines)
            .copied()
            .collect();
        let expected = &program.marked;
        (lines != *expected).then(|| {
            format!(
                "expected errors at {expected:?}, got {lines:?}:\n{}",
                rendered(&errors)
            )
        })
    });
    assert!(told.is_empty(), "{told}");
}

#[test]
fn no_message_names_what_the_macros_generate() {
    let report = report();
    let told = differences(&report.wrong, |program| {
        let telling = report
            .messages(program)
            .iter()
            .filter(|message| message.sentences.iter().any(|text| names_internals(text)));
        let telling: Vec<&Message> = telling.collect();
        (!telling.is_empty()).then(|| format!("it tells of internals:\n{}", rendered(&telling)))
    });
    assert!(told.is_empty(), "{told}");
}

#[test]
fn no_wrong_program_is_warned_of_as_well() {
    assert_no_warnings(&report().wrong, report());
}

#[test]
fn each_right_program_compiles_without_a_warning() {
    let report = report();
    let told = differences(&report.right, |program| {
        let errors = report.errors(program);
        (!errors.is_empty()).then(|| rendered(&errors))
    });
    assert!(told.is_empty(), "{told}");
    assert_no_warnings(&report.right, report);
}

fn assert_no_warnings(programs: &[Program], report: &Report) {
    let told = differences(programs, |program| {
        let warnings: Vec<&Message> = report
            .messages(program)
            .iter()
            .filter(|message| !message.is_error)
            .collect();
        (!warnings.is_empty()).then(|| rendered(&warnings))
    });
    assert!(told.is_empty(), "{told}");
}

/// What generated code may name and a message may not: `__private` and all it hides, and whatever begins with `__`.
fn names_internals(text: &str) -> bool {
    const HIDDEN: [&str; 5] = ["Probe", "NotAResult", "NotAReplyTo", "NoBuilder", "TreeRef"];
    let mut words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let is_hidden = |word: &str| {
        ["__", "NoServer"]
            .iter()
            .any(|start| word.starts_with(start))
            || HIDDEN.contains(&word)
    };
    words.any(is_hidden)
}

/// The programs that differ, each with what differs.
fn differences(programs: &[Program], difference: impl Fn(&Program) -> Option<String>) -> String {
    let mut told = String::new();
    for program in programs {
        if let Some(difference) = difference(program) {
            let path = program.path.display();
            writeln!(told, "\n{} ({path}): {difference}", program.name)
                .expect("a string takes all");
        }
    }
    told
}

fn rendered(messages: &[&Message]) -> String {
    messages
        .iter()
        .map(|message| message.rendered.as_str())
        .collect()
}
